"""What an alarm is worth: event F1, and the share of normal rows that are alarmed."""

import numpy as np

from skad.metrics._runs import runs_of

# Rows from an event within which an alarm is right, and within which it finds it.
NEAR, REACH = 100, 50


def judge(alarmed, anomalous):
    """Judge the rows after the training prefix of one series.

    An alarm, a run of alarmed rows, is right if at least half of its rows lie within
    100 rows of an event. An event is found if an alarm touches it or the 50 rows around
    it. Normal rows are those further than 100 rows from any event.

    Returns
    -------
    f1 : float
        Of the share of alarms that are right and the share of events that are found.
    n_alarmed, n_normal : int
        Normal rows that are alarmed, and all of them.
    """
    events = list(zip(*runs_of(anomalous), strict=True))
    alarms = list(zip(*runs_of(alarmed), strict=True))
    near = np.zeros(len(alarmed), dtype=bool)
    for start, stop in events:
        near[max(start - NEAR, 0) : stop + NEAR] = True
    found = [
        alarmed[max(start - REACH, 0) : stop + REACH].any() for start, stop in events
    ]
    right = [near[start:stop].mean() >= 0.5 for start, stop in alarms]
    precision, recall = (
        float(np.mean(part)) if part else 0.0 for part in (right, found)
    )
    f1 = 2 * precision * recall / max(precision + recall, 1e-12)
    return f1, int(alarmed[~near].sum()), int((~near).sum())


def best_in_hindsight(errors, anomalous):
    """Return what the best single threshold on these very errors would be worth."""
    shares = np.concatenate([np.linspace(0.4, 0.98, 60), np.linspace(0.98, 0.9995, 40)])
    judged = [judge(errors > t, anomalous) for t in np.quantile(errors, shares)]
    return max(judged, key=lambda found: found[0])
