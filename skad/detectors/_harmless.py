"""Readings that lie on the harmless side, beyond all that was trained on.

They add nothing to an error, but a model that sees them is wrong about what comes next
to them, and about what comes after: the rebound. So it never sees them: they count as
missing. The limits are fixed at fit, so this depends on the reading alone.
"""

import numpy as np

from skad._estimators.channel_rules import RulesByPosition
from skad._series.windows import (
    PickedWindows,
    rows_under,
    series_under,
    windows_over,
)


def harmless_beyond(windows, rules: RulesByPosition) -> np.ndarray | None:
    """Return the lowest and the highest reading that count, (2, n_channels).

    They are those of the training windows, on the harmless side of channels that are
    scored. None stands for channels without such a side.
    """
    scored = rules.scored()
    scored = True if scored is None else scored
    directions = np.array(rules.direction)
    is_above, is_below = (scored & (directions == side) for side in ("above", "below"))
    if not (is_above | is_below).any():
        return None
    rows = rows_under(windows)
    low = np.where(is_above, np.fmin.reduce(rows), -np.inf)
    return np.stack([low, np.where(is_below, np.fmax.reduce(rows), np.inf)])


def without_harmless(windows, limits: np.ndarray | None):
    """Set to NaN what lies beyond the limits; windows over a series stay such."""
    if limits is None:
        return windows
    rows = rows_under(windows)
    is_beyond = (rows < limits[0]) | (rows > limits[1])
    if not is_beyond.any():
        return windows
    rows = rows.copy()
    rows[is_beyond] = np.nan
    if isinstance(windows, PickedWindows):
        return PickedWindows(rows, windows.shape[1], windows.numbers)
    if series_under(windows) is not None:
        return windows_over(rows, windows.shape[1])
    return rows.reshape(windows.shape)
