"""From labels or scores of rows to a table of events, and back."""

from numbers import Integral, Real

import numpy as np
from sklearn.utils._param_validation import Interval, validate_params

from skad.postprocessing._alarm_rule import AlarmRule
from skad.postprocessing._event_readings import (
    check_readings,
    readings_of_events,
    severity_of_rows,
)
from skad.postprocessing._event_rows import (
    check_explanation,
    event_rows,
    frames,
    scores_and_threshold,
    top_channels,
    without,
)
from skad.postprocessing._event_times import EventTimes

_NOT_NEGATIVE = Interval(Integral, 0, None, closed="left")
_AT_LEAST_ONE = Interval(Integral, 1, None, closed="left")


@validate_params(
    {
        "threshold": [Interval(Real, None, None, closed="neither"), "array-like", None],
        "usual": [Interval(Real, None, None, closed="neither"), "array-like", None],
        "rule": [AlarmRule, None],
        "min_length": [_AT_LEAST_ONE],
        "merge_gap": [_NOT_NEGATIVE],
        "max_channels": [_AT_LEAST_ONE],
    },
    prefer_skip_nested_validation=True,
)
def to_events(
    labels_or_scores,
    index=None,
    *,
    threshold=None,
    usual=None,
    rule=None,
    min_length=1,
    merge_gap=0,
    max_gap=None,
    exclude=None,
    explanation=None,
    max_channels=3,
    observed=None,
    expected=None,
    band=None,
):
    """List the events among labelled or scored rows.

    An event is a run of neighbouring abnormal rows, or of rows at which a ``rule`` says
    that an alarm is open. No event reaches from one series into the next, or across a
    gap in the index.

    Parameters
    ----------
    labels_or_scores : array-like of shape (n,)
        Labels: -1 (abnormal) and 1, as `predict` gives them, or booleans (True =
        abnormal). Or, with ``threshold``, scores, low = abnormal.
    index : pandas.Index, DataFrame, Series, array-like or None, default=None
        When each row was: an index, or a table that has one, with the time innermost
        and several series named by outer levels. None takes the index of
        ``labels_or_scores``, and else row numbers.
    threshold : float, array-like of shape (n,) or None, default=None
        Rows whose scores lie below it are abnormal: `offset_` for `score_samples`, the
        ``thresholds(X)`` of one that follows, 0 for `decision_function`. None reads
        labels.
    usual : float, array-like of shape (n,) or None, default=None
        The usual score, from which severity is counted; None takes the median of
        ``labels_or_scores``.
    rule : AlarmRule or None, default=None
        When an alarm opens and closes; None opens one at each run of abnormal rows.
    min_length : int, default=1
        Events of fewer rows are left out, after merging.
    merge_gap : int, default=0
        Events with at most so many normal rows between them become one.
    max_gap : float, timedelta or None, default=None
        The widest difference between the index of neighbouring rows that is no cut: a
        multiple of the usual step, or a span of time such as `pandas.Timedelta`. None
        means 1 step where the index holds integers (row numbers), 3 steps where it
        holds timestamps or other numbers; `numpy.inf` never cuts at a gap.
    exclude : DataFrame or None, default=None
        Periods in which nothing is an event, such as maintenance, with the columns
        "start" and "end", as `from_events` takes them. An event ends before such a
        period, and what follows it is another one.
    explanation : DataFrame, array-like of shape (n, n_channels) or None, default=None
        What each channel adds to the error of each row, see `skad.inspection.explain`.
        A DataFrame names the channels; otherwise they are numbered.
    max_channels : int, default=3
        How many channels are named, at most, for each event.
    observed : DataFrame, array-like of shape (n, n_channels) or None, default=None
        The readings; a DataFrame names the channels. Needed with ``expected``.
    expected : array-like of shape (n, n_channels) or None, default=None
        What was expected instead, see `skad.inspection.expected`.
    band : pair of array-like of shape (n, n_channels) or None, default=None
        The lowest and the highest reading that were to be expected.

    Returns
    -------
    events : pandas.DataFrame
        One row per event, in the order of the rows, with the columns

        - "start", "end": the index of its first and of its last row, both inside;
        - "peak": that of its most abnormal row (of labels, its first one);
        - "severity": in [0, 1], z / (1 + z) for a score there that lies z times as far
          below the usual score as the threshold does: 0.5 at the threshold, 0.75 three
          times as far (of labels, 1);
        - "channels": with ``explanation`` alone, the channels that add most to the
          error over the whole event, in that order;
        - "channel", "observed", "expected", "direction": with ``expected`` alone, the
          reading at the peak of the first of these channels (without an explanation, of
          the one furthest off), what was expected there, and whether it was "above" or
          "below" that; with ``band``, "lower" and "upper" as well.

        The index numbers the events; outer index levels of the series come before it.

    Raises
    ------
    ValueError
        If labels, or without ``threshold`` scores, cannot be read; if a number is not
        finite; if lengths differ; if ``merge_gap`` is given beside a ``rule``; if
        ``expected`` comes without ``observed``, or ``band`` without both; if the index
        shows no order, or a row twice; if ``exclude`` cannot be read.
    ImportError
        If pandas is not installed.

    See Also
    --------
    from_events : The way back.
    skad.metrics.event_f1 : Counts events that are found.

    Examples
    --------
    >>> import pandas as pd
    >>> from skad.postprocessing import to_events
    >>> scores = [0.9, 0.2, 0.8, 0.1, 0.9, 0.9, 0.9, 0.4]
    >>> hours = pd.date_range("2026-01-01", periods=8, freq="h")
    >>> events = to_events(scores, hours, threshold=0.5, merge_gap=1)
    >>> print(events[["start", "end", "severity"]].to_string(index=False))
                  start                 end  severity
    2026-01-01 01:00:00 2026-01-01 03:00:00  0.681818
    2026-01-01 07:00:00 2026-01-01 07:00:00  0.562500
    """
    pd = frames("to_events")
    if index is None and isinstance(labels_or_scores, pd.Series):
        index = labels_or_scores.index
    rule = _rule(rule, merge_gap)
    readings = check_readings(observed, expected, band)
    scores, thresholds = scores_and_threshold(labels_or_scores, threshold)
    times = EventTimes.of(index, len(scores), max_gap)
    decisions, starts = without(exclude, scores - thresholds, times)
    is_open = rule.open_rows(decisions, starts)
    first, last = event_rows(is_open, starts, rule.merge_gap, min_length)
    spans = list(zip(first, last, strict=True))
    severity = severity_of_rows(scores, thresholds, usual, threshold is None)
    peak = np.array([a + np.argmax(severity[a : b + 1]) for a, b in spans], dtype=int)
    columns = {"start": first, "end": last, "peak": peak}
    columns = {name: times.at(rows) for name, rows in columns.items()}
    columns["severity"] = severity[peak]
    if explanation is not None:
        shares, names = check_explanation(explanation, len(scores))
        named = [top_channels(shares[a : b + 1], names, max_channels) for a, b in spans]
        columns["channels"] = pd.Series(named, dtype=object).to_numpy()
    if readings is not None:
        columns |= readings_of_events(readings, peak, columns.get("channels"))
    return pd.DataFrame(columns).set_index(times.numbered(first))


def _rule(rule, merge_gap):
    if rule is None:
        return AlarmRule(merge_gap=merge_gap)
    if merge_gap:
        raise ValueError(
            f"merge_gap={merge_gap} is given twice: set it in rule, which has "
            f"merge_gap={rule.merge_gap}."
        )
    return rule


def from_events(events, index):
    """Label the rows of an index by the events they stand in.

    The labels are those that metrics and scorers take, so what was found and what
    somebody wrote down in a logbook can be compared.

    Parameters
    ----------
    events : DataFrame
        With the columns "start" and "end", both inside the event, as `to_events` gives
        them or as somebody wrote them down: an event may begin and end between rows,
        and outside of the index it marks nothing. Several series are told apart by the
        index levels before the last, named as in ``index``.
    index : int, pandas.Index, DataFrame, Series or array-like
        The rows to label: their number, an index, or a table that has one.

    Returns
    -------
    labels : ndarray of shape (n,), int64
        -1 for rows in an event, 1 for all others.

    Raises
    ------
    ValueError
        If there are no such columns, if an event ends before it starts or lacks a
        time, if ``events`` and ``index`` hold different kinds of times or different
        levels, or if the index shows no order, or a row twice.
    ImportError
        If pandas is not installed.

    See Also
    --------
    to_events : The way there.

    Examples
    --------
    >>> import pandas as pd
    >>> from skad.postprocessing import from_events
    >>> events = pd.DataFrame({"start": [1, 4], "end": [2, 4]})
    >>> from_events(events, 6)
    array([ 1, -1, -1,  1, -1,  1])
    """
    frames("from_events")
    n_rows = index if isinstance(index, Integral) else None
    times = EventTimes.of(None if n_rows is not None else index, n_rows, np.inf)
    return np.where(times.inside(events), -1, 1).astype(np.int64)
