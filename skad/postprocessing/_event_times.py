"""When rows and events were: an index, its series, and its gaps."""

import itertools
from dataclasses import dataclass

import numpy as np

from skad._series.segments import learn_gaps, series_starts


@dataclass(frozen=True)
class EventTimes:
    """The index of the rows, and where its segments begin."""

    index: object
    times: object  # its innermost level, which takes long to put together
    starts: np.ndarray  # of segments: series, and what lies between gaps
    series: np.ndarray  # first rows of series alone

    @classmethod
    def of(cls, index, n_rows, max_gap):
        """Read ``index``: None (row numbers), an index, or what has one."""
        import pandas as pd

        index = pd.RangeIndex(n_rows) if index is None else _index_of(index)
        if n_rows is not None and len(index) != n_rows:
            raise ValueError(
                f"index has {len(index)} rows and labels_or_scores {n_rows}. Pass the "
                "index of the very rows that were labelled or scored."
            )
        table = pd.DataFrame(index=index)
        starts = learn_gaps(table, max_gap).starts(table)
        starts = starts if len(index) else starts[:0]
        innermost = index.get_level_values(-1)
        times = cls(index, innermost, starts, series=series_starts(table))
        times._refuse_disorder()
        return times

    @property
    def n_rows(self):
        return len(self.index)

    def at(self, rows):
        """Return the times of some rows."""
        return self.times[rows]

    def numbered(self, rows):
        """Return an index for events that begin at these rows: series, and a number."""
        import pandas as pd

        names = [self.index.names[level] for level in self._outer]
        series = [self.index.get_level_values(level)[rows] for level in self._outer]
        numbers = pd.RangeIndex(len(rows), name="event")
        if not series:
            return numbers
        return pd.MultiIndex.from_arrays([*series, numbers], names=[*names, "event"])

    def spans_of(self, events):
        """Yield the first row of each event, and the one after its last."""
        self._refuse_unreadable(events)
        rows_of = dict(self._rows_by_series())
        series = events.index.droplevel(-1) if len(self._outer) else [()] * len(events)
        edges = zip(series, events["start"], events["end"], strict=True)
        for name, start, end in edges:
            rows = rows_of.get(name, slice(0, 0))
            times = self.times[rows]
            first = times.searchsorted(start, side="left")
            yield rows.start + first, rows.start + times.searchsorted(end, side="right")

    def inside(self, events):
        """Mark the rows that stand in an event."""
        is_inside = np.zeros(self.n_rows, dtype=bool)
        for first, stop in self.spans_of(events):
            is_inside[first:stop] = True
        return is_inside

    @property
    def _outer(self):
        return range(self.index.nlevels - 1)

    def _rows_by_series(self):
        edges = [*self.series.tolist(), self.n_rows]
        for start, stop in itertools.pairwise(edges):
            name = self.index[start][:-1] if len(self._outer) and self.n_rows else ()
            yield name[0] if len(name) == 1 else name, slice(start, stop)

    def _refuse_disorder(self):
        for _, rows in self._rows_by_series():
            times = self.times[rows]
            if not (times.is_monotonic_increasing and times.is_unique):
                raise ValueError(
                    "The index goes back, or stands still, within a series, so an "
                    "event could not be found again. Name separate series in an outer "
                    "level, for example with pandas.concat(frames, keys=names), or "
                    "pass index=range(n_rows)."
                )

    def _refuse_unreadable(self, events):
        missing = {"start", "end"} - set(events.columns)
        if missing:
            raise ValueError(
                f"events has no column {sorted(missing)}; needed are start and end, "
                "both inside the event, as to_events gives them."
            )
        if len(self._outer) and events.index.nlevels != self.index.nlevels:
            raise ValueError(
                f"index names series by {len(self._outer)} outer levels, and the index "
                f"of events has {events.index.nlevels} levels. Give events the same "
                "outer levels and a number, as to_events does."
            )
        start, end = events["start"], events["end"]
        self._refuse_other_kind(start)
        self._refuse_other_kind(end)
        if not (start <= end).all():
            row = int(np.argmin(start <= end))
            raise ValueError(
                f"Event {events.index[row]} starts at {start.iloc[row]} and ends at "
                f"{end.iloc[row]}. Each needs an end that is not before its start."
            )

    def _refuse_other_kind(self, column):
        kinds = [_kind(column), _kind(self.times)]
        if len(column) and self.n_rows and kinds[0] != kinds[1]:
            raise ValueError(
                f"events[{column.name!r}] holds {kinds[0]}, and index {kinds[1]}. "
                "Convert it to the same kind, for example with pandas.to_datetime."
            )


def _index_of(index):
    import pandas as pd

    inside = getattr(index, "index", None)
    if isinstance(inside, pd.Index):
        return inside
    return index if isinstance(index, pd.Index) else pd.Index(np.asarray(index))


def _kind(times):
    """Name what can be compared with each other."""
    kind = getattr(times.dtype, "kind", "O")
    if kind in "iuf":
        return "numbers"
    zone = getattr(times.dtype, "tz", None)
    return str(times.dtype) if kind != "M" else f"timestamps (time zone: {zone})"
