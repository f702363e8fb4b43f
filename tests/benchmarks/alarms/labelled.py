"""Alarms on labelled series: make_detector().predict beside other thresholds."""

import re
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.ensemble import IsolationForest

from skad import make_detector
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
    """Yield the series under a folder, at most so many of each group."""
    counts = {}
    for path in sorted(Path(folder).rglob("*.npz")):
        series = read(path)
        if series is None or not series.anomalous[series.n_train :].any():
            continue
        counts[series.group] = counts.get(series.group, 0) + 1
        if n_most is None or counts[series.group] <= n_most:
            yield series


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
    """Map each contender to what its alarms after the training prefix are worth."""
    X, n_train = series.X, series.n_train
    anomalous = series.anomalous[n_train:]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        detector = make_detector(random_state=0).fit(X[:n_train])
        forest = IsolationForest(random_state=0).fit(X[:n_train])
        calibration = -detector.training_scores_
        errors = -detector.score_samples(X)[n_train:]
        found = {OURS: detector.predict(X)[n_train:] == -1}
        found |= {name: rule(calibration, errors) for name, rule in RULES.items()}
        found[FOREST] = forest.predict(X)[n_train:] == -1
    results = {name: judge(alarmed, anomalous) for name, alarmed in found.items()}
    return results | {HINDSIGHT: best_in_hindsight(errors, anomalous)}


def measure(folders, n_most=None):
    """Map each group to a list of what `judged` says of its series."""
    groups = {}
    for folder in folders:
        for series in load(folder, n_most):
            print(series.group, series.name, file=sys.stderr, flush=True)  # noqa: T201
            groups.setdefault(series.group, []).append(judged(series))
    return groups


def summary(results, contender):
    """Return event F1, pooled and median share of normal rows alarmed of a group."""
    found = [result[contender] for result in results]
    f1, alarmed, normal = (
        np.array(column, dtype=float) for column in zip(*found, strict=True)
    )
    shares = alarmed / np.maximum(normal, 1)
    return f1.mean(), alarmed.sum() / max(normal.sum(), 1), float(np.median(shares))
