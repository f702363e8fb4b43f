"""Volume under the surface: range-based curves over many windows at once.

Each event is given a margin of ``window // 2`` rows on both sides, in which an alarm
earns a part of the credit of a hit. For each window there is one curve over thresholds;
the volume is the mean of the areas under them.

A row enters the curves by three numbers: the first threshold that alarms it, and the
distances to the nearest event and to the one after. So the rows are counted once, into
tables of distance by threshold, and the windows read off these tables.
"""

from numbers import Integral

import numpy as np
from sklearn.utils._param_validation import Interval

from skad.metrics._labels_and_scores import (
    NO_ANOMALY,
    NO_NORMAL,
    truth_and_scores,
    undefined,
)
from skad.metrics._metric_kinds import metric_of_scores
from skad.metrics._runs import runs_of
from skad.metrics._series_of_rows import first_rows

_MAX_WINDOW = [Interval(Integral, 0, None, closed="left")]
_N_THRESHOLDS = [Interval(Integral, 2, None, closed="left")]


@metric_of_scores(max_window=_MAX_WINDOW, n_thresholds=_N_THRESHOLDS)
def vus_pr(
    y_true,
    score_samples,
    *,
    max_window=100,
    n_thresholds=250,
    series=None,
    pos_label=None,
):
    """Volume under the precision-recall surface: ranking of rows, with leeway in time.

    The mean, over windows of 0 to ``max_window`` rows, of the area under a
    precision-recall curve in which an alarm shortly before or after an event counts in
    part, and in which an event counts as found only if it is alarmed somewhere. It
    needs no threshold and forgives small shifts in time; that makes it the metric by
    which detectors of time series are best compared.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Labels: -1 (anomaly) and 1; or 0 and 1 (anomaly); or booleans.
    score_samples : array-like of shape (n,)
        Scores of the same rows, **low = abnormal**, as `score_samples` and
        `decision_function` of a detector give them. If yours are high for the
        abnormal, pass them with the sign changed.
    max_window : int, default=100
        The largest window, in rows; an event is widened by up to ``max_window // 2``
        rows on each side. A period of the series is a good length; values are
        comparable only at equal windows.
    n_thresholds : int, default=250
        How many thresholds to try, at equally spaced ranks of the scores.
    series : array-like of shape (n,) or None, default=None
        The series that each row belongs to: no event, alarm or margin goes on from one
        to the next. None takes the outer levels of the index of ``y_true``, if it has
        several, and one series if not.
    pos_label : int, bool or None, default=None
        The label of anomalies in ``y_true``. None takes -1 where it holds -1 and 1,
        and 1 (True) where it holds 0 and 1 or booleans.

    Returns
    -------
    volume : float
        Between 0 and 1, high is good. NaN, with a warning, if there is no anomaly.

    Raises
    ------
    ValueError
        If labels cannot be read, scores are not finite, lengths differ, the rows of a
        series do not stand next to each other, or a parameter is out of range.

    Warns
    -----
    UndefinedMetricWarning
        If no row is an anomaly.

    See Also
    --------
    vus_roc : The same with the receiver operating characteristic.
    average_precision : Without leeway.

    Notes
    -----
    The definition is that of Paparrizos et al. [1]_ in the form of TSB-AD [2]_, to
    rounding. There, the window is a period of the first channel.

    Scores that know nothing get the share of anomalies at ``max_window=0``, and more
    with wider margins: 0.12 instead of 0.02 for fifty events of up to 20 rows among
    20,000, at the default window. Compare with shuffled scores before you praise.

    References
    ----------
    .. [1] J. Paparrizos, P. Boniol, T. Palpanas, R. S. Tsay, A. Elmore, M. J. Franklin,
       "Volume Under the Surface: A New Accuracy Evaluation Measure for Time-Series
       Anomaly Detection", PVLDB 15(11), 2022.
    .. [2] Q. Liu, J. Paparrizos, "The Elephant in the Room: Towards A Reliable
       Time-Series Anomaly Detection Benchmark", NeurIPS 2024.

    Examples
    --------
    >>> import numpy as np
    >>> from skad.metrics import vus_pr
    >>> y = np.ones(200)
    >>> y[100:120] = -1
    >>> print(vus_pr(y, y))
    1.0
    >>> late_by_five = np.roll(y, 5)
    >>> print(round(vus_pr(y, late_by_five, max_window=20), 2))
    0.78
    """
    truth, scores = truth_and_scores(y_true, score_samples, pos_label)
    starts = first_rows(y_true, series)
    if not truth.any():
        return undefined("VUS-PR", NO_ANOMALY)
    n_alarmed, hits, n_anomalous, existence = _counts(
        truth, scores, starts, max_window, n_thresholds
    )
    recall = np.minimum(hits / n_anomalous, 1) * existence
    precision = hits / n_alarmed
    areas = np.sum(np.diff(recall, prepend=0) * precision, axis=1)
    return float(areas.mean())


@metric_of_scores(max_window=_MAX_WINDOW, n_thresholds=_N_THRESHOLDS)
def vus_roc(
    y_true,
    score_samples,
    *,
    max_window=100,
    n_thresholds=250,
    series=None,
    pos_label=None,
):
    """Volume under the surface of receiver operating characteristics.

    As `vus_pr`, with false-positive rates in place of precision. Where anomalies are
    rare, as they mostly are, it flatters (with many short events and wide margins,
    scores that know nothing have reached 0.83): prefer `vus_pr`.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Labels: -1 (anomaly) and 1; or 0 and 1 (anomaly); or booleans.
    score_samples : array-like of shape (n,)
        Scores of the same rows, **low = abnormal**, as `score_samples` and
        `decision_function` of a detector give them. If yours are high for the
        abnormal, pass them with the sign changed.
    max_window : int, default=100
        The largest window, in rows; an event is widened by up to ``max_window // 2``
        rows on each side. A period of the series is a good length; values are
        comparable only at equal windows.
    n_thresholds : int, default=250
        How many thresholds to try, at equally spaced ranks of the scores.
    series : array-like of shape (n,) or None, default=None
        The series that each row belongs to: no event, alarm or margin goes on from one
        to the next. None takes the outer levels of the index of ``y_true``, if it has
        several, and one series if not.
    pos_label : int, bool or None, default=None
        The label of anomalies in ``y_true``. None takes -1 where it holds -1 and 1,
        and 1 (True) where it holds 0 and 1 or booleans.

    Returns
    -------
    volume : float
        Between 0 and 1, high is good. NaN, with a warning, unless there are anomalies
        and normal rows.

    Raises
    ------
    ValueError
        If labels cannot be read, scores are not finite, lengths differ, the rows of a
        series do not stand next to each other, or a parameter is out of range.

    Warns
    -----
    UndefinedMetricWarning
        If no row is an anomaly, or all are.

    See Also
    --------
    vus_pr : The same with precision and recall, and its references.
    sklearn.metrics.roc_auc_score : Without leeway; takes high for abnormal.

    Examples
    --------
    >>> import numpy as np
    >>> from skad.metrics import vus_roc
    >>> y = np.ones(200)
    >>> y[100:120] = -1
    >>> late_by_five = np.roll(y, 5)
    >>> print(round(vus_roc(y, late_by_five, max_window=20), 2))
    0.92
    """
    truth, scores = truth_and_scores(y_true, score_samples, pos_label)
    starts = first_rows(y_true, series)
    if not truth.any():
        return undefined("VUS-ROC", NO_ANOMALY)
    if truth.all():
        return undefined("VUS-ROC", NO_NORMAL)
    n_alarmed, hits, n_anomalous, existence = _counts(
        truth, scores, starts, max_window, n_thresholds
    )
    recall = np.minimum(hits / n_anomalous, 1) * existence
    false = (n_alarmed - hits) / (len(truth) - n_anomalous)
    recall, false = _from_corner_to_corner(recall), _from_corner_to_corner(false)
    return float(np.trapezoid(recall, false).mean())


def _from_corner_to_corner(rates):
    """Begin each curve at 0 and end it at 1."""
    return np.pad(rates, ((0, 0), (1, 1)), constant_values=(0, 1))


def _counts(truth, scores, series_starts, max_window, n_thresholds):
    """Count, for each window and threshold, what the curves are made of.

    Parameters
    ----------
    truth : ndarray of shape (n,), bool
        Whether each row is an anomaly; one of them is.
    scores : ndarray of shape (n,), float64
        Low = abnormal.
    series_starts : ndarray of shape (n_series,), int64
        The first row of each series.
    max_window : int
        The largest window.
    n_thresholds : int
        Number of thresholds.

    Returns
    -------
    n_alarmed : ndarray of shape (n_thresholds,)
        Number of rows alarmed.
    hits : ndarray of shape (max_window + 1, n_thresholds)
        Alarmed rows of events, and the credits of alarmed rows in their margins.
    n_anomalous : ndarray of shape (max_window + 1, n_thresholds)
        Number of anomalies: those of the labels, and half of the credits.
    existence : ndarray of shape (max_window + 1, n_thresholds)
        The share of events, with margins, that hold an alarm.
    """
    ranks = np.linspace(0, len(scores) - 1, n_thresholds).astype(int)
    # The number of the first threshold that alarms a row says all about its score.
    first = np.searchsorted(np.sort(scores)[ranks], scores)
    # Series are laid so far apart that no margin reaches from one to the next; rows in
    # between are alarmed by no threshold.
    lengths = np.diff(series_starts, append=len(truth))
    number = np.repeat(np.arange(len(lengths)), lengths)
    place = np.arange(len(truth)) + (max_window + 1) * number
    placed = np.full(place[-1] + 1, n_thresholds)
    placed[place] = first
    events = np.zeros(len(placed), dtype=bool)
    events[place] = truth
    starts, stops = runs_of(events)
    n_alarmed = np.cumsum(np.bincount(first, minlength=n_thresholds))
    found = np.cumsum(np.bincount(first[truth], minlength=n_thresholds))
    distances = _two_distances(place[~truth], starts, stops)
    credit = _credit(first[~truth], *distances, max_window, n_thresholds)
    existence = _existence(placed, starts, stops, max_window // 2, n_thresholds)
    windows = np.arange(max_window + 1)
    n_anomalous = np.count_nonzero(truth) + credit / 2
    return n_alarmed, found + credit, n_anomalous, existence[windows // 2]


def _two_distances(rows, starts, stops):
    """Return the distances of normal rows to the nearest event and the one after."""
    far = np.iinfo(np.int64).max // 4
    before = np.concatenate([[-far, -far], stops - 1])
    after = np.concatenate([starts, [far, far]])
    n_before = np.searchsorted(starts, rows)
    left, right = rows - before[n_before + 1], after[n_before] - rows
    further = np.minimum(rows - before[n_before], after[n_before + 1] - rows)
    return np.minimum(left, right), np.minimum(np.maximum(left, right), further)


def _credit(first, nearest, second, max_window, n_thresholds):
    """Sum up the credits of alarmed rows in margins, by window and threshold.

    A row d rows from the only event in reach earns sqrt(1 - d / window); one that two
    events reach earns 1.
    """
    reach = max_window // 2
    near = nearest <= reach
    cell, second = nearest[near] * n_thresholds + first[near], second[near]
    shape = (reach + 1, n_thresholds)
    alone = np.bincount(cell, minlength=shape[0] * shape[1]).reshape(shape)
    between = np.zeros(n_thresholds)
    cell = cell[np.argsort(second)]
    bounds = np.searchsorted(np.sort(second), np.arange(1, reach + 2))
    credit = np.zeros((max_window + 1, n_thresholds))
    for margin in range(1, reach + 1):
        met = cell[bounds[margin - 1] : bounds[margin]]  # by a second event, just now
        np.subtract.at(alone.ravel(), met, 1)
        between += np.bincount(met % n_thresholds, minlength=n_thresholds)
        distance = np.arange(1, margin + 1)
        for window in range(2 * margin, min(2 * margin + 1, max_window) + 1):
            weight = np.sqrt(1 - distance / window)
            credit[window] = weight @ alone[1 : margin + 1] + between
    return np.cumsum(credit, axis=1)


def _existence(first, starts, stops, reach, n_thresholds):
    """Return the share of events found, by margin and threshold.

    Events whose margins meet are one.
    """
    inside = np.column_stack([starts, stops]).ravel()
    lowest = np.minimum.reduceat(np.append(first, n_thresholds), inside)[::2]
    gaps = starts[1:] - stops[:-1] + 1
    shares = np.empty((reach + 1, n_thresholds))
    for margin in range(reach + 1):
        before = first[np.maximum(starts - margin, 0)]
        after = first[np.minimum(stops - 1 + margin, len(first) - 1)]
        lowest = np.minimum(lowest, np.minimum(before, after))
        heads = np.flatnonzero(np.append(True, gaps > 2 * margin))
        found_at = np.minimum.reduceat(lowest, heads)
        shares[margin] = np.cumsum(np.bincount(found_at, minlength=n_thresholds))
        shares[margin] /= len(heads)
    return shares
