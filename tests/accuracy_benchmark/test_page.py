"""The benchmark of accuracy: what it compares and writes, on planted numbers."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import IsolationForest

from skad import EnsembleDetector, ReverseWindowing
from tests.benchmarks.accuracy import __main__ as benchmark
from tests.benchmarks.accuracy import alarms, contenders
from tests.benchmarks.accuracy.ablations import (
    AS_IT_IS,
    ablations,
    ablations_section,
    pipeline_in,
)
from tests.benchmarks.accuracy.bars import Bar, Verdict, judge
from tests.benchmarks.accuracy.comparing import (
    by_series,
    difference,
    seed_deviation,
    seed_spread,
)
from tests.benchmarks.accuracy.controls import (
    KNNDistance,
)
from tests.benchmarks.accuracy.sections import METRICS, controls_section, means_section
from tests.benchmarks.accuracy.series import (
    LabelledSeries,
)


def make_forest(seed):
    return IsolationForest(n_estimators=5, random_state=seed)


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


def test_without_a_folder_nothing_is_run(monkeypatch, capsys, tmp_path):
    monkeypatch.delenv("SKAD_LABELLED_SERIES", raising=False)
    page = tmp_path / "page.rst"
    assert benchmark.main(["--page", str(page)]) == 2
    assert "make bench-accuracy DATA=folder" in capsys.readouterr().err
    assert not page.exists()


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
    assert seed_deviation(table, "ours") == pytest.approx(0.3 / 2**0.5)


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
        if name.startswith("autoencoder") and "smooth" not in name
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
    neighbours = ReverseWindowing(KNNDistance(1), window_size=1)
    monkeypatch.setattr(alarms, "make_detector", lambda *_, **__: neighbours)
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
    for name in ("FORECASTER", "PAIR"):
        named = contenders.Contender(getattr(contenders, name).name, make_forest)
        monkeypatch.setattr(contenders, name, named)
    monkeypatch.setattr(contenders, "WINDOW", 8)
    monkeypatch.setattr(benchmark, "two_series", list)


def make_trio(seed):
    names = ("autoencoder", "pattern", "pca")
    return EnsembleDetector([(name, make_forest(seed)) for name in names])


def test_the_whole_page_is_written_from_a_folder(folder, tmp_path, tiny, capsys):
    page, results = tmp_path / "accuracy.rst", tmp_path / "runs.jsonl"
    arguments = ["--data", str(folder), "--seeds", "1", "--jobs", "1"]
    arguments += ["--no-ablations", "--page", str(page), "--results", str(results)]
    assert benchmark.main(arguments) == 0
    text = page.read_text()
    assert capsys.readouterr().out.strip() == text.strip()
    assert "* Series: 1 M, 1 U, of at most 9000 rows" in text
    titles = ["Bars", "Differences", "Where a control wins"]
    titles += [f"Series by series: {metric}" for metric in METRICS]
    for title in [*titles, "Published, series by series"]:
        assert f"\n{title}\n{'=' * len(title)}\n" in text
    assert "LSTMAD (published)" in text


@pytest.mark.parametrize(("number", "exit_code"), [(0.5, 1), (0.7, 0)])
def test_a_missed_bar_fails_the_check(folder, tmp_path, number, exit_code):
    verdicts = [Verdict(Bar("M", "ours", 0.6), number)]
    page = tmp_path / "page.rst"
    arguments = ["--data", str(folder), "--check", "--page", str(page)]
    found = benchmark.main(arguments, lambda *_: ([], verdicts))
    assert found == exit_code
