"""From scores to a threshold: each strategy against its definition."""

import re
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import minimize

from skad.postprocessing._strategies import (
    STRATEGIES,
    conformal,
    iqr,
    mad,
    peaks_over_threshold,
    quantile,
    run_of,
    sigma,
    threshold_of,
)

RATES = [0.01, 0.03, 0.05, 0.07, 0.1, 0.29, 0.5]
DEFAULTS = {"alpha": 0.05, "k": 3.0, "tail_fraction": 0.2}
# Independent scores that conformal cannot do without, by hand.
FEWEST = {0.01: 99, 0.03: 33, 0.05: 19, 0.07: 14, 0.1: 9, 0.29: 3, 0.5: 1}
OF_SCORES = [name for name in STRATEGIES if name != "fixed"]


def alarms_among_exchangeable(rule, n_rows, alpha):
    """Let each of n + 1 rows be the new one once, the others set the threshold."""
    rows = np.arange(n_rows + 1.0)
    below = [row < rule(np.delete(rows, i), alpha) for i, row in enumerate(rows)]
    return Fraction(sum(below), n_rows + 1)


@pytest.mark.parametrize("alpha", RATES)
def test_conformal_keeps_its_promise_exactly(alpha):
    exact = Fraction(str(alpha))
    fewest = FEWEST[alpha]
    for n_rows in (*range(fewest, fewest + 20), 3 * fewest + 1):
        rate = alarms_among_exchangeable(conformal, n_rows, alpha)
        assert exact - Fraction(1, n_rows + 1) < rate <= exact
        assert rate > 0


def test_a_plain_quantile_promises_too_much():
    rates = [alarms_among_exchangeable(quantile, n, 0.1) for n in range(9, 60)]
    assert max(rates) > Fraction(1, 10)


@pytest.mark.parametrize("alpha", RATES)
def test_conformal_is_the_order_statistic_of_its_definition(rng, alpha):
    for n_rows in (FEWEST[alpha], 137, 400):
        abnormality = np.sort(rng.normal(size=n_rows))
        exact = Fraction(str(alpha))
        rank = -(-(n_rows + 1) * (1 - exact) // 1)  # ceil((n + 1)(1 - alpha))
        assert conformal(-abnormality, alpha) == -abnormality[int(rank) - 1]


def with_alpha(alpha):
    return {**DEFAULTS, "alpha": alpha}


@pytest.mark.parametrize("alpha", RATES)
def test_one_row_fewer_than_conformal_needs_is_refused(rng, alpha):
    fewest = FEWEST[alpha]
    scores = rng.permutation(np.arange(fewest + 0.0))
    assert threshold_of(scores, "conformal", **with_alpha(alpha)) == 0
    if fewest == 1:
        return
    message = (
        rf"needs {fewest} independent scores for alpha={alpha}; the {fewest - 1} at "
        rf"hand count as {fewest - 1}, since .* over 1\.0 rows\. Pass a longer series"
    )
    with pytest.raises(ValueError, match=message):
        threshold_of(scores[1:], "conformal", **with_alpha(alpha))


def smoothed(noise, width):
    """Average over ``width`` rows, as the error of a window does."""
    return np.convolve(noise, np.full(width, 1 / width), mode="valid")


def test_scores_of_overlapping_windows_are_alike(rng):
    noise = rng.normal(size=20_000)
    assert run_of(noise) == pytest.approx(1, abs=0.1)
    # The autocorrelation of a moving average falls in a straight line: 1 + 2 * sum.
    assert run_of(smoothed(noise, 16)) == pytest.approx(16, rel=0.2)
    assert run_of(np.repeat(noise[:2000], 10)) == pytest.approx(10, rel=0.1)
    assert run_of(np.cumsum(noise)) > 1000


def run_by_definition(scores):
    """Sum the autocorrelation of the ranks, lag by lag."""
    ranks = stats.rankdata(scores)
    ranks -= ranks.mean()
    run = 1.0
    for lag in range(1, len(ranks) // 2):
        correlation = ranks[lag:] @ ranks[:-lag] / (ranks @ ranks)
        if correlation <= 2 / np.sqrt(len(ranks)):
            break
        run += 2 * correlation
    return run


@pytest.mark.parametrize("n_rows", [25, 400, 3001])
def test_a_run_is_the_sum_of_its_definition(rng, n_rows):
    noise = rng.normal(size=n_rows + 15)
    series = [
        noise,
        smoothed(noise, 2),
        smoothed(noise, 16),
        np.cumsum(noise),
        np.arange(n_rows),  # alike over more than a third of the rows, if they are many
    ]
    # A likeness that is barely more than chance, which is 2 / sqrt(n).
    series += [noise[1:] + weight * noise[:-1] for weight in (0.05, 0.12, 0.5)]
    for scores in series:
        assert run_of(scores) == pytest.approx(run_by_definition(scores), rel=1e-9)


def test_one_outlier_does_not_hide_that_scores_are_alike(rng):
    scores = smoothed(rng.normal(size=2000), 16)
    scores[1000] = -1e9
    assert run_of(scores) == pytest.approx(16, rel=0.3)


def test_windows_that_overlap_count_as_few(rng):
    scores = smoothed(rng.normal(size=415), 16)
    with pytest.raises(ValueError, match=r"the 400 at hand count as [123]\d, since"):
        threshold_of(scores, "conformal", **with_alpha(0.01))
    rates = []
    for _ in range(200):
        scores = smoothed(rng.normal(size=1415), 16)
        level = threshold_of(scores[:1000], "conformal", **with_alpha(0.05))
        assert level < conformal(scores[:1000], 0.05)
        rates.append(stats.norm.cdf(level * 4))  # a mean of 16 has a quarter of sigma
    assert np.mean(rates) <= 0.05 + 2 * np.std(rates) / np.sqrt(200)


def test_the_alpha_that_is_advised_is_enough(rng):
    scores = rng.permutation(np.arange(39.0))
    with pytest.raises(ValueError, match="or raise alpha to 0.0251. The other"):
        threshold_of(scores, "conformal", **with_alpha(0.01))
    assert threshold_of(scores, "conformal", **with_alpha(0.0251)) == 0


def test_the_alpha_that_is_advised_is_enough_for_scores_that_are_alike(rng):
    scores = smoothed(rng.normal(size=415), 16)
    with pytest.raises(ValueError, match="or raise alpha to") as refusal:
        threshold_of(scores, "conformal", **with_alpha(0.01))
    advised = float(re.search(r"raise alpha to (\S+)\. The", str(refusal.value))[1])
    assert threshold_of(scores, "conformal", **with_alpha(advised)) == scores.min()
    with pytest.raises(ValueError, match="raise alpha"):
        threshold_of(scores, "conformal", **with_alpha(0.98 * advised))


def test_a_quantile_is_the_share_of_the_scores(rng):
    scores = rng.normal(size=200)
    assert np.sum(scores < quantile(scores, 0.05)) == 10


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (sigma, 5 - 3 * 2.0),
        (mad, 5 - 3 * 2.0),
        (iqr, 5 + 2 * stats.norm.ppf(0.25) * (1 + 3 * 2)),
    ],
)
def test_distances_from_the_middle_are_those_of_a_normal_law(rule, expected):
    scores = stats.norm(5, 2).ppf((np.arange(20_000) + 0.5) / 20_000)
    assert rule(scores, 3) == pytest.approx(expected, abs=5e-3)


def test_mad_and_iqr_hardly_feel_some_anomalies(rng):
    scores = rng.normal(size=1000)
    spoilt = np.concatenate([scores, np.full(30, -1e6)])
    for rule in (mad, iqr):
        assert rule(spoilt, 3) == pytest.approx(rule(scores, 3), abs=0.5)
    assert sigma(spoilt, 3) < -1e5


LAWS = {
    "normal": stats.norm(),
    "exponential": stats.expon(),
    "heavy": stats.genpareto(0.3),
    "short": stats.genpareto(-0.4),
}


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_pot_reaches_beyond_the_rows(law):
    """A rate of one in 20,000 from 5,000 rows; the quantile cannot tell."""
    errors = []
    for seed in range(8):
        scores = -law.rvs(5000, random_state=seed)
        level = -peaks_over_threshold(scores, 1 / 20_000, 0.1)
        errors.append(np.log(law.sf(level) * 20_000))
    # Within a factor of four, where the level has to be extrapolated.
    assert abs(np.median(errors)) < np.log(4)


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_pot_agrees_with_the_quantile_inside_the_rows(law):
    scores = -law.rvs(5000, random_state=0)
    level = -peaks_over_threshold(scores, 0.02, 0.1)
    assert law.sf(level) == pytest.approx(0.02, rel=0.2)


def test_pot_knows_no_unit(rng):
    scores = rng.normal(size=500)
    level = peaks_over_threshold(scores, 0.001, 0.1)
    for unit in (1e-9, 1e9):
        scaled = peaks_over_threshold(3 * unit + unit * scores, 0.001, 0.1)
        assert scaled == pytest.approx(unit * (3 + level), rel=1e-3)


def tail_of(scores):
    """Return where the lower fifth starts, and by how much its scores fall short."""
    start = np.percentile(scores, 20)
    return start, start - scores[scores < start]


def test_pot_takes_the_likeliest_tail(rng):
    scores = rng.normal(size=250)
    start, excesses = tail_of(scores)

    def unlikelihood(tail):
        return -stats.genpareto.logpdf(excesses, tail[0], scale=tail[1]).sum()

    shape, scale = minimize(unlikelihood, [0.0, 1.0], method="Nelder-Mead").x
    level = start - peaks_over_threshold(scores, 0.01, 0.2)
    expected = stats.genpareto.isf(0.05, shape, scale=scale)
    assert level == pytest.approx(expected, rel=1e-3)


def exponential_level(scores):
    start, excesses = tail_of(scores)
    return start - excesses.mean() * np.log(0.2 / 0.01)


@pytest.mark.parametrize("shape", [-1.2, -3.0])
def test_pot_takes_the_exponential_tail_where_the_likelihood_has_no_maximum(shape):
    # A density that rises to an end: the likelier, the closer the end to the last row.
    excesses = stats.genpareto(shape).ppf((np.arange(40) + 0.5) / 40)
    scores = np.concatenate([-10 - excesses, np.linspace(-9, 0, 160)])
    level = peaks_over_threshold(scores, 0.01, 0.2)
    assert level == pytest.approx(exponential_level(scores), rel=1e-6)


def test_pot_takes_the_exponential_tail_if_the_search_for_a_likelier_fails(
    rng, monkeypatch
):
    scores = rng.normal(size=250)
    monkeypatch.setattr(stats.genpareto, "fit", lambda *_, **__: (0.0, 0, 1.5))
    level = peaks_over_threshold(scores, 0.01, 0.2)
    assert level == pytest.approx(exponential_level(scores), rel=1e-6)


@pytest.mark.parametrize("n_rows", [10, 45])
def test_a_tail_too_short_for_pot_is_refused(rng, n_rows):
    n_in_tail = {10: 2, 45: 9}[n_rows]
    message = (
        rf'strategy="pot" found {n_in_tail} scores in the lower tail '
        rf"\(tail_fraction=0\.2\) of {n_rows}, .* needs 10 .* raise tail_fraction"
    )
    with pytest.raises(ValueError, match=message):
        threshold_of(rng.normal(size=n_rows), "pot", **DEFAULTS)


def test_a_tail_of_ten_is_long_enough_for_pot(rng):
    scores = rng.normal(size=50)
    assert threshold_of(scores, "pot", **DEFAULTS) < np.percentile(scores, 20)


def test_a_tail_of_ties_is_too_short_for_pot():
    scores = np.repeat([-1.0, 0.0], [100, 100])
    with pytest.raises(ValueError, match="found 0 scores in the lower tail .* ties"):
        threshold_of(scores, "pot", **DEFAULTS)


@pytest.mark.parametrize("strategy", OF_SCORES)
@pytest.mark.parametrize("score", [0.1, -1e-300, -0.7e17, 1 / 3])
def test_equal_scores_are_no_alarms(strategy, score):
    scores = np.full(1003, score)
    assert threshold_of(scores, strategy, **DEFAULTS) == score


def test_equal_scores_may_be_too_few():
    with pytest.raises(ValueError, match="needs 19 .* for alpha=0.05; the 18 at hand"):
        threshold_of(np.zeros(18), "conformal", **DEFAULTS)
    assert threshold_of(np.zeros(19), "conformal", **DEFAULTS) == 0


@pytest.mark.parametrize("strategy", OF_SCORES)
def test_no_score_is_too_few(strategy):
    with pytest.raises(
        ValueError, match="No row that was held back has full windows. Pass a"
    ):
        threshold_of(np.empty(0), strategy, **DEFAULTS)


@pytest.mark.parametrize("strategy", ["quantile", "pot", "conformal"])
def test_a_larger_rate_never_lowers_the_threshold(rng, strategy):
    scores = -rng.exponential(size=400)
    levels = [
        threshold_of(scores, strategy, alpha=alpha, k=3.0, tail_fraction=0.3)
        for alpha in (0.003, 0.01, 0.02, 0.1, 0.2)
    ]
    assert levels == sorted(levels)
    assert len(set(levels)) == 5


@pytest.mark.parametrize("strategy", ["sigma", "mad", "iqr"])
def test_a_larger_distance_lowers_the_threshold(rng, strategy):
    scores = rng.normal(size=400)
    near, far = (
        threshold_of(scores, strategy, alpha=0.1, k=k, tail_fraction=0.3)
        for k in (1.0, 2.0)
    )
    assert far < near < np.median(scores)
