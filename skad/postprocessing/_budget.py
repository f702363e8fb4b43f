"""How many alarms somebody can look at, and the threshold that keeps to that."""

from dataclasses import dataclass
from datetime import timedelta
from numbers import Real

import numpy as np

from skad._series.segments import learn_gaps
from skad.postprocessing._alarm_rule import AlarmRule
from skad.postprocessing._event_rows import event_rows

# Thresholds that are tried, from the lowest score up.
_MOST_TRIED = 400
# Margins of a threshold that follows.
_MARGINS = np.concatenate([[0.0], np.geomspace(0.02, 200, 60)])


@dataclass(frozen=True)
class Budget:
    """How many alarms are to be expected of rows that are as normal as these."""

    rule: AlarmRule
    most: float  # alarms among the rows that calibrate

    @classmethod
    def of(cls, X, n_rows: int, alarms: float, per, rule: AlarmRule | None) -> "Budget":
        """Read how many alarms are allowed in how much time, or in how many rows.

        Raises
        ------
        ValueError
            If ``per`` is a time and X has none, or if the rows that calibrate are too
            few to show so rare an alarm.
        """
        n_per = per if isinstance(per, Real) else _rows_in(per, X)
        most = alarms * n_rows / n_per
        if most < 1:
            raise ValueError(
                f"alarms={alarms} per={per!r} allows for one alarm in "
                f"{n_per / alarms:.0f} rows, and {n_rows} rows calibrate, which cannot "
                "show anything so rare. Pass a longer series, or allow for more alarms."
            )
        return cls(AlarmRule() if rule is None else rule, most)

    def is_kept(self, decisions: np.ndarray, starts: np.ndarray) -> bool:
        """Tell whether new rows are to be expected to keep to it, by these rows.

        The next alarm beyond those that were counted here comes as often as not among
        as many new rows, so one more counts.
        """
        is_open = self.rule.open_rows(decisions, starts)
        first, _ = event_rows(is_open, starts, self.rule.merge_gap, min_length=1)
        return len(first) + 1 <= self.most

    def threshold(self, scores: np.ndarray, starts: np.ndarray) -> float:
        """Return the highest threshold that keeps to it, as all lower ones do."""
        ordered = np.unique(scores)
        ranks = np.geomspace(1, len(ordered), _MOST_TRIED)
        tried = ordered[np.unique(ranks.astype(int)) - 1]
        kept = tried[0]  # nothing lies below the lowest score
        for threshold in tried[1:]:
            if not self.is_kept(scores - threshold, starts):
                break
            kept = threshold
        return float(kept)

    def margin(self, decisions_at, starts: np.ndarray) -> float:
        """Return the smallest margin that keeps to it; wider ones alarm less."""
        low, high = 0, len(_MARGINS) - 1
        while low < high:
            middle = (low + high) // 2
            if self.is_kept(decisions_at(_MARGINS[middle]), starts):
                high = middle
            else:
                low = middle + 1
        return float(_MARGINS[low])


def _rows_in(per, X):
    """Count the rows in a span of time, by the usual step of the index."""
    span = _span(per)
    if not span > np.timedelta64(0):
        raise ValueError(f"per={per!r} must be a span of time above zero.")
    gaps = learn_gaps(X)
    if gaps.kind != "timestamps" or gaps.step is None:
        raise ValueError(
            f"per={per!r} is a span of time, but X has no index of timestamps. Give X "
            "a DatetimeIndex, or per as a number of rows."
        )
    return max(1.0, float(span / gaps.step))


def _span(per):
    if isinstance(per, timedelta):
        return np.timedelta64(getattr(per, "asm8", per))
    try:
        import pandas as pd

        span = pd.Timedelta(per)
    except (ImportError, ValueError, TypeError) as error:
        raise ValueError(
            f'per={per!r} is neither a number of rows nor a span of time such as "7D".'
        ) from error
    return span.asm8
