"""Scorers that take the anomaly for the positive class."""

import functools
import pickle
import re

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context, metrics
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.ensemble import IsolationForest
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    cross_val_score,
    cross_validate,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skad.metrics import (
    affiliation_recall,
    average_precision,
    best_f1,
    detection_delay,
    event_precision,
    false_alarms_per_1000_rows,
    make_anomaly_scorer,
    range_f1,
    vus_pr,
    vus_roc,
)
from skad.postprocessing import ReverseWindowing
from skad.preprocessing import SlidingWindow


class Itself(OutlierMixin, BaseEstimator):
    """A detector that predicts and decides what it is given."""

    def __init__(self, threshold=0.0):
        self.threshold = threshold

    def fit(self, X, y=None):
        self.offset_ = self.threshold
        return self

    def decision_function(self, X):
        return np.asarray(X)[:, 0] - self.offset_

    def predict(self, X):
        return np.where(self.decision_function(X) < 0, -1, 1)


class Labels(Itself):
    """A detector of other labels than scikit-learn's: 1 = anomaly."""

    def predict(self, X):
        return (self.decision_function(X) < 0).astype(int)


class Ranks(Itself):
    """A detector of as many labels as rows."""

    def predict(self, X):
        return np.argsort(np.argsort(self.decision_function(X)))


@pytest.fixture
def X(rng):
    return rng.normal(size=(200, 1))


@pytest.fixture
def anomalous(X, rng):
    return (X[:, 0] + rng.normal(size=200)) < -1.5


@pytest.fixture
def detector(X):
    return Itself(threshold=-1.0).fit(X)


CONVENTIONS = {
    "-1 and 1": lambda anomalous: np.where(anomalous, -1, 1),
    "0 and 1": lambda anomalous: anomalous.astype(int),
    "0.0 and 1.0": lambda anomalous: anomalous.astype(float),
    "booleans": lambda anomalous: anomalous,
    "list": lambda anomalous: anomalous.astype(int).tolist(),
    "Series": lambda anomalous: pd.Series(anomalous.astype(int)),
    "nullable": lambda anomalous: pd.Series(anomalous, dtype="boolean"),
    "objects": lambda anomalous: np.where(anomalous, -1, 1).astype(object),
    "int8": lambda anomalous: np.where(anomalous, -1, 1).astype(np.int8),
    "uint8": lambda anomalous: anomalous.astype(np.uint8),
}


@pytest.mark.parametrize("convention", CONVENTIONS.values(), ids=CONVENTIONS)
@pytest.mark.parametrize(
    "name", ["accuracy", "balanced_accuracy", "f1", "precision", "recall"]
)
def test_label_metrics_rate_how_well_anomalies_are_found(
    detector, X, anomalous, name, convention
):
    metric = getattr(metrics, f"{name}_score")
    found = detector.predict(X) == -1
    score = make_anomaly_scorer(name)(detector, X, convention(anomalous))
    assert score == metric(anomalous, found)
    if name != "accuracy":
        assert score != metric(~anomalous, ~found) or name == "balanced_accuracy"


@pytest.mark.parametrize("convention", CONVENTIONS.values(), ids=CONVENTIONS)
@pytest.mark.parametrize("name", ["roc_auc", "average_precision"])
def test_score_metrics_take_low_decisions_for_abnormal(
    detector, X, anomalous, name, convention
):
    metric = getattr(metrics, f"{name}_score")
    score = make_anomaly_scorer(name)(detector, X, convention(anomalous))
    assert score == metric(anomalous, -X[:, 0])
    assert score > metric(anomalous, X[:, 0])


def test_a_metric_may_be_a_function(detector, X, anomalous):
    score = make_anomaly_scorer(metrics.matthews_corrcoef)(detector, X, anomalous)
    found = detector.predict(X) == -1
    assert score == metrics.matthews_corrcoef(anomalous, found)
    by_function = make_anomaly_scorer(metrics.roc_auc_score)(detector, X, anomalous)
    assert by_function == make_anomaly_scorer("roc_auc")(detector, X, anomalous)


def test_a_metric_gets_zeros_and_ones_that_may_be_counted(detector, X, anomalous):
    def metric(y_true, y_pred):
        assert set(y_true.tolist()) == set(y_pred.tolist()) == {0, 1}
        assert np.bincount(2 * y_true + y_pred).sum() == 200  # refuses 0.0 and 1.0
        return 7.0

    y = np.where(anomalous, -1, 1)
    assert make_anomaly_scorer(metric)(detector, X, y) == 7.0


def test_parameters_of_the_metric_are_passed_on(detector, X, anomalous):
    scorer = make_anomaly_scorer(metrics.fbeta_score, beta=2)
    found = detector.predict(X) == -1
    expected = metrics.fbeta_score(anomalous, found, beta=2)
    assert scorer(detector, X, anomalous) == expected
    assert expected != metrics.f1_score(anomalous, found)
    partial = functools.partial(metrics.fbeta_score, beta=2)
    assert make_anomaly_scorer(partial)(detector, X, anomalous) == expected


def test_the_metric_may_be_of_decisions(detector, X, anomalous):
    def recall_of_the_lowest_tenth(y_true, y_score):
        return y_true[np.argsort(-y_score)[:20]].mean()

    scorer = make_anomaly_scorer(
        recall_of_the_lowest_tenth, response_method="decision_function"
    )
    expected = anomalous[np.argsort(X[:, 0])[:20]].mean()
    assert scorer(detector, X, anomalous) == expected
    of_labels = make_anomaly_scorer("roc_auc", response_method="predict")
    found = detector.predict(X) == -1
    expected = metrics.roc_auc_score(anomalous, found)
    assert of_labels(detector, X, anomalous) == expected


def test_what_is_better_when_smaller_changes_its_sign(detector, X, anomalous):
    scorer = make_anomaly_scorer(metrics.hamming_loss, greater_is_better=False)
    found = detector.predict(X) == -1
    assert scorer(detector, X, anomalous) == -metrics.hamming_loss(anomalous, found)
    upside_down = make_anomaly_scorer("f1", greater_is_better=False)
    f1 = make_anomaly_scorer("f1")(detector, X, anomalous)
    assert upside_down(detector, X, anomalous) == -f1 < 0


def test_pos_label_reaches_the_scorer(detector, X):
    scorer = make_anomaly_scorer("accuracy", pos_label=-1)
    assert scorer(detector, X, np.ones(200)) == np.mean(detector.predict(X) == 1)


OF_SCORES = [average_precision, best_f1, vus_pr, vus_roc]


@pytest.mark.parametrize("convention", CONVENTIONS.values(), ids=CONVENTIONS)
@pytest.mark.parametrize("metric", OF_SCORES, ids=lambda metric: metric.__name__)
def test_metrics_of_skad_get_low_decisions_for_abnormal(
    detector, X, anomalous, metric, convention
):
    expected = metric(anomalous, X[:, 0])
    assert expected > metric(anomalous, -X[:, 0])
    for given in (metric, metric.__name__):
        scorer = make_anomaly_scorer(given)
        assert scorer(detector, X, convention(anomalous)) == expected


@pytest.mark.parametrize("metric", [range_f1, event_precision, affiliation_recall])
def test_metrics_of_skad_get_predictions_where_they_ask_for_them(
    detector, X, anomalous, metric
):
    expected = metric(anomalous, detector.predict(X))
    for given in (metric, metric.__name__):
        assert make_anomaly_scorer(given)(detector, X, anomalous) == expected


def test_metrics_of_skad_get_their_parameters_by_name_or_partial(
    detector, X, anomalous
):
    expected = vus_pr(anomalous, X[:, 0], max_window=8)
    assert expected != vus_pr(anomalous, X[:, 0])
    by_name = make_anomaly_scorer("vus_pr", max_window=8)
    assert by_name(detector, X, anomalous) == expected
    partial = functools.partial(functools.partial(vus_pr), max_window=8)
    assert make_anomaly_scorer(partial)(detector, X, anomalous) == expected


@pytest.mark.parametrize("cost", [detection_delay, false_alarms_per_1000_rows])
def test_costs_change_their_sign(detector, X, anomalous, cost):
    expected = -cost(anomalous, detector.predict(X))
    assert expected < 0
    by_name = make_anomaly_scorer(f"neg_{cost.__name__}")
    assert by_name(detector, X, anomalous) == expected
    by_function = make_anomaly_scorer(cost, greater_is_better=False)
    assert by_function(detector, X, anomalous) == expected


def test_the_least_delay_is_chosen_in_a_search(planted):
    X, y = planted
    search = GridSearchCV(
        forest(),
        {"contamination": [0.02, 0.1]},
        scoring=make_anomaly_scorer("neg_detection_delay"),
        cv=KFold(4),
    ).fit(X, y)
    assert search.best_params_ == {"contamination": 0.1}


def test_a_cost_is_not_taken_for_a_gain():
    message = (
        "Of detection_delay, low values are good, .* Pass metric='neg_detection_delay'"
    )
    with pytest.raises(ValueError, match=message):
        make_anomaly_scorer(detection_delay)
    with pytest.raises(ValueError, match="'detection_delay' is no known name"):
        make_anomaly_scorer("detection_delay")


def test_metrics_of_skad_are_not_called_with_what_they_do_not_take():
    message = "vus_pr takes what decision_function gives, and response_method='predict'"
    with pytest.raises(ValueError, match=message):
        make_anomaly_scorer("vus_pr", response_method="predict")
    message = r"range_f1 takes what predict gives, .* Leave response_method='auto'\."
    with pytest.raises(ValueError, match=message):
        make_anomaly_scorer(range_f1, response_method="decision_function")


def test_a_part_without_anomalies_scores_nan_with_a_warning(detector, X):
    message = "VUS-PR is undefined and set to nan: y_true holds no anomaly"
    with pytest.warns(UndefinedMetricWarning, match=message):
        assert np.isnan(make_anomaly_scorer("vus_pr")(detector, X, np.zeros(200)))


def test_scorers_of_skads_metrics_can_be_pickled(detector, X, anomalous):
    scorer = make_anomaly_scorer("range_f1", alpha=0.5)
    copy = pickle.loads(pickle.dumps(scorer))
    assert copy(detector, X, anomalous) == scorer(detector, X, anomalous)


def test_an_unknown_metric_is_refused_with_those_known():
    message = (
        r"metric='f2' is no known name\. Use one of \['accuracy', .* or a function"
    )
    with pytest.raises(ValueError, match=message):
        make_anomaly_scorer("f2")
    with pytest.raises(ValueError, match="metric=3 is no known name"):
        make_anomaly_scorer(3)


def test_an_unknown_response_is_refused():
    with pytest.raises(ValueError, match="'response_method' parameter .* Got 'scores'"):
        make_anomaly_scorer("f1", response_method="scores")


@pytest.mark.parametrize(
    ("kind", "found"), [(Labels, "[0, 1]"), (Ranks, "[0, 1, 2, 3, 4]")]
)
def test_predictions_of_another_convention_are_refused(X, anomalous, kind, found):
    detector = kind(threshold=-1.0).fit(X)
    message = re.escape(f"predicted {found}; an outlier detector predicts -1 (anom")
    with pytest.raises(ValueError, match=message):
        make_anomaly_scorer("f1")(detector, X, anomalous)


@pytest.mark.parametrize("name", ["f1", "roc_auc"])
def test_a_scorer_pickles(detector, X, anomalous, name):
    scorer = make_anomaly_scorer(name, pos_label=1)
    again = pickle.loads(pickle.dumps(scorer))
    assert again(detector, X, anomalous) == scorer(detector, X, anomalous)


def test_a_scorer_shows_its_metric():
    assert "anomaly_f1_score" in repr(make_anomaly_scorer("f1"))
    partial = functools.partial(metrics.fbeta_score, beta=2)
    assert "anomaly_partial" in repr(make_anomaly_scorer(partial))


def forest():
    return IsolationForest(n_estimators=20, random_state=0)


@pytest.fixture
def planted(rng):
    """Rows of noise with an outlier in every tenth, and labels 0 and 1."""
    X = rng.normal(size=(200, 2))
    y = (np.arange(200) % 10 == 0).astype(int)
    X[y == 1] += 6
    return X, y


def test_thresholds_get_different_scores_by_labels_and_the_same_by_ranks(planted):
    X, y = planted
    grid = {"contamination": [0.02, 0.1, 0.4]}
    search = GridSearchCV(
        forest(),
        grid,
        scoring={
            "f1": make_anomaly_scorer("f1"),
            "auc": make_anomaly_scorer("roc_auc"),
        },
        refit="f1",
        cv=KFold(4),
    ).fit(X, y)
    f1, auc = (search.cv_results_[f"mean_test_{name}"] for name in ("f1", "auc"))
    assert len(set(f1)) == 3
    assert search.best_params_ == {"contamination": 0.1}
    assert search.best_score_ > 0.8
    assert len(set(auc)) == 1
    assert auc[0] > 0.95


def test_scikit_learns_own_scorers_rate_the_wrong_way_round(planted):
    X, y = planted
    ours = cross_val_score(forest(), X, y, scoring=make_anomaly_scorer("roc_auc"))
    theirs = cross_val_score(forest(), X, y, scoring="roc_auc")
    np.testing.assert_allclose(ours, 1 - theirs)
    assert theirs.max() < 0.05


def test_it_serves_cross_validation_with_several_metrics(planted):
    X, y = planted
    names = ["f1", "precision", "recall", "roc_auc", "average_precision"]
    scoring = {name: make_anomaly_scorer(name) for name in names}
    detector = forest().set_params(contamination=0.1)
    results = cross_validate(detector, X, y, scoring=scoring, cv=4)
    for name in names:
        assert (results[f"test_{name}"] > 0.5).all()


def test_a_fold_of_ones_alone_is_refused_until_pos_label_is_set(planted):
    X, _ = planted
    y = np.where(np.arange(200) < 20, -1, 1)
    scoring = make_anomaly_scorer("accuracy")
    message = "All labels in y are 1: normal rows of the labels -1 and 1"
    with pytest.raises(ValueError, match=message):
        cross_val_score(forest(), X, y, scoring=scoring, cv=5, error_score="raise")
    scoring = make_anomaly_scorer("accuracy", pos_label=-1)
    assert np.isfinite(cross_val_score(forest(), X, y, scoring=scoring, cv=5)).all()


@pytest.mark.parametrize("is_on", [False, True])
@pytest.mark.parametrize("name", ["f1", "roc_auc"])
def test_all_runs_with_metadata_routing_on_and_off(planted, name, is_on):
    X, y = planted
    pipe = make_pipeline(StandardScaler(), SlidingWindow(2, flatten=True), forest())
    estimators = [forest(), pipe, ReverseWindowing(pipe)]
    with config_context(enable_metadata_routing=is_on):
        scoring = make_anomaly_scorer(name)
        for estimator in estimators:
            scores = cross_val_score(estimator, X, y, scoring=scoring, cv=3)
            assert np.isfinite(scores).all()
            search = GridSearchCV(estimator, {}, scoring=scoring, cv=3).fit(X, y)
            np.testing.assert_array_equal(search.best_score_, scores.mean())
