"""How the loss fell, epoch by epoch."""

from collections import Counter

from skad._estimators.row_context import inner_estimators
from skad.inspection._drawing import load_pyplot

_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")


class LossCurveDisplay:
    """The training and the validation loss of each epoch.

    Make it with `from_estimator`.

    Parameters
    ----------
    losses : dict of str to list of float
        The training loss of each epoch, for each network by name.
    validation_losses : dict of str to list of float, or None, default=None
        The validation loss of each epoch, for those that have one.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        The curves.
    figure_ : matplotlib.figure.Figure
        The figure that holds them.
    lines_ : list of matplotlib.lines.Line2D
        For each network the training loss and, dashed, the validation loss if there is
        one.

    See Also
    --------
    AnomalyDisplay : What the trained detector finds.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from skad import ConvAutoencoder, SlidingWindow
    >>> from skad.inspection import LossCurveDisplay
    >>> X = np.sin(np.arange(200) / 5).reshape(-1, 1)
    >>> network = ConvAutoencoder((4, 2), max_epochs=5, early_stopping=True)
    >>> pipe = make_pipeline(SlidingWindow(window_size=8), network).fit(X)
    >>> display = LossCurveDisplay.from_estimator(pipe)
    >>> [line.get_label() for line in display.lines_]
    ['ConvAutoencoder', 'ConvAutoencoder, validation']
    """

    def __init__(self, losses, *, validation_losses=None):
        self.losses = losses
        self.validation_losses = validation_losses

    @classmethod
    def from_estimator(cls, estimator, *, ax=None):
        """Find the trained networks in a detector, and draw their losses.

        Parameters
        ----------
        estimator : estimator
            A fitted detector with `loss_curve_`, or a Pipeline, a search or a
            meta-detector with one or several inside.
        ax : matplotlib.axes.Axes or None, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        display : LossCurveDisplay
            Drawn, with `ax_` and `figure_`.

        Raises
        ------
        ValueError
            If no network is inside, or none is fitted.
        ImportError
            If matplotlib is not installed.
        """
        found = list(_networks_in(estimator, None))
        if not found:
            raise ValueError(
                f"{type(estimator).__name__} has no loss_curve_, nor has anything "
                "inside it. Pass a fitted estimator that holds a network."
            )
        names = _numbered([name for name, _ in found])
        named = dict(zip(names, [network for _, network in found], strict=True))
        losses = {name: list(network.loss_curve_) for name, network in named.items()}
        validation = {
            name: [-score for score in network.validation_scores_]
            for name, network in named.items()
            if getattr(network, "validation_scores_", None) is not None
        }
        return cls(losses, validation_losses=validation or None).plot(ax)

    def plot(self, ax=None):
        """Draw.

        Parameters
        ----------
        ax : matplotlib.axes.Axes or None, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        display : LossCurveDisplay
            This display, with `ax_` and `figure_`.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        plt = load_pyplot("LossCurveDisplay")
        if ax is None:
            _, ax = plt.subplots(layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
        self.lines_ = []
        for number, (name, losses) in enumerate(self.losses.items()):
            color = _COLORS[number % len(_COLORS)]
            self._draw(losses, name, color=color)
            if name in (self.validation_losses or {}):
                held_back = self.validation_losses[name]
                self._draw(held_back, f"{name}, validation", color=color, ls="--")
        if all(min(line.get_ydata()) > 0 for line in self.lines_):
            ax.set_yscale("log")
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.set(xlabel="epoch", ylabel="loss")
        ax.spines[["top", "right"]].set_visible(False)
        ax.legend(frameon=False)
        return self

    def _draw(self, losses, label, **style):
        epochs = range(1, len(losses) + 1)
        marker = "o" if len(losses) == 1 else None  # of one point a line shows nothing
        (line,) = self.ax_.plot(epochs, losses, label=label, marker=marker, **style)
        self.lines_.append(line)


def _networks_in(estimator, name):
    """Yield networks, with the names that an ensemble gave, or those of classes."""
    if hasattr(estimator, "loss_curve_"):
        yield name or type(estimator).__name__, estimator
        return
    members = getattr(estimator, "named_estimators_", {})
    parts = members.items() or [(name, part) for part in inner_estimators(estimator)]
    for inner_name, part in parts:
        yield from _networks_in(part, inner_name)


def _numbered(names):
    """Add a number to names that occur more than once."""
    counts, seen = Counter(names), Counter()
    for name in names:
        seen[name] += 1
        yield name if counts[name] == 1 else f"{name} {seen[name]}"
