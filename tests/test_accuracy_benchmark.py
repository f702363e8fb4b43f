"""The benchmark of accuracy: what it reads, runs, compares and writes, on tiny data."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import IsolationForest

from skad import EnsembleDetector
from tests.benchmarks.accuracy import __main__ as benchmark
from tests.benchmarks.accuracy import alarms, contenders
from tests.benchmarks.accuracy.ablations import (
    AS_IT_IS,
    ablations,
    ablations_section,
    pipeline_in,
)
from tests.benchmarks.accuracy.bars import Bar, Verdict, judge
from tests.benchmarks.accuracy.comparing import by_series, difference, seed_spread
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
from tests.benchmarks.accuracy.sections import controls_section, means_section
from tests.benchmarks.accuracy.series import (
    LabelledSeries,
    MissingSeriesError,
    load_folder,
    period_of,
)

EVENT = slice(60, 70)


@pytest.fixture
def rows(rng):
    X = rng.normal(size=(100, 2))
    X[EVENT] += 8
    return X


@pytest.fixture
def is_anomaly():
    y = np.zeros(100, dtype=np.int8)
    y[EVENT] = 1
    return y


@pytest.fixture
def folder(tmp_path, rows, is_anomaly):
    """One series in each of the two formats, side by side."""
    np.savez(
        tmp_path / "one.npz",
        X=rows.astype(np.float32),
        y=is_anomaly,
        T=40,
        kind="M",
        published=json.dumps({"LSTMAD": 0.25, "KMeansAD": 0.5}),
    )
    table = pd.DataFrame({"value": rows[:, 0], "Label": is_anomaly})
    table.to_csv(tmp_path / "002_two_id_1_Facility_tr_50_1st_60.csv", index=False)
    (tmp_path / "notes.csv").write_text("not,a,series\n")
    return tmp_path


@pytest.fixture
def series(rows, is_anomaly):
    return LabelledSeries("planted", "M", rows, np.where(is_anomaly, -1, 1), 40)


def table_of(**values):
    """Give methods a VUS-PR for each of several series, on one seed."""
    return pd.DataFrame(
        [
            {"kind": "M", "series": f"s{i}", "method": name, "seed": 0, "VUS-PR": value}
            | {"VUS-ROC": 0.5, "AUC-PR": 0.5, "range F1": 0.5}
            for name, numbers in values.items()
            for i, value in enumerate(numbers)
        ]
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


def test_without_a_folder_nothing_is_run(monkeypatch, capsys, tmp_path):
    monkeypatch.delenv("SKAD_LABELLED_SERIES", raising=False)
    page = tmp_path / "page.rst"
    assert benchmark.main(["--page", str(page)]) == 2
    assert "make bench-accuracy DATA=folder" in capsys.readouterr().err
    assert not page.exists()


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


def test_differences_are_taken_within_a_series():
    table = table_of(ours=[0.9, 0.5, 0.305], theirs=[0.5, 0.6, 0.3])
    found = difference(table, "M", "ours", "theirs")
    assert found.mean == pytest.approx((0.4 - 0.1 + 0.005) / 3)
    assert found.standard_error == pytest.approx(
        np.std([0.4, -0.1, 0.005], ddof=1) / np.sqrt(3)
    )
    assert (found.n_wins, found.n_losses) == (1, 1)


def test_seeds_are_averaged_before_series_are_compared():
    table = pd.concat(
        [table_of(ours=[0.2, 0.4]), table_of(ours=[0.4, 0.8]).assign(seed=1)]
    )
    assert by_series(table)["ours"].tolist() == pytest.approx([0.3, 0.6])
    assert seed_spread(table, "M", "ours") == pytest.approx((0.3, 0.6))


@pytest.mark.parametrize(
    ("number", "is_met", "answer"),
    [
        (0.7, True, "yes, by 0.100"),
        (0.6, True, "yes, by 0.000"),
        (0.55, False, "**no**, by 0.050"),
        (None, False, "not measured"),
    ],
)
def test_a_bar_is_met_from_its_limit_on(number, is_met, answer):
    verdict = Verdict(Bar("M", "ours", 0.6), number)
    assert verdict.is_met is is_met
    assert verdict.answer == answer


def test_bars_are_judged_by_the_mean_over_series():
    bars = [Bar("M", "ours", 0.6), Bar("U", "ours", 0.6), Bar("M", "other", 0.6)]
    numbers = [verdict.number for verdict in judge(bars, table_of(ours=[0.5, 0.9]))]
    assert numbers == [pytest.approx(0.7), None, None]


def test_published_means_stand_beside_ours_on_the_same_series(series):
    known = LabelledSeries("s0", "M", series.X, series.y, 40, {"CNN": 0.3, "KNN": 0.4})
    text = means_section(table_of(ours=[0.9, 0.1]), "M", [known, series]).render()
    assert "1 of them have published values" in text
    assert "KNN (published)" in text  # the best of the published ones
    assert "CNN (published)" in text
    above, below = text.split("All:")
    assert "0.900" in above  # on the series that has published values
    assert "0.500" in below


def test_the_page_says_where_a_control_wins():
    table = table_of(ours=[0.9, 0.2], variance=[0.1, 0.3], persistence=[0.2, 0.1])
    text = controls_section(table, ["ours"], ["variance", "persistence"]).render()
    assert "On 1 of 2 series" in text
    assert "s1" in text
    assert "s0" not in text


def test_every_changed_chain_differs_from_the_chain_in_what_its_name_says():
    chains = {contender.name: contender.make(0) for contender in ablations()}
    plain = repr(pipeline_in(chains[f"autoencoder, {AS_IT_IS}"]))
    of_autoencoder = [
        repr(pipeline_in(chain))
        for name, chain in chains.items()
        if name.startswith("autoencoder") and "not spread" not in name
    ]
    assert of_autoencoder.count(plain) == 1
    assert len(set(of_autoencoder)) == len(of_autoencoder)


def test_changes_are_compared_with_the_chain_of_the_same_seed():
    names = [contender.name for contender in ablations()]
    table = table_of(**{name: [0.5] for name in names})
    other_seed = table_of(**{name: [0.9] for name in names}).assign(seed=1)
    is_forest = table["method"] == "autoencoder, window_size=32"
    table.loc[is_forest, "VUS-PR"] = 0.25
    section = ablations_section(pd.concat([table, other_seed]), seed=0)
    found = dict(section.rows)
    assert found["autoencoder, window_size=32"].startswith("-0.250")
    assert found["autoencoder, StandardScaler"].startswith("+0.000")
    assert f"autoencoder, {AS_IT_IS}" not in found


def test_alarms_are_counted_on_the_rows_to_come(series, monkeypatch):
    monkeypatch.setattr(alarms, "make_detector", lambda *_, **__: KNNDistance(1))
    normal, abnormal = alarms.shares(series, {}, seed=0)
    assert normal < 0.3
    assert abnormal == 1
    # A neighbour of a training row is the row itself: any new row is further away.
    on_training_rows = {"calibration_fraction": None}
    assert alarms.shares(series, on_training_rows, seed=0) == (1, 1)
    text = alarms.alarms_section({"a rule": np.array([[0.2, 1.0], [0.4, 0.5]])})
    assert text.rows == (("a rule", "30%", "75%"),)


@pytest.fixture
def tiny(monkeypatch):
    """Let forests stand in for the chains, and one series for the two of sktime."""
    monkeypatch.setattr(contenders, "ensemble", make_trio)
    monkeypatch.setattr(contenders, "WINDOW", 8)
    monkeypatch.setattr(benchmark, "two_series", list)


def make_trio(seed):
    names = ("autoencoder", "forecaster", "pca")
    return EnsembleDetector([(name, make_forest(seed)) for name in names])


def test_the_whole_page_is_written_from_a_folder(folder, tmp_path, tiny, capsys):
    page, results = tmp_path / "accuracy.rst", tmp_path / "runs.jsonl"
    arguments = ["--data", str(folder), "--seeds", "2", "--jobs", "1"]
    arguments += ["--no-ablations", "--page", str(page), "--results", str(results)]
    assert benchmark.main(arguments) == 0
    text = page.read_text()
    assert capsys.readouterr().out.strip() == text.strip()
    assert "* Series: 1 M, 1 U, of at most 9000 rows" in text
    for title in ("Bars", "Differences", "Where a control wins", "Series by series"):
        assert f"\n{title}\n{'=' * len(title)}\n" in text
    assert "LSTMAD (published)" in text


@pytest.mark.parametrize(("number", "exit_code"), [(0.5, 1), (0.7, 0)])
def test_a_missed_bar_fails_the_check(folder, tmp_path, number, exit_code):
    verdicts = [Verdict(Bar("M", "ours", 0.6), number)]
    page = tmp_path / "page.rst"
    arguments = ["--data", str(folder), "--check", "--page", str(page)]
    found = benchmark.main(arguments, lambda *_: ([], verdicts))
    assert found == exit_code
