"""What the displays draw with: lines, spans, and the room for them."""

import numpy as np

from skad.inspection._decimation import any_marked, bin_edges, highest, lowest
from skad.inspection._time_axis import TimeAxis

# Told apart by all eyes (Okabe and Ito, 2008).
BLUE, ORANGE, VERMILION = "#0072B2", "#E69F00", "#D55E00"
_MOST_NAMES = 25


def load_pyplot(caller: str):
    """Return matplotlib.pyplot, which nothing but plots needs."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            f"{caller} draws with matplotlib, and matplotlib is not installed. Install "
            'it with pip install "skad[plot]".'
        ) from error
    return plt


class Pen:
    """Draws what belongs to rows into axes that share one axis of time."""

    def __init__(self, time: TimeAxis, n_rows: int, axes):
        self.time = time
        n_pixels = max(1, round(axes.get_window_extent().width))
        self.edges = bin_edges(n_rows, time.starts, n_pixels)
        self._places = time.in_units_of_the_plot()
        steps = np.diff(self._places)
        self._half = np.median(steps) / 2 if len(steps) else 0.5
        first, last = self.edges[:-1], self.edges[1:] - 1
        self._begins_segment = np.isin(first, time.starts)
        self._middles = (self._places[first] + self._places[last]) / 2
        self.left = self._places[first] - self._half
        self.right = self._places[last] + self._half

    def line(self, axes, values: np.ndarray, **style):
        """Draw a line through the lowest and the highest value of each bin."""
        low, high = lowest(values, self.edges), highest(values, self.edges)
        x, y = self._middles, low
        if len(values) > len(low):
            x, y = np.repeat(x, 2), np.column_stack([low, high]).ravel()
        breaks = np.flatnonzero(self._begins_segment)[1:] * (len(x) // len(low))
        x, y = np.insert(x, breaks, np.nan), np.insert(y, breaks, np.nan)
        return axes.plot(x, y, **style)[0]

    def band(self, axes, lower: np.ndarray, upper: np.ndarray, **style):
        """Fill what lies between the lowest and the highest value of each bin."""
        low, high = lowest(lower, self.edges), highest(upper, self.edges)
        breaks = np.flatnonzero(self._begins_segment)[1:]
        edges = [np.insert(each, breaks, np.nan) for each in (self._middles, low, high)]
        return axes.fill_between(*edges, linewidth=0, **style)

    def spans(self, axes, marked: np.ndarray, bottom: float, height: float, **style):
        """Draw a box over each run of marked rows, in shares of the axes' height."""
        bins = np.flatnonzero(any_marked(marked, self.edges))
        is_new = (np.diff(bins, prepend=-2) > 1) | self._begins_segment[bins]
        left = self.left[bins[is_new]]
        right = self.right[bins[np.append(is_new[1:], True)[: len(bins)]]]
        return axes.broken_barh(
            np.column_stack([left, right - left]),
            (bottom, height),
            transform=axes.get_xaxis_transform(),
            linewidth=0.8,  # a box narrower than a pixel is seen by its edge
            **style,
        )

    def cells(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Put an empty cell into each gap; return cells, and the edges between them."""
        wide = self.left[1:] - self.right[:-1] > self._half
        gaps = np.flatnonzero(wide & self._begins_segment[1:]) + 1
        left = np.insert(self.left, gaps, self.right[gaps - 1])
        return np.insert(values, gaps, np.nan, axis=0), np.append(left, self.right[-1])

    def finish(self, axes) -> None:
        """Fit the axis to the rows, and label it."""
        axes.set_xlim(self.left[0], self.right[-1])
        self.time.label_axis(axes)


def name_lanes(axes, names: list, places: np.ndarray) -> None:
    """Put the names of channels at the left, as many as there is room for."""
    every = -(-len(names) // _MOST_NAMES)
    axes.set_yticks(places[::every], [str(name) for name in names[::every]])
    axes.tick_params(axis="y", length=0)
