"""Splits whose test blocks hold whole events."""

from numbers import Integral

import numpy as np
from sklearn.model_selection import BaseCrossValidator
from sklearn.model_selection._split import GroupsConsumerMixin
from sklearn.utils import indexable
from sklearn.utils._param_validation import (
    Interval,
    StrOptions,
    validate_parameter_constraints,
)

from skad.metrics._labels_and_scores import is_anomaly
from skad.metrics._runs import runs_of
from skad.metrics._series_of_rows import first_rows


class AnomalySplit(GroupsConsumerMixin, BaseCrossValidator):
    """Split a series into test blocks around its events, and training rows.

    An event is a run of anomalous rows. Splits that do not look at the labels leave
    test parts without any, for which ROC AUC has no value, or cut an event in two. Here
    each test block holds whole events, as many as the other blocks to within one, and
    normal rows around them. All else is for training, what comes before the block and
    what comes after it::

        n_splits=2, gap=1, train="normal"      row    0         1
                                                      0123456789012345
                                               label  ....xx.......x..
        split 0    T: test, t: train                  -TTTTTTTT-ttt-tt
        split 1    -: neither                         tttt--ttt-TTTTTT

    Parameters
    ----------
    n_splits : int, default=5
        The number of splits; at least 2, and at most the number of events.
    gap : int, default=0
        Rows left out of the training on either side of a test block. Set it to the
        length of the windows, so that no window of one part reaches into the other.
    train : {"normal", "all"}, default="normal"
        Whether to train on normal rows only, or on the events outside the test block
        as well.

    See Also
    --------
    sklearn.model_selection.TimeSeriesSplit : Trains on the past only.
    skad.metrics.make_anomaly_scorer : Scorers that know which label is the anomaly.
    stability_score : For series without labels.

    Notes
    -----
    Two blocks are parted in the middle between two events. A block holds at most one
    ``n_splits``-th of the normal rows, or more only if they stand between its events
    or give these ``gap`` rows on either side; so an event in a long quiet stretch
    leaves most of it to train on. No two blocks overlap, and some normal rows are in
    none, for which reason `sklearn.model_selection.cross_val_predict` refuses these
    splits.

    Training rows come in time order, and **from after the test block too**. That is
    fine for comparing detectors on a series that stays as it is. Where it drifts, a
    detector that has seen the future does too well: test on the end of the series.

    **Pass a DataFrame**, such as ``pandas.DataFrame(X)``, to a Pipeline that makes
    windows. scikit-learn keeps its index, which shows
    `~skad.preprocessing.SlidingWindow` where rows were left out, and no window crosses
    the cut. An array cannot show it: ``window_size - 1`` windows at each cut are glued
    together from rows that never followed each other. Timestamps are cut where more
    than two readings are missing: if events may be shorter, set ``max_gap=1``.

    **Several series**, by outer levels of the index of X or by ``groups``: no event
    goes on from one to the next, blocks are parted where series meet, and ``gap`` rows
    are left out of the series of the test block alone. For whole series in or out, take
    `sklearn.model_selection.GroupKFold`.

    Where the samples *are* windows, those that end after an event still hold it: label
    them anomalous too.

    Examples
    --------
    >>> import numpy as np
    >>> from skad.model_selection import AnomalySplit
    >>> y = np.array([1, 1, 1, 1, -1, -1, 1, 1, 1, 1, 1, 1, 1, -1, 1, 1])
    >>> X = np.zeros((16, 1))
    >>> for train, test in AnomalySplit(n_splits=2, gap=1).split(X, y):
    ...     print(f"train on {train}, test on {test}")
    train on [10 11 12 14 15], test on [1 2 3 4 5 6 7 8]
    train on [0 1 2 3 6 7 8], test on [10 11 12 13 14 15]
    """

    _parameter_constraints = {
        "n_splits": [Interval(Integral, 2, None, closed="left")],
        "gap": [Interval(Integral, 0, None, closed="left")],
        "train": [StrOptions({"normal", "all"})],
    }

    def __init__(self, n_splits=5, *, gap=0, train="normal"):
        self.n_splits = n_splits
        self.gap = gap
        self.train = train

    def split(self, X, y=None, groups=None):
        """List the rows to train on and to test on.

        Parameters
        ----------
        X : array-like of shape (n, ...)
            A series in time order, or windows; only its length is looked at, and outer
            levels of its index, which name series.
        y : array-like of shape (n,) or None, default=None
            Labels: -1 (anomaly) and 1; or 0 and 1 (anomaly); or booleans. None is
            refused.
        groups : array-like of shape (n,) or None, default=None
            The series that each row belongs to; None takes the index of X.

        Returns
        -------
        splits : iterator of tuple of ndarray
            Per split the row numbers to train on and those to test on, both ascending.

        Raises
        ------
        ValueError
            If y is missing, holds other labels or only one of them, or has fewer events
            than ``n_splits``; if a test block is left without a normal row, or a split
            without a row to train on; or if the rows of a series do not stand next to
            each other.
        """
        parameters = {name: getattr(self, name) for name in self._parameter_constraints}
        validate_parameter_constraints(
            self._parameter_constraints, parameters, caller_name=type(self).__name__
        )
        X, y = indexable(X, y)
        anomalous = _anomalous(y)
        starts = first_rows(X, groups)
        blocks = _test_blocks(anomalous, starts, self.n_splits, self.gap)
        return iter([self._rows(anomalous, starts, *block) for block in blocks])

    def get_n_splits(self, X=None, y=None, groups=None):
        """Return the number of splits.

        Parameters
        ----------
        X : Ignored
            Present for API consistency.
        y : Ignored
            Present for API consistency.
        groups : Ignored
            Present for API consistency.

        Returns
        -------
        n_splits : int
            The parameter of that name.
        """
        return self.n_splits

    def _rows(self, anomalous, series_starts, first, end):
        # Rows of another series are no neighbours of the test block.
        begin = series_starts[series_starts <= first][-1]
        later = np.append(series_starts, len(anomalous))
        finish = later[later >= end][0]
        is_train = ~anomalous if self.train == "normal" else np.ones_like(anomalous)
        is_train[max(first - self.gap, begin) : min(end + self.gap, finish)] = False
        if not is_train.any():
            raise ValueError(
                f"No row is left to train on: the test block of rows {first} to "
                f"{end - 1} and gap={self.gap} rows on either side take all of the "
                f"{len(anomalous)} rows. Lower gap, raise n_splits, or pass a longer "
                "series."
            )
        return np.flatnonzero(is_train), np.arange(first, end)


def _anomalous(y):
    if y is None:
        raise ValueError(
            "y is None, but AnomalySplit puts its test blocks around the events in y. "
            "Pass labels (-1 and 1, or 0 and 1 = anomaly). Without any, split with "
            "KFold(2) and score by skad.model_selection.stability_score."
        )
    labels = set(np.ravel(y).tolist())
    if len(labels) == 1:
        raise ValueError(
            f"All labels in y are {labels.pop()}, but each test block needs anomalous "
            "rows and normal ones. Pass a stretch of the series that has both."
        )
    return is_anomaly(y)


def _test_blocks(anomalous, series_starts, n_splits, gap):
    """Bound the test blocks: the first row of each, and the row after its last."""
    starts, stops = runs_of(anomalous, series_starts)
    _refuse_too_few_events(len(starts), n_splits)
    share = np.count_nonzero(~anomalous) // n_splits
    events = np.array_split(np.arange(len(starts)), n_splits)
    first_events = [numbers[0] for numbers in events[1:]]
    between = [(stops[event - 1], starts[event]) for event in first_events]
    cuts = [_cut_between(stop, start, series_starts) for stop, start in between]
    blocks = []
    for numbers, low, high in zip(
        events, [0, *cuts], [*cuts, len(anomalous)], strict=True
    ):
        start, stop = starts[numbers[0]], stops[numbers[-1]]
        n_between = np.count_nonzero(~anomalous[start:stop])
        n_around = max(share - n_between, 2 * gap, 2)
        before, after = _margins(n_around, start - low, high - stop)
        _refuse_without_normal_rows(n_between + before + after, start, stop, n_splits)
        blocks.append((start - before, stop + after))
    return blocks


def _cut_between(stop, start, series_starts):
    """Part two blocks where series meet, or in the middle between their events."""
    middle = (stop + start + 1) // 2
    meeting = series_starts[(series_starts >= stop) & (series_starts <= start)]
    return meeting[np.argmin(abs(meeting - middle))] if len(meeting) else middle


def _margins(n_rows, n_before, n_after):
    """Halve ``n_rows``; where one side has fewer, the other takes more."""
    before = min(max(n_rows - n_after, (n_rows + 1) // 2), n_before)
    return before, min(n_rows - before, n_after)


def _refuse_too_few_events(n_events, n_splits):
    if n_events >= n_splits:
        return
    cure = f"Set n_splits to at most {n_events}, or label more events."
    if n_events < 2:
        cure = (
            "Label more events, or choose without labels: split with KFold(2) and "
            "score by skad.model_selection.stability_score."
        )
    raise ValueError(
        f"n_splits={n_splits}, but y holds only {n_events} event(s), that is runs of "
        f"anomalous rows, and each test block needs one of its own. {cure}"
    )


def _refuse_without_normal_rows(n_normal, start, stop, n_splits):
    if n_normal == 0:
        raise ValueError(
            f"The test block of the event in rows {start} to {stop - 1} has no normal "
            "row: the next event, or the end of the series, is too near. Lower "
            f"n_splits={n_splits}, so that it shares a block with another event."
        )
