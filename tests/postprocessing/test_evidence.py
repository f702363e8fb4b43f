"""Rows without enough evidence never alarm, whatever stands around the detector."""

import dask.array as da
import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import IsolationForest
from sklearn.pipeline import make_pipeline

import skad.dask
from skad import evidence, row_context, score_samples_blockwise
from skad.detectors import PCADetector
from skad.inspection import explain
from skad.postprocessing import (
    EnsembleDetector,
    ResampledDetector,
    ReverseWindowing,
    ThresholdedDetector,
)
from skad.preprocessing import SlidingWindow
from skad.streaming import StreamScorer

SIZE = 16
FOREST = IsolationForest(n_estimators=10, random_state=0)


def wave(n_rows, seed):
    rng = np.random.default_rng(seed)
    rows = np.sin(np.arange(n_rows) / 3 + rng.uniform(0, 9))
    return (rows + rng.normal(scale=0.1, size=n_rows)).reshape(-1, 1)


def components(padding="edge"):
    return make_pipeline(SlidingWindow(SIZE, padding=padding), PCADetector(4))


def forest():
    return make_pipeline(SlidingWindow(SIZE, flatten=True), FOREST)


AROUND = {
    "spread": lambda pipe: ReverseWindowing(pipe, contamination=0.02),
    "thresholded": lambda pipe: ThresholdedDetector(pipe, alpha=0.02),
    "ensemble": lambda pipe: EnsembleDetector([("one", pipe)], contamination=0.02),
}


@pytest.mark.parametrize("pipe", [components(), components("missing"), forest()])
@pytest.mark.parametrize("around", AROUND)
def test_rows_after_a_start_or_a_gap_alarm_no_more_than_others(pipe, around):
    detector = AROUND[around](pipe).fit(pd.DataFrame(wave(1500, 0)))
    position, alarms = np.arange(120) % 60, []
    for seed in range(1, 25):
        index = np.arange(120) + 50 * (np.arange(120) >= 60)
        frame = pd.DataFrame(wave(200, seed)[index], index=index)
        alarms.append(detector.predict(frame) == -1)
    alarms = np.array(alarms)
    first = alarms[:, position < SIZE - 1].mean()
    others = alarms[:, position >= SIZE - 1].mean()
    assert first <= others + 0.01
    assert 0 < others < 0.15


@pytest.mark.parametrize("around", AROUND)
def test_a_row_with_little_evidence_never_alarms(around):
    detector = AROUND[around](components("missing")).fit(wave(600, 0))
    X = 5 * wave(200, 1)
    X[50:80] = np.nan
    share, decision = evidence(detector, X), detector.decision_function(X)
    assert (decision[share < 0.5] >= 0).all()
    assert (decision[100:] < 0).mean() > 0.5


def test_a_stuck_sensor_still_alarms():
    detector = ReverseWindowing(components(), contamination=0.02).fit(wave(600, 0))
    X = wave(200, 1)
    X[100:140] = 1.0
    assert (detector.predict(X)[115:125] == -1).all()


def test_members_are_asked_one_by_one():
    members = [("short", components("missing")), ("long", forest())]
    detector = EnsembleDetector(members).fit(wave(300, 0))
    X = wave(100, 1)
    expected = evidence(detector.estimators_[0], X)
    np.testing.assert_array_equal(evidence(detector, X), expected)


def test_a_bin_has_the_evidence_of_its_window():
    index = pd.date_range("2026-01-01", periods=300, freq="30s")
    frame = pd.DataFrame(wave(300, 0), index=index)
    detector = ResampledDetector(components("missing"), freq="1min").fit(frame)
    share = evidence(detector, frame)
    assert share[:4].tolist() == [1 / 16, 1 / 16, 2 / 16, 2 / 16]
    assert share[-1] == 1


def burst(n_rows=400, seed=1, first=200, n_missing=40):
    X = wave(n_rows, seed)
    X[first : first + n_missing] = np.nan
    return X


# Of windows that miss more than half: from the middle of the burst to as far behind it.
LACKING = slice(200 + SIZE // 2, 240 + SIZE // 2 - 1)
SPREAD = [
    {"reduce": reduce, "smoothing": smoothing, "causal": causal}
    for reduce in ("mean", "median", "max", "centre")
    for smoothing in (1, 7)
    for causal in (False, True)
    if not (causal and reduce == "centre")
]


@pytest.mark.parametrize("how", SPREAD, ids=str)
def test_rows_without_evidence_enter_no_mean_and_score_as_usual(how):
    X = burst()
    detector = ReverseWindowing(components("missing"), **how).fit(wave(600, 0))
    of_training = detector.score_samples(wave(600, 0))
    scores = detector.score_samples(X)
    assert len(set(scores[LACKING])) == 1
    assert scores[LACKING][0] == pytest.approx(np.median(of_training))
    inner = detector.estimator_.score_samples(X)
    inner[LACKING] = np.nan
    expected = detector._fitted_spreading(inner, np.array([0]))
    others = np.delete(np.arange(len(X)), np.r_[LACKING])
    others = others[~np.isnan(expected[others])]
    np.testing.assert_array_equal(scores[others], expected[others])


@pytest.mark.parametrize("how", SPREAD, ids=str)
def test_a_burst_changes_no_bit_far_away_and_none_in_a_slice(how):
    detector = ReverseWindowing(components("missing"), **how).fit(wave(600, 0))
    clean, X = wave(400, 1), burst()
    back, ahead = row_context(detector)
    far = np.r_[0 : 200 - ahead, 240 + back : 400]
    scores = detector.score_samples(X)
    np.testing.assert_array_equal(scores[far], detector.score_samples(clean)[far])
    part = slice(120, 330)
    inside = slice(back, 210 - ahead)
    in_part = detector.score_samples(X[part])
    np.testing.assert_array_equal(in_part[inside], scores[part][inside])
    blocks = score_samples_blockwise(detector, X, block_size=37)
    np.testing.assert_array_equal(blocks, scores)


def members(combine="mean_log", weights=None):
    named = [("short", components("missing")), ("long", longer())]
    return EnsembleDetector(named, combine=combine, weights=weights)


def longer():
    return make_pipeline(SlidingWindow(64, padding="missing"), PCADetector(4))


COMBINED = [("mean_log", None), ("mean", [1, 3]), ("max", None), ("mean", [1, 0])]


@pytest.mark.parametrize(("combine", "weights"), COMBINED)
def test_members_without_evidence_leave_the_row_to_the_others(combine, weights):
    X = burst(n_missing=20)  # more than half of the short windows, never of the long
    detector = members(combine, weights).fit(wave(900, 0))
    scores, alone = detector.score_samples(X), members(combine).fit(wave(900, 0))
    alone = alone.set_params(short="drop").fit(wave(900, 0)).score_samples(X)
    lacking = slice(208, 220)
    if weights == [1, 0]:  # who counts cannot judge: as usual
        of_training = detector.score_samples(wave(900, 0))
        assert scores[lacking] == pytest.approx(np.median(of_training))
    else:
        np.testing.assert_allclose(scores[lacking], alone[lacking])
    clean = detector.score_samples(wave(400, 1))
    np.testing.assert_array_equal(scores[:200], clean[:200])
    np.testing.assert_array_equal(scores[284:], clean[284:])


def test_rows_that_no_member_can_judge_score_as_usual():
    X = burst(n_missing=150)
    detector = members().fit(wave(900, 0))
    usual = np.median(detector.score_samples(wave(900, 0)))
    assert detector.score_samples(X)[240:350] == pytest.approx(usual)


@pytest.mark.parametrize("how", [SPREAD[0], SPREAD[5], SPREAD[9]], ids=str)
def test_channels_of_rows_without_evidence_add_up_to_minus_the_score(how):
    X, two = burst(), np.column_stack([wave(600, 0), wave(600, 3)])
    X = np.column_stack([X, X])
    spread = ReverseWindowing(components("missing"), **how)
    for detector in (spread, EnsembleDetector([("one", spread)])):
        shares = explain(detector.fit(two), X)
        np.testing.assert_allclose(
            shares.sum(axis=1), -detector.score_samples(X), atol=1e-12
        )


def test_scales_and_thresholds_rest_on_rows_with_evidence():
    X = wave(900, 0)
    X[300:600] = np.nan  # a third of the rows would score the very same
    around = EnsembleDetector([("one", components("missing"))]).fit(X)
    inner = around.estimators_[0].score_samples(X)
    there = np.r_[0 : 300 + SIZE // 2, 600 + SIZE // 2 - 1 : 900]
    low, middle, high = np.percentile(-inner[there], [25, 50, 75])
    assert around.medians_[0] == pytest.approx(middle)
    assert around.spreads_[0] == pytest.approx((high - low) / 1.349)
    threshold = ThresholdedDetector(components("missing"), n_blocks=2).fit(X)
    assert threshold.n_calibration_rows_ < 650
    spread = ReverseWindowing(components("missing")).fit(X)
    alone = ReverseWindowing(components("missing")).fit(X[~np.isnan(X[:, 0])])
    assert spread.offset_ == pytest.approx(alone.offset_, rel=0.5)


def test_a_stream_and_dask_leave_out_the_same_rows():
    X = burst(300)
    causal = {"causal": True, "smoothing": 5}
    inner = EnsembleDetector([("one", components("missing")), ("two", forest())])
    inner = inner.set_params(two="drop")
    detector = ReverseWindowing(inner, window_size=8, **causal).fit(wave(600, 0))
    whole = detector.score_samples(X)
    stream = StreamScorer(detector)
    parts = [stream.update(part) for part in np.array_split(X, 23)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    chunks = da.from_array(X, chunks=(60, 1))
    np.testing.assert_array_equal(
        skad.dask.score_samples(detector, chunks).compute(), whole
    )
