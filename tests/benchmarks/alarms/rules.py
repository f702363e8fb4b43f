"""Thresholds that were tried beside the one that skad took, on the same scores.

Each takes the errors (minus scores) of the calibration rows and those of the rows to
come, and marks the alarms among these; all but the last look back alone.
"""

import numpy as np
import pandas as pd

from skad.postprocessing._following import FollowingRule, RecentScores, follow

_STEP = 32


def static_quantile(calibration, errors, share=0.99):
    return errors > np.quantile(calibration, share)


def deviations(calibration, errors, k=3):
    """Take the median and k median absolute deviations, unscaled."""
    middle = np.median(calibration)
    return errors > middle + k * np.median(np.abs(calibration - middle))


def rolling_ranges(calibration, errors, n_recent=1500, k=4):
    """Take the median and k interquartile ranges / 1.349 of the last rows."""
    past = pd.Series(np.concatenate([calibration, errors])).shift(1)
    recent = past.rolling(n_recent, min_periods=min(100, len(calibration) // 2))
    low, middle, high = (recent.quantile(q).to_numpy() for q in (0.25, 0.5, 0.75))
    limit = middle + k * (high - low) / 1.349
    return errors > limit[len(calibration) :]


def adaptive_conformal(calibration, errors, alpha=0.002, gamma=0.0005, n_recent=5000):
    """Adaptive conformal inference: Gibbs and Candes, NeurIPS 2021."""
    recent, rate = calibration[-n_recent:], alpha
    alarmed = np.zeros(len(errors), dtype=bool)
    for start in range(0, len(errors), _STEP):
        part = errors[start : start + _STEP]
        alarmed[start : start + _STEP] = found = part > np.quantile(recent, 1 - rate)
        rate += gamma * (alpha * len(part) - found.sum())
        rate = min(max(rate, 1 / (2 * n_recent)), 0.5)
        recent = np.concatenate([recent, part])[-n_recent:]
    return alarmed


def weighted_quantile(calibration, errors, share=0.98, rate=0.02):
    """Let a quantile follow by stochastic approximation, and an interquartile range."""
    low, high = np.quantile(calibration, [0.25, 0.75])
    spread, level = high - low, np.quantile(calibration, share)
    limits = np.empty(len(errors))
    for row, error in enumerate(errors.tolist()):
        limits[row] = level
        level += rate * spread * (share if error > level else share - 1)
    return errors > limits + spread


def spot(calibration, errors, depth=0, risk=1e-4, level=0.98):
    """Take SPOT, and DSPOT with a ``depth``: Siffer et al., KDD 2017."""
    if depth:
        run = pd.Series(np.concatenate([calibration, errors]))
        run -= run.rolling(depth, min_periods=1).mean().shift(1).bfill()
        calibration, errors = np.split(run.to_numpy(), [len(calibration)])
    start, n_rows = np.quantile(calibration, level), len(calibration)
    excesses = list(calibration[calibration > start] - start)
    limit = start + _tail(excesses, risk * n_rows / max(len(excesses), 1))
    alarmed = np.zeros(len(errors), dtype=bool)
    for row, error in enumerate(errors.tolist()):
        alarmed[row] = error > limit
        n_rows += not alarmed[row]
        if start < error <= limit:
            excesses.append(error - start)
        if row % _STEP == _STEP - 1:
            limit = start + _tail(excesses[-2000:], risk * n_rows / len(excesses))
    return alarmed


def _tail(excesses, rate):
    """Return the excess at a rate, of a Pareto law by its moments."""
    if len(excesses) < 5:
        return np.inf
    mean, variance = np.mean(excesses), np.var(excesses) + 1e-12
    shape = min(max(0.5 * (1 - mean**2 / variance), -0.5), 0.5)
    scale = max(0.5 * mean * (mean**2 / variance + 1), 1e-9)
    if abs(shape) < 1e-6:
        return -scale * np.log(rate)
    return scale / shape * (rate**-shape - 1)


def level_of_2000_rows(calibration, errors):
    """Take the rule of skad, with a level over as many rows for all series."""
    rule = FollowingRule(0.99, 0.75, n_level=2000, n_recent=12_000, patience=256)
    begin = RecentScores.begin(-calibration[-rule.n_recent :], rule)
    return -errors < follow(-errors, begin, rule)[1]


RULES = {
    "level of 2,000 rows": level_of_2000_rows,
    "quantile .99 of calibration": static_quantile,
    "median + 3 deviations": deviations,
    "IQR of the last 1,500 rows": rolling_ranges,
    "adaptive conformal inference": adaptive_conformal,
    "quantile by approximation": weighted_quantile,
    "SPOT": spot,
    "DSPOT, depth 500": lambda calibration, errors: spot(calibration, errors, 500),
}
