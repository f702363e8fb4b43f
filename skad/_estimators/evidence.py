"""How much of what the score of a row rests on are readings.

Cells that are missing, those that lie before a series or beyond a gap, and those of
channels that are never scored, are none::

    row            0 1 2 3 4 5            windows of 4 rows, one channel
    reading        x x . x x x
    evidence       1 2 2 3 3 3    of 4

The windows are those that a step inside an estimator cuts, with its rule for gaps.
"""

from dataclasses import dataclass

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags
from sklearn.utils.validation import _num_samples

from skad._estimators.row_context import cutter_of, every_part, owner_of
from skad._series.missing import is_enough, n_missing, n_padded, n_readings
from skad._series.tables import n_dimensions
from skad._series.windows import PickedWindows

# What a detector may miss that has no such parameter.
_MAX_MISSING = 0.5


@dataclass(frozen=True)
class Evidence:
    """The share of readings among the cells of each row's window, and whether to judge.

    ``is_enough`` asks of detectors that know missing readings for the share that
    ``max_missing`` leaves, and of all others for no padding as well: rows repeated in
    place of readings made up to half of the first rows of a series alarm.

    ``left_out`` are the rows without enough whose windows hold a missing cell. Windows
    that are merely short, at the beginning of a series, are not among them.
    """

    share: np.ndarray  # (n,), float64
    is_enough: np.ndarray  # (n,), bool
    left_out: np.ndarray  # (n,), bool

    @classmethod
    def best_of(cls, parts: list["Evidence"]) -> "Evidence":
        """Return that of members: a row is judged by all that can."""
        share = np.max([part.share for part in parts], axis=0)
        is_enough = np.any([part.is_enough for part in parts], axis=0)
        return cls(share, is_enough, np.all([part.left_out for part in parts], axis=0))


def takes_missing(estimator) -> bool:
    """Tell whether NaN may enter; of a Pipeline, if it may pass all steps.

    scikit-learn's Pipelines keep this tag of their steps to themselves.
    """
    if isinstance(estimator, Pipeline):
        steps = [step for _, step in estimator.steps if hasattr(step, "fit")]
        return all(map(takes_missing, steps))
    return get_tags(estimator).input_tags.allow_nan


def evidence_of(estimator, X) -> Evidence:
    """Count readings in the windows of rows, or in windows that were cut outside.

    A part of the estimator that has a method ``__skad_evidence__(X)`` answers for all
    that is inside it.
    """
    for part in every_part(estimator):
        if hasattr(part, "__skad_evidence__"):
            return part.__skad_evidence__(X)
    cutter, detector = cutter_of(estimator), owner_of(estimator, "max_missing")
    fitted_as = getattr(detector, "_fitted_as", detector)
    max_missing = getattr(fitted_as, "max_missing", _MAX_MISSING)
    horizon = getattr(detector, "horizon", 1)
    horizon = horizon if getattr(detector, "judges_rows", False) else None
    if cutter is None:
        share = _share_of_samples(X, detector, horizon)
        may_judge = is_enough(share, max_missing)
        return Evidence(share, may_judge, ~may_judge & (share < 1))
    starts, size = cutter._gaps.starts(X), cutter.window_size_
    of_rows, n_channels = _readings_of_rows(X, detector)
    share = n_readings(of_rows, size, starts) / (size * n_channels)
    if horizon is not None:  # nothing is said without a reading to compare with
        share *= n_readings(of_rows, horizon, starts) > 0
    may_judge = is_enough(share, max_missing)
    if detector is None or cutter.padding != "missing":
        may_judge &= n_padded(size, starts, len(share)) == 0
    misses = n_readings(n_channels - of_rows, size, starts) > 0
    return Evidence(share, may_judge, ~may_judge & misses)


def rows_left_out(estimator, X) -> np.ndarray | None:
    """Mark the rows that means and scales leave out, (n,) bool; None if there are none.

    What no cell is missing of costs next to nothing, and gets the bits it ever got.
    """
    left_out = evidence_of(estimator, X).left_out
    return left_out if left_out.any() else None


def those_there(scores: np.ndarray, left_out: np.ndarray | None) -> np.ndarray:
    """Return the scores of rows that are not left out; of all, if none is there."""
    if left_out is None or left_out.all():
        return scores
    return scores[~left_out]


def _share_of_samples(X, detector, horizon):
    """Return the share of readings in windows, flattened or not, or in single rows."""
    if n_dimensions(X) == 3:
        windows = X if isinstance(X, PickedWindows) else np.asarray(X)
        scored = _scored(detector, windows.shape[2])
        n_cells = windows.shape[1] * np.arange(windows.shape[2])[scored].size
        missing = n_missing(windows, scored)
        share = np.ones(len(windows)) if missing is None else 1 - missing / n_cells
        if horizon is not None and missing is not None:
            target = np.asarray(windows[:, -horizon:])[..., scored]
            share *= ~np.isnan(target).all(axis=(1, 2))
        return share
    of_rows, n_columns = _readings_of_rows(X, detector)
    share = of_rows / n_columns
    if horizon is not None and (share < 1).any():
        n_target = horizon * n_columns // detector.window_shape_[0]
        target = _scored_numbers(X, detector)[:, -n_target:]
        share *= ~np.isnan(target).all(axis=1)
    return share


def _scored(detector, n_columns) -> slice | np.ndarray:
    """Tell which columns, of rows or of flattened windows, are no context."""
    fitted_as = getattr(detector, "_fitted_as", None)
    context = getattr(fitted_as, "context_channels", None)
    if context is None:
        return slice(None)
    n_steps, n_channels = detector.window_shape_
    if n_columns not in (n_channels, n_steps * n_channels):  # windows are of others
        return slice(None)
    return ~np.isin(np.arange(n_columns) % n_channels, list(context))


def _scored_numbers(X, detector):
    values = _as_numbers(X)
    return None if values is None else values[:, _scored(detector, values.shape[1])]


def _readings_of_rows(X, detector):
    """Count the readings of each row, and its cells, in channels that are scored."""
    values = _scored_numbers(X, detector)
    if values is None:
        return np.ones(_num_samples(X)), 1
    if not np.isnan(np.sum(values)):  # no array of flags for a series without
        return np.full(len(values), values.shape[1]), values.shape[1]
    return np.sum(~np.isnan(values), axis=1), values.shape[1]


def _as_numbers(X):
    """Return an array of floats; None where X holds text, times or other objects.

    An estimator that takes such tables has its own notion of what is missing.
    """
    if isinstance(X, np.ndarray) and X.dtype.kind == "f":
        values = X
    else:
        try:
            values = np.asarray(X, dtype=np.float64)
        except (TypeError, ValueError):
            return None
    return values if values.ndim == 2 else values.reshape(len(values), -1)
