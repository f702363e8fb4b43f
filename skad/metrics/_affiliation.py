"""Affiliation: how near alarms are to events, against chance (Huet et al. 2022).

Rows are taken for intervals of time, row t for [t, t + 1). Each point of time belongs
to the zone of the event it is nearest to, and alarms are cut where zones meet. In its
zone, a piece of an alarm is judged by its distance to the event (precision), and each
point of the event by its distance to the nearest piece (recall). A distance is turned
into the probability that a point drawn from the zone at random would be further away.
All integrals over distances have closed forms.
"""

from statistics import harmonic_mean
from typing import NamedTuple

import numpy as np

from skad.metrics._labels_and_scores import (
    NO_ALARM,
    NO_ANOMALY,
    truth_and_alarms,
    undefined,
)
from skad.metrics._metric_kinds import metric_of_predictions
from skad.metrics._runs import runs_of
from skad.metrics._series_of_rows import first_rows


class Affiliated(NamedTuple):
    """Events, their zones, and the pieces of alarms in them, in rows of time."""

    starts: np.ndarray
    stops: np.ndarray
    edges: np.ndarray  # zone j reaches from edges[j] to edges[j + 1]
    piece_starts: np.ndarray
    piece_stops: np.ndarray
    zones: np.ndarray  # of the pieces


@metric_of_predictions()
def affiliation_precision(y_true, y_pred, *, series=None, pos_label=None):
    """How near alarms are to the event they belong to, against chance.

    An alarm belongs to the event it is nearest to. It gets 1 inside the event, and
    outside the probability that a row drawn at random from all that belong to the event
    would be further off. So an alarm just beside an event counts nearly as a hit.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Labels: -1 (anomaly) and 1; or 0 and 1 (anomaly); or booleans.
    y_pred : array-like of shape (n,)
        Predictions for the same rows: -1 (alarm) and 1, as `predict` of a detector
        gives them, or booleans (True = alarm).
    series : array-like of shape (n,) or None, default=None
        The series that each row belongs to: no event, alarm or margin goes on from one
        to the next. None takes the outer levels of the index of ``y_true``, if it has
        several, and one series if not.
    pos_label : int, bool or None, default=None
        The label of anomalies in ``y_true``. None takes -1 where it holds -1 and 1,
        and 1 (True) where it holds 0 and 1 or booleans.

    Returns
    -------
    precision : float
        Between 0 and 1, high is good; about 0.5 for alarms at random. Averaged over
        the events with alarms in their zone. Without alarms 0 (NaN if there is no
        anomaly either), with a warning; 0 if there are alarms and no anomaly.

    Raises
    ------
    ValueError
        If labels or predictions cannot be read, lengths differ, or the rows of a
        series do not stand next to each other.

    Warns
    -----
    UndefinedMetricWarning
        If no row is alarmed.

    See Also
    --------
    affiliation_recall : How near alarms are to each point of an event.
    affiliation_f1 : Both in one number.

    Notes
    -----
    The definition is that of [1]_. Because chance alone gets about 0.5, differences
    are smaller than they look.

    References
    ----------
    .. [1] A. Huet, J. M. Navarro, D. Rossi, "Local Evaluation of Time Series Anomaly
       Detection Algorithms", KDD 2022.

    Examples
    --------
    >>> import numpy as np
    >>> from skad.metrics import affiliation_precision
    >>> y_true, late, far = np.ones((3, 100))
    >>> y_true[50:60] = late[62:70] = far[90:98] = -1
    >>> print(round(affiliation_precision(y_true, late), 2))
    0.78
    >>> print(round(affiliation_precision(y_true, far), 2))
    0.22
    """
    truth, alarmed = truth_and_alarms(y_true, y_pred, pos_label)
    starts = first_rows(y_true, series)
    if not alarmed.any():
        value = 0.0 if truth.any() else np.nan
        return undefined("Affiliation precision", NO_ALARM, value)
    return _precision(truth, alarmed, starts)


@metric_of_predictions()
def affiliation_recall(y_true, y_pred, *, series=None, pos_label=None):
    """How near alarms are to each point of an event, against chance.

    A point of an event gets 1 where it is alarmed, and elsewhere the probability that a
    row drawn at random from all that belong to the event would be further off than the
    nearest alarm is. Each event counts alike, however long.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Labels: -1 (anomaly) and 1; or 0 and 1 (anomaly); or booleans.
    y_pred : array-like of shape (n,)
        Predictions for the same rows: -1 (alarm) and 1, as `predict` of a detector
        gives them, or booleans (True = alarm).
    series : array-like of shape (n,) or None, default=None
        The series that each row belongs to: no event, alarm or margin goes on from one
        to the next. None takes the outer levels of the index of ``y_true``, if it has
        several, and one series if not.
    pos_label : int, bool or None, default=None
        The label of anomalies in ``y_true``. None takes -1 where it holds -1 and 1,
        and 1 (True) where it holds 0 and 1 or booleans.

    Returns
    -------
    recall : float
        Between 0 and 1, high is good. Averaged over all events; one without alarms in
        its zone has 0. NaN, with a warning, if there is no anomaly.

    Raises
    ------
    ValueError
        If labels or predictions cannot be read, lengths differ, or the rows of a
        series do not stand next to each other.

    Warns
    -----
    UndefinedMetricWarning
        If no row is an anomaly.

    See Also
    --------
    affiliation_precision : How near alarms are to events; the source.
    affiliation_f1 : Both in one number.

    Examples
    --------
    >>> import numpy as np
    >>> from skad.metrics import affiliation_recall
    >>> y_true, late, far = np.ones((3, 100))
    >>> y_true[50:60] = late[62:70] = far[90:98] = -1
    >>> print(round(affiliation_recall(y_true, late), 2))
    0.86
    >>> print(round(affiliation_recall(y_true, far), 2))
    0.3
    """
    truth, alarmed = truth_and_alarms(y_true, y_pred, pos_label)
    starts = first_rows(y_true, series)
    if not truth.any():
        return undefined("Affiliation recall", NO_ANOMALY)
    return _recall(truth, alarmed, starts)


@metric_of_predictions()
def affiliation_f1(y_true, y_pred, *, series=None, pos_label=None):
    """Harmonic mean of affiliation precision and recall.

    Compare it with what random alarms get on the same labels: that is far from 0.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Labels: -1 (anomaly) and 1; or 0 and 1 (anomaly); or booleans.
    y_pred : array-like of shape (n,)
        Predictions for the same rows: -1 (alarm) and 1, as `predict` of a detector
        gives them, or booleans (True = alarm).
    series : array-like of shape (n,) or None, default=None
        The series that each row belongs to: no event, alarm or margin goes on from one
        to the next. None takes the outer levels of the index of ``y_true``, if it has
        several, and one series if not.
    pos_label : int, bool or None, default=None
        The label of anomalies in ``y_true``. None takes -1 where it holds -1 and 1,
        and 1 (True) where it holds 0 and 1 or booleans.

    Returns
    -------
    f1 : float
        Between 0 and 1, high is good; 0 without alarms. NaN, with a warning, if there
        is no anomaly.

    Raises
    ------
    ValueError
        If labels or predictions cannot be read, lengths differ, or the rows of a
        series do not stand next to each other.

    Warns
    -----
    UndefinedMetricWarning
        If no row is an anomaly.

    See Also
    --------
    affiliation_precision : How near alarms are to events; the source.
    affiliation_recall : How near alarms are to each point of an event.

    Examples
    --------
    >>> import numpy as np
    >>> from skad.metrics import affiliation_f1
    >>> y_true, late, far = np.ones((3, 100))
    >>> y_true[50:60] = late[62:70] = far[90:98] = -1
    >>> print(round(affiliation_f1(y_true, late), 2))
    0.82
    """
    truth, alarmed = truth_and_alarms(y_true, y_pred, pos_label)
    starts = first_rows(y_true, series)
    if not truth.any():
        return undefined("Affiliation F1", NO_ANOMALY)
    if not alarmed.any():
        return 0.0
    both = _precision(truth, alarmed, starts), _recall(truth, alarmed, starts)
    return harmonic_mean(both)


def _precision(truth, alarmed, series_starts):
    """Average over the zones with alarms; a series without events is one, at 0."""
    zones = [
        _precisions(_affiliate(events, alarms)) if events.any() else np.zeros(1)
        for events, alarms in _each_series(truth, alarmed, series_starts)
        if alarms.any()
    ]
    return float(np.mean(np.concatenate(zones)))


def _recall(truth, alarmed, series_starts):
    """Average over the events; those of a series without alarms are lost."""
    recalls = [
        _recalls(_affiliate(events, alarms))
        if alarms.any()
        else np.zeros(len(runs_of(events)[0]))
        for events, alarms in _each_series(truth, alarmed, series_starts)
        if events.any()
    ]
    return float(np.mean(np.concatenate(recalls)))


def _each_series(truth, alarmed, series_starts):
    cuts = series_starts[1:]
    return zip(np.split(truth, cuts), np.split(alarmed, cuts), strict=True)


def _affiliate(truth, alarmed):
    """Find the zones of events, and cut alarms (there are some) where zones meet."""
    starts, stops = runs_of(truth)
    meeting = (stops[:-1] + starts[1:]) / 2
    edges = np.concatenate([[0], meeting, [len(truth)]])
    from_, to = runs_of(alarmed)
    begun = np.searchsorted(from_, meeting)
    cuts = meeting[begun > np.searchsorted(to, meeting, side="right")]
    from_, to = np.sort(np.append(from_, cuts)), np.sort(np.append(to, cuts))
    zones = np.searchsorted(edges, from_, side="right") - 1
    return Affiliated(starts, stops, edges, from_, to, zones)


def _precisions(a):
    """Return, per zone with alarms, the chance of a random point to be further off."""
    low, high = a.edges[a.zones], a.edges[a.zones + 1]
    start, stop = a.starts[a.zones], a.stops[a.zones]
    lengths = a.piece_stops - a.piece_starts
    nearest_edge = np.minimum(start - low, high - stop)
    lost = np.zeros(len(lengths))
    for far, near in (
        (start - a.piece_starts, start - a.piece_stops),
        (a.piece_stops - stop, a.piece_starts - stop),
    ):
        far, near = np.maximum(far, 0), np.maximum(near, 0)
        lost += (far - near) * (stop - start)
        lost += _beyond_event(far, nearest_edge) - _beyond_event(near, nearest_edge)
    won = np.bincount(a.zones, lengths - lost / (high - low))
    alarmed = np.bincount(a.zones, lengths)
    return won[alarmed > 0] / alarmed[alarmed > 0]


def _beyond_event(distance, nearest_edge):
    """Integrate, over distances up to this, the length of zone within them.

    It grows on both sides of the event until the nearer edge of the zone is reached.
    """
    both = np.minimum(distance, nearest_edge)
    return distance**2 / 2 + both**2 / 2 + nearest_edge * (distance - both)


def _recalls(a):
    """Return, per event, the chance of a random point to be further off."""
    low, high = a.edges[a.zones], a.edges[a.zones + 1]
    start, stop = a.starts[a.zones], a.stops[a.zones]
    # The part of the event that is nearer to a piece than to others in the zone.
    between = (a.piece_stops[:-1] + a.piece_starts[1:]) / 2
    alone = np.diff(a.zones) > 0
    from_ = np.concatenate([[-np.inf], np.where(alone, -np.inf, between)])
    to = np.concatenate([np.where(alone, np.inf, between), [np.inf]])
    from_, to = np.maximum(from_, start), np.minimum(to, stop)
    lost = _lost(a.piece_starts - to, a.piece_starts - from_, a.piece_starts - low)
    lost += _lost(from_ - a.piece_stops, to - a.piece_stops, high - a.piece_stops)
    lengths = a.stops - a.starts
    lost = np.bincount(a.zones, lost / (high - low), minlength=len(lengths))
    has_alarm = np.bincount(a.zones, minlength=len(lengths)) > 0
    return np.where(has_alarm, 1 - lost / lengths, 0)


def _lost(near, far, span):
    """Integrate, over points of an event, the length of zone nearer than a piece.

    The points lie from ``near`` to ``far`` beyond one end of the piece, from which the
    zone goes on for ``span``. A point x beyond the end has x of the zone on its near
    side, and on the other side x or what is left of the zone.
    """
    near = np.maximum(near, 0)
    far = np.maximum(far, near)
    return _up_to(far, span) - _up_to(near, span)


def _up_to(x, span):
    other_side = np.where(x <= span / 2, x**2 / 2, span * x - (x**2 + span**2 / 2) / 2)
    return x**2 / 2 + other_side
