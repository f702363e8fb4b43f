"""Where one series ends and the next begins, read off a pandas index.

::

    index      10:00 10:01 10:02 | 14:30 14:31     a gap:      two segments
    index      (a,0) (a,1) (a,2) | (b,0) (b,1)     two series: two segments
    array      no index: one segment

Rows that are merely counted, 0, 1, 2, ..., as pandas does where no index is given,
are an array in this sense: a scaler that returns frames makes such an index up.

A window never crosses a cut. What counts as a gap is learnt once, from the rows
seen at fit (`learn_gaps`), and then holds for every table, so that the rows at
hand never change the rule. pandas is never imported: an index is asked for numpy
arrays, and whatever has no index is one series.
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np

# The outer level of an index that tells copies of one table apart, and names no series.
COPY_LEVEL = "copy"
# Row numbers either follow each other or do not; clocks drop a tick now and then.
_DEFAULT_STEPS = {"row numbers": 1, "numbers": 3, "timestamps": 3}
# Whole numbers further apart may be seconds of a clock, which is off by less than half
# a step; where a number is left out, the step is two.
_OFF_BY_LESS = 1.5
# Tables of one row each start anew at every row, and seldom at a lower number.
_MOST_RESTARTS = 0.75
# Rows from which on a median difference is that of a clock.
_FEWEST_ROWS, _FEWEST_ROWS_OF_A_SHORT_STEP = 5, 30
# Sums of a decimal step such as 0.1 are off by rounding; that is no gap.
_ROUNDING = 1 + 1e-9


@dataclass(frozen=True)
class GapRule:
    """The rule learnt at fit: more than ``most`` times ``unit`` is a gap."""

    kind: str | None
    step: object
    unit: object
    most: float
    is_count: bool = False  # the rows seen at fit were counted, as those of an array

    def starts(self, X) -> np.ndarray:
        """Return the first row of every segment of ``X``, in order, from row 0 on."""
        if is_one_series(X):
            return np.zeros(1, dtype=np.intp)
        times = _Times.of(X)
        knows_clock = times.kind == self.kind
        if not knows_clock and self.knows_index:
            raise ValueError(
                f"The index of X holds {times.kind}, but at fit it held {self.kind}. "
                "Pass X with the same kind of index as at fit, or an array, which "
                "counts as one series."
            )
        cuts = times.new_series | times.backwards
        if knows_clock and self.unit is not None:
            cuts |= times.differences / self.unit > self.most * _ROUNDING
        return np.concatenate([[0], np.flatnonzero(cuts) + 1])

    @property
    def knows_index(self) -> bool:
        """Tell whether an index was seen at fit, and not an array or its count."""
        return self.kind is not None and not self.is_count

    def as_a_clock(self) -> str:
        """Say what may be wrong where whole numbers are not evenly apart."""
        if self.kind != "row numbers" or self.step is None or self.step <= 1:
            return ""
        return (
            f" The numbers in the index of X are {self.step} apart (median): if they "
            "are the time of a clock that jitters, set max_gap, or convert them with "
            'pandas.to_datetime(X.index, unit="s").'
        )

    def other_step(self, X) -> str | None:
        """Say in words how the step of ``X`` differs from the one learnt, if it does.

        It differs if it is so long that most rows are cut from the row before, or less
        than a third of the step learnt. A few rows show no step, and irregular clocks
        show a short one at times.
        """
        if self.step is None or is_one_series(X) or len(X) < _FEWEST_ROWS:
            return None
        times = _Times.of(X)
        step = times.typical_step() if times.kind == self.kind else None
        if step is None:
            return None
        is_long = step > self.step and step / self.unit > self.most * _ROUNDING
        is_short = 3 * step < self.step and len(X) >= _FEWEST_ROWS_OF_A_SHORT_STEP
        if not (is_long or is_short):
            return None
        return (
            f"The rows of X are {_in_words(step)} apart (median), and those seen at "
            f"fit were {_in_words(self.step)} apart"
        )


def learn_gaps(X, max_gap=None) -> GapRule:
    """Learn the step of the index of ``X``, and the widest difference without a cut."""
    times = _Times.of(X)
    if times is None:
        return GapRule(kind=None, step=None, unit=None, most=np.inf)
    is_count, step = is_one_series(X), times.typical_step()
    if isinstance(max_gap, (timedelta, np.timedelta64)):
        return GapRule(times.kind, step, _span(max_gap, times.kind), most=1)
    most = _default_steps(times.kind, step) if max_gap is None else max_gap
    return GapRule(times.kind, step, step, most, is_count)


def _default_steps(kind, step):
    is_spaced = kind == "row numbers" and step is not None and step > 1
    return _OFF_BY_LESS if is_spaced else _DEFAULT_STEPS[kind]


def is_one_series(X) -> bool:
    """Tell whether ``X`` is one series without gaps: no index, or rows counted by 1."""
    index = getattr(X, "index", None)
    is_missing = index is None or callable(index) or len(index) == 0
    return is_missing or getattr(index, "step", None) == 1  # that of a RangeIndex


def series_starts(X) -> np.ndarray:
    """Return the first row of each series that an outer index level of ``X`` names."""
    index = getattr(X, "index", None)
    if not hasattr(index, "levels"):  # none is named: an index of times, or a list
        return np.zeros(1, dtype=np.intp)
    _, codes = _levels(index)
    changes = (codes[:, 1:] != codes[:, :-1]).any(axis=0)
    return np.concatenate([[0], np.flatnonzero(changes) + 1])


def _span(max_gap, kind):
    # To numpy, a pandas.Timedelta is a timedelta, which has no nanoseconds.
    span = np.timedelta64(getattr(max_gap, "asm8", max_gap))
    if not span > np.timedelta64(0):
        raise ValueError(
            f"max_gap={max_gap!r} must be a span of time above zero: the widest step "
            "between neighbouring rows that is no gap."
        )
    if kind != "timestamps":
        raise ValueError(
            f"max_gap={max_gap!r} is a span of time, but the index of X holds {kind}. "
            "Give max_gap as a number of steps, or X a DatetimeIndex."
        )
    return span


def _in_words(step):
    """Write 0:05:00 for five minutes, and numbers as they are."""
    is_span = isinstance(step, np.timedelta64)
    return str(step.astype("timedelta64[us]").item() if is_span else step)


@dataclass(frozen=True)
class _Times:
    """What an index says of each row and the one before it."""

    kind: str
    differences: np.ndarray  # (n - 1,) of each row to the one before
    new_series: np.ndarray  # (n - 1,) bool: the row belongs to another series
    backwards: np.ndarray  # (n - 1,) bool: the index starts anew within one series

    @classmethod
    def of(cls, X):
        """Read the index of ``X``; None where it has none."""
        index = getattr(X, "index", None)
        if index is None or callable(index) or len(index) == 0:
            return None
        level, codes = _levels(index)
        values, kind = _values_and_kind(level)
        new_series = (codes[:, 1:] != codes[:, :-1]).any(axis=0)
        _refuse_scattered_series(codes, new_series, index)
        differences = np.diff(values)
        _refuse_descent(differences[~new_series], level)
        backwards = ~new_series & (differences <= np.zeros(1, differences.dtype)[0])
        named = any(name != COPY_LEVEL for name in index.names[:-1])
        if named or kind == "timestamps":
            _refuse_disorder(backwards, level)
        return cls(kind, differences, new_series, backwards)

    def typical_step(self):
        """Return the median of the differences within a series; None without any."""
        forward = np.sort(self.differences[~(self.new_series | self.backwards)])
        # Of two in the middle the smaller: a gap makes a difference longer.
        return forward[(len(forward) - 1) // 2] if len(forward) else None


def _levels(index):
    """Split an index into times and, per row, numbers for the series it belongs to."""
    if not hasattr(index, "levels"):
        return index, np.zeros((1, len(index)), dtype=int)
    codes = np.array(index.codes[:-1], dtype=int)
    codes = codes.reshape(index.nlevels - 1, len(index))
    return index.get_level_values(-1), codes


def _values_and_kind(level):
    values = _as_numpy(level)
    if values.dtype.kind in "Mm":
        kind = "timestamps"
    elif values.dtype.kind in "iu":
        kind, values = "row numbers", values.astype(np.int64)
    elif values.dtype.kind == "f":
        kind = "numbers"
    else:
        zones = ", utc=True" if hasattr(level[0], "tzinfo") else ""
        raise ValueError(
            f"The index of X holds {type(level[0]).__name__} labels such as "
            f"{level[0]!r}, which show neither time nor row numbers. Convert it with "
            f"pandas.to_datetime(X.index{zones}), or drop it with "
            "X.reset_index(drop=True)."
        )
    if not np.isfinite(values).all():
        raise ValueError(
            "The index of X has missing or infinite entries. Drop these rows, for "
            "example with X[X.index.notna()], or give them a time."
        )
    return values, kind


def _as_numpy(level):
    if hasattr(level, "to_timestamp"):  # periods: their starts
        level = level.to_timestamp()
    if hasattr(level, "categories"):  # whose type shows what they are
        level = level.astype(level.categories.dtype)
    if hasattr(level.dtype, "pyarrow_dtype"):  # with a zone it would come as objects
        return level.to_numpy(level.dtype.numpy_dtype)
    return np.asarray(level.infer_objects().values)


def _refuse_scattered_series(codes, new_series, index):
    first_rows = np.concatenate([[0], np.flatnonzero(new_series) + 1])
    blocks = codes[:, first_rows]
    _, first_seen = np.unique(blocks, axis=1, return_index=True)
    if len(first_seen) == blocks.shape[1]:
        return
    again = np.setdiff1d(np.arange(blocks.shape[1]), first_seen)[0]
    name = index[first_rows[again]][:-1]
    raise ValueError(
        f"The rows of series {name[0] if len(name) == 1 else name!r} do not stand "
        "next to each other. Sort X with X.sort_index()."
    )


def _refuse_descent(differences, level):
    """Raise where numbers run backwards; a few that do begin another table."""
    zero = np.zeros(1, differences.dtype)[0]
    is_descent = len(differences) > 1 and np.mean(differences < zero) > _MOST_RESTARTS
    if is_descent and differences.dtype.kind in "if":
        raise ValueError(
            f"The index of X descends, from {level[0]} to {level[1]} and on, and rows "
            "have to stand in the order of time. Turn X round with X.iloc[::-1], or "
            "sort it with X.sort_index()."
        )


def _refuse_disorder(backwards, level):
    if not backwards.any():
        return
    row = int(np.flatnonzero(backwards)[0]) + 1
    what = "is a duplicate of" if level[row] == level[row - 1] else "comes after"
    raise ValueError(
        f"Timestamp {level[row]} (row {row}) {what} {level[row - 1]} in the row "
        "before; within a series, time must increase. Sort X with X.sort_index(), drop "
        "duplicates with X[~X.index.duplicated()], and name separate series in an "
        "outer index level, for example with pandas.concat(frames, keys=names)."
    )
