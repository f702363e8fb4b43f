"""False alarms: the promise of "conformal", and the benchmark of all strategies."""

import re

import numpy as np
import pytest

from tests.benchmarks.alarms import __main__ as benchmark
from tests.benchmarks.alarms.contenders import (
    CONTENDERS,
    STRATEGIES,
    Strategy,
    isolation_forest,
    linear_forecaster,
)
from tests.benchmarks.alarms.page import cell, page, promises
from tests.benchmarks.alarms.real import REACH, rates_on_real_series, split
from tests.benchmarks.alarms.series import KINDS, WITH_A_PROMISE, make_series
from tests.benchmarks.alarms.simulation import Rates, alarm_rates, rates_of_one
from tests.support.shares import share

CONFORMAL = Strategy("conformal", {"strategy": "conformal", "alpha": 0.05}, 0.05)
TRAINING = Strategy("training", {"alpha": 0.05}, 0.05, on_training_rows=True)


@pytest.mark.false_alarms
@pytest.mark.parametrize("kind", WITH_A_PROMISE)
@pytest.mark.parametrize(
    "contender", share(CONTENDERS, CONTENDERS[:2]), ids=lambda found: found.name
)
def test_conformal_keeps_its_promise(kind, contender, record_property):
    n_series = share(contender.n_series, 20)
    sizes = {"n_series": n_series, "n_fit": contender.n_fit, "n_new": share(3000, 2000)}
    rates = alarm_rates(contender.make, [CONFORMAL], kind, **sizes)["conformal"]
    record_property("simulated series", n_series)
    record_property(
        f"largest mean rate in %, {kind} series, 5 % promised", 100 * rates.mean
    )
    assert rates.n_refused == 0
    assert rates.keeps_its_promise, f"{rates.mean:.3f} ± {rates.standard_error:.3f}"
    assert rates.mean > 0.02  # and not by raising no alarm


def test_a_threshold_by_training_scores_breaks_the_same_bound():
    """Least squares of 63 numbers on 140 windows is far too good on these."""
    rates = alarm_rates(
        linear_forecaster, [TRAINING], "white", n_series=20, n_fit=200, n_new=2000
    )["training"]
    assert not rates.keeps_its_promise
    assert rates.mean > 0.1


def test_a_series_depends_on_its_kind_and_number_alone():
    for kind in KINDS:
        X = make_series(kind, 3, 500)
        assert X.shape == (500, 1)
        assert np.isfinite(X).all()
        np.testing.assert_array_equal(make_series(kind, 3, 500), X)
        assert not np.array_equal(make_series(kind, 4, 500), X)


def test_the_kinds_are_what_they_are_called():
    def lag_one(kind):
        X = make_series(kind, 0, 20_000)[:, 0]
        return np.corrcoef(X[1:], X[:-1])[0, 1]

    assert abs(lag_one("white")) < 0.03
    assert lag_one("AR(1)") == pytest.approx(0.9, abs=0.02)
    assert lag_one("random walk") > 0.99
    power = np.abs(np.fft.rfft(make_series("seasonal", 0, 20_000)[:, 0])) ** 2
    assert 10 <= 20_000 / np.argmax(power[1:]) <= 50


def test_a_rate_is_that_of_the_new_rows():
    X = np.zeros((300, 1))
    X[:100] = np.random.default_rng(0).normal(size=(100, 1))
    X[150:] = 100.0
    strategy = Strategy("sigma", {"strategy": "sigma"}, 0.0)
    counted = np.arange(150, 300)
    rates = rates_of_one(isolation_forest, [strategy, TRAINING], X, 100, counted)
    assert rates["training"] > 0.95
    assert set(rates) == {"sigma", "training"}


def test_a_refusal_is_no_rate():
    strict = Strategy("strict", {"strategy": "conformal", "alpha": 0.001}, 0.001)
    rates = alarm_rates(
        linear_forecaster, [strict], "white", n_series=2, n_fit=500, n_new=100
    )["strict"]
    assert rates.of_series == [None, None]
    assert rates.n_refused == 2
    assert cell(rates) == "- (2 refused)"
    assert not rates.keeps_its_promise


def test_another_error_is_no_refusal():
    wrong = Strategy("wrong", {"strategy": "pot", "alpha": 0.4}, 0.4)
    with pytest.raises(ValueError, match="lies outside of the tail"):
        alarm_rates(
            linear_forecaster, [wrong], "white", n_series=1, n_fit=500, n_new=100
        )


@pytest.mark.parametrize(
    ("rates", "kept"), [([0.04, 0.07], True), ([0.08, 0.09], False)]
)
def test_the_bound_is_two_standard_errors(rates, kept):
    assert Rates(0.05, rates).keeps_its_promise is kept
    assert Rates(0.05, [None, *rates]).keeps_its_promise is kept


def test_of_a_real_series_only_windows_without_anomalies_count():
    y = np.ones(1000)
    y[[400, 500]] = -1
    X, n_fit, counted = split(np.arange(1000.0), y)
    assert X.shape == (1000, 1)
    assert n_fit == 300
    expected = [*range(300, 400), *range(400 + REACH, 500), *range(500 + REACH, 1000)]
    assert counted.tolist() == expected


def test_where_a_series_changes_conformal_says_that_it_cannot_tell():
    forest = CONTENDERS[0]
    strategies = [CONFORMAL, TRAINING]
    rates = rates_on_real_series([forest], strategies)["Yahoo"][forest.name]
    assert rates["conformal"] is None
    assert rates["training"] > 0.5


def made_up(conformal):
    """Return results with these rates wherever a promise has to be kept."""
    by_kind = {
        kind: {
            s.name: Rates(s.promised, list(conformal if s.has_to_keep_it else [0.0, 1]))
            for s in STRATEGIES
        }
        for kind in KINDS
    }
    real = {c.name: {s.name: None for s in STRATEGIES} for c in CONTENDERS}
    return [(contender, by_kind) for contender in CONTENDERS], {"ECG": real}


def test_the_page_shows_each_rate_and_verdict():
    results, real = made_up([0.008, 0.010, None])
    text = page(
        date="2026-01-01",
        command="make",
        versions="skad 0",
        n_new=3000,
        results=results,
        real=real,
    )
    assert len(promises(results)) == len(CONTENDERS) * 2 * len(WITH_A_PROMISE)
    assert text.count("0.90 ± 0.10 (1 refused)  yes") == len(promises(results))
    for contender in CONTENDERS:
        assert f"\n{contender.name}\n====" in text
    for strategy in STRATEGIES:
        assert len(re.findall(rf"^{re.escape(strategy.name)}  ", text, re.M)) == 4
    assert text.count("  refused  ") == 2 * len(STRATEGIES)  # one ends the line


@pytest.mark.parametrize(("rates", "code"), [([0.0, 0.01], 0), ([0.9, 0.91], 1)])
def test_a_broken_promise_fails_the_check(tmp_path, capsys, rates, code):
    target = tmp_path / "page.rst"
    arguments = ["--check", "--quick", "--page", str(target)]
    assert benchmark.main(arguments, measure=lambda _: made_up(rates)) == code
    assert target.read_text() in capsys.readouterr().out
    assert ("**no**" in target.read_text()) is bool(code)
    assert benchmark.main(arguments[1:], measure=lambda _: made_up(rates)) == 0


def test_a_quick_run_takes_a_tenth_of_the_series(tmp_path):
    asked = []

    def measure(contenders):
        asked.extend(c.n_series for c in contenders)
        return made_up([0.0, 0.01])

    benchmark.main(["--quick", "--page", str(tmp_path / "page.rst")], measure=measure)
    assert asked == [max(5, c.n_series // 10) for c in CONTENDERS]
