"""Range-based precision and recall: stored values of references, hand work, laws."""

import numpy as np
import pytest

from skad.metrics import range_f1, range_precision, range_recall
from tests.support.metric_cases import alarms_of, planted

BIASES = ("flat", "front", "middle", "back")
EASY = ((1, 500, 12, 20, 2.0), 0.15)
HARD = ((2, 80, 3, 30, 0.0), 0.3)
SHORT = ((3, 300, 6, 3, 3.0, 4), 0.05)
# What prts 1.0.0.3 gives, recall with alpha=0.3, for each of BIASES.
PRTS = [
    (
        EASY,
        "one",
        (0.805555555556, 0.838293650794, 0.819444444444, 0.772817460317),
        (0.78882951328, 0.794492750398, 0.805079786544, 0.783166276162),
    ),
    (
        EASY,
        "reciprocal",
        (0.805555555556, 0.838293650794, 0.819444444444, 0.772817460317),
        (0.552823078767, 0.559057972424, 0.569836552677, 0.546588185111),
    ),
    (
        HARD,
        "one",
        (0.492346938776, 0.50119047619, 0.480654761905, 0.483503401361),
        (0.617028985507, 0.544020190759, 0.580046296296, 0.690037780255),
    ),
    (
        HARD,
        "reciprocal",
        (0.492346938776, 0.50119047619, 0.480654761905, 0.483503401361),
        (0.415905797101, 0.383205747554, 0.393842592593, 0.448605846649),
    ),
    (
        SHORT,
        "one",
        (0.84375, 0.925, 0.885416666667, 0.7625),
        (0.927083333333, 0.924166666667, 0.934375, 0.93),
    ),
]


@pytest.mark.parametrize(("case", "cardinality", "precisions", "recalls"), PRTS)
def test_precision_and_recall_equal_those_of_prts(
    case, cardinality, precisions, recalls
):
    y, scores = planted(*case[0])
    alarmed = alarms_of(scores, case[1])
    for bias, precision, recall in zip(BIASES, precisions, recalls, strict=True):
        settings = {"bias": bias, "cardinality": cardinality}
        found = range_precision(y, alarmed, **settings)
        assert found == pytest.approx(precision, abs=1e-12)
        found = range_recall(y, alarmed, alpha=0.3, **settings)
        assert found == pytest.approx(recall, abs=1e-12)


@pytest.mark.parametrize(
    ("case", "f1"),
    [
        (((0, 200, 4, 12), 0.1), 0.2269736842105263),
        (EASY, 0.6085284159089418),
        (HARD, 0.39690929595848945),
        (SHORT, 0.878698224852071),
    ],
)
def test_f1_equals_that_of_tsb_ad_by_default(case, f1):
    y, scores = planted(*case[0])
    assert range_f1(y, alarms_of(scores, case[1])) == pytest.approx(f1, abs=1e-12)


Y = np.array([0, 1, 1, 1, 1, 0, 0, 0, 1, 1], dtype=bool)
ALARMED = np.array([1, 1, 0, 0, 1, 0, 1, 0, 0, 0], dtype=bool)


def test_recall_is_what_a_hand_reckons():
    assert range_recall(Y, ALARMED, alpha=1) == 1 / 2  # one of two events found
    assert range_recall(Y, ALARMED, alpha=0, cardinality="one") == (2 / 4 + 0) / 2
    assert range_recall(Y, ALARMED, alpha=0) == (2 / 4 / 2 + 0) / 2  # in two pieces
    front = range_recall(Y, ALARMED, alpha=0, cardinality="one", bias="front")
    assert front == ((4 + 1) / 10 + 0) / 2
    middle = range_recall(Y, ALARMED, alpha=0, cardinality="one", bias="middle")
    assert middle == ((1 + 1) / 6 + 0) / 2
    assert range_recall(Y, ALARMED) == pytest.approx(0.2 / 2 + 0.8 / 8, abs=1e-15)


def test_precision_is_what_a_hand_reckons():
    assert range_precision(Y, ALARMED) == (1 / 2 + 1 + 0) / 3  # three alarms
    assert range_precision(Y, ALARMED, bias="back") == (2 / 3 + 1 + 0) / 3
    assert range_precision(Y, ALARMED, bias="front") == (1 / 3 + 1 + 0) / 3


def test_one_alarm_over_two_events_gets_less_unless_cardinality_is_one():
    everything = np.ones(10, dtype=bool)
    assert range_precision(Y, everything, cardinality="one") == 6 / 10
    assert range_precision(Y, everything) == 6 / 10 / 2
    one = range_f1(Y, everything, cardinality="one")
    assert one == pytest.approx(2 / (1 + 10 / 6), abs=1e-15)
    reciprocal = range_f1(Y, everything, cardinality="reciprocal")
    assert reciprocal == pytest.approx(2 / (1 + 2 * 10 / 6), abs=1e-15)


def test_an_alarm_beside_an_event_shares_nothing_with_it():
    y = np.array([0, 1, 1, 0, 0], dtype=bool)
    assert range_recall(y, ~y, alpha=1) == 0
    in_two_runs = range_recall(y, [1, -1, 1, -1, 1], alpha=0)
    assert in_two_runs == 1 / 2  # one of which lies beside it


def test_f1_is_the_harmonic_mean_with_its_own_bias_on_each_side():
    settings = {"alpha": 0.1, "recall_bias": "front", "precision_bias": "back"}
    recall = range_recall(Y, ALARMED, alpha=0.1, bias="front", cardinality="one")
    precision = range_precision(Y, ALARMED, bias="back", cardinality="one")
    expected = 2 * precision * recall / (precision + recall)
    found = range_f1(Y, ALARMED, cardinality="one", **settings)
    assert found == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize("bias", BIASES)
def test_precision_is_recall_with_the_roles_exchanged(bias):
    y, scores = planted(*EASY[0])
    alarmed = alarms_of(scores, EASY[1])
    precision = range_precision(y, alarmed, bias=bias)
    assert precision == range_recall(alarmed, y == 1, alpha=0, bias=bias)


def test_backwards_in_time_front_is_back():
    y, scores = planted(*EASY[0])
    alarmed = alarms_of(scores, EASY[1])
    front = range_recall(y, alarmed, bias="front")
    back = range_recall(y[::-1], alarmed[::-1], bias="back")
    assert front == pytest.approx(back, abs=1e-12)
    assert front != pytest.approx(range_recall(y, alarmed, bias="back"), abs=1e-4)


@pytest.mark.parametrize(
    ("metric", "parameter", "value"),
    [
        (range_precision, "bias", "centre"),
        (range_precision, "cardinality", "two"),
        (range_recall, "alpha", 1.1),
        (range_recall, "alpha", -0.1),
        (range_recall, "bias", "centre"),
        (range_recall, "cardinality", "two"),
        (range_f1, "alpha", 1.1),
        (range_f1, "recall_bias", None),
        (range_f1, "precision_bias", "centre"),
        (range_f1, "cardinality", "two"),
    ],
)
def test_a_parameter_out_of_range_is_refused(metric, parameter, value):
    with pytest.raises(ValueError, match=f"The '{parameter}' parameter of range_"):
        metric(Y, ALARMED, **{parameter: value})
