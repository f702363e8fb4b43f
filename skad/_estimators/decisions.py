"""From scores to decisions, block by block: with a threshold that may follow them."""

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline

from skad._series.segments import series_starts
from skad._series.windows import segment_bounds


def deciding(estimator):
    """Return the detector inside whose threshold decides, or None."""
    while not hasattr(estimator, "offset_"):
        if isinstance(estimator, Pipeline):
            estimator = estimator.steps[-1][1]
        elif isinstance(estimator, FrozenEstimator):
            estimator = estimator.estimator
        elif hasattr(estimator, "best_estimator_"):
            estimator = estimator.best_estimator_
        else:
            return None
    return estimator


def offsets_of(detector, X, rows: np.ndarray | slice) -> np.ndarray | float:
    """Return the thresholds of some rows of ``X``, or the one that is that of all."""
    if hasattr(detector, "__skad_offsets__"):
        return detector.__skad_offsets__(X)[rows]
    return detector.offset_


class Decisions:
    """The decisions over a run of rows that comes in parts.

    A threshold that follows takes part by ``__skad_follow__(scores, state)``, which
    returns the threshold of each score and the state to go on from, and by
    ``__skad_begin__(X, row)``, the state at the first row of a series. One that differs
    from series to series has ``__skad_offsets__(X)``, one for each row. What
    keeps rows without evidence from alarming has ``__skad_protect__(decisions, run)``.
    """

    def __init__(self, estimator):
        self.detector = deciding(estimator)
        if self.detector is None:
            raise TypeError(
                f"{type(estimator).__name__} has no threshold, offset_, by which to "
                "decide. Pass a fitted outlier detector that has one."
            )
        self.state = None

    def over(self, scores: np.ndarray, run, n_before: int) -> np.ndarray:
        """Decide over the last rows of ``run``, which go on where the last call ended.

        Parameters
        ----------
        scores : ndarray of shape (n,)
            The scores of the rows after the first ``n_before``.
        run : table of shape (n_before + n, n_channels)
            These rows, and those before them that their scores depend on; at least one,
            if there is any.
        n_before : int
            How many rows of ``run`` have been decided on.

        Returns
        -------
        decisions : ndarray of shape (n,), float64
            Below zero for outliers.
        """
        if hasattr(self.detector, "__skad_follow__"):
            decisions = self._followed(scores, run, n_before)
        else:
            decisions = scores - offsets_of(self.detector, run, slice(n_before, None))
        if hasattr(self.detector, "__skad_protect__"):
            return self.detector.__skad_protect__(decisions, run)
        return decisions

    def _followed(self, scores, run, n_before):
        starts = series_starts(run) - n_before
        if n_before == 0 or 0 in starts:
            self.state = None
        starts = np.union1d([0], starts[starts > 0]).astype(int)
        decisions = np.empty(len(scores))
        for number, (start, stop) in enumerate(segment_bounds(starts, len(scores))):
            state = self.state if number == 0 else None
            if state is None:
                state = self.detector.__skad_begin__(run, n_before + start)
            part = scores[start:stop]
            thresholds, self.state = self.detector.__skad_follow__(part, state)
            decisions[start:stop] = part - thresholds
        return decisions
