"""A look at a table before anything is fitted to it."""

from dataclasses import asdict, dataclass

import numpy as np

from skad.inspection._audit_report import report
from skad.inspection._channel_findings import ChannelFindings, look_at, runs_longer_than
from skad.inspection._clock_findings import ClockFindings, look_at_clock
from skad.inspection._drawing import ORANGE, VERMILION, Pen, load_pyplot, name_lanes
from skad.inspection._time_axis import TimeAxis


@dataclass(frozen=True)
class Audit:
    """What `audit` found in a table; see there.

    ``str()`` of it is the report in words.

    Attributes
    ----------
    n_rows : int
        Number of rows.
    clock : ClockFindings
        What the index shows.
    channels : dict
        By name, what each channel shows; None for a channel of text.
    """

    n_rows: int
    clock: ClockFindings
    channels: dict[object, ChannelFindings | None]
    _readings: dict[object, np.ndarray]
    _time: TimeAxis

    def __str__(self) -> str:
        return report(self.n_rows, self.clock, self.channels)

    @property
    def table(self):
        """Return the findings of the channels of numbers as a `pandas.DataFrame`."""
        import pandas as pd

        rows = {n: asdict(found) for n, found in self.channels.items() if found}
        return pd.DataFrame.from_dict(rows, orient="index")

    def plot(self, ax=None):
        """Draw where readings are missing, and where one repeats for long.

        Parameters
        ----------
        ax : matplotlib.axes.Axes or None, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        ax : matplotlib.axes.Axes
            With a lane for each channel.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        plt = load_pyplot("Audit.plot")
        if ax is None:
            _, ax = plt.subplots(figsize=(9, 1 + 0.3 * len(self._readings)))
        pen = Pen(self._time, self.n_rows, ax)
        height = 1 / len(self._readings)
        for lane, (name, values) in enumerate(self._readings.items()):
            place = (1 - (lane + 0.9) * height, 0.8 * height)
            missing = ~np.isfinite(values)
            if missing.any():
                pen.spans(ax, missing, *place, facecolor=ORANGE, edgecolor=ORANGE)
            repeats = self._long_repeats(name, values)
            if repeats.any():
                pen.spans(ax, repeats, *place, facecolor=VERMILION, edgecolor=VERMILION)
        ax.set_ylim(0, 1)
        places = 1 - (np.arange(len(self._readings)) + 0.5) * height
        name_lanes(ax, list(self._readings), places)
        ax.set_title("orange: missing, red: one reading repeats", fontsize="medium")
        pen.finish(ax)
        return ax

    def _long_repeats(self, name, values):
        found = self.channels[name]
        if not found.is_stuck:
            return np.zeros(len(values), dtype=bool)
        repeats = np.diff(values, prepend=np.nan) == 0
        return runs_longer_than(repeats, found.longest_repeat // 2)


def audit(X) -> Audit:
    """Look at a table of readings, and say what would stand in the way of a detector.

    Nothing is refused and nothing is changed: duplicates, disorder, text and missing
    readings are what it reports.

    Parameters
    ----------
    X : DataFrame or array-like of shape (n_timestamps, n_channels)
        Readings as they come. Outer levels of an index name series.

    Returns
    -------
    audit : Audit
        ``str(audit)`` is the report in words; ``audit.table``, a
        `pandas.DataFrame` with a row for each channel of numbers, has the findings;
        ``audit.plot()`` draws where readings are missing or repeat.

    Raises
    ------
    ValueError
        If X has no rows, or is no table.

    See Also
    --------
    skad.make_detector : The chain that is recommended.
    explain : Which channel made a row abnormal.

    Notes
    -----
    - *stuck*: one reading repeats for more rows than chance explains, given how often
      neighbouring readings of the channel are equal.
    - *drift*: the medians of twenty blocks follow time, and the last lies two usual
      deviations within a block or more from the first.
    - *counter*: hardly any reading is lower than the one before.
    - *period*: as `skad.preprocessing.SlidingWindow` finds it, and in averages of 16
      and of 128 rows; of a long series the last 200,000 rows are looked at.

    Examples
    --------
    >>> import numpy as np
    >>> from skad.datasets import make_series
    >>> from skad.inspection import audit
    >>> X = make_series(n_timestamps=2000, n_channels=2, random_state=0)
    >>> X.iloc[500:540, 0] = np.nan
    >>> X.iloc[900:1000, 1] = X.iloc[900, 1]
    >>> found = audit(X)
    >>> print(str(found).splitlines()[0])
    2000 rows, 2 channels, 1 series.
    >>> found.table[["longest_missing", "longest_repeat", "is_stuck"]]
        longest_missing  longest_repeat  is_stuck
    x0               40               1     False
    x1                0             100      True
    """
    names, columns = _columns_of(X)
    readings = {
        name: values
        for name, values in zip(names, columns, strict=True)
        if values is not None
    }
    found = dict.fromkeys(names) | {
        n: look_at(values) for n, values in readings.items()
    }
    clock = look_at_clock(getattr(X, "index", None))
    return Audit(len(columns[0]), clock, found, readings, _time_axis(X, clock, names))


def _columns_of(X):
    """Return names and columns, float64 with NaN for missing; None for text."""
    table = X if hasattr(X, "columns") else np.asarray(X)
    if len(table.shape) != 2 or 0 in table.shape:
        raise ValueError(
            f"X has shape {tuple(table.shape)}; needed is a table of rows and "
            "channels, at least one of each. Pass a DataFrame, or an array of shape "
            "(n_timestamps, n_channels)."
        )
    if hasattr(table, "columns"):
        names = list(table.columns)
        return names, [_as_numbers(table[name]) for name in names]
    names = [f"x{number}" for number in range(table.shape[1])]
    return names, [_as_numbers(table[:, number]) for number in range(len(names))]


def _as_numbers(column):
    try:
        if hasattr(column, "to_numpy") and hasattr(column, "isna"):  # pandas' own NA
            return column.to_numpy(dtype=np.float64, na_value=np.nan)
        return np.asarray(column).astype(np.float64)
    except (TypeError, ValueError):  # text, categories
        return None


def _time_axis(X, clock, names):
    """Place rows by their times, unless these cannot be put in order."""
    in_order = clock.kind != "labels" and not clock.n_duplicates + clock.n_backwards
    n_rows = len(X)
    return TimeAxis.of(X if in_order else np.empty((n_rows, len(names))), n_rows)
