"""A series, its scores, and what was found."""

import numpy as np

from skad.inspection._drawing import (
    BLUE,
    ORANGE,
    VERMILION,
    Pen,
    load_pyplot,
    name_lanes,
)
from skad.inspection._inner_detector import expected_band
from skad.inspection._rows_of_channels import Rows, read_band, read_scores, read_truth
from skad.inspection._scores_and_threshold import score, threshold_of

_TRUE = {"facecolor": ORANGE, "edgecolor": ORANGE, "alpha": 0.3, "label": "true"}
_FOUND = {"facecolor": VERMILION, "edgecolor": VERMILION, "label": "found"}
_BAND = {"facecolor": BLUE, "alpha": 0.2, "label": "expected"}
_STRIP = 0.03  # of the height, below the lanes, for what was found


class AnomalyDisplay:
    """A series above, its scores below, with what was found and what is true.

    Make it with `from_estimator` or `from_predictions`. Several channels have a lane
    each, scaled to the height of the lane.

    Parameters
    ----------
    X : array-like of shape (n, n_channels), (n,) or (n, n_timesteps, n_channels)
        The rows; of windows, the last one of each. A DataFrame names the channels, and
        its index is the axis of time.
    scores : array-like of shape (n,)
        The score of each row, low = abnormal.
    threshold : float, array-like of shape (n,) or None, default=None
        Rows whose scores lie below it are found, and a line is drawn there; an array
        holds one for each row. None draws none.
    truth : ndarray of shape (n,), bool, or None, default=None
        The rows that are anomalies, if that is known.
    name : str or None, default=None
        What stands above.
    band : pair of array-like of shape (n, n_channels) or None, default=None
        The lowest and the highest reading that were to be expected, see
        `skad.inspection.expected`, drawn behind the channels. None draws none.

    Attributes
    ----------
    ax_ : ndarray of shape (2,) of matplotlib.axes.Axes
        The series, and the scores.
    figure_ : matplotlib.figure.Figure
        The figure that holds them.
    lines_ : list of matplotlib.lines.Line2D
        One for each channel, and the last one for the scores.
    threshold_line_ : matplotlib.lines.Line2D or None
        The threshold.
    true_spans_ : list of matplotlib.collections.PolyCollection
        The true anomalies, behind the series and behind the scores; empty without any.
    found_spans_ : matplotlib.collections.PolyCollection or None
        What was found, along the lower edge of the series.
    bands_ : list of matplotlib.collections.PolyCollection
        One for each channel, of what was to be expected; empty without any.

    See Also
    --------
    ErrorMapDisplay : Which channel, and when.
    skad.postprocessing.to_events : What was found, as a table.

    Notes
    -----
    Lines go through the lowest and the highest value of the rows in each pixel column,
    so a single row that stands out among a million is seen; a million rows of twenty
    channels took one to three seconds. To zoom in, pass the part of X and of the scores
    to `from_predictions`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.ensemble import IsolationForest
    >>> from skad.inspection import AnomalyDisplay
    >>> X = np.random.default_rng(0).normal(size=(200, 2))
    >>> X[50] = 6
    >>> forest = IsolationForest(contamination=0.005, random_state=0).fit(X)
    >>> display = AnomalyDisplay.from_estimator(forest, X)
    >>> [ax.get_ylabel() for ax in display.ax_]
    ['', 'score']
    """

    def __init__(self, X, scores, *, threshold=None, truth=None, name=None, band=None):
        self.X = X
        self.scores = scores
        self.threshold = threshold
        self.truth = truth
        self.name = name
        self.band = band

    @classmethod
    def from_estimator(
        cls, estimator, X, y=None, *, interval=None, pos_label=None, name=None, ax=None
    ):
        """Score rows with a fitted detector, and draw them.

        Parameters
        ----------
        estimator : estimator
            Any fitted outlier detector, Pipeline or search with `score_samples`, those
            of scikit-learn included. Its `offset_`, or that of the detector inside, is
            the threshold; or its ``thresholds(X)``, if it follows the scores.
        X : array-like of shape (n, n_channels)
            What ``estimator`` takes; of windows, (n, n_timesteps, n_channels), the last
            row is drawn.
        y : array-like of shape (n,) or None, default=None
            True labels: -1 (anomaly) and 1; or 0 and 1 (anomaly); or booleans.
        interval : float in (0, 1) or None, default=None
            Draws the band of `skad.inspection.expected` that holds this share of the
            training readings; None draws none.
        pos_label : int, bool or None, default=None
            The label of anomalies; None infers it from the labels present.
        name : str or None, default=None
            What stands above; None takes the name of the class.
        ax : matplotlib.axes.Axes, sequence of two of them, or None, default=None
            Where to draw: one, which is divided, or two. None makes a figure.

        Returns
        -------
        display : AnomalyDisplay
            Drawn, with `ax_` and `figure_`.

        Raises
        ------
        TypeError
            If ``estimator`` has no `score_samples`, or with ``interval`` no `expected`.
        ValueError
            If X holds no numbers, if y cannot be read or has another length, or if the
            index of X shows no order; and whatever ``estimator`` raises.
        ImportError
            If matplotlib is not installed.
        """
        scores = score(estimator, X)
        band = None if interval is None else expected_band(estimator, X, interval)
        return cls.from_predictions(
            X,
            scores,
            y,
            threshold=threshold_of(estimator, X),
            pos_label=pos_label,
            name=type(estimator).__name__ if name is None else name,
            band=band,
            ax=ax,
        )

    @classmethod
    def from_predictions(
        cls,
        X,
        scores,
        y=None,
        *,
        threshold=None,
        pos_label=None,
        name=None,
        band=None,
        ax=None,
    ):
        """Draw rows that were scored.

        Parameters
        ----------
        X : array-like of shape (n, n_channels), (n,) or (n, n_timesteps, n_channels)
            The rows; of windows, the last one of each.
        scores : array-like of shape (n,)
            The score of each row, low = abnormal.
        y : array-like of shape (n,) or None, default=None
            True labels: -1 (anomaly) and 1; or 0 and 1 (anomaly); or booleans.
        threshold : float, array-like of shape (n,) or None, default=None
            Rows whose scores lie below it are found; an array holds one for each row.
        pos_label : int, bool or None, default=None
            The label of anomalies; None infers it from the labels present.
        name : str or None, default=None
            What stands above.
        band : pair of array-like of shape (n, n_channels) or None, default=None
            The lowest and the highest reading that were to be expected.
        ax : matplotlib.axes.Axes, sequence of two of them, or None, default=None
            Where to draw: one, which is divided, or two. None makes a figure.

        Returns
        -------
        display : AnomalyDisplay
            Drawn, with `ax_` and `figure_`.

        Raises
        ------
        ValueError
            If X holds no numbers, if y cannot be read, if lengths differ, or if the
            index of X shows no order.
        ImportError
            If matplotlib is not installed.
        """
        truth = read_truth(y, len(X), pos_label)
        display = cls(X, scores, threshold=threshold, truth=truth, name=name, band=band)
        return display.plot(ax)

    def plot(self, ax=None):
        """Draw.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, sequence of two of them, or None, default=None
            Where to draw: one, which is divided, or two. None makes a figure.

        Returns
        -------
        display : AnomalyDisplay
            This display, with `ax_` and `figure_`.

        Raises
        ------
        ValueError
            If X holds no numbers, if lengths differ, or if the index of X shows no
            order.
        ImportError
            If matplotlib is not installed.
        """
        plt = load_pyplot("AnomalyDisplay")
        rows = Rows.of(self.X)
        scores = read_scores(self.scores, len(rows))
        self.ax_ = _two_axes(plt, ax, rows.values.shape[1])
        self.figure_ = self.ax_[0].figure
        pen = Pen(rows.time, len(rows), self.ax_[0])
        self.lines_ = [*_draw_channels(pen, self.ax_[0], rows)]
        self.bands_ = [*_draw_band(pen, self.ax_[0], rows, read_band(self.band, rows))]
        self.lines_.append(pen.line(self.ax_[1], scores, color="black", lw=0.8))
        self._draw_threshold(pen, scores)
        self._draw_truth(pen)
        self._label(pen)
        return self

    def _draw_threshold(self, pen, scores):
        self.threshold_line_ = self.found_spans_ = None
        if self.threshold is None:
            return
        style = {"color": VERMILION, "ls": "--", "lw": 1, "label": "threshold"}
        if np.ndim(self.threshold) == 0:
            self.threshold_line_ = self.ax_[1].axhline(self.threshold, **style)
        else:
            thresholds = read_scores(self.threshold, len(scores))
            self.threshold_line_ = pen.line(self.ax_[1], thresholds, **style)
        found = scores < np.asarray(self.threshold)
        strip = (0, _STRIP)
        self.found_spans_ = pen.spans(self.ax_[0], found, *strip, zorder=3, **_FOUND)

    def _draw_truth(self, pen):
        self.true_spans_ = []
        if self.truth is not None:
            self.true_spans_ = [
                pen.spans(ax, self.truth, 0, 1, zorder=0, **_TRUE) for ax in self.ax_
            ]

    def _label(self, pen):
        top, bottom = self.ax_
        for ax in self.ax_:
            pen.finish(ax)
            ax.spines[["top", "right"]].set_visible(False)
        top.set_xlabel("")
        top.tick_params(axis="x", labelbottom=False)
        bottom.set_ylabel("score")
        top.set_title(self.name or "", loc="left")
        marks = [*self.true_spans_[:1], *self.bands_[:1]]
        marks += [self.found_spans_, self.threshold_line_]
        marks = [mark for mark in marks if mark is not None]
        if marks:
            top.legend(
                handles=marks,
                loc="lower right",
                bbox_to_anchor=(1, 1),
                ncols=len(marks),
                frameon=False,
                borderaxespad=0.2,
            )


def _two_axes(plt, ax, n_channels):
    """Return axes for the series and, below it, for the scores."""
    height = min(2 + 0.3 * (n_channels - 1), 8)
    if ax is None:
        _, axes = plt.subplots(
            2,
            sharex=True,
            height_ratios=[height, 1.5],
            figsize=(10, height + 2),
            layout="constrained",
        )
        return axes
    if isinstance(ax, plt.Axes):
        share = height / (height + 1.5)
        ax.set_axis_off()
        top = ax.inset_axes([0, 1 - share + 0.04, 1, share - 0.04])
        return np.array([top, ax.inset_axes([0, 0, 1, 1 - share], sharex=top)])
    axes = np.ravel(ax)
    if len(axes) != 2:
        raise ValueError(
            f"ax holds {len(axes)} axes; needed is one, which is divided, or two: for "
            "the series and for the scores."
        )
    return axes


def _draw_channels(pen, axes, rows):
    n_channels = rows.values.shape[1]
    style = {"color": BLUE, "lw": 0.8}
    if n_channels == 1:
        yield pen.line(axes, rows.values[:, 0], **style)
        axes.set_ylabel(rows.names[0])
        return
    for place, channel in _lanes(rows):
        yield pen.line(axes, place + _in_lane(channel, channel), **style)
    name_lanes(axes, rows.names, [place for place, _ in _lanes(rows)])
    top = n_channels - 0.4
    axes.set_ylim((-0.5 - _STRIP * top) / (1 - _STRIP), top)


def _draw_band(pen, axes, rows, band):
    if band is None:
        return
    if rows.values.shape[1] == 1:
        yield pen.band(axes, *(side[:, 0] for side in band), zorder=0, **_BAND)
        return
    for (place, channel), *sides in zip(
        _lanes(rows), *(b.T for b in band), strict=True
    ):
        inside = [place + _in_lane(side, channel).clip(-0.5, 0.5) for side in sides]
        yield pen.band(axes, *inside, zorder=0, **_BAND)


def _lanes(rows):
    """List where each channel stands, the first one on top, and its readings."""
    n_channels = rows.values.shape[1]
    return list(zip(range(n_channels)[::-1], rows.values.T, strict=True))


def _in_lane(values, channel):
    """Scale values by a channel that is to have a height of 0.9 around 0."""
    low, high = np.fmin.reduce(channel), np.fmax.reduce(channel)
    return 0.9 * ((values - low) / (high - low) - 0.5) if high > low else 0 * values
