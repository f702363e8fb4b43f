"""The benchmark of accuracy: what it reads and runs, on tiny series."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import IsolationForest

from skad import EnsembleDetector
from tests.benchmarks.accuracy import contenders
from tests.benchmarks.accuracy.contenders import CONTROLS, ENSEMBLE, Contender
from tests.benchmarks.accuracy.controls import (
    DistanceToMean,
    KNNDistance,
    MovingVariance,
    Persistence,
)
from tests.benchmarks.accuracy.plan import plan_runs, quick_look
from tests.benchmarks.accuracy.runs import (
    Run,
    best_range_f1,
    measure_all,
    read_records,
)
from tests.benchmarks.accuracy.series import (
    LabelledSeries,
    MissingSeriesError,
    load_folder,
    period_of,
)


def test_both_formats_of_series_are_read(folder, rows):
    one, two = load_folder(folder)
    assert (one.name, one.kind, one.n_train) == ("one", "M", 40)
    assert one.published == {"LSTMAD": 0.25, "KMeansAD": 0.5}
    assert (two.kind, two.n_train, two.X.shape) == ("U", 50, (100, 1))
    assert two.X[:, 0] == pytest.approx(rows[:, 0])
    for series in (one, two):
        assert np.flatnonzero(series.y == -1).tolist() == list(range(60, 70))


def test_longer_series_are_left_out(folder):
    assert len(load_folder(folder, 100)) == 2
    assert load_folder(folder, 99) == []


def test_a_folder_without_series_says_where_they_are_found(tmp_path):
    with pytest.raises(MissingSeriesError, match="github.com/waico/SKAB") as caught:
        load_folder(tmp_path)
    assert str(tmp_path) in str(caught.value)
    assert "github.com/TheDatumOrg/TSB-AD" in str(caught.value)


def test_the_window_of_the_volumes_is_a_period():
    assert period_of(np.sin(np.arange(1000) * 2 * np.pi / 50)) == 50
    assert period_of(np.arange(1000.0)) == 125  # without a period


def test_a_quick_look_takes_the_shortest_of_each_kind(series):
    all_series = [
        LabelledSeries(f"{kind}{n}", kind, np.zeros((n, 1)), np.ones(n), 1)
        for kind in ("M", "U")
        for n in (30, 10, 20)
    ]
    names = [found.name for found in quick_look(all_series)]
    assert names == ["M10", "M20", "U10", "U20"]


def test_the_moving_variance_looks_at_the_row_and_31_before(rows):
    spike = np.zeros((100, 1))
    spike[50] = 1
    scores = MovingVariance().fit(np.array([[0.0], [1.0]])).score_samples(spike)
    assert np.flatnonzero(scores < -1e-9).tolist() == list(range(50, 82))
    assert scores[60] == pytest.approx(-np.var(spike[29:61]))


def test_persistence_and_distance_are_squares_on_the_range_of_the_fitted_rows():
    fitted, new = np.array([[0.0, 5], [4, 5]]), np.array([[2.0, 5], [6, 5]])
    assert Persistence().fit(fitted).score_samples(new).tolist() == [0, -0.5]
    assert DistanceToMean().fit(fitted).score_samples(new).tolist() == [0, -0.5]


def test_neighbours_are_the_fitted_rows():
    fitted = np.arange(5.0).reshape(-1, 1)
    detector = KNNDistance(n_neighbors=2).fit(fitted)
    assert detector.score_samples([[10.0]]).tolist() == [-6.5]


def make_forest(seed):
    return IsolationForest(n_estimators=5, random_state=seed)


def make_pair(seed):
    return EnsembleDetector([("autoencoder", make_forest(seed)), ("b", make_forest(7))])


def test_the_members_of_an_ensemble_are_measured_too(series):
    contender = Contender("pair", make_pair, ("autoencoder", "b"))
    records = Run(contender, series, seed=0).records()
    assert [record["method"] for record in records] == ["pair", "autoencoder", "b"]
    alone = make_forest(0).fit(series.X[:40]).score_samples(series.X)
    assert contender.scores(series, 0)["autoencoder"] == pytest.approx(alone)
    assert all(record["VUS-PR"] > 0.5 for record in records)


def test_range_f1_is_that_of_the_best_threshold(is_anomaly):
    y = np.where(is_anomaly, -1, 1)
    assert best_range_f1(y, y + np.linspace(0, 0.1, 100)) == pytest.approx(1, abs=0.2)
    assert best_range_f1(y, -y.astype(float)) < 0.3


def test_a_run_that_broke_off_goes_on_where_it_was(series, tmp_path):
    path = tmp_path / "results" / "runs.jsonl"
    runs = [Run(Contender("forest", make_forest), series, seed) for seed in (0, 1)]
    measure_all(runs, path, n_jobs=1)
    whole = path.read_text().splitlines()
    marked = whole[0].replace('"seed": 0', '"seed": 99')  # shows that it was kept
    path.write_text(marked + "\n" + whole[1][:40])
    records = measure_all(runs, path, n_jobs=1)
    assert sorted(record["seed"] for record in records) == [1, 99]
    assert sorted(record["seed"] for record in read_records(path)) == [1, 99]


def test_another_configuration_is_measured_anew(series, tmp_path):
    path = tmp_path / "runs.jsonl"
    small = Contender("forest", make_forest)
    large = Contender("forest", lambda seed: make_forest(seed + 1))
    assert Run(small, series, 0).key != Run(large, series, 0).key
    measure_all([Run(small, series, 0)], path, n_jobs=1)
    records = measure_all([Run(large, series, 0)], path, n_jobs=1)
    assert [record["key"] for record in records] == [Run(large, series, 0).key]
    assert len(read_records(path)) == 2


def test_what_draws_no_numbers_is_run_once(series, monkeypatch):
    monkeypatch.setattr(contenders, "ensemble", make_pair)
    runs = plan_runs([series], seeds=range(3))
    counts = pd.Series([run.contender.name for run in runs]).value_counts()
    assert counts[ENSEMBLE] == counts["IsolationForest"] == 3
    assert {counts[control.name] for control in CONTROLS} == {1}
