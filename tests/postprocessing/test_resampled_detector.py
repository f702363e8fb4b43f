"""A regular clock inside, rows as they come outside."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline

from skad import PCADetector, SlidingWindow, row_context, score_samples_blockwise
from skad.inspection import expected
from skad.postprocessing import ResampledDetector


def chain():
    return make_pipeline(SlidingWindow(16), PCADetector(3))


def readings(seconds):
    """Two sensors of one rhythm, by the time that each reading was made."""
    phase = np.asarray(seconds) / 600
    index = pd.Timestamp("2026-01-01") + pd.to_timedelta(seconds, unit="s")
    return pd.DataFrame({"a": np.sin(phase), "b": np.cos(phase)}, index=index)


@pytest.fixture
def regular():
    return readings(60.0 * np.arange(1200))


@pytest.fixture
def poisson(rng):
    return readings(np.cumsum(rng.exponential(30.0, size=2400)))


def test_on_a_regular_clock_nothing_changes(regular):
    alone = chain().fit(regular)
    resampled = ResampledDetector(chain(), "1min").fit(regular)
    assert np.array_equal(
        resampled.score_samples(regular), alone.score_samples(regular)
    )


def with_fault(X, start, stop):
    X = X.copy()
    is_faulty = (X.index >= start) & (X.index < stop)
    X.loc[is_faulty, "a"] += 1.5
    return X, is_faulty


def test_a_poisson_clock_is_one_segment_and_its_faults_are_found(regular, poisson):
    when = pd.Timestamp("2026-01-01 12:00"), pd.Timestamp("2026-01-01 12:30")
    found = {}
    for name, X in {"regular": regular, "poisson": poisson}.items():
        faulty, truth = with_fault(X, *when)
        detector = ResampledDetector(chain(), "1min").fit(X[X.index < when[0]])
        found[name] = roc_auc_score(truth, -detector.score_samples(faulty))
    assert found["poisson"] > found["regular"] - 0.02 > 0.9


def test_the_order_of_rows_and_duplicates_do_not_matter(poisson, rng):
    detector = ResampledDetector(chain(), "1min").fit(poisson)
    scores = pd.Series(detector.score_samples(poisson), index=poisson.index)
    shuffled = poisson.iloc[rng.permutation(len(poisson))]
    again = detector.score_samples(shuffled)
    assert np.allclose(again, scores[shuffled.index], rtol=1e-9)
    twice = pd.concat([poisson, poisson])
    assert np.allclose(detector.score_samples(twice)[: len(poisson)], scores)


def test_rows_before_a_bin_do_not_move_it(poisson):
    detector = ResampledDetector(chain(), "1min").fit(poisson)
    scores = detector.score_samples(poisson)
    late = poisson[poisson.index >= "2026-01-01 03:00"]
    well_in = late.index >= pd.Timestamp("2026-01-01 03:20")
    assert np.array_equal(
        detector.score_samples(late)[well_in], scores[-len(late) :][well_in]
    )


def test_a_wide_gap_is_not_bridged_and_a_narrow_one_is(regular):
    wide = regular.drop(regular.index[600:700])
    narrow = regular.drop(regular.index[600:602])
    detector = ResampledDetector(chain(), "1min").fit(regular)
    assert len(detector._clock(wide).regular) == 1100
    assert len(detector._clock(narrow).regular) == 1200
    bridging = ResampledDetector(chain(), "1min", max_gap="3h").fit(regular)
    assert len(bridging._clock(wide).regular) == 1200


def test_series_have_clocks_of_their_own(regular):
    panel = pd.concat({"x": regular, "y": regular.iloc[:500]}, names=["m", "time"])
    detector = ResampledDetector(chain(), "1min").fit(panel)
    alone = detector.score_samples(panel.loc[["y"]])
    assert np.array_equal(detector.score_samples(panel)[1200:], alone)


def test_zones_are_brought_to_one_clock(regular):
    detector = ResampledDetector(chain(), "1min").fit(regular)
    zoned = regular.tz_localize("UTC").tz_convert("Europe/Vienna")
    assert np.array_equal(
        detector.score_samples(zoned), detector.score_samples(regular)
    )


def test_expectations_come_back_to_the_rows(poisson):
    detector = ResampledDetector(chain(), "1min").fit(poisson)
    rows = expected(detector, poisson)
    assert rows.index.equals(poisson.index)
    assert np.abs(rows - poisson).mean().max() < 0.1


def test_a_detector_of_rows_and_a_threshold_serve_as_well(poisson):
    forest = IsolationForest(n_estimators=10, random_state=0)
    detector = ResampledDetector(forest, "1min", contamination=0.1).fit(poisson)
    assert 0.05 < np.mean(detector.predict(poisson) == -1) < 0.15


def test_the_reach_in_rows_covers_the_bins_seen_at_fit(poisson):
    detector = ResampledDetector(chain(), "1min")
    assert row_context(detector) == (15, 0)
    rows_back, rows_ahead = row_context(detector.fit(poisson))
    assert 30 < rows_back < 80
    assert 0 <= rows_ahead < 12


def test_blocks_get_the_scores_of_the_whole():
    X = readings(20.0 * np.arange(900))  # three rows in each bin
    detector = ResampledDetector(chain(), "1min").fit(X)
    assert row_context(detector) == (16 * 3 - 1, 3 - 1)
    blocks = score_samples_blockwise(detector, X, block_size=100)
    assert np.array_equal(blocks, detector.score_samples(X))


def test_rows_that_are_only_counted_and_those_of_an_array_are_taken_as_they_are(
    regular,
):
    alone = chain().fit(regular.to_numpy())
    resampled = ResampledDetector(chain(), "1min").fit(regular.to_numpy())
    assert np.array_equal(
        resampled.score_samples(regular.to_numpy()),
        alone.score_samples(regular.to_numpy()),
    )
    counted = regular.reset_index(drop=True)
    assert np.array_equal(
        ResampledDetector(chain(), "1min").fit(counted).score_samples(counted),
        chain().fit(counted).score_samples(counted),
    )


def test_a_table_without_times_is_refused(regular):
    with pytest.raises(TypeError, match="Index, and freq='1min' needs timestamps"):
        ResampledDetector(chain(), "1min").fit(
            regular.set_axis(regular.index.astype(str))
        )
    with pytest.raises(ValueError, match="fortnight"):
        ResampledDetector(chain(), "fortnight").fit(regular)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"freq": "banana"}, "freq='banana' is no length of time for a bin"),
        ({"freq": "0min"}, "freq='0min' must be a length of time above zero"),
        ({"freq": "-1min"}, "freq='-1min' must be a length of time above zero"),
        ({"freq": "1ME"}, "freq='1ME' must be .* that is always the same"),
        ({"max_gap": "zz"}, "max_gap='zz' is no span of time"),
        ({"max_gap": "-1min"}, "max_gap='-1min' must be a span of time above zero"),
        (
            {"freq": "1us", "max_gap": "1D"},
            "bins of 0 days 00:00:00.000001 would",
        ),
    ],
)
def test_a_clock_that_cannot_be_is_refused_by_name(parameters, message):
    index = pd.date_range("2026-01-01", periods=60, freq="1min")
    frame = pd.DataFrame({"a": np.sin(np.arange(60))}, index=index)
    with pytest.raises(ValueError, match=message):
        ResampledDetector(PCADetector(1), **parameters).fit(frame)


def test_bins_may_be_days():
    index = pd.date_range("2026-01-01", periods=400, freq="6h")
    frame = pd.DataFrame({"a": np.sin(np.arange(400))}, index=index)
    detector = ResampledDetector(PCADetector(1), freq="1D").fit(frame)
    assert detector.score_samples(frame).reshape(100, 4).std(axis=1).max() == 0


def test_a_row_without_a_time_is_refused():
    index = pd.DatetimeIndex(["2026-01-01", None, "2026-01-02"])
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0]}, index=index)
    with pytest.raises(ValueError, match="has rows without a time. Drop them with"):
        ResampledDetector(PCADetector(1)).fit(frame)
