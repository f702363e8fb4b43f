"""From the errors of steps and channels to one score per window.

Every detector leaves differences behind: by how much each step of each channel of a
window missed what was expected. They become a score in three moves, and only the
first sees single steps::

    of_steps      differences of a window    (n_steps, n_channels)   squares, or sizes
    (mean over the steps)                    (n_channels,)
    of_windows    each channel's share       (n_channels,)           scaled, or the
                                                                     largest alone
    (sum over the channels)                  minus the score

The first is asked only of what arrays of numpy and tensors of torch have in common.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from sklearn.utils._param_validation import StrOptions

AGGREGATIONS = {"mean", "max", "standardised", "standardised_max", "mahalanobis"}
CONSTRAINTS = {
    "error": [StrOptions({"squared", "absolute"})],
    "channel_aggregation": [StrOptions(AGGREGATIONS)],
}
# The share of the mean variance in the covariance: in a direction in which the model
# was never wrong, an error counts much, but not without bounds.
_SHRINKAGE = 0.1
# Less than any error that means something, and far from where a quotient overflows.
_TINY = 1e-100


@dataclass(frozen=True)
class ChannelErrors:
    """How differences become a score, with what was learnt about the channels.

    ``scale`` is there for the standardised aggregations, ``precision`` for
    "mahalanobis".
    """

    error: str = "squared"
    aggregation: str = "mean"
    scale: np.ndarray | None = None
    precision: np.ndarray | None = None

    @property
    def is_mean_of_squares(self) -> bool:
        """Tell the plain case, for which steps and channels are all alike."""
        return (self.error, self.aggregation) == ("squared", "mean")

    def of_steps(self, differences):
        """Map differences (..., n_channels) to the errors of single readings."""
        if self.aggregation != "mahalanobis":
            is_squared = self.error == "squared"
            return differences * differences if is_squared else abs(differences)
        shares = differences * self.weighed(differences)
        if self.error == "squared":
            return shares
        distances = shares.sum(axis=-1, keepdims=True).clip(_TINY, None) ** 0.5
        return shares / distances

    def weighed(self, differences):
        """Multiply each step by the precision; the blocks are of one shape."""
        return differences @ self.precision

    def of_windows(self, means: np.ndarray) -> np.ndarray:
        """Map means over the steps, (n, n_channels), to shares of minus the score."""
        errors = means if self.scale is None else means / self.scale
        if not self.aggregation.endswith("max"):
            return errors / errors.shape[1]
        shares = np.zeros_like(errors)
        largest = errors.argmax(axis=1)[:, np.newaxis]
        np.put_along_axis(shares, largest, errors.max(axis=1, keepdims=True), axis=1)
        return shares


def learnt(
    error: str, aggregation: str, differences: Iterable[np.ndarray]
) -> ChannelErrors:
    """Learn what an aggregation has to know about the channels.

    The differences of the training windows come in blocks of shape
    (n, n_steps, n_channels), which are read only where there is something to learn.
    """
    if aggregation.startswith("standardised"):
        scale = _scale(ChannelErrors(error), differences)
        return ChannelErrors(error, aggregation, scale=scale)
    if aggregation == "mahalanobis":
        precision = np.linalg.inv(_covariance(differences))
        return ChannelErrors(error, aggregation, precision=precision)
    return ChannelErrors(error, aggregation)


def _scale(errors, differences):
    """Return the deviation of each channel's error, and the mean of all added to it.

    Without that mean, a channel that was constant while the model learnt would drown
    all others when it moves.
    """
    n, total, squares = 0, 0.0, 0.0
    for block in differences:
        means = errors.of_steps(block).mean(axis=1)
        n += len(means)
        total = total + means.sum(axis=0)
        squares = squares + (means * means).sum(axis=0)
    means = total / n
    variances = (squares / n - means * means).clip(0)
    return np.sqrt(variances) + means.mean() + _TINY


def _covariance(differences):
    """Return the covariance of single steps about 0, shrunk towards a sphere."""
    n, total = 0, 0.0
    for block in differences:
        rows = block.reshape(-1, block.shape[-1])
        n += len(rows)
        total = total + rows.T @ rows
    usual = np.trace(total) / n / len(total)
    everywhere = (_SHRINKAGE * usual + _TINY) * np.eye(len(total))
    return (1 - _SHRINKAGE) * total / n + everywhere
