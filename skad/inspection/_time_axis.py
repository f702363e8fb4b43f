"""Where each row stands on the axis of time, and where the line is broken."""

from dataclasses import dataclass
from datetime import tzinfo

import numpy as np

from skad._series.segments import learn_gaps, series_starts


@dataclass(frozen=True)
class TimeAxis:
    """The place of each row, and its segments.

    ``positions`` are timestamps (UTC), or numbers: those of the index where they
    increase, else row numbers.
    """

    positions: np.ndarray
    starts: np.ndarray
    label: str
    zone: tzinfo | None = None
    series: tuple = ()  # (first row, name) of each, where an outer index level has them

    @classmethod
    def of(cls, table, n_rows: int) -> "TimeAxis":
        """Read the index of a table; what has none has row numbers."""
        index = getattr(table, "index", None)
        starts = learn_gaps(table).starts(table)
        if index is None or callable(index):
            return cls(np.arange(n_rows), starts, "row")
        if hasattr(index, "levels"):
            series = _names_of_series(table)
            return cls(np.arange(n_rows), starts, "row", series=series)
        positions, label = _positions(index)
        if (positions[1:] <= positions[:-1]).any():
            return cls(np.arange(n_rows), starts, "row")
        name = label if index.name is None else str(index.name)
        return cls(positions, starts, name, zone=getattr(index, "tz", None))

    def in_units_of_the_plot(self) -> np.ndarray:
        """Return the positions as the numbers that matplotlib takes."""
        if self.positions.dtype.kind != "M":
            return self.positions.astype(np.float64)
        from matplotlib.dates import date2num

        return date2num(self.positions)

    def label_axis(self, axis) -> None:
        """Put dates, numbers or the names of series below a plot."""
        axis.set_xlabel(self.label)
        if self.positions.dtype.kind == "M":
            self._label_dates(axis)
        if self.series:
            most = 12  # names side by side; of more, every so many
            shown = self.series[:: -(-len(self.series) // most)]
            axis.set_xticks([row for row, _ in shown], [name for _, name in shown])
            axis.set_xlabel("first row of each series")
            for row, _ in shown[1:]:
                axis.axvline(row - 0.5, color="0.8", lw=0.8, zorder=0)

    def _label_dates(self, axis):
        from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

        axis.xaxis_date(self.zone)
        locator = AutoDateLocator(tz=self.zone)
        axis.xaxis.set_major_locator(locator)
        formatter = ConciseDateFormatter(locator, tz=self.zone)
        axis.xaxis.set_major_formatter(formatter)


def _names_of_series(table):
    first_rows = series_starts(table)
    names = [table.index[row][:-1] for row in first_rows]
    return tuple(
        (int(row), " ".join(str(part) for part in name))
        for row, name in zip(first_rows, names, strict=True)
    )


def _positions(index):
    if hasattr(index, "to_timestamp"):  # periods: their starts
        index = index.to_timestamp()
    values = np.asarray(index.infer_objects().values)
    if values.dtype.kind == "m":
        return values / np.timedelta64(1, "s"), "seconds"
    return values, "time" if values.dtype.kind == "M" else "row"
