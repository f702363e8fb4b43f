"""From the errors of steps and channels to one score per window.

Every detector leaves differences behind: by how much each step of each channel of a
window missed what was expected. They become a score in three moves::

    of_steps      the error of each reading    (n, n_steps, n_channels)
    means         their means over the steps   (n, n_channels)
    of_windows    minus the scores             (n,)

`ChannelErrors` is the only place that knows what ``error`` and ``channel_aggregation``
mean. It asks only for what arrays of numpy and tensors of torch have in common; where
they differ, `skad._torch.tensor_errors` says how it is done with tensors.
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
# Those for which the order of means over steps and channels does not matter.
_MEANS = {"mean", "mahalanobis"}
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

    def means(self, differences, *, merge: bool = False):
        """Average the errors of differences, (n, n_steps, n_channels), over the steps.

        With ``merge``, channels of which only the mean will be asked become one: for
        scores that is enough, and it is faster.
        """
        return self.of_steps(differences, merge=merge).mean(axis=1)

    def of_steps(self, differences, *, merge: bool = False):
        """Map differences (..., n_channels) to the errors of single readings."""
        errors = self._of_readings(differences)
        if merge and self.aggregation in _MEANS:
            return errors.mean(axis=-1, keepdims=True)
        return errors

    def _of_readings(self, differences):
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

    def of_windows(self, means):
        """Map means over the steps, (n, n_channels), to the errors of windows, (n,)."""
        errors = self._scaled(means)
        if self.aggregation.endswith("max"):
            return self.largest(errors)
        return errors.mean(axis=1)

    def largest(self, errors):
        """Return the largest error of each window."""
        return errors.max(axis=1)

    def _scaled(self, means):
        return means if self.scale is None else means / self.scale

    def shares(self, means: np.ndarray) -> np.ndarray:
        """Share out the errors of windows among their channels: (n, n_channels)."""
        errors = self._scaled(means)
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
        means = errors.means(block)
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
