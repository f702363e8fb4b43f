"""Windows with missing readings: which say enough, and how they are told apart.

The errors of complete windows are computed as ever. Those of others are means over the
readings that are there, and NaN where these are too few.
"""

import numpy as np

from skad._estimators.short_windows import TooShortError
from skad._series.missing import (
    is_enough,
    longest_runs,
    n_missing,
    usual_readings,
)
from skad._series.windows import take_windows

# Windows in which steps are hidden, the shares of what may be missing that are, and the
# percentile that says where the tail of the errors lies.
_SAMPLE, _LEVELS, _TAIL = 512, np.array([0.125, 0.25, 0.5, 0.75, 1.0]), 98


def windows_to_learn_from(detector, windows, scored=None):
    """Leave out windows without enough evidence; raise where too few are left."""
    missing = n_missing(windows)
    if missing is None:
        return windows
    _refuse_silent_channels(detector, windows)
    enough = _has_enough(windows, detector.max_missing, scored)
    if np.count_nonzero(enough) < 2:
        raise TooShortError(
            f"{np.count_nonzero(enough)} of {len(windows)} windows of X hold the share "
            f"of readings, {1 - detector.max_missing:g}, that max_missing="
            f"{detector.max_missing} asks for, and {type(detector).__name__} needs at "
            "least 2. Pass a longer series, cut shorter windows, or raise max_missing."
        )
    return windows if enough.all() else take_windows(windows, enough)


def _has_enough(windows, max_missing, scored):
    """Tell of each window whether no more is missing than may be, context aside."""
    missing = n_missing(windows, scored)
    if missing is None:
        return np.full(len(windows), True)
    n_channels = windows.shape[2] if scored is None else np.count_nonzero(scored)
    return is_enough(1 - missing / (windows.shape[1] * n_channels), max_missing)


def _refuse_silent_channels(detector, windows):
    silent = np.flatnonzero(np.isnan(usual_readings(windows)))
    if len(silent):
        raise ValueError(
            f"Channel {silent[0]} of X holds no reading, so there is nothing that "
            f"{type(detector).__name__} could learn of it. Drop it before "
            "SlidingWindow, or pass rows in which it is there."
        )


def by_evidence(windows, max_missing, of_complete, of_others, shape, scored=None):
    """Ask of complete windows and of others, each in their own way.

    The answers, of ``shape``, are NaN for windows without enough evidence. Channels
    that are not ``scored``, (n_channels,), give none; None means that all do.
    """
    missing = n_missing(windows)
    if missing is None:
        return of_complete(windows)
    complete = missing == 0
    others = _has_enough(windows, max_missing, scored) & ~complete
    answers = np.full(shape, np.nan)
    for rows, answers_of in ((complete, of_complete), (others, of_others)):
        if rows.any():
            answers[rows] = answers_of(take_windows(windows, rows))
    return answers


def lacks_evidence(answers, windows):
    """Mark the windows that are not complete, and whose answer is NaN."""
    is_nan = np.isnan(answers.reshape(len(answers), -1)).any(axis=1)
    if not is_nan.any():
        return is_nan
    missing = n_missing(windows)
    return np.zeros_like(is_nan) if missing is None else is_nan & (missing > 0)


def growth_of_errors(windows, max_missing, errors_of):
    """Learn how errors grow with what is missing, by hiding ends of windows.

    A model sees what fills a run of missing steps, and takes it for readings: the
    longer the run, the more it is wrong beside it. So errors are compared with those of
    windows that miss as much.

    Returns
    -------
    growth : ndarray of shape (n_levels, 3), float64
        The longest run of missing steps, and of the errors there the median and how far
        the tail lies above it. The first level hides nothing.
    """
    rows = np.linspace(0, len(windows) - 1, min(_SAMPLE, len(windows))).astype(np.intp)
    sample = np.array(windows[rows])
    n_steps = sample.shape[1]
    hidden = np.unique((n_steps * max_missing * _LEVELS).astype(int))
    levels = [_level(sample, errors_of)]
    for n_hidden in hidden[hidden > 0]:
        some = sample.copy()
        some[::2, :n_hidden] = some[1::2, n_steps - n_hidden :] = np.nan
        levels.append(_level(some, errors_of))
    return np.array(levels)


def _level(windows, errors_of):
    errors = errors_of(windows)
    errors = errors[np.isfinite(errors)]
    median, high = np.percentile(errors, [50, _TAIL]) if len(errors) else (0.0, 0.0)
    return longest_runs(windows).mean(), median, high - median


def of_complete_windows(errors, windows, growth):
    """Bring errors of windows with missing readings to the scale of complete ones."""
    runs, medians, tails = growth.T
    at = longest_runs(windows)
    median, tail = np.interp(at, runs, medians), np.interp(at, runs, tails)
    ratio = np.divide(tails[0], tail, out=np.ones(len(at)), where=tail > tails[0])
    return (medians[0] + (errors - median.clip(medians[0])) * ratio).clip(0)
