"""What to say where most windows hold padding, at fit and at scoring."""

import numpy as np
from sklearn.utils.validation import _num_samples

from skad._series.segments import GapRule

# Of a table shorter than this many windows the first ones alone are a large share.
_FEW_WINDOWS = 4


def padding_at_fit(starts: np.ndarray, n_rows: int, window_size: int) -> str | None:
    """Say what is wrong with segments whose windows are mostly padding, if they are."""
    lengths = np.diff(starts, append=n_rows)
    if len(lengths) > 1 and np.mean(lengths == 1) > 0.5:
        return (
            f"{np.sum(lengths == 1)} of the {len(lengths)} segments of X have one row, "
            "so their windows are nothing but padding. Was X shuffled? Split series in "
            "time order (shuffle=False, TimeSeriesSplit), or set max_gap if the index "
            "leaves out rows by nature."
        )
    n_padded = np.minimum(lengths, window_size - 1).sum()
    if 2 * n_padded <= n_rows:
        return None
    return (
        f"{n_padded} of {n_rows} windows hold padding: window_size={window_size} is "
        f"long for segments of {int(np.median(lengths))} rows. Lower window_size, or "
        "pass longer series."
    )


def padding_at_scoring(
    gaps: GapRule, X, starts: np.ndarray, window_size: int
) -> str | None:
    """Say how rows to be scored are cut otherwise than those seen at fit, if so.

    A single short series is no reason for a word: its first windows hold padding.
    """
    n_rows = _num_samples(X)
    other_step = gaps.other_step(X)
    if other_step is None:
        is_long = len(starts) > 1 and n_rows > _FEW_WINDOWS * window_size
        return padding_at_fit(starts, n_rows, window_size) if is_long else None
    what = f"a window of {window_size} rows spans another time than at fit"
    if 2 * len(starts) > n_rows:
        what = (
            f"{len(starts)} segments are cut out of {n_rows} rows, and most windows "
            "hold padding"
        )
    return (
        f"{other_step}: {what}. Resample X to the step seen at fit, for example with "
        "X.resample(step).mean(), or fit on rows of this step."
    )
