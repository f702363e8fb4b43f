"""The series of a table by name: what the outer levels of its index say."""

import numpy as np

from skad._series.segments import series_starts
from skad._series.windows import segment_bounds


def named_series(X) -> list[tuple[tuple, slice]]:
    """List name and rows of each series; nothing where no index names any."""
    index = getattr(X, "index", None)
    if not hasattr(index, "levels") or len(index) == 0:
        return []
    bounds = segment_bounds(series_starts(X), len(X))
    return [(index[start][:-1], slice(start, stop)) for start, stop in bounds]


def names_at(X, rows: np.ndarray) -> list[tuple | None]:
    """Return the name of the series of each of some rows, None where it has none."""
    index = getattr(X, "index", None)
    if not hasattr(index, "levels") or len(index) == 0:
        return [None] * len(rows)
    return [index[int(row)][:-1] for row in rows]
