"""Rows at any time, as bins of a regular clock, and back.

::

    row      0      1  2             3          at 10:00:20, 10:01:10, :50, 10:03:30
    bin     |10:00 |10:01 |10:02 |10:03 |       the bin of 10:02 is missing
    mean      x0   (x1+x2)/2  NaN   x3
"""

from dataclasses import dataclass

import numpy as np

# As SlidingWindow counts gaps among timestamps: wider than so many steps.
_DEFAULT_STEPS = 3
# For each bin that has a reading: more would be bridges, and no table of readings.
_MOST_BINS = 10_000


@dataclass(frozen=True)
class Clock:
    """The means of bins, and for each row given the number of its bin."""

    regular: object
    places: np.ndarray | None  # None where rows are taken as they are

    @classmethod
    def of(cls, X, freq: str, max_gap, takes_missing: bool) -> "Clock":
        """Bring rows to a clock; what only counts rows has none, and stays as it is."""
        index = getattr(X, "index", None)
        if index is None or callable(index) or _counts_rows(index):
            return cls(X, None)
        width = _width(freq)
        bins = _bins(X, freq)
        regular = _means(X, bins, width, _widest(max_gap, width))
        places = regular.index.get_indexer(bins)
        return cls(regular if takes_missing else _interpolated(regular), places)

    def to_rows(self, of_bins) -> np.ndarray:
        """Give each row what its bin has."""
        of_bins = np.asarray(of_bins, dtype=np.float64)
        return of_bins if self.places is None else of_bins[self.places]

    def rows_in(self, context: tuple[int, int]) -> tuple[int, int]:
        """Count the rows that stand, at most, in the bins that a score looks at."""
        if self.places is None:
            return context
        counts = np.bincount(self.places, minlength=len(self.regular))
        sums = np.concatenate([[0], np.cumsum(counts)])
        widths = [min(n_bins + 1, len(counts)) for n_bins in context]
        back, ahead = (int((sums[width:] - sums[:-width]).max()) for width in widths)
        return max(back - 1, 0), max(ahead - 1, 0)


def _counts_rows(index):
    return index.get_level_values(-1).dtype.kind in "iu"


def _bins(X, freq):
    """Return the index of X, each time brought to the begin of its bin, in UTC."""
    import pandas as pd

    index = X.index
    times = index.get_level_values(-1)
    if not isinstance(times, pd.DatetimeIndex):
        raise TypeError(
            f"The index of X is a {type(times).__name__}, and freq={freq!r} needs "
            "timestamps. Pass a DataFrame with a DatetimeIndex, for example "
            "X.set_index(pandas.to_datetime(times)), or an array, whose rows are taken "
            "as they are."
        )
    if times.hasnans:
        raise ValueError(
            "The index of X has rows without a time. Drop them with "
            "X[X.index.get_level_values(-1).notna()], or give them one."
        )
    times = times if times.tz is None else times.tz_convert(None)
    begins = times.floor(freq)
    if not hasattr(index, "levels"):
        return begins.rename(index.name)
    outer = [index.get_level_values(level) for level in range(index.nlevels - 1)]
    return pd.MultiIndex.from_arrays([*outer, begins], names=index.names)


def _width(freq):
    """Return the length of a bin."""
    import pandas as pd

    try:
        offset = pd.tseries.frequencies.to_offset(freq)
    except ValueError as error:
        raise ValueError(
            f'freq={freq!r} is no length of time for a bin, such as "1min" or "1D".'
        ) from error
    begin, always_alike = pd.Timestamp(0), (pd.offsets.Tick, pd.offsets.Day)
    if not isinstance(offset, always_alike) or not begin + offset > begin:
        raise ValueError(
            f"freq={freq!r} must be a length of time above zero that is always the "
            'same, such as "1min" or "1D".'
        )
    return begin + offset - begin


def _widest(max_gap, width):
    """Return the longest time between readings that is bridged."""
    import pandas as pd

    if max_gap is None:
        return _DEFAULT_STEPS * width
    try:
        span = pd.Timedelta(max_gap)
    except (ValueError, TypeError) as error:
        raise ValueError(
            f'max_gap={max_gap!r} is no span of time, such as "10min".'
        ) from error
    if not span > pd.Timedelta(0):
        raise ValueError(f"max_gap={max_gap!r} must be a span of time above zero.")
    return span


def _means(X, bins, width, widest):
    """Return the means of the bins, with those that are missing within a bridge."""
    import pandas as pd

    levels = list(range(bins.nlevels))
    means = X.set_axis(bins, axis=0).groupby(level=levels, sort=True).mean()
    if bins.nlevels == 1:
        return means.reindex(_bridged(means.index, width, widest))
    parts = {
        name: rows.droplevel(levels[:-1])
        for name, rows in means.groupby(level=levels[:-1], sort=False)
    }
    names = [name if isinstance(name, tuple) else (name,) for name in parts]
    parts = {
        name: rows.reindex(_bridged(rows.index, width, widest))
        for name, rows in zip(names, parts.values(), strict=True)
    }
    return pd.concat(parts, names=bins.names)


def _bridged(times, width, widest):
    """Put in the times of missing bins, but for those within a gap."""
    distances = np.diff(times)
    steps = np.rint(distances / width.to_timedelta64()).astype(int)
    steps = np.append(np.where(distances > widest.to_timedelta64(), 1, steps), 1)
    if steps.sum() > _MOST_BINS * len(steps):
        raise ValueError(
            f"{steps.sum()} bins of {width} would stand for {len(steps)} that have a "
            "reading. Raise freq, or lower max_gap."
        )
    since = np.concatenate([np.arange(n) for n in steps])
    every = np.repeat(times.to_numpy(), steps) + since * width.to_timedelta64()
    return type(times)(every, name=times.name)


def _interpolated(regular):
    """Fill missing bins in time, each series by itself."""
    levels = list(range(regular.index.nlevels - 1))
    if not levels:
        return regular.interpolate(method="time", limit_direction="both")
    parts = [
        rows.set_axis(rows.index.get_level_values(-1))
        .interpolate(method="time", limit_direction="both")
        .set_axis(rows.index)
        for _, rows in regular.groupby(level=levels, sort=False)
    ]
    import pandas as pd

    return pd.concat(parts)
