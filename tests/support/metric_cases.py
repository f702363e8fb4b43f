"""Series of labels, scores and alarms that stored values belong to."""

import numpy as np


def planted(seed, n_rows, n_events, longest, strength=1.0, at_the_ends=0):
    """Draw labels (1 = anomaly) and scores, low = abnormal, from frozen streams."""
    random = np.random.RandomState(seed)
    y = np.zeros(n_rows, dtype=int)
    for start in random.randint(n_rows, size=n_events):
        y[start : start + random.randint(1, longest + 1)] = 1
    y[:at_the_ends] = y[n_rows - at_the_ends :] = 1
    return y, -(random.normal(size=n_rows) + strength * y)


def alarms_of(scores, share):
    """Alarm the share of rows with the lowest scores, each with its successor."""
    low = scores < np.quantile(scores, share)
    return low | np.roll(low, 1)
