"""From the scores of normal rows to a threshold: pure functions, one a strategy.

Scores are low for the abnormal, so a threshold is a *lower* bound, and the tail that
matters is the lower one.
"""

import math

import numpy as np
from scipy.stats import genpareto, median_abs_deviation, rankdata

STRATEGIES = ("quantile", "budget", "fixed", "sigma", "mad", "iqr", "pot", "conformal")
# A tail of fewer rows says nothing about its shape.
SHORTEST_TAIL = 10
# (n + 1) * alpha is a whole number where a user means it to be, up to rounding.
_ROUNDING = 1 + 1e-12


def quantile(scores, alpha):
    """Return the score below which a share ``alpha`` of the scores lies."""
    return np.percentile(scores, 100 * alpha)


def sigma(scores, k):
    """Return the mean less ``k`` standard deviations."""
    return np.mean(scores) - k * np.std(scores)


def mad(scores, k):
    """Return the median less ``k`` deviations, scaled to be sigma in a normal law."""
    return np.median(scores) - k * median_abs_deviation(scores, scale="normal")


def iqr(scores, k):
    """Return the first quartile less ``k`` interquartile ranges."""
    first, third = np.percentile(scores, [25, 75])
    return first - k * (third - first)


def conformal(scores, alpha, run=1.0):
    """Return the order statistic that a further score undercuts at most at ``alpha``.

    Of n independent scores (``run=1``) that is minus the k-th smallest of ``-scores``,
    ``k = ceil((n + 1) * (1 - alpha))``: the p-value of a score s, ``(1 + number of
    scores <= s) / (n + 1)``, is ``alpha`` there. If neighbours are alike over ``run``
    rows, each ``run``-th row makes a set of independent ones; the mean of the p-values
    by these sets is ``(run + number of scores <= s) / (n + run)``.
    """
    n_below = math.floor(alpha * _ROUNDING * (len(scores) + run) - run)
    return np.sort(scores)[n_below]


def run_of(scores):
    """Count the rows over which neighbouring scores are alike, 1 if none are.

    The integrated autocorrelation time of their ranks, up to the first lag at which
    nothing is left but chance: n scores count as ``n / run`` independent ones.
    """
    n_rows = len(scores)
    ranks = rankdata(scores) - (n_rows + 1) / 2
    power = np.abs(np.fft.rfft(ranks, 2 * n_rows)) ** 2
    correlation = np.fft.irfft(power)[: n_rows // 2] / np.sum(ranks**2)
    by_chance = np.append(correlation, 0) <= 2 / math.sqrt(n_rows)
    return 1 + 2 * float(correlation[1 : np.argmax(by_chance)].sum())


def peaks_over_threshold(scores, alpha, tail_fraction):
    """Return the level that a fitted tail undercuts at the rate ``alpha``."""
    start = np.percentile(scores, 100 * tail_fraction)
    excesses = start - scores[scores < start]
    if len(excesses) < SHORTEST_TAIL:
        raise ValueError(
            f'strategy="pot" found {len(excesses)} scores in the lower tail '
            f"(tail_fraction={tail_fraction}) of {len(scores)}, where ties do not "
            f"count, and needs {SHORTEST_TAIL} to fit its shape. Pass a longer "
            'series, raise tail_fraction, or use strategy="quantile".'
        )
    shape, scale = _pareto_tail(excesses)
    rate = alpha * len(scores) / len(excesses)
    return start - genpareto.isf(rate, shape, scale=scale)


def _pareto_tail(excesses):
    """Fit shape and scale; an exponential tail where that is not likelier."""
    unit = excesses.mean()
    shape, _, scale = genpareto.fit(excesses / unit, 0.1, floc=0)
    likelihoods = [
        genpareto.logpdf(excesses / unit, *tail).sum()
        for tail in [(shape, 0, scale), (0.0, 0, 1.0)]
    ]
    # Below a shape of -1 the likelihood has no maximum; and the search may get lost.
    if shape > -1 and likelihoods[0] > likelihoods[1]:
        return shape, scale * unit
    return 0.0, unit


def refuse_too_few(n_rows, strategy, alpha, run=1.0):
    """Raise where ``n_rows`` scores, alike over ``run`` rows, set no threshold."""
    if n_rows == 0:
        raise ValueError(
            "No row that was held back has full windows. Pass a longer series, raise "
            "calibration_fraction, or shorten the windows."
        )
    if strategy == "conformal" and alpha * _ROUNDING * (n_rows + run) < run:
        raise ValueError(
            f'strategy="conformal" needs {math.ceil(1 / alpha - 1)} independent scores '
            f"for alpha={alpha}; the {n_rows} at hand count as {n_rows / run:.0f}, "
            f"since neighbours are alike over {run:.1f} rows. Pass a longer series, "
            "raise calibration_fraction if it is used, shorten the windows, or raise "
            f"alpha to {1.005 * run / (n_rows + run):.3g}. The other strategies answer "
            "all the same, and promise nothing."
        )


def threshold_of(scores, strategy, *, alpha, k, tail_fraction):
    """Return the threshold that a strategy other than "fixed" sets on ``scores``."""
    refuse_too_few(len(scores), strategy, alpha)
    if np.ptp(scores) == 0:
        return float(scores[0])  # a mean of equal numbers may be off by rounding
    if strategy == "conformal":
        run = run_of(scores)
        refuse_too_few(len(scores), strategy, alpha, run)
        return float(conformal(scores, alpha, run))
    if strategy == "pot":
        return float(peaks_over_threshold(scores, alpha, tail_fraction))
    if strategy == "quantile":
        return float(quantile(scores, alpha))
    return float(_OF_SPREAD[strategy](scores, k))


_OF_SPREAD = {"sigma": sigma, "mad": mad, "iqr": iqr}
