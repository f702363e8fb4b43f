import numpy as np
import pytest

from skad.detectors._channel_distances import ChannelDistances, learnt_from

DISTANCES = np.array([[1.0, 2.0, 3.0, 4.0, 5.0], [10.0, 2.0, 2.0, 2.0, 8.0]])
ONES = np.ones(5)


@pytest.mark.parametrize(
    ("aggregation", "expected"),
    [
        ("standardised", [3.0, 4.8]),
        ("standardised_top", [4.5, 9.0]),
        ("standardised_max", [5.0, 10.0]),
    ],
)
def test_so_many_of_the_largest_count(aggregation, expected):
    errors = ChannelDistances(aggregation, ONES)
    assert errors.of_windows(DISTANCES) == pytest.approx(expected)
    assert errors.shares(DISTANCES).sum(axis=1) == pytest.approx(expected)


def test_channels_that_do_not_count_add_nothing():
    shares = ChannelDistances("standardised_top", ONES).shares(DISTANCES)
    assert np.array_equal(shares > 0, [[0, 0, 0, 1, 1], [1, 0, 0, 0, 1]])


def test_each_channel_is_measured_by_its_usual_distance_and_the_mean_of_all():
    errors = learnt_from("standardised_max", np.array([[1.0, 3.0]] * 9 + [[9.0, 9.0]]))
    assert errors.scale == pytest.approx([3.0, 5.0])
    assert errors.of_windows(np.array([[6.0, 5.0]])) == pytest.approx([2.0])


def test_one_distance_for_all_is_left_as_it_is():
    assert ChannelDistances().of_windows(np.array([[2.0], [3.0]])).tolist() == [2, 3]
