"""The same on two real series: one that goes on as it was, and one that does not."""

import numpy as np

from skad.datasets import load_ecg, load_yahoo
from tests.benchmarks.alarms.simulation import rates_of_one

SERIES = {"ECG": load_ecg, "Yahoo": load_yahoo}
LONGEST_FIT = 3000
REACH = 64  # rows of the longest window


def split(data, target):
    """Return the series, how many first rows to fit on, and which rows to count.

    Fitted on are three quarters of the rows before the first anomaly, and counted all
    rows after these whose window holds none.
    """
    X = np.asarray(data, dtype=np.float64).reshape(len(data), -1)
    anomalous = np.asarray(target) == -1
    n_fit = min(int(0.75 * np.argmax(anomalous)), LONGEST_FIT)
    near = np.convolve(anomalous, np.ones(REACH))[: len(X)] > 0
    return X, n_fit, np.flatnonzero(~near & (np.arange(len(X)) >= n_fit))


def rates_on_real_series(contenders, strategies):
    """Map each series to the rates by strategy of each detector."""
    results = {}
    for name, load in SERIES.items():
        bunch = load()
        X, n_fit, counted = split(bunch.data, bunch.target)
        results[name] = {
            contender.name: rates_of_one(contender.make, strategies, X, n_fit, counted)
            for contender in contenders
        }
    return results
