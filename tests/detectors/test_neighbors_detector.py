"""Nearest training windows: which are found, what counts, and what it costs."""

import tracemalloc

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skad.detectors import NeighborsDetector, PCADetector
from skad.persistence import load, save
from skad.preprocessing import RandomConvolutions, SlidingWindow
from tests.support.checks import noisy, windows_of


def by_loop(bank, window, k, zone_of=None):
    """Root mean squared differences to the nearest, slow and obvious."""
    distances = np.sqrt(np.square(bank - window).mean(axis=(1, 2)))
    if zone_of is not None:
        row, zone = zone_of
        return np.sort(distances[abs(np.arange(len(bank)) - row) > zone])[:k].mean()
    in_order = np.sort(distances)
    in_order = in_order[1:] if in_order[0] == 0 else in_order
    return in_order[:k].mean()


@pytest.mark.parametrize("k", [1, 3])
def test_the_score_is_the_mean_distance_to_the_nearest(k):
    windows = windows_of(noisy(300))
    seen, unseen = windows[:200], windows[200:]
    detector = NeighborsDetector(k, window_scaling=None).fit(seen)
    expected = np.array([by_loop(seen, window, k) for window in unseen])
    ratio = -detector.score_samples(unseen) / expected
    assert ratio == pytest.approx(ratio[0], rel=1e-9)  # one channel has one weight


def test_one_stored_window_identical_to_the_scored_one_does_not_count():
    windows = windows_of(noisy(200))
    detector = NeighborsDetector(window_scaling=None).fit(windows)
    assert (detector.score_samples(windows) < 0).all()
    twice = np.concatenate([windows, windows[50:51]])
    detector = NeighborsDetector(window_scaling=None).fit(twice)
    scores = detector.score_samples(twice)
    assert np.flatnonzero(scores == 0).tolist() == [50, 200]


@pytest.mark.parametrize("zone", [0, 1, 8])
def test_training_scores_leave_out_the_windows_around_each_row(zone):
    windows = windows_of(noisy(120))
    detector = NeighborsDetector(2, window_scaling=None, exclusion=zone).fit(windows)
    expected = [by_loop(windows, windows[row], 2, (row, zone)) for row in range(120)]
    ratio = -detector.training_scores_ / expected
    assert ratio == pytest.approx(ratio[0], rel=1e-9)
    assert np.array_equal(detector.training_rows_, np.arange(120))


def test_by_default_that_is_half_a_window():
    windows = windows_of(noisy(200))
    auto, eight = (
        NeighborsDetector(exclusion=zone).fit(windows) for zone in ("auto", 8)
    )
    assert np.array_equal(auto.training_scores_, eight.training_scores_)


@pytest.mark.parametrize("n", [2, 3, 5, 9])
def test_a_zone_as_long_as_the_series_leaves_something_to_compare_with(n):
    detector = NeighborsDetector(3, exclusion=50).fit(windows_of(noisy(30))[-n:])
    assert (detector.training_scores_ < 0).all()
    assert (detector.score_samples(windows_of(noisy(30))[:9]) < 0).all()


def test_training_scores_are_about_those_of_fresh_rows_and_auto_rests_on_them():
    windows = windows_of(noisy(3000))[16:]
    detector = NeighborsDetector().fit(windows[:1500])
    fresh = detector.score_samples(windows[1600:])
    usual = np.median(detector.training_scores_)
    assert np.median(fresh) == pytest.approx(usual, rel=0.1)
    alarms = np.mean(detector.predict(windows[1600:]) == -1)
    assert alarms < 0.05


def test_of_many_rows_stretches_are_scored(monkeypatch):
    monkeypatch.setattr("skad._estimators.training_scores.MOST_ROWS", 100)
    windows = windows_of(noisy(1000))
    detector = NeighborsDetector().fit(windows)
    assert len(detector.training_rows_) == len(detector.training_scores_) == 100
    monkeypatch.undo()
    whole = NeighborsDetector().fit(windows)
    expected = whole.training_scores_[detector.training_rows_]
    assert np.array_equal(detector.training_scores_, expected)


def test_a_bank_is_spread_over_all_windows():
    detector = NeighborsDetector(max_bank=11).fit(windows_of(noisy(501)))
    assert detector.bank_rows_.tolist() == list(range(0, 501, 50))
    assert len(NeighborsDetector().fit(windows_of(noisy(50))).bank_rows_) == 50


def test_large_windows_make_a_small_bank(monkeypatch):
    monkeypatch.setattr("skad.detectors._neighbors_detector._LARGEST_BANK", 160)
    detector = NeighborsDetector().fit(windows_of(noisy(501)))
    assert len(detector.bank_rows_) == 10


@pytest.mark.parametrize("scaling", ["mean", "standard"])
def test_scaling_takes_level_and_size_out(scaling):
    windows = windows_of(noisy(300))[16:]
    detector = NeighborsDetector(window_scaling=scaling).fit(windows[:200])
    scores = detector.score_samples(windows[200:])
    lifted = detector.score_samples(windows[200:] + 30)
    assert lifted == pytest.approx(scores, rel=1e-6)
    doubled = detector.score_samples(2 * windows[200:])
    assert np.allclose(doubled, scores, rtol=1e-6) == (scaling == "standard")


def test_noise_in_a_flat_window_is_no_shape_of_its_own(rng):
    windows = windows_of(noisy(300))[16:]
    detector = NeighborsDetector(window_scaling="standard").fit(windows)
    flat = 1e-3 * rng.normal(size=(5, 16, 1))
    silent = detector.score_samples(np.zeros((1, 16, 1)))
    assert detector.score_samples(flat) == pytest.approx(np.repeat(silent, 5), rel=0.05)


AGGREGATIONS = ["joint", "standardised", "standardised_top", "standardised_max"]


@pytest.mark.parametrize("features", [None, RandomConvolutions(30, random_state=0)])
@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_a_fault_in_channel_3_of_5_is_found_and_explained(aggregation, features):
    rows = noisy(500, n_channels=5)
    rows[400:408, 3] *= -1
    windows = windows_of(rows)
    detector = NeighborsDetector(features=features, channel_aggregation=aggregation)
    detector.fit(windows[:350])
    scores = detector.score_samples(windows)
    assert 400 <= 16 + scores[16:].argmin() < 423
    shares = detector.explain(windows)
    assert shares.shape == (500, 5)
    assert shares.sum(axis=1) == pytest.approx(-scores)
    assert shares[400:416].sum(axis=0).argmax() == 3


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_what_is_expected_is_the_last_row_of_the_nearest_in_the_units_of_x(aggregation):
    rows = 40.0 + np.array([1.0, 10.0]) * noisy(400, n_channels=2)
    windows = windows_of(rows)
    detector = NeighborsDetector(channel_aggregation=aggregation).fit(windows[:300])
    expected = detector.expected(windows)
    assert expected.shape == rows.shape
    missed = abs(expected - rows)[16:].mean(axis=0)
    assert (missed < [0.3, 3.0]).all(), missed


def test_each_channel_counts_over_how_widely_it_is_spread():
    rows = noisy(400, n_channels=2)
    big = rows * [1.0, 1e6]
    fault = np.zeros((400, 2))
    fault[350, 0] = 2.0
    detector = NeighborsDetector().fit(windows_of(big)[:300])
    scores = detector.score_samples(windows_of(big + fault))
    assert 350 <= scores.argmin() < 366 or scores[350] < np.median(scores[:300])


def test_windows_of_features_and_tables_of_features_serve_alike():
    windows = windows_of(noisy(500))
    convolutions = RandomConvolutions(20, random_state=0)
    chain = make_pipeline(convolutions, StandardScaler(), NeighborsDetector(3))
    inside = NeighborsDetector(3, features=convolutions)
    for detector in (chain, inside):
        scores = detector.fit(windows[:400]).score_samples(windows[400:])
        assert scores.shape == (100,)
        assert np.array_equal(detector.score_samples(windows[430:431]), scores[30:31])
    assert len(inside.features_) == 1


def test_values_beyond_single_precision_are_still_far():
    windows = windows_of(noisy(100))
    detector = NeighborsDetector(window_scaling=None).fit(windows)
    far = np.repeat([1e5, 1e10, 9e16], 16).reshape(3, 16, 1)
    scores = detector.score_samples(far)
    assert np.isfinite(scores).all()
    assert (np.diff(scores) < 0).all()


def test_training_rows_that_never_varied_flag_what_does():
    still = np.full((50, 8, 2), 3.0)
    detector = NeighborsDetector().fit(still)
    assert (detector.predict(still) == 1).all()
    moved = still[:1].copy()
    moved[0, 4, 1] = 3.5
    assert detector.predict(moved) == -1


def test_long_series_are_never_laid_out_in_windows():
    windows = SlidingWindow(100).fit_transform(noisy(60_000))  # 48 MB, side by side
    detector = NeighborsDetector(max_bank=100).fit(windows[:1000])
    tracemalloc.start()
    try:
        detector.score_samples(windows)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 12e6


def test_a_saved_bank_answers_as_before(tmp_path):
    windows = windows_of(noisy(200, n_channels=2))
    detector = NeighborsDetector(
        features=RandomConvolutions(5, random_state=0),
        channel_aggregation="standardised",
    ).fit(windows)
    save(detector, tmp_path / "bank.skad")
    again = load(tmp_path / "bank.skad")
    assert np.array_equal(again.score_samples(windows), detector.score_samples(windows))


def test_a_failed_fit_leaves_a_fitted_detector_as_it_was():
    windows = windows_of(noisy(100))
    detector = NeighborsDetector().fit(windows)
    scores = detector.score_samples(windows)
    with pytest.raises(ValueError, match="at least 2 windows"):
        detector.fit(windows[:1])
    assert np.array_equal(detector.score_samples(windows), scores)


@pytest.mark.parametrize(
    ("name", "value"),
    [("n_neighbors", 0), ("features", PCADetector()), ("max_bank", 1)]
    + [("exclusion", -1), ("channel_aggregation", "mahalanobis")],
)
def test_other_parameters_are_refused(name, value):
    detector = NeighborsDetector().set_params(**{name: value})
    with pytest.raises(ValueError, match=f"The '{name}' parameter of NeighborsDetect"):
        detector.fit(windows_of(noisy(50)))
