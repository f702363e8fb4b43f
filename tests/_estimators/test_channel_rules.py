"""What direction, min_deviation and context_channels say about each channel."""

from types import SimpleNamespace

import numpy as np
import pytest

from skad._estimators.channel_errors import ChannelErrors, learnt
from skad._estimators.channel_rules import RulesByPosition, names_in_windows, rules_of

NAMES = ["flow", "level", "valve"]
INF = np.inf


def rules(direction="both", min_deviation=0.0, context_channels=None, names=NAMES):
    given = SimpleNamespace(
        direction=direction,
        min_deviation=min_deviation,
        context_channels=context_channels,
    )
    return rules_of(given, names)


@pytest.mark.parametrize(
    "direction",
    [
        {"level": "above", "valve": "below"},
        {1: "above", 2: "below"},
        ("both", "above", "below"),
        np.array(["both", "above", "below"]),
    ],
)
def test_a_channel_goes_by_its_name_its_position_or_its_place(direction):
    found = rules(direction, min_deviation={"flow": 2, 2: 0.5})
    assert found.direction == ("both", "above", "below")
    assert found.min_deviation == (2.0, 0.0, 0.5)
    assert found.least().tolist() == [[2, INF, 0.5], [2, 0, INF]]


def test_one_value_is_that_of_all_channels():
    found = rules("below", 1.5)
    assert found.least().tolist() == [[1.5] * 3, [INF] * 3]


def test_defaults_leave_nothing_to_cut_and_no_parameter_to_set():
    found = rules()
    assert found.least() is None
    assert found.scored() is None
    assert found.as_parameters() == {}


def test_what_is_read_once_is_read_again_as_the_same():
    found = rules({"level": "above"}, {"flow": 2.0}, ["valve"])
    again = rules_of(SimpleNamespace(**vars(found)), range(3))
    assert again == found == RulesByPosition(("both", "above", "both"), (2, 0, 0), (2,))
    assert found.as_parameters() == vars(found)


def test_names_that_are_numbers_come_before_positions():
    assert rules(context_channels=[0], names=[2, 1, 0]).scored().tolist() == [1, 1, 0]


def test_context_is_not_scored_however_often_it_is_listed():
    assert rules(context_channels=["valve", 0, 2]).scored().tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"direction": {"flwo": "above"}}, "direction names the channel 'flwo', and"),
        ({"min_deviation": {3: 1.0}}, "min_deviation names the channel 3, and the"),
        ({"context_channels": [True]}, "context_channels names the channel True"),
        ({"context_channels": [-1]}, "context_channels names the channel -1"),
        ({"direction": ["above"]}, "direction has 1 entries, and X has 3 channels"),
        ({"direction": {"flow": "up"}}, "direction holds 'up'; each channel takes"),
        ({"direction": ["above", "below", None]}, "direction holds None; each"),
        ({"min_deviation": {"flow": -1}}, "min_deviation holds -1; each channel takes"),
        ({"min_deviation": [0, 1, INF]}, "min_deviation holds inf; each channel"),
        ({"min_deviation": [0, 1, np.nan]}, "min_deviation holds nan; each channel"),
        ({"min_deviation": [0, 1, "2"]}, "min_deviation holds '2'; each channel"),
        ({"context_channels": NAMES}, "are all the channels of X: none is left"),
    ],
)
def test_what_no_channel_understands_is_refused_by_name(parameters, message):
    with pytest.raises(ValueError, match=message):
        rules(**parameters)


def test_names_are_read_off_the_last_rows_of_flattened_windows():
    columns = ["flow_lag1", "level_lag1", "flow_lag0", "level_lag0"]
    assert names_in_windows(columns, 2) == ["flow", "level"]
    assert names_in_windows(["a", "b", "c", "d"], 2) == [0, 1]
    assert names_in_windows(None, 2) == [0, 1]


def test_a_difference_counts_on_its_side_and_from_its_size_on():
    expected_less_read = np.array([[[-3.0], [-2.0], [-1.0], [0.0], [1.0], [2.0]]])
    kept = {}
    for direction in ("both", "above", "below"):
        least = rules(direction, 2, names=["flow"]).least()
        errors = ChannelErrors(least=least)
        kept[direction] = errors.counted(expected_less_read).ravel().tolist()
    assert kept["both"] == [-3, -2, 0, 0, 0, 2]
    assert kept["above"] == [-3, -2, 0, 0, 0, 0]
    assert kept["below"] == [0, 0, 0, 0, 0, 2]


def test_sizes_are_compared_in_the_units_of_the_windows():
    errors = ChannelErrors(least=rules("both", 2, names=["flow"]).least())
    differences, unit = np.ones((2, 3, 1)), np.array([[[1.0]], [[4.0]]])
    assert errors.counted(differences, unit)[:, 0, 0].tolist() == [0, 1]


def test_a_difference_that_is_no_number_is_not_hidden():
    errors = ChannelErrors(least=rules("above", 1, names=["flow"]).least())
    assert np.isnan(errors.counted(np.full((1, 1, 1), np.nan))).all()


@pytest.mark.parametrize("aggregation", ["mean", "max", "standardised_max"])
def test_context_has_no_part_in_scales_means_maxima_and_shares(aggregation):
    rng = np.random.default_rng(0)
    differences = rng.normal(size=(50, 4, 3))
    differences[..., 1] *= 100
    with_context = ChannelErrors(
        aggregation=aggregation, scored=np.array([True, False, True])
    )
    with_context = learnt(with_context, [(differences, 1.0)])
    alone = learnt(
        ChannelErrors(aggregation=aggregation), [(differences[..., [0, 2]], 1.0)]
    )
    means, fewer = with_context.means(differences), alone.means(differences[..., ::2])
    assert with_context.of_windows(means) == pytest.approx(alone.of_windows(fewer))
    shares = with_context.shares(means)
    assert shares[:, [0, 2]] == pytest.approx(alone.shares(fewer))
    assert (shares[:, 1] == 0).all()


def test_scales_are_those_of_what_counts_and_never_vanish():
    rng = np.random.default_rng(0)
    differences = rng.normal(size=(500, 1, 1))
    largest = ChannelErrors(
        aggregation="standardised", least=rules("both", 9, names=["flow"]).least()
    )
    above = ChannelErrors(
        aggregation="standardised", least=rules("above", names=["flow"]).least()
    )
    squares = np.square(differences[:, 0])
    usual = squares.mean()
    scale = learnt(largest, [(differences, 1.0)]).scale
    assert scale == pytest.approx(usual)  # as nothing is large enough to count
    counted = np.where(differences[:, 0] < 0, squares, 0)
    scale = learnt(above, [(differences, 1.0)]).scale
    assert scale == pytest.approx(counted.std() + usual)
