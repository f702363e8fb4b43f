"""Volumes under the surface: stored values of the reference, hand work and laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import average_precision_score, roc_auc_score

from skad.metrics import vus_pr, vus_roc
from tests.support.metric_cases import planted

BOTH = pytest.mark.parametrize("volume", [vus_pr, vus_roc])
# What TSB-AD 1.5 gives: (arguments of planted), window, thresholds, decimals, PR, ROC.
STORED = [
    ((0, 300, 4, 12), 100, 250, None, 0.6054551075229467, 0.9287088916640143),
    ((1, 300, 4, 12, 3.0), 20, 250, None, 0.9559437577566622, 0.9931733711554012),
    ((2, 1000, 30, 3, 2.0), 15, 50, None, 0.5814616787100702, 0.9438246394624004),
    ((3, 120, 5, 20, 0.0), 41, 250, None, 0.8353231926307055, 0.8511438091830154),
    ((4, 400, 6, 10, 2.0), 1, 250, 0, 0.6261551037333116, 0.9351920085155162),
    ((5, 400, 6, 10, 2.0), 0, 10, 0, 0.17912037037037035, 0.8423911111111111),
    ((6, 200, 3, 8, 1.0, 5), 60, 250, None, 0.5546661635325612, 0.9047494707431828),
]


@pytest.mark.parametrize(("case", "window", "n", "decimals", "pr", "roc"), STORED)
def test_volumes_equal_those_of_the_reference(case, window, n, decimals, pr, roc):
    y, scores = planted(*case)
    scores = scores if decimals is None else np.round(scores, decimals)
    settings = {"max_window": window, "n_thresholds": n}
    assert vus_pr(y, scores, **settings) == pytest.approx(pr, abs=1e-12)
    assert vus_roc(y, scores, **settings) == pytest.approx(roc, abs=1e-12)


def test_an_alarm_one_row_late_earns_what_a_hand_reckons():
    y = [0, 0, 0, 1, 0, 0]
    scores = [5, 4, 3, 1, 0, 2]  # row 4 is alarmed first, then row 3
    without_margin = 1 / 2  # windows 0 and 1: found at precision 1/2
    credit = np.sqrt(1 / 2)  # window 2: one row beside the event
    recall = credit / (1 + credit / 2)
    with_margin = recall * credit + (1 - recall) * (1 + credit) / 2
    expected = (without_margin + without_margin + with_margin) / 3
    settings = {"max_window": 2, "n_thresholds": 6}
    assert vus_pr(y, scores, **settings) == pytest.approx(expected, abs=1e-15)


@BOTH
def test_two_thresholds_are_enough(volume):
    settings = {"max_window": 0, "n_thresholds": 2}
    assert volume([0, 1, 0], [1, 0, 2], **settings) == 1
    # Row 0 is alarmed alone, then all rows: at precision 1/3, or over a triangle.
    area = {vus_pr: 1 / 3, vus_roc: 1 / 4}[volume]
    assert volume([0, 1, 0], [0, 1, 2], **settings) == pytest.approx(area)


@BOTH
def test_scores_that_rank_all_anomalies_first_have_the_volume_one(volume):
    y, _ = planted(0, 250, 3, 12)
    assert volume(y, -y) == pytest.approx(1, abs=1e-12)


def test_low_scores_mean_abnormal():
    y, scores = planted(0, 300, 4, 12, 3.0)
    for volume in (vus_pr, vus_roc):
        assert volume(y, scores, max_window=10) > 0.9
        assert volume(y, -scores, max_window=10) < 0.3


def test_without_margin_scores_that_know_nothing_get_the_share_of_anomalies():
    y, scores = planted(0, 20_000, 5, 200, strength=0.0)
    assert 0.01 < y.mean() < 0.05
    assert vus_pr(y, scores, max_window=0) == pytest.approx(y.mean(), rel=0.05)
    assert vus_roc(y, scores, max_window=0) == pytest.approx(0.5, abs=0.02)


def test_short_events_with_wide_margins_raise_what_chance_gets():
    y, scores = planted(0, 20_000, 50, 20, strength=0.0)
    assert y.mean() < 0.03
    assert vus_pr(y, scores, max_window=100) > 0.1
    assert vus_roc(y, scores, max_window=100) > 0.8


@BOTH
def test_the_later_an_alarm_the_smaller_the_volume(volume):
    y, _ = planted(0, 300, 3, 12)
    late = [volume(y, np.roll(-y, rows), max_window=40) for rows in (0, 1, 4, 9, 30)]
    assert (np.diff(late) < 0).all()


@BOTH
def test_a_wider_margin_forgives_more(volume):
    y, _ = planted(0, 300, 3, 12)
    forgiven = [volume(y, np.roll(-y, 6), max_window=rows) for rows in (4, 20, 60)]
    assert (np.diff(forgiven) > 0).all()


def test_without_margin_the_areas_are_those_of_scikit_learn():
    y = np.zeros(200, dtype=int)
    y[90:110] = 1
    scores = -np.random.RandomState(0).normal(size=200) - y
    scores[100] = -9  # found at the first threshold, so that existence is 1
    settings = {"max_window": 0, "n_thresholds": 200}
    expected = average_precision_score(y, -scores)
    assert vus_pr(y, scores, **settings) == pytest.approx(expected, abs=1e-12)
    expected = roc_auc_score(y, -scores)
    assert vus_roc(y, scores, **settings) == pytest.approx(expected, abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.booleans(), min_size=2, max_size=40).filter(
        lambda y: 0 < sum(y) < len(y)
    ),
    st.integers(0, 2**31 - 1),
    st.integers(0, 50),
)
def test_time_may_run_backwards_and_scores_be_stretched(y, seed, max_window):
    y = np.array(y)
    scores = np.random.RandomState(seed).randint(10, size=len(y))
    for volume in (vus_pr, vus_roc):
        value = volume(y, scores, max_window=max_window)
        assert 0 <= value <= 1
        backwards = volume(y[::-1], scores[::-1], max_window=max_window)
        assert backwards == pytest.approx(value, abs=1e-12)
        assert volume(y, np.exp(scores), max_window=max_window) == value


@BOTH
def test_labels_of_each_convention_are_read(volume):
    y, scores = planted(0, 300, 4, 12)
    value = volume(y, scores)
    assert volume(np.where(y == 1, -1, 1), scores) == value
    assert volume(y == 1, scores) == value
    assert volume(1 - y, scores, pos_label=0) == value


@BOTH
def test_without_anomalies_a_volume_is_nan_with_a_warning(volume):
    name = {vus_pr: "VUS-PR", vus_roc: "VUS-ROC"}[volume]
    message = f"{name} is undefined and set to nan: y_true holds no anomaly"
    with pytest.warns(UndefinedMetricWarning, match=message):
        assert np.isnan(volume(np.zeros(9), np.arange(9)))
    with pytest.warns(UndefinedMetricWarning, match=message):
        assert np.isnan(volume(np.ones(9), np.arange(9), pos_label=-1))


def test_without_normal_rows_only_precision_has_a_meaning():
    y = np.full(9, -1)
    assert vus_pr(y, np.arange(9)) == pytest.approx(1, abs=1e-12)
    message = "VUS-ROC is undefined and set to nan: y_true holds no normal row"
    with pytest.warns(UndefinedMetricWarning, match=message):
        assert np.isnan(vus_roc(y, np.arange(9)))


@BOTH
@pytest.mark.parametrize(
    ("parameter", "value"),
    [("max_window", -1), ("max_window", 2.5), ("n_thresholds", 1)],
)
def test_a_parameter_out_of_range_is_refused(volume, parameter, value):
    with pytest.raises(
        ValueError, match=f"The '{parameter}' parameter of {volume.__name__}"
    ):
        volume([0, 1], [1, 0], **{parameter: value})
