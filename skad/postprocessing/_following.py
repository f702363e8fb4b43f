"""A threshold that follows the scores of the past, and what it remembers of them.

The threshold stands still for blocks of `UPDATE` rows, counted from the first row of a
series, and is set anew from the rows before each block::

    row          0 ....... 31 | 32 ....... 63 | 64 ....... 95
    threshold    by the calibration scores alone
                              | by these and rows 0 to 31
                                              | by these and rows 0 to 63

Of every `EVERY` rows the worst one is remembered: as it was for the level, the median
of recent rows; and less the level of its time, cut at the limit of its time, for the
limit above that level. So an alarm teaches no more than that such an error may come,
and a limit that is too narrow for good still gives way. What is remembered travels as
one object of bounded size, so a series that is scored in blocks, or as a stream, gets
the very thresholds of the whole. Order statistics are taken without interpolation.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

# Rows between two updates, and rows of which one error is remembered.
UPDATE, EVERY = 32, 8
# The share of rows that are alarmed when a level has come to stay, or are usual again
# when it has gone; and after how many rows it has gone, at the earliest.
_NEARLY_ALL, _ROWS_TO_GO_BACK = 0.9, 128
# How long a memory is that goes by the training rows.
_PER_TRAINING_ROW, _FEWEST, _MOST = 4, 2000, 24_000
_FEWEST_RECENT, _MOST_RECENT = 12_000, 18_000
_NONE = np.empty(0)


@dataclass(frozen=True)
class FollowingRule:
    """How errors that are remembered, minus the scores, become a threshold."""

    upper: float
    margin: float
    n_level: int
    n_recent: int
    patience: int

    def limits(self, errors: np.ndarray) -> tuple[float, float]:
        """Return the middle of the errors and the largest one that is no alarm."""
        first, middle, third, high = _order_statistics(
            errors, (0.25, 0.5, 0.75, self.upper)
        )
        return middle, high + self.margin * ((third - first) / 1.349)

    def less_their_level(self, worst: np.ndarray) -> np.ndarray:
        """Subtract the level of their time from calibration errors.

        Of the first third it is the median of that third: what one copy that was far
        off adds to all of its rows does not count as an error.
        """
        first, step = max(len(worst) // 3, 1), UPDATE // EVERY
        excesses = np.empty(len(worst))
        for row in range(0, len(worst), step):
            seen = worst[:first]
            if row >= first:
                seen = worst[max(row - rows_kept(self.n_level), 0) : row]
            excesses[row : row + step] = worst[row : row + step] - median(seen)
        return excesses


def lengths_of_memory(
    n_level: int | str, n_recent: int | str, n_rows: int
) -> tuple[int, int]:
    """Return how many rows are remembered, for the level and in all.

    "auto" goes by the training rows of a series: of few, little is known that is worth
    to be kept while loads grow; of many, the level need not follow each week.
    """
    if n_level == "auto":
        n_level = min(max(_PER_TRAINING_ROW * n_rows, _FEWEST), _MOST)
    if n_recent == "auto":
        n_recent = min(max(n_level, _FEWEST_RECENT), _MOST_RECENT)
    return n_level, n_recent


def rows_kept(n_rows: int) -> int:
    """Count what is remembered of so many rows."""
    return max(1, n_rows // EVERY)


def median(errors: np.ndarray) -> float:
    return _order_statistics(errors, (0.5,))[0]


def _order_statistics(errors, shares):
    at = [max(0, math.ceil(share * len(errors) - 1e-9) - 1) for share in shares]
    return np.sort(errors)[at].tolist()


@dataclass(frozen=True)
class RecentScores:
    """What a threshold that follows remembers, in errors: minus the scores."""

    waiting: np.ndarray  # all since the last update, fewer than UPDATE
    levels: np.ndarray  # the worst of every few rows, as they were
    remembered: np.ndarray  # less the level, and cut at the limit
    watched: np.ndarray  # less the level
    alarmed: np.ndarray  # whether each of the last rows was above the limit
    below: np.ndarray  # whether each of the last rows lay below the ceiling
    level: float
    usual: float  # above the level
    limit: float  # above the level
    aside: np.ndarray | None = None  # what was remembered before another level came
    ceiling: float = -np.inf  # the limit of that time, which is kept

    @classmethod
    def begin(cls, scores: np.ndarray, rule: FollowingRule) -> "RecentScores":
        """Remember the last of the calibration scores, for as long as a level is.

        Few of them are repeated: else the first rows that are scored, often training
        rows, whose errors are small, would outnumber them and pull the level down.
        """
        errors = worst_errors(scores)
        return cls.at_level(errors, rule.less_their_level(errors), rule)

    @classmethod
    def at_level(
        cls, errors: np.ndarray, excesses: np.ndarray, rule: FollowingRule
    ) -> "RecentScores":
        """Remember the level of some errors, and errors less their level."""
        n_levels, n_recent = rows_kept(rule.n_level), rows_kept(rule.n_recent)
        levels = repeated(errors[-n_levels:], n_levels)
        remembered = repeated(excesses[-n_recent:], min(n_levels, n_recent))
        limits = rule.limits(remembered)
        arrays = (_NONE, levels, remembered, _NONE, _NONE, _NONE)
        return cls(*arrays, median(levels), *limits)

    @property
    def threshold(self) -> float:
        return -(self.level + self.limit)

    @property
    def usual_score(self) -> float:
        return -(self.level + self.usual)

    def updated(self, rule: FollowingRule) -> "RecentScores":
        """Learn from the rows that wait."""
        worst = _worst_of_each(self.waiting)
        excess, n_watched = worst - self.level, rows_kept(rule.patience)
        parts = {
            "levels": (worst, rows_kept(rule.n_level)),
            "remembered": (np.minimum(excess, self.limit), rows_kept(rule.n_recent)),
            "watched": (excess, n_watched),
            "alarmed": (excess > self.limit, n_watched),
            "below": (excess <= self.ceiling, _ROWS_TO_GO_BACK // EVERY),
        }
        grown = {
            name: np.concatenate([getattr(self, name), new])[-most:]
            for name, (new, most) in parts.items()
        }
        settled = replace(self, waiting=_NONE, **grown)._settled(n_watched)
        usual, limit = rule.limits(settled.remembered)
        limit = max(limit, settled.ceiling)
        return replace(settled, level=median(settled.levels), usual=usual, limit=limit)

    def _settled(self, n_watched):
        """Turn to a level that has come to stay, or back to the one before it."""
        forgotten = {"watched": _NONE, "alarmed": _NONE, "below": _NONE}
        is_back = len(self.below) == _ROWS_TO_GO_BACK // EVERY and _nearly(self.below)
        if self.aside is not None and is_back:
            before = {"remembered": self.aside, "aside": None, "ceiling": -np.inf}
            return replace(self, **before, **forgotten)
        if len(self.alarmed) < n_watched or not _nearly(self.alarmed):
            return self
        if self.aside is None:
            forgotten |= {"aside": self.remembered, "ceiling": self.limit}
        return replace(self, remembered=self.watched, **forgotten)


def worst_errors(scores: np.ndarray) -> np.ndarray:
    """Return the worst of every few errors; of fewer rows, all of them."""
    errors = -np.asarray(scores, dtype=np.float64)
    if len(errors) < EVERY:
        return errors
    return _worst_of_each(errors[len(errors) % EVERY :])


def repeated(errors: np.ndarray, least: int) -> np.ndarray:
    """Repeat errors, the last ones most often, until there are so many."""
    if len(errors) >= least:
        return errors
    return np.resize(errors[::-1], least)[::-1]


def _worst_of_each(errors):
    return errors.reshape(-1, EVERY).max(axis=1)


def _nearly(flags):
    return flags.sum() >= _NEARLY_ALL * len(flags)


def follow(
    scores: np.ndarray, state: RecentScores, rule: FollowingRule
) -> tuple[np.ndarray, np.ndarray, RecentScores]:
    """Return the usual score and the threshold of each row, and the state after all."""
    usual, thresholds = np.empty(len(scores)), np.empty(len(scores))
    errors, row = -np.asarray(scores, dtype=np.float64), 0
    while row < len(errors):
        stop = min(len(errors), row + UPDATE - len(state.waiting))
        usual[row:stop], thresholds[row:stop] = state.usual_score, state.threshold
        state = replace(state, waiting=np.append(state.waiting, errors[row:stop]))
        if len(state.waiting) == UPDATE:
            state = state.updated(rule)
        row = stop
    return usual, thresholds, state


def follow_series(scores, starts, begins, rule):
    """Return what was usual at each row and its threshold; each series begins anew."""
    series = zip(np.split(scores, starts[1:]), begins, strict=True)
    parts = [follow(part, begin, rule)[:2] for part, begin in series]
    usual, thresholds = (np.concatenate(column) for column in zip(*parts, strict=True))
    return usual, thresholds
