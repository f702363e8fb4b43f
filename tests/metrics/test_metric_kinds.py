"""What all metrics of a kind have in common."""

import numpy as np
import pytest
from sklearn.exceptions import UndefinedMetricWarning

import skad.metrics
from skad.metrics._metric_kinds import COSTS, OF_PREDICTIONS, OF_SCORES
from tests.support.metric_cases import alarms_of, planted

ALL = OF_SCORES | OF_PREDICTIONS | COSTS
PRECISIONS = [name for name in OF_PREDICTIONS if name.endswith("precision")]
OTHERS = [name for name in OF_PREDICTIONS if name not in PRECISIONS]


@pytest.fixture
def y():
    return planted(0, 300, 4, 12)[0]


@pytest.fixture
def scores():
    return planted(0, 300, 4, 12, 2.0)[1]


def given_to(name, scores):
    return scores if name in OF_SCORES else alarms_of(scores, 0.1)


def test_every_metric_there_is_has_a_kind():
    assert {*ALL, "make_anomaly_scorer"} == set(skad.metrics.__all__)
    assert all(getattr(skad.metrics, name) is metric for name, metric in ALL.items())


@pytest.mark.parametrize("name", ALL)
def test_labels_of_each_convention_give_the_same(name, y, scores):
    given, metric = given_to(name, scores), ALL[name]
    value = metric(y, given)
    assert type(value) is float
    assert metric(np.where(y == 1, -1, 1), given) == value
    assert metric(y == 1, given) == value
    assert metric((y == 1).tolist(), given.tolist()) == value
    assert metric(1 - y, given, pos_label=0) == value


@pytest.mark.parametrize("name", OF_PREDICTIONS | COSTS)
def test_predictions_may_be_those_of_a_detector_or_booleans(name, y, scores):
    alarmed = alarms_of(scores, 0.1)
    assert ALL[name](y, np.where(alarmed, -1, 1)) == ALL[name](y, alarmed)


@pytest.mark.parametrize("name", OF_SCORES | OF_PREDICTIONS)
def test_a_perfect_detector_has_the_value_one(name, y):
    perfect = -y if name in OF_SCORES else y == 1
    assert ALL[name](y, perfect) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("name", COSTS)
def test_a_perfect_detector_costs_nothing(name, y):
    assert ALL[name](y, y == 1) == 0


@pytest.mark.parametrize("name", [*OF_SCORES, *OTHERS, "detection_delay"])
def test_without_anomalies_there_is_nothing_to_find(name, scores):
    given = given_to(name, scores)
    with pytest.warns(UndefinedMetricWarning, match="nan: y_true holds no anomaly"):
        assert np.isnan(ALL[name](np.zeros(300), given))


@pytest.mark.parametrize("name", PRECISIONS)
def test_without_anomalies_each_alarm_is_false(name, scores):
    assert ALL[name](np.zeros(300), alarms_of(scores, 0.1)) == 0


@pytest.mark.parametrize("name", PRECISIONS)
def test_a_precision_without_alarms_is_0_with_a_warning(name, y):
    with pytest.warns(UndefinedMetricWarning, match=r"to 0\.0: y_pred holds no alarm"):
        assert ALL[name](y, np.ones(300)) == 0
    with pytest.warns(UndefinedMetricWarning, match="to nan: y_pred holds no alarm"):
        assert np.isnan(ALL[name](np.zeros(300), np.ones(300)))


@pytest.mark.parametrize("name", OTHERS)
def test_whoever_alarms_nothing_gets_0(name, y):
    assert ALL[name](y, np.ones(300)) == 0


@pytest.mark.parametrize("name", sorted(ALL.keys() - {"false_alarms_per_1000_rows"}))
def test_the_warning_points_at_the_line_that_called_the_metric(name, y):
    no_labels, given = np.zeros(300), (y if name in OF_SCORES else np.ones(300))
    with pytest.warns(UndefinedMetricWarning, match="is undefined") as caught:
        ALL[name](no_labels, given)
    assert [warning.filename for warning in caught] == [__file__]


@pytest.mark.parametrize("name", sorted(ALL.keys() - {"false_alarms_per_1000_rows"}))
def test_the_warning_names_the_metric(name, y):
    title = "(?i)^" + name.replace("_", "[ %-]")  # PA%K F1, VUS-PR
    no_labels, given = np.zeros(300), (y if name in OF_SCORES else np.ones(300))
    with pytest.warns(UndefinedMetricWarning, match=f"{title} is undefined and set to"):
        ALL[name](no_labels, given)


@pytest.mark.parametrize("name", ALL)
def test_what_is_no_array_is_refused_by_name(name, y, scores):
    given = "score_samples" if name in OF_SCORES else "y_pred"
    with pytest.raises(ValueError, match=f"'y_true' parameter of {name} must be an ar"):
        ALL[name](3, given_to(name, scores))
    with pytest.raises(
        ValueError, match=f"'{given}' parameter of {name} must be an ar"
    ):
        ALL[name](y, None)


@pytest.mark.parametrize("name", sorted(ALL.keys() - {"vus_roc"}))
def test_all_rows_may_be_anomalous(name, scores):
    given = given_to(name, scores)
    value = ALL[name](np.full(300, -1), given)
    assert np.isfinite(value)
    assert ALL[name](np.ones(300), given, pos_label=1) == value


@pytest.mark.parametrize("name", ALL)
def test_two_series_of_different_lengths_are_refused(name, y, scores):
    given = given_to(name, scores)
    with pytest.raises(ValueError, match=r"has shape \(299,\), y_true has 300 labels"):
        ALL[name](y, given[1:])
