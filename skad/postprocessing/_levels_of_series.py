"""Numbers of series, such as usual scores and thresholds, and those of their rows."""

import numpy as np

from skad._series.named_series import named_series
from skad.postprocessing._starts_of_series import series_with_levels


def levels_of_series(
    X, scores: np.ndarray, usable: np.ndarray
) -> tuple[list[tuple], np.ndarray]:
    """Return the names of the series that are known, and their median usable scores."""
    known = series_with_levels(X, usable) if len(scores) else []
    levels = [np.median(scores[rows][usable[rows]]) for _, rows in known]
    return [name for name, _ in known], np.array(levels, dtype=np.float64)


def of_rows(X, names, numbers, n_rows: int, unknown: float) -> np.ndarray:
    """Return the number of the series of each row, or the one for unknown series."""
    values = np.full(n_rows, unknown)
    known = dict(zip(names, numbers, strict=True))
    for name, rows in named_series(X) if known else []:
        values[rows] = known.get(name, unknown)
    return values
