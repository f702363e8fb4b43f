"""From rows that are alarmed to alarms that somebody is called for."""

from collections import deque
from dataclasses import dataclass, field
from numbers import Integral, Real

import numpy as np

from skad._series.windows import segment_bounds
from skad.metrics._runs import runs_of


@dataclass(frozen=True)
class AlarmRule:
    """Say when an alarm opens, when it closes, and how soon another one may come.

    A detector decides row by row, and near its threshold rows flicker. A rule makes
    alarms of them: an alarm opens at a row below zero that completes ``min_rows`` such
    rows among the last ``of``, and closes at the first row whose decision has risen to
    ``recovery``. All of it looks back alone, so the same rule serves a table of events
    (`to_events`), a budget of alarms (`ThresholdedDetector`), and a live stream.

    Parameters
    ----------
    min_rows : int, default=1
        How many of the last ``of`` rows must be alarmed for an alarm to open.
    of : int or None, default=None
        Over how many rows they are counted; None takes ``min_rows``, which then have to
        follow each other.
    recovery : float, default=0.0
        The decision, score less threshold, at which an open alarm closes: above zero it
        outlasts rows that are just about normal. In the units of the scores.
    cooldown : int, default=0
        For how many rows after an alarm no other one opens.
    merge_gap : int, default=0
        An alarm that would open after at most so many rows is the one before, going on;
        ``cooldown`` does not keep it shut.

    Attributes
    ----------
    min_rows, of, recovery, cooldown, merge_gap
        As given.

    See Also
    --------
    to_events : Lists alarms.
    AdaptiveThresholdDetector : Decides row by row.

    Examples
    --------
    >>> from skad.postprocessing import AlarmRule, to_events
    >>> decisions = [1, -1, 1, -1, -1, -1, 0.1, -1, 2, 2, -1, 1]
    >>> rule = AlarmRule(min_rows=2, recovery=0.5)
    >>> events = to_events(decisions, threshold=0, rule=rule)
    >>> events[["start", "end"]].to_numpy().tolist()
    [[4, 7]]
    """

    min_rows: int = 1
    of: int | None = None
    recovery: float = 0.0
    cooldown: int = 0
    merge_gap: int = 0

    def __post_init__(self):
        least = {"min_rows": 1, "of": self.min_rows, "cooldown": 0, "merge_gap": 0}
        for name, smallest in least.items():
            value = getattr(self, name)
            if name == "of" and value is None:
                continue
            if not isinstance(value, Integral) or value < smallest:
                raise ValueError(
                    f"{name}={value!r} must be an integer of at least {smallest}, a "
                    "number of rows."
                )
        if not isinstance(self.recovery, Real) or not 0 <= self.recovery < np.inf:
            raise ValueError(
                f"recovery={self.recovery!r} must be a finite number of at least 0: "
                "below zero a row is alarmed itself."
            )

    def open_rows(self, decisions, starts=None) -> np.ndarray:
        """Mark the rows at which an alarm is open.

        Parameters
        ----------
        decisions : array-like of shape (n,)
            Scores less thresholds: below zero a row is alarmed.
        starts : ndarray or None, default=None
            The first row of each series, across which no alarm goes; None means that
            all rows are one.

        Returns
        -------
        is_open : ndarray of shape (n,), bool
            What `advance` says row by row.
        """
        decisions = np.asarray(decisions, dtype=np.float64)
        is_open = np.zeros(len(decisions), dtype=bool)
        for start, stop in segment_bounds(_or_one(starts), len(decisions)):
            self._open(decisions[start:stop], is_open[start:stop])
        return is_open

    def _open(self, decisions, is_open):
        window = self.min_rows if self.of is None else self.of
        so_far = np.concatenate([[0], np.cumsum(decisions < 0)])
        before = np.maximum(np.arange(len(decisions)) + 1 - window, 0)
        counts = so_far[1:] - so_far[before]
        may_open = np.flatnonzero((decisions < 0) & (counts >= self.min_rows))
        last = -np.inf  # row of the alarm before
        for first, stop in zip(*runs_of(decisions < self.recovery), strict=True):
            row = _first_from(may_open, first)
            if row < stop and row - last - 1 > self.merge_gap:
                row = _first_from(may_open, max(first, last + 1 + self.cooldown))
            if row < stop:
                is_open[int(row) : stop] = True
                last = stop - 1

    def advance(self, decisions, state=None):
        """Go on with the next rows of a stream.

        Parameters
        ----------
        decisions : array-like of shape (n,)
            Scores less thresholds of the next rows: below zero a row is alarmed.
        state : AlarmState or None, default=None
            What the last call returned; None begins a series.

        Returns
        -------
        is_open : ndarray of shape (n,), bool
            Whether an alarm is open at each of these rows.
        state : AlarmState
            What to pass on with the rows that follow; ``state`` itself is unchanged.
        """
        window = self.min_rows if self.of is None else self.of
        state = AlarmState() if state is None else state
        recent = deque(state.recent, maxlen=window)
        is_open, n_shut = state.is_open, state.n_shut
        rows = []
        for decision in np.asarray(decisions, dtype=np.float64).tolist():
            recent.append(decision < 0)
            if is_open:
                is_open = decision < self.recovery
            else:
                may_open = decision < 0 and sum(recent) >= self.min_rows
                is_open = may_open and self._is_allowed(n_shut)
            n_shut = 0 if is_open else n_shut + 1
            rows.append(is_open)
        return np.array(rows, dtype=bool), AlarmState(tuple(recent), is_open, n_shut)

    def _is_allowed(self, n_shut):
        """Tell whether an alarm may open after so many rows without one."""
        return n_shut <= self.merge_gap or n_shut >= self.cooldown


@dataclass(frozen=True)
class AlarmState:
    """What a rule remembers of a stream: the last rows, and how long it was shut."""

    recent: tuple = field(default=())
    is_open: bool = False
    n_shut: float = np.inf  # rows since the last alarm


def _first_from(rows, least):
    """Return the first of some rows in order that is not before ``least``."""
    at = np.searchsorted(rows, least)
    return rows[at] if at < len(rows) else np.inf


def _or_one(starts):
    return np.zeros(1, dtype=int) if starts is None else np.asarray(starts)
