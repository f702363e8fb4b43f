"""The benchmark of speed: its comparisons, verdicts and page, on planted numbers."""

import re

import numpy as np
import pytest

from tests.benchmarks.speed import __main__ as benchmark
from tests.benchmarks.speed.bars import Bar, Value, Verdict, all_bars, judge
from tests.benchmarks.speed.contenders import (
    CONV,
    KINDS,
    LSTM,
    Shape,
    pipeline,
    series,
    windows_of,
)
from tests.benchmarks.speed.measure import (
    CONTROL,
    PLAIN,
    Comparison,
    compare,
    cpu_seconds,
    seconds_of_epochs,
)
from tests.benchmarks.speed.memory import peak_above_now
from tests.benchmarks.speed.page import Section, page, table, verdict_table
from tests.benchmarks.speed.scoring import errors_of, n_spoilt_by_a_spike
from tests.benchmarks.speed.training import difference_of_weights

TINY = Shape(2, 10)


def spend(seconds):
    """Burn CPU time, which sleeping would not."""
    left = seconds
    while left > 0:
        left -= cpu_seconds(sum, range(20_000))


def comparison(**seconds):
    return Comparison({name: np.array(times) for name, times in seconds.items()})


def with_control(plain, again, skad):
    return Comparison(
        {PLAIN: np.array(plain), CONTROL: np.array(again), "skad": np.array(skad)}
    )


def test_seconds_are_those_of_the_cpu():
    assert 0.02 < cpu_seconds(spend, 0.02) < 0.2


def test_what_a_fit_does_besides_its_epochs_drops_out():
    clock = []

    def fit(n_epochs):
        clock.append(n_epochs)
        spend(0.03 + 0.002 * n_epochs)

    assert 0.002 < seconds_of_epochs(fit) < 0.03
    assert clock == [2, 6]


def test_all_contenders_run_once_a_round_and_take_turns_at_going_first():
    calls = []

    def task(name):
        return lambda: calls.append(name) or 1.0

    compare({PLAIN: task("a"), "skad": task("b")}, n_rounds=3)
    warm_up, rounds = calls[:2], calls[2:]
    assert warm_up == ["a", "b"]
    assert rounds == ["a", "a", "b"] + ["a", "b", "a"] + ["b", "a", "a"]


def test_a_ratio_is_the_median_of_the_ratios_within_the_rounds():
    # In the second round something else slows down the machine tenfold.
    compared = with_control([1, 10, 1], [1, 10, 1], [0.5, 5, 0.6])
    assert compared.ratio("skad") == 0.5
    assert compared.control == 1


def test_a_ratio_to_the_plain_loop_takes_the_mean_of_both_its_runs():
    assert with_control([1.0], [3.0], [1.0]).ratio("skad") == 0.5


def test_a_ratio_may_be_taken_over_another_contender():
    compared = comparison(skad=[1.0, 2.0, 3.0], forest=[2.0, 4.0, 2.0])
    assert compared.ratio("skad", over="forest") == 0.5


@pytest.mark.parametrize(
    ("control", "is_settled"),
    [(0.96, False), (0.97, True), (1.0, True), (1.03, True), (1.04, False)],
)
def test_the_control_has_to_come_out_equal(control, is_settled):
    compared = with_control([1.0], [control], [1.0])
    assert compared.is_settled is is_settled


def planted_clock(controls):
    """Give a plain task that the control of each try comes out at a given number."""
    times = [1.0]  # the first run of all
    for control in controls:
        times += [1.0, control]
    return iter(times).__next__


@pytest.mark.parametrize(
    ("controls", "n_tries", "is_settled"),
    [
        ([1.0], 1, True),
        ([1.2, 0.8, 1.01], 3, True),
        ([1.2, 1.2, 1.2, 1.2, 1.0], 5, True),
        ([1.2] * 5 + [1.0], 5, False),
    ],
)
def test_a_comparison_is_repeated_until_the_control_is_settled(
    controls, n_tries, is_settled
):
    compared = compare({PLAIN: planted_clock(controls)}, n_rounds=1)
    assert compared.n_tries == n_tries
    assert compared.is_settled is is_settled


@pytest.mark.parametrize(
    ("number", "is_strict", "is_met"),
    [(0.9, False, True), (1.0, False, True), (1.0, True, False), (1.01, False, False)],
)
def test_a_bar_is_met_up_to_its_limit(number, is_strict, is_met):
    bar = Bar("fit", "Fit", 1.0, is_strict=is_strict)
    assert Verdict(bar, Value(number)).is_met is is_met


def test_a_number_from_an_unsettled_comparison_meets_no_bar():
    verdict = Verdict(Bar("fit", "Fit", 1.0), Value(0.5, 1.2, is_settled=False))
    assert not verdict.is_met
    assert verdict.answer == "unknown: the control read 1.20"


def test_a_missed_bar_says_by_how_much_and_why():
    bar = Bar("row", "One row", 20, " ms", reason="The LSTM takes it all.")
    text = verdict_table([Verdict(bar, Value(25.0))])
    assert re.search(r"One row +<= 20 ms +25 ms +\*\*no\*\*", text)
    assert "One row: missed by 5 ms (25%). The LSTM takes it all." in text


def test_a_met_bar_needs_no_explanation():
    text = verdict_table([Verdict(Bar("row", "One row", 20, " ms"), Value(9.0))])
    assert "yes" in text
    assert "missed" not in text


def test_every_bar_needs_a_number_and_every_number_a_bar():
    bars = [Bar("fit", "Fit", 1.0), Bar("score", "Score", 1.0)]
    with pytest.raises(KeyError, match=r"not measured: \['score'\]"):
        judge(bars, {"fit": Value(1.0)})
    with pytest.raises(KeyError, match=r"without a bar: \['other'\]"):
        judge(bars[:1], {"fit": Value(1.0), "other": Value(1.0)})


def test_bars_have_keys_of_their_own():
    keys = [bar.key for bar in all_bars(38)]
    assert len(set(keys)) == len(keys)


def test_a_table_is_as_wide_as_its_cells():
    assert table(("a", "long header"), [("first", "1"), ("b", "2")]).splitlines() == [
        "=====  ===========",
        "a      long header",
        "=====  ===========",
        "first  1",
        "b      2",
        "=====  ===========",
    ]


def planted_measures(number):
    """Return what measures every bar at one number, below or above all limits."""
    values = {bar.key: Value(number) for bar in all_bars(38)}
    return lambda plan: ([Section("Fit", "Text.", ("a",), (("1",),))], values)


@pytest.mark.parametrize(
    ("arguments", "number", "exit_code"),
    [(["--check"], 0, 0), (["--check"], 1e9, 1), ([], 1e9, 0)],
)
def test_a_missed_bar_fails_the_check(arguments, number, exit_code, tmp_path, capsys):
    path = tmp_path / "speed.rst"
    measure = planted_measures(number)
    assert benchmark.main([*arguments, "--page", str(path)], measure) == exit_code
    assert capsys.readouterr().out.strip() == path.read_text().strip()


def test_one_missed_bar_is_enough_to_fail_the_check(tmp_path):
    _, values = planted_measures(0)(None)
    values["import"] = Value(0.2)  # has to stay below
    arguments = ["--check", "--page", str(tmp_path / "speed.rst")]
    assert benchmark.main(arguments, lambda plan: ([], values)) == 1


def test_the_page_names_date_command_and_versions():
    text = page(
        date="2026-03-01",
        command="make bench-speed",
        facts={"Versions": "torch 2"},
        verdicts=[Verdict(Bar("fit", "Fit", 1.0), Value(0.5))],
        sections=[Section("Growth", "Text.", ("Rows",), (("10",),))],
    )
    assert "Measured on 2026-03-01 by ``make bench-speed``." in text
    assert "* Versions: torch 2" in text
    assert "Growth\n======\n\nText.\n\n====\nRows\n====\n10\n====\n" in text


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_plain_loop_trains_the_network_of_skad(kind):
    windows = windows_of(series(300, TINY.n_channels), TINY)
    assert difference_of_weights(kind, TINY, windows) < 1e-5


def test_another_seed_would_show_in_the_weights(monkeypatch):
    windows = windows_of(series(300, TINY.n_channels), TINY)
    monkeypatch.setattr("tests.benchmarks.speed.contenders.seed", lambda: 1)
    assert difference_of_weights(LSTM, TINY, windows) > 1e-3


def test_errors_are_distances_from_the_exact_scores():
    exact, scores = np.full(4, -1.0), np.array([-1.0, -1.0, -1.0, -1.5])
    assert errors_of(scores, exact) == (0.5, 0.25)


class Causal:
    """Scores that see a number of rows back, their own included."""

    def __init__(self, n_rows):
        self.n_rows = n_rows

    def score_samples(self, X):
        sums = np.concatenate([np.zeros(self.n_rows), np.cumsum(X)])
        return sums[self.n_rows :] - sums[: -self.n_rows]


def test_a_spike_may_only_be_seen_by_the_windows_that_hold_it():
    rows = np.ones((50, 1))
    assert n_spoilt_by_a_spike(Causal(10), rows, TINY) == 0
    assert n_spoilt_by_a_spike(Causal(13), rows, TINY) == 3


def test_a_spike_stays_in_its_windows():
    rows = series(200, TINY.n_channels)
    fitted = pipeline(CONV, TINY).fit(rows)
    assert n_spoilt_by_a_spike(fitted, rows, TINY) == 0


def test_the_peak_is_that_of_the_task_alone():
    before = np.ones(5 * 2**20)  # 40 MiB that are gone when the task begins
    del before
    assert peak_above_now(lambda: np.ones(2**20)) == pytest.approx(8, abs=4)
