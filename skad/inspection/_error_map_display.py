"""Which channel, and when."""

import numpy as np

from skad._estimators.lost_index import warn_of_lost_index
from skad.inspection._decimation import highest
from skad.inspection._drawing import ORANGE, Pen, load_pyplot, name_lanes
from skad.inspection._inner_detector import channel_shares
from skad.inspection._rows_of_channels import Rows, framed_like, read_truth


class ErrorMapDisplay:
    """A map of errors: one line for each channel, over the rows, dark for large.

    Make it with `from_estimator` or `from_predictions`.

    Parameters
    ----------
    errors : DataFrame or array-like of shape (n, n_channels)
        What each channel adds to the error of each row. The columns of a DataFrame name
        the channels, and its index is the axis of time.
    truth : ndarray of shape (n,), bool, or None, default=None
        The rows that are anomalies, if that is known.
    name : str or None, default=None
        What stands above.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        The map.
    figure_ : matplotlib.figure.Figure
        The figure that holds it.
    mesh_ : matplotlib.collections.QuadMesh
        The coloured cells.
    colorbar_ : matplotlib.colorbar.Colorbar
        The scale of the colours.
    true_spans_ : matplotlib.collections.PolyCollection or None
        The true anomalies, along the upper edge.

    See Also
    --------
    explain : Where the errors come from.
    AnomalyDisplay : The series and its scores.

    Notes
    -----
    A cell has the colour of the largest error of the rows in its pixel column, so a
    single row is seen among a million. Colours go by the square root of the error,
    because a few are large; those below zero have the colour of zero.

    Examples
    --------
    >>> import numpy as np
    >>> from skad.inspection import ErrorMapDisplay
    >>> errors = np.random.default_rng(0).exponential(size=(100, 3))
    >>> display = ErrorMapDisplay.from_predictions(errors)
    >>> [label.get_text() for label in display.ax_.get_yticklabels()]
    ['x0', 'x1', 'x2']
    """

    def __init__(self, errors, *, truth=None, name=None):
        self.errors = errors
        self.truth = truth
        self.name = name

    @classmethod
    def from_estimator(
        cls, estimator, X, y=None, *, pos_label=None, name=None, ax=None
    ):
        """Explain rows with a fitted detector, and draw what the channels add.

        Parameters
        ----------
        estimator : estimator
            A fitted detector, Pipeline or meta-detector that `explain` takes.
        X : array-like of shape (n, n_channels)
            What ``estimator`` takes.
        y : array-like of shape (n,) or None, default=None
            True labels: -1 (anomaly) and 1; or 0 and 1 (anomaly); or booleans.
        pos_label : int, bool or None, default=None
            The label of anomalies; None infers it from the labels present.
        name : str or None, default=None
            What stands above; None takes the name of the class.
        ax : matplotlib.axes.Axes or None, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        display : ErrorMapDisplay
            Drawn, with `ax_` and `figure_`.

        Raises
        ------
        TypeError
            If nothing inside ``estimator`` has `explain`.
        ValueError
            If y cannot be read or has another length, or if the index of X shows no
            order; and whatever `explain` raises.
        ImportError
            If matplotlib is not installed.
        """
        truth = read_truth(y, len(X), pos_label)
        name = type(estimator).__name__ if name is None else name
        warn_of_lost_index(estimator, X, stacklevel=3)
        errors = framed_like(X, channel_shares(estimator, X))
        return cls(errors, truth=truth, name=name).plot(ax)

    @classmethod
    def from_predictions(cls, errors, y=None, *, pos_label=None, name=None, ax=None):
        """Draw errors that are known.

        Parameters
        ----------
        errors : DataFrame or array-like of shape (n, n_channels)
            What each channel adds to the error of each row.
        y : array-like of shape (n,) or None, default=None
            True labels: -1 (anomaly) and 1; or 0 and 1 (anomaly); or booleans.
        pos_label : int, bool or None, default=None
            The label of anomalies; None infers it from the labels present.
        name : str or None, default=None
            What stands above.
        ax : matplotlib.axes.Axes or None, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        display : ErrorMapDisplay
            Drawn, with `ax_` and `figure_`.

        Raises
        ------
        ValueError
            If errors are no numbers, if y cannot be read or has another length, or if
            the index shows no order.
        ImportError
            If matplotlib is not installed.
        """
        truth = read_truth(y, len(errors), pos_label)
        return cls(errors, truth=truth, name=name).plot(ax)

    def plot(self, ax=None):
        """Draw.

        Parameters
        ----------
        ax : matplotlib.axes.Axes or None, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        display : ErrorMapDisplay
            This display, with `ax_` and `figure_`.

        Raises
        ------
        ValueError
            If errors are no numbers, or if the index shows no order.
        ImportError
            If matplotlib is not installed.
        """
        plt = load_pyplot("ErrorMapDisplay")
        rows = Rows.of(self.errors, "errors")
        n_channels = rows.values.shape[1]
        if ax is None:
            height = 1.5 + min(0.25 * n_channels, 7)
            _, ax = plt.subplots(figsize=(10, height), layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
        pen = Pen(rows.time, len(rows), ax)
        self.mesh_ = _draw_cells(plt, pen, ax, rows.values)
        self.colorbar_ = self.figure_.colorbar(
            self.mesh_, ax=ax, label="adds to the error", pad=0.02
        )
        name_lanes(ax, rows.names, np.arange(n_channels) + 0.5)
        ax.invert_yaxis()
        self._draw_truth(pen)
        ax.set_title(self.name or "", loc="left")
        pen.finish(ax)
        return self

    def _draw_truth(self, pen):
        self.true_spans_ = None
        if self.truth is None:
            return
        self.true_spans_ = pen.spans(
            self.ax_, self.truth, 1, 0.03, color=ORANGE, clip_on=False, label="true"
        )
        self.ax_.legend(
            handles=[self.true_spans_],
            loc="lower right",
            bbox_to_anchor=(1, 1.03),
            frameon=False,
            borderaxespad=0.2,
        )


def _draw_cells(plt, pen, axes, errors):
    cells, edges = pen.cells(highest(errors, pen.edges))
    largest = float(np.nanmax(cells))
    norm = plt.matplotlib.colors.PowerNorm(0.5, 0, largest if largest > 0 else 1)
    channels = np.arange(errors.shape[1] + 1)
    return axes.pcolormesh(
        edges, channels, cells.T.clip(0), norm=norm, cmap="magma_r", rasterized=True
    )
