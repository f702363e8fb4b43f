"""Windows too short for a model, told in terms of the series that was passed.

A detector sees windows and nothing else, and can but name its own parameters. Whoever
holds the series and the windows, as a meta-detector does, knows what to do about it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from sklearn.utils.validation import _num_samples

from skad._estimators.row_context import cutter_of, find_parameter
from skad._series.segments import learn_gaps


class TooShortError(ValueError):
    """Windows hold too few steps, or too few windows hold enough readings.

    ``least`` is how many steps a window needs; None where it is windows that lack.
    """

    def __init__(self, words: str, least: int | None = None):
        super().__init__(words)
        self.least = least


@contextmanager
def speaking_of_rows(estimator, X) -> Iterator[None]:
    """Say of windows too short, cut by a step in ``estimator``, what X would need.

    What has another cause, such as missing readings, is left to the detector's words.
    """
    try:
        yield
    except TooShortError as error:
        cutter = cutter_of(estimator)
        if cutter is None or X is None:
            raise
        words = _of_rows(cutter, _longest(estimator, X), error)
        raise error if words is None else ValueError(words) from error


def _longest(estimator, X):
    starts = learn_gaps(X, find_parameter(estimator, "max_gap")).starts(X)
    return int(np.diff(starts, append=_num_samples(X)).max())


def _of_rows(cutter, n_rows, error):
    found = f"X has {n_rows} row(s) in its longest segment"
    size, least = cutter.window_size, error.least
    if n_rows < 2:
        return None
    if least is not None and size == "auto":
        return (
            f'{found}, of which window_size="auto" takes a third at most, and windows '
            f"of {least} rows are needed at least. Pass {3 * least} rows or more, or "
            f"set window_size to {least} or more."
        )
    if least is not None:
        return (
            f"window_size={size} is too short: windows of {least} rows are needed at "
            f"least. Set window_size to {least} or more. In the words of the detector: "
            f"{error}"
        )
    size = getattr(cutter, "window_size_", size)
    if n_rows >= 2 * size:
        return None
    return (
        f"{found}, too few to learn from with windows of {size} rows, as window_size="
        f"{cutter.window_size!r} makes them. Pass {2 * size} rows or more, or lower "
        "window_size."
    )
