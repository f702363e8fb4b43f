"""What each parameter of each estimator changes: one row each, and each row is proved.

A parameter that no row names fails, and so does one that changes nothing of what its
row says, or more than that.
"""

import inspect
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

import skad.detectors
import skad.postprocessing
import skad.preprocessing
import skad.pyod
import skad.sktime
from skad import make_detector, row_context
from skad.detectors import NetworkDetector, PCADetector
from skad.postprocessing import AlarmRule
from skad.preprocessing import RandomConvolutions, SlidingWindow
from skad.sktime import SkadDetector
from tests.support.detectors import BY_NAME, ROWS
from tests.support.pyod_stand_ins import KNN, MAD

ROOMS = skad.detectors, skad.preprocessing, skad.postprocessing, skad.pyod, skad.sktime
KINDS = {
    name: getattr(room, name)
    for room in ROOMS
    for name in room.__all__
    if hasattr(getattr(room, name), "get_params")
    and not inspect.isabstract(getattr(room, name))
}


@dataclass(frozen=True)
class Change:
    """What changing a parameter to ``value`` changes, beside ``given`` ones.

    ``together`` are set with it alone, and ``scored`` are other rows than at fit.

    - "scores": the scores, or what a transformer makes of rows.
    - "decisions": these alone; scores keep their bits.
    - "training rows": what a transformer hands on at fit, and not what it does later.
    - "nothing": neither; the parameter is about time, memory or what is printed.
    - "row context": how far a score looks, as `row_context` says.
    - "refused": it is no choice here, and the error names it.
    - anything else: the fitted attribute of that name.
    """

    what: str
    value: object
    given: dict = field(default_factory=dict)
    data: str = ""
    scored: str = ""
    together: dict = field(default_factory=dict)
    n_fits: int = 1


def _windows():
    rng = np.random.default_rng(0)
    rows = np.sin(np.arange(160) / 3)[:, np.newaxis] * [1.0, 0.5]
    rows += rng.normal(scale=0.1, size=rows.shape)
    return rows, SlidingWindow(8).fit_transform(rows)[8:]


SERIES, WINDOWS = _windows()
LABELS = np.where((np.arange(160) // 10) % 5 == 4, -1, 1)


def _with_missing(values):
    values = values.copy()
    values[20:30, :3] = np.nan
    return values


def _with_a_step(values):
    values = values.copy()
    values[60:] *= 30
    return values


TIMES = pd.date_range("2026-01-01", periods=160, freq="1min")
DATA = {
    "windows": WINDOWS,
    "flat windows": WINDOWS.reshape(len(WINDOWS), -1),
    "windows with missing readings": _with_missing(WINDOWS),
    "rows": SERIES,
    "another level": _with_a_step(SERIES),
    "a gap": pd.DataFrame(SERIES, index=[*range(80), *range(82, 162)]),
    "times": pd.DataFrame(SERIES, index=TIMES),
    "a gap in time": pd.DataFrame(
        SERIES, index=[*TIMES[:80], *(TIMES[80:] + pd.Timedelta("4min"))]
    ),
}

OF_WINDOWS = {
    "n_channels": Change("scores", 2, data="flat windows"),
    "window_scaling": Change("scores", "standard"),
    "channel_aggregation": Change("scores", "max"),
    "max_missing": Change("scores", 0.1, data="windows with missing readings"),
    "contamination": Change("decisions", 0.2),
}
OF_ERRORS = {
    "error": Change("scores", "absolute"),
    "direction": Change("scores", "above"),
    "min_deviation": Change("scores", 0.2),
    "context_channels": Change("scores", [0]),
}
_STOPPING = {"early_stopping": True, "max_epochs": 4, "lr": 1e-12}
OF_NETWORKS = {
    **OF_WINDOWS,
    **OF_ERRORS,
    "input_noise": Change("scores", 0.5),
    "max_epochs": Change("scores", 2),
    "max_windows_per_epoch": Change("scores", 10),
    "batch_size": Change("scores", 8),
    "lr": Change("scores", 0.1),
    "optimizer": Change("scores", "sgd"),
    "early_stopping": Change("validation_scores_", True),
    "validation_fraction": Change("scores", 0.4, {"early_stopping": True}),
    "n_iter_no_change": Change("n_iter_", 1, _STOPPING),
    "device": Change("refused", "mps"),
    "warm_start": Change("n_iter_", True, n_fits=2),
    "memory": Change("nothing", "a folder"),
    "verbose": Change("nothing", 1),
    "random_state": Change("scores", 1),
}
PIPE = make_pipeline(SlidingWindow(4), PCADetector(2))
OTHER = make_pipeline(SlidingWindow(6), PCADetector(3))
MEMBERS = [("one", PIPE), ("two", OTHER)]
BUDGET = {"strategy": "budget", "per": 40}
RULE = AlarmRule(2, of=3)
OWN = {
    "LSTMForecaster": {
        "hidden_size": Change("scores", 5),
        "num_layers": Change("scores", 2),
        "horizon": Change("scores", 2),
        "cell": Change("scores", "gru"),
    },
    "TCNForecaster": {
        "n_filters": Change("scores", 5),
        "kernel_size": Change("scores", 2),
        "horizon": Change("scores", 2),
    },
    "ConvAutoencoder": {
        "channels": Change("scores", (4, 3)),
        "kernel_size": Change("scores", 5),
        "stride": Change("scores", 2),
        "pooling": Change("scores", "max"),
        "bottleneck": Change("scores", 2),
    },
    "LSTMAutoencoder": {
        "hidden_size": Change("scores", 5),
        "num_layers": Change("scores", 2),
        "cell": Change("scores", "gru"),
    },
    "VariationalAutoencoder": {
        "hidden_size": Change("scores", 5),
        "latent_size": Change("scores", 2),
        "kl_weight": Change("scores", 1.0),
    },
    "PCADetector": {
        **OF_WINDOWS,
        **OF_ERRORS,
        "n_components": Change("scores", 3),
        "max_windows": Change("scores", 20),
    },
    "NeighborsDetector": {
        **OF_WINDOWS,
        "channel_aggregation": Change("scores", "standardised"),
        "n_neighbors": Change("scores", 3),
        "features": Change("scores", RandomConvolutions(5, random_state=0)),
        "max_bank": Change("scores", 20),
        "exclusion": Change("training_scores_", 0),
    },
    "SlidingWindow": {
        "window_size": Change("scores", 3),
        "padding": Change("scores", 0.0),
        "flatten": Change("scores", True),
        "max_gap": Change("scores", 5, data="a gap"),
    },
    "GaussianNoise": {
        "scale": Change("training rows", 0.5),
        "n_copies": Change("training rows", 1),
        "relative": Change("training rows", False),
        "random_state": Change("training rows", 1),
    },
    "ScalingJitter": {
        "scale": Change("training rows", 0.5),
        "n_copies": Change("training rows", 1),
        "random_state": Change("training rows", 1),
    },
    "PerSeries": {"transformer": Change("scores", MinMaxScaler())},
    "RandomConvolutions": {
        "n_kernels": Change("scores", 6),
        "n_channels": Change("scores", 2, data="flat windows"),
        "random_state": Change("scores", 1),
    },
    "ReverseWindowing": {
        "estimator": Change("scores", OTHER),
        "window_size": Change("scores", 2),
        "reduce": Change("scores", "max"),
        "smoothing": Change("scores", 3),
        "causal": Change("scores", True),
        "contamination": Change("decisions", 0.2),
        "train": Change("scores", "normal"),
    },
    "EnsembleDetector": {
        "estimators": Change("scores", [("one", PIPE)]),
        "combine": Change("scores", "max"),
        "weights": Change("scores", [1, 3]),
        "n_blocks": Change("scores", 2),
        "n_jobs": Change("nothing", 2, {"n_blocks": 2}),
        "contamination": Change("decisions", 0.2),
        "train": Change("scores", "normal"),
    },
    "AdaptiveThresholdDetector": {
        "estimator": Change("scores", OTHER),
        "strategy": Change("decisions", "budget", together={"per": 40}),
        "quantile": Change("decisions", 0.6),
        "margin": Change("decisions", 2.0),
        "n_level": Change("decisions", 16),
        "n_recent": Change("decisions", 16),
        "patience": Change("decisions", 16, scored="another level"),
        "alarms": Change("margin_", 5, {**BUDGET, "quantile": 0.51}),
        "per": Change("margin_", 10, {**BUDGET, "quantile": 0.51}),
        "rule": Change("margin_", AlarmRule(8), {**BUDGET, "quantile": 0.51}),
        "n_blocks": Change("decisions", 2),
        "n_jobs": Change("nothing", 2),
        "train": Change("scores", "normal"),
    },
    "ThresholdedDetector": {
        "estimator": Change("scores", OTHER),
        "strategy": Change("decisions", "sigma"),
        "alpha": Change("decisions", 0.2),
        "k": Change("decisions", 1.0, {"strategy": "sigma"}),
        "offset": Change("decisions", -2.0, {"strategy": "fixed", "offset": -1.0}),
        "tail_fraction": Change("decisions", 0.4, {"strategy": "pot", "alpha": 0.05}),
        "alarms": Change("decisions", 3, BUDGET),
        "per": Change("decisions", 20, BUDGET),
        "rule": Change("decisions", RULE, BUDGET),
        "calibration": Change("scores", "tail"),
        "n_blocks": Change("decisions", 2),
        "n_jobs": Change("nothing", 2),
        "calibration_fraction": Change("scores", 0.4, {"calibration": "tail"}),
        "train": Change("scores", "normal"),
    },
    "TunedThresholdDetectorCV": {
        "estimator": Change("scores", OTHER),
        "scoring": Change("best_score_", "recall"),
        "cv": Change("best_score_", 3),
        "train": Change("scores", "all"),
        "thresholds": Change("decisions", [-0.5, -0.01]),
        "refit": Change("scores", False, {"cv": [(np.arange(80), np.arange(80, 160))]}),
        "n_jobs": Change("nothing", 2),
        "store_cv_results": Change("cv_results_", True),
    },
    "ChannelRules": {
        "estimator": Change("scores", OTHER),
        "direction": Change("scores", "above"),
        "min_deviation": Change("scores", 0.2),
        "context_channels": Change("scores", [0]),
        "contamination": Change("decisions", 0.2),
    },
    "ResampledDetector": {
        "estimator": Change("scores", OTHER),
        "freq": Change("scores", "3min"),
        "max_gap": Change("scores", "10min", data="a gap in time"),
        "contamination": Change("decisions", 0.2),
    },
    "PyODAdapter": {"detector": Change("scores", KNN())},
    "SktimeAdapter": {
        "detector": Change("scores", SkadDetector(OTHER)),
        "context": Change("row context", (5, 1)),
    },
    "SkadDetector": {"estimator": Change("scores", OTHER)},
}
for _row in ROWS:
    if issubclass(_row.kind, NetworkDetector):
        OWN[_row.name] = {**OF_NETWORKS, **OWN[_row.name]}

BASES = {
    **{row.name: row.cheap() for row in ROWS},
    "SlidingWindow": SlidingWindow(4),
    "GaussianNoise": skad.preprocessing.GaussianNoise(random_state=0),
    "ScalingJitter": skad.preprocessing.ScalingJitter(random_state=0),
    "PerSeries": skad.preprocessing.PerSeries(StandardScaler()),
    "RandomConvolutions": RandomConvolutions(5, random_state=0),
    "ReverseWindowing": skad.postprocessing.ReverseWindowing(PIPE),
    "EnsembleDetector": skad.postprocessing.EnsembleDetector(MEMBERS),
    "AdaptiveThresholdDetector": skad.postprocessing.AdaptiveThresholdDetector(PIPE),
    "ThresholdedDetector": skad.postprocessing.ThresholdedDetector(PIPE),
    "TunedThresholdDetectorCV": skad.postprocessing.TunedThresholdDetectorCV(
        PIPE, cv=2, thresholds=10
    ),
    "ChannelRules": skad.postprocessing.ChannelRules(PIPE),
    "ResampledDetector": skad.postprocessing.ResampledDetector(PIPE),
    "PyODAdapter": skad.pyod.PyODAdapter(MAD()),
    "SktimeAdapter": skad.sktime.SktimeAdapter(SkadDetector(PIPE)),
    "SkadDetector": SkadDetector(PIPE),
}
OF_ROWS = {"ResampledDetector": "times"}
CASES = [(kind, name) for kind, rows in OWN.items() for name in rows]


def test_every_parameter_of_every_estimator_has_a_row():
    for name, kind in KINDS.items():
        parameters = set(inspect.signature(kind).parameters)
        assert parameters == set(OWN.get(name, ())), name
    assert set(OWN) == set(KINDS)


def answers(kind, change, overrides):
    """Fit, and return the estimator, its scores, decisions and training rows."""
    default = "windows" if kind in BY_NAME or kind == "RandomConvolutions" else "rows"
    X = DATA[change.data or OF_ROWS.get(kind, default)]
    y, scored = LABELS[: len(X)], DATA[change.scored] if change.scored else X
    estimator = clone(BASES[kind]).set_params(**overrides)
    if not hasattr(estimator, "score_samples"):
        if hasattr(estimator, "transform_scores"):  # sktime's
            scores = estimator.fit(X).transform_scores(X)
            return estimator, np.asarray(scores), None, None
        of_training = np.asarray(estimator.fit_transform(X))
        return estimator, np.asarray(estimator.transform(X)), None, of_training
    needs_labels = kind == "TunedThresholdDetectorCV" or overrides.get("train")
    with parallel_config("threading"):
        for _ in range(change.n_fits):
            estimator.fit(X, y if needs_labels else None)
    decisions = estimator.decision_function(scored)
    return estimator, estimator.score_samples(scored), decisions, None


KNOWN = {}


def answers_of_base(kind, change):
    """Fit once what several rows are compared with."""
    key = kind, repr(change.given), change.data, change.scored, change.n_fits
    if key not in KNOWN:
        KNOWN[key] = answers(kind, change, change.given)
    return KNOWN[key]


def same(one, other):
    if not isinstance(one, np.ndarray):
        return one == other
    return one.shape == other.shape and np.array_equal(one, other, equal_nan=True)


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_a_parameter_changes_what_its_row_says(kind, name, tmp_path):
    change = OWN[kind][name]
    value = str(tmp_path) if change.value == "a folder" else change.value
    overrides = {**change.given, **change.together, name: value}
    if change.what == "refused":
        with pytest.raises(ValueError, match=name):
            answers(kind, change, overrides)
        return
    base, scores, decisions, of_training = answers_of_base(kind, change)
    other, *found = answers(kind, change, overrides)
    changed = {
        "scores": not same(scores, found[0]),
        "decisions": not same(decisions, found[1]),
        "training rows": not same(of_training, found[2]),
    }
    if change.what == "scores":
        assert changed["scores"]
    elif change.what in changed:
        assert [what for what, is_other in changed.items() if is_other] == [change.what]
    elif change.what == "nothing":
        assert not any(changed.values())
    elif change.what == "row context":
        assert row_context(base) != row_context(other)
    else:
        one, two = (getattr(each, change.what, None) for each in (base, other))
        assert not same(one, two)


@pytest.mark.parametrize(
    ("strategy", "useless"),
    [
        ("quantile", {"alarms": 2, "offset": -1.0}),
        ("sigma", {"rule": RULE, "per": 100}),
    ],
)
def test_what_another_strategy_is_for_is_named(strategy, useless):
    for name, value in useless.items():
        detector = skad.postprocessing.ThresholdedDetector(PIPE, strategy=strategy)
        detector.set_params(**{name: value})
        message = f"{name}=.* has no effect with strategy='{strategy}' .*Leave it at"
        with pytest.warns(UserWarning, match=message):
            detector.fit(SERIES)


@pytest.mark.parametrize("name", ["n_blocks", "n_jobs"])
def test_copies_that_are_not_trained_take_no_number(name):
    detector = skad.postprocessing.ThresholdedDetector(PIPE, calibration="tail")
    with pytest.warns(UserWarning, match=f"{name}=2 has no effect as no copies are"):
        detector.set_params(**{name: 2}).fit(SERIES)


def test_what_a_budget_does_without_is_named():
    detector = skad.postprocessing.AdaptiveThresholdDetector(PIPE, alarms=3)
    with pytest.warns(UserWarning, match="alarms=3 has no effect with strategy='mar"):
        detector.fit(SERIES)


OF_A_CHAIN = {
    "estimator": "pca",
    "window_size": 16,
    "causal": True,
    "smoothing": 7,
    "direction": "above",
    "min_deviation": 0.5,
    "context_channels": [0],
    "max_missing": 0.3,
    "train": "normal",
    "contamination": 0.1,
    "n_jobs": 2,
    "random_state": 0,
}


@pytest.mark.parametrize("name", inspect.signature(make_detector).parameters)
def test_every_parameter_of_the_chain_is_set_somewhere_in_it(name):
    usual, other = make_detector(), make_detector(**{name: OF_A_CHAIN[name]})
    assert leaves(usual) != leaves(other)


def leaves(detector):
    """Return the parameters that are neither estimators nor lists of them."""
    plain = (str, int, float, bool, tuple, np.ndarray, type(None))
    return {
        name: str(value)
        for name, value in detector.get_params().items()
        if isinstance(value, plain)
    }
