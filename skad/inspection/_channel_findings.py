"""What one channel of a table shows: missing, repeated, drifting, counting, periods."""

from dataclasses import dataclass

import numpy as np

from skad._series.period import autocorrelation, find_period
from skad.metrics._runs import runs_of

# Rows that a channel may repeat one reading, besides three times what chance explains.
_LEAST_STUCK = 20
# Blocks whose medians show a drift, and how well these have to follow time.
_N_BLOCKS, _LEAST_RANK_CORRELATION = 20, 0.9
# Of the usual deviation within a block: the way from the first block to the last.
_LEAST_DRIFT = 2.0
_COUNTER_SHARE = 0.999
# Rows that are averaged before longer and longer periods are looked for.
_STRIDES = (1, 16, 128)
# Averages in a period at least, and the share of the variance that is left in them.
_LEAST_AVERAGES, _LEAST_SHARE = 4, 0.1
# Of a period: how far another one has to be from it.
_ROUNDING = 0.1
# The latest rows show the periods of a long series.
_MOST_ROWS = 200_000


@dataclass(frozen=True)
class ChannelFindings:
    """Shares are of the rows, runs in rows, the drift in deviations within a block."""

    missing: float = 0.0
    longest_missing: int = 0
    longest_repeat: int = 0
    is_stuck: bool = False
    is_constant: bool = False
    is_counter: bool = False
    drift: float = 0.0
    periods: tuple[int, ...] = ()

    @property
    def is_drifting(self) -> bool:
        return abs(self.drift) >= _LEAST_DRIFT


def look_at(values: np.ndarray) -> ChannelFindings:
    """Look at the readings of one channel, (n,) float64; NaN is missing."""
    missing = ~np.isfinite(values)
    there = values[~missing]
    shown = {"missing": float(missing.mean()), "longest_missing": longest_run(missing)}
    if len(there) < 2 or there.min() == there.max():
        return ChannelFindings(is_constant=True, **shown)
    steps = np.diff(there)
    repeats = longest_run(np.diff(values) == 0) + 1
    is_counter = bool(np.mean(steps >= 0) >= _COUNTER_SHARE and (steps > 0).any())
    return ChannelFindings(
        longest_repeat=repeats,
        is_stuck=repeats > _usual_repeats(steps),
        is_counter=is_counter,
        drift=0.0 if is_counter else drift_of(there),
        periods=() if is_counter else periods_of(values),
        **shown,
    )


def longest_run(marked: np.ndarray) -> int:
    """Count the rows of the longest run of marked rows."""
    starts, stops = runs_of(marked)
    return int((stops - starts).max(initial=0))


def _usual_repeats(steps):
    """Return how long a run of repeats chance explains, were repeats independent.

    A run of length L comes about n p^L times, where a share p of the n steps repeats.
    """
    share = np.clip(np.mean(steps == 0), 1 / len(steps), 1 - 1 / len(steps))
    return _LEAST_STUCK + 3 * np.log(len(steps)) / -np.log(share)


def drift_of(values: np.ndarray) -> float:
    """Return how far the level moves one way from the first rows to the last.

    In deviations within a block; 0 where the medians of the blocks do not follow time.
    """
    if len(values) < 2 * _N_BLOCKS:
        return 0.0
    blocks = np.array_split(values, _N_BLOCKS)
    medians = np.array([np.median(block) for block in blocks])
    ranks = np.argsort(np.argsort(medians))
    if abs(np.corrcoef(ranks, np.arange(_N_BLOCKS))[0, 1]) < _LEAST_RANK_CORRELATION:
        return 0.0
    within = np.median([block.std() for block in blocks])
    way = medians[-1] - medians[0]
    return float(way / within) if within > 0 else float(np.sign(way) * np.inf)


def periods_of(values: np.ndarray) -> tuple[int, ...]:
    """Find up to three periods, in rows: a short one, and longer ones in averages."""
    values = _filled(values[-_MOST_ROWS:])
    found = []
    for stride in _STRIDES:
        averages = values[: len(values) // stride * stride].reshape(-1, stride).mean(1)
        if len(averages) < 9 or averages.var() < _LEAST_SHARE * values.var():
            break  # what is left of a shorter rhythm has aliases
        period = find_period(averages[:, np.newaxis], np.zeros(1, dtype=np.intp))
        if period is None or (stride > 1 and period < _LEAST_AVERAGES):
            continue
        period = _refined(values, period * stride, stride)
        if all(abs(period / known - 1) > _ROUNDING for known in found):
            found.append(period)
    return tuple(found)


def _refined(values, period, stride):
    """Find the peak of the autocorrelation near a period of averages."""
    bounds, last = [(0, len(values))], period + stride
    correlation = autocorrelation(values[:, np.newaxis], bounds, n_lags=last)
    first = max(period - stride + 1, 2)
    return first + int(np.argmax(correlation[first:last]))


def _filled(values):
    there = np.isfinite(values)
    rows = np.arange(len(values))
    return np.interp(rows, rows[there], values[there]) if there.any() else values * 0


def runs_longer_than(marked: np.ndarray, n_rows: int) -> np.ndarray:
    """Keep the runs of marked rows that are longer than ``n_rows``."""
    kept = np.zeros(len(marked), dtype=bool)
    for start, stop in zip(*runs_of(marked), strict=True):
        kept[start:stop] = stop - start > n_rows
    return kept
