"""The two series that sktime brings: one event that lasts, and single points."""

import numpy as np

from skad.datasets import load_ecg, load_yahoo
from tests.benchmarks.accuracy.sections import number
from tests.benchmarks.accuracy.series import LabelledSeries
from tests.benchmarks.speed.page import Section


def two_series() -> list[LabelledSeries]:
    """Read both; fitted on are the rows before the first anomaly, a third at most."""
    return [
        _labelled(name, load())
        for name, load in (("ECG", load_ecg), ("Yahoo", load_yahoo))
    ]


def _labelled(name, data):
    first = int(np.argmax(data.target == -1))
    n_train = min(first, len(data.data) // 3)
    return LabelledSeries(name, "sktime", data.data, data.target, n_train)


def two_section(records, all_series) -> Section:
    """Show VUS-PR of each method on each series, averaged over the seeds."""
    found = {}
    for record in records:
        found.setdefault((record["method"], record["series"]), []).append(
            record["VUS-PR"]
        )
    names = [series.name for series in all_series]
    methods = list(dict.fromkeys(method for method, _ in found))
    rows = [
        (method, *(number(np.mean(found[method, name])) for name in names))
        for method in methods
    ]
    text = (
        "Fitted on the rows before the first anomaly, a third of the series at most. "
        "The anomaly of the ECG lasts 352 rows; those of Yahoo are single points, for "
        "which spreading and smoothing over 64 to 100 rows are wrong by nature."
    )
    return Section("ECG and Yahoo", text, ("VUS-PR", *names), tuple(rows))
