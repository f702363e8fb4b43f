"""Alarms on labelled series: make_detector().predict beside other thresholds."""

import json
import re
import sys
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.ensemble import IsolationForest

from skad import make_detector
from skad.metrics import vus_pr
from tests.benchmarks.accuracy.series import period_of
from tests.benchmarks.alarms.judging import best_in_hindsight, judge
from tests.benchmarks.alarms.rules import RULES

MOST_ROWS = 25_000
OURS, FOREST = "make_detector()", "IsolationForest on rows"
HINDSIGHT = "best threshold in hindsight"
# Event F1, share of normal rows alarmed (pooled over rows), median series.
BARS = {
    "tsad, multivariate": (0.75, 0.03, 0.005),
    "tsad, univariate": (0.80, 0.015, 0.005),
    "SKAB": (0.85, 0.15, 0.05),
    "TSB_UCR": (0.70, 0.01, 0.003),
    "TSB_WSD and WSD": (0.85, 0.01, 0.003),
    "SVDB and MITDB": (0.80, 0.01, 0.003),
}
LEAST_OVER_GROUPS = 0.72  # event F1, the mean over all groups
_JOINED = {"TSB_WSD": "TSB_WSD and WSD", "WSD": "TSB_WSD and WSD"}
_JOINED |= {"SVDB": "SVDB and MITDB", "MITDB": "SVDB and MITDB"}
_SHORTEST = 9000  # of tsad, longer ones are left out


@dataclass(frozen=True)
class Labelled:
    """A series with its group; the first ``n_train`` rows are to be fitted on."""

    name: str
    group: str
    X: np.ndarray
    anomalous: np.ndarray
    n_train: int


def load(folder, n_most=None):
    """Return the series under a folder; of each group so many, spread evenly."""
    groups = {}
    for path in sorted(Path(folder).rglob("*.npz")):
        series = read(path)
        if series is not None and series.anomalous[series.n_train :].any():
            groups.setdefault(series.group, []).append(series)
    return [one for series in groups.values() for one in _spread(series, n_most)]


def _spread(series, n_most):
    n_taken = len(series) if n_most is None else min(n_most, len(series))
    rows = np.linspace(0, len(series) - 1, n_taken).astype(int)
    return [series[row] for row in rows]


def read(path):
    """Read one file of either form; None where it is longer than what is judged."""
    with np.load(path, allow_pickle=False) as file:
        is_family = "data" in file
        X, y = file["data" if is_family else "X"], file["label" if is_family else "y"]
        n_train = int(file["train_end" if is_family else "T"])
        group = path.parent.name if is_family else _group_of(str(file["kind"]))
    longest = MOST_ROWS if is_family else _SHORTEST
    if len(X) > longest:
        return None
    X = X.astype(np.float64).reshape(len(X), -1)
    return Labelled(path.stem, _JOINED.get(group, group), X, y > 0, n_train)


def _group_of(kind):
    names = {"M": "tsad, multivariate", "U": "tsad, univariate"}
    return names.get(kind, re.sub(r"\W", "", kind))


def judged(series):
    """Return what the alarms of each contender are worth, and how the scores rank.

    Alarms are those after the training prefix; VUS-PR is that of all rows, and seconds
    are those of the processor, to fit and to score.
    """
    X, n_train = series.X, series.n_train
    anomalous = series.anomalous[n_train:]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        started = time.process_time()
        detector = make_detector(random_state=0).fit(X[:n_train])
        fitted = time.process_time()
        scores = {OURS: detector.score_samples(X)}
        seconds = fitted - started, time.process_time() - fitted
        forest = IsolationForest(random_state=0).fit(X[:n_train])
        scores[FOREST] = forest.score_samples(X)
        calibration, errors = -detector.training_scores_, -scores[OURS][n_train:]
        found = {OURS: detector.predict(X)[n_train:] == -1}
        found |= {name: rule(calibration, errors) for name, rule in RULES.items()}
        found[FOREST] = forest.predict(X)[n_train:] == -1
    alarms = {name: judge(alarmed, anomalous) for name, alarmed in found.items()}
    alarms[HINDSIGHT] = best_in_hindsight(errors, anomalous)
    y, longest = np.where(series.anomalous, -1, 1), period_of(X[:, 0])
    ranks = {name: vus_pr(y, of, max_window=longest) for name, of in scores.items()}
    return {"alarms": alarms, "vus_pr": ranks, "seconds": seconds}


def measure(folders, n_most=None, kept=None):
    """Map each group to a dict from its series to what `judged` says of them.

    What a file ``kept`` holds from an earlier run is not measured again, and what is
    measured is added to it, a line for each series.
    """
    groups, known = {}, _read(kept)
    for folder in folders:
        for series in load(folder, n_most):
            key = f"{series.group}: {series.name}"
            if key not in known:
                print(key, file=sys.stderr, flush=True)  # noqa: T201
                known[key] = judged(series)
                _add(kept, key, known[key])
            groups.setdefault(series.group, {})[series.name] = known[key]
    return groups


def _read(kept):
    if kept is None or not kept.exists():
        return {}
    return dict(json.loads(line) for line in kept.read_text().splitlines())


def _add(kept, key, found):
    if kept is not None:
        with kept.open("a") as file:
            file.write(json.dumps([key, found], default=float) + "\n")


def ranking(results, contender):
    """Return the mean VUS-PR of a group."""
    return float(np.mean([of["vus_pr"][contender] for of in results.values()]))


def over_groups(groups):
    """Return the mean event F1 of make_detector() over the groups."""
    return float(np.mean([summary(results, OURS)[0] for results in groups.values()]))


def summary(results, contender):
    """Return event F1, pooled and median share of normal rows alarmed of a group."""
    found = [result["alarms"][contender] for result in results.values()]
    f1, alarmed, normal = (
        np.array(column, dtype=float) for column in zip(*found, strict=True)
    )
    shares = alarmed / np.maximum(normal, 1)
    return f1.mean(), alarmed.sum() / max(normal.sum(), 1), float(np.median(shares))
