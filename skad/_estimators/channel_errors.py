"""From the errors of steps and channels to one score per window.

Every detector leaves differences behind: by how much each step of each channel of a
window missed what was expected. They become a score in three moves::

    of_steps      the error of each reading    (n, n_steps, n_channels)
    means         their means over the steps   (n, n_channels)
    of_windows    minus the scores             (n,)

Before the first, deviations that do not count are cut to 0, and channels that are
context are left out.

`ChannelErrors` is the only place that knows what ``error`` and ``channel_aggregation``
mean. It asks only for what arrays of numpy and tensors of torch have in common; where
they differ, `skad._torch.tensor_errors` says how it is done with tensors.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

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
    "mahalanobis", both for the channels that are scored. ``least`` and ``scored`` are
    those of `skad._estimators.channel_rules.RulesByPosition`.
    """

    error: str = "squared"
    aggregation: str = "mean"
    scale: np.ndarray | None = None
    precision: np.ndarray | None = None
    least: np.ndarray | None = None
    scored: np.ndarray | None = None

    def means(self, differences, unit=1.0, *, merge: bool = False):
        """Average the errors of differences, (n, n_steps, n_channels), over the steps.

        With ``merge``, channels of which only the mean will be asked become one: for
        scores that is enough, and it is faster.
        """
        return self.of_steps(differences, unit, merge=merge).mean(axis=1)

    def of_steps(self, differences, unit=1.0, *, merge: bool = False):
        """Map differences (..., n_channels) to the errors of single readings.

        These are of the channels that are scored. Times ``unit``, a number or
        (n, 1, n_channels), the differences are in the units of the windows.
        """
        errors = self._of_readings(self.counted(differences, unit))
        if merge and self.aggregation in _MEANS:
            return errors.mean(axis=-1, keepdims=True)
        return errors

    def counted(self, differences, unit=1.0):
        """Take the channels that are scored, and cut to 0 what does not count there.

        A difference is what was expected less what was read.
        """
        if self.least is None:
            return self._of_scored(differences)
        sizes = differences * unit
        below, above = self.least
        is_cut = (sizes < below) & (-sizes < above)
        return self._of_scored(self.without(differences, is_cut))

    def without(self, differences, is_cut):
        """Set to 0 what is cut."""
        return np.where(is_cut, 0.0, differences)

    def _of_scored(self, values):
        return values if self.scored is None else values[..., self.scored]

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
        """Share out the errors of windows among all channels: (n, n_channels).

        Those that are not scored have no share.
        """
        shares = self._shares(self._scaled(means))
        if self.scored is None:
            return shares
        of_all = np.zeros((len(shares), len(self.scored)))
        of_all[:, self.scored] = shares
        return of_all

    def _shares(self, errors):
        if not self.aggregation.endswith("max"):
            return errors / errors.shape[1]
        shares = np.zeros_like(errors)
        largest = errors.argmax(axis=1)[:, np.newaxis]
        np.put_along_axis(shares, largest, errors.max(axis=1, keepdims=True), axis=1)
        return shares


def learnt(
    errors: ChannelErrors, differences: Iterable[tuple[np.ndarray, np.ndarray | float]]
) -> ChannelErrors:
    """Learn what an aggregation has to know about the channels.

    The differences of the training windows come in blocks of shape
    (n, n_steps, n_channels), each with its unit, and are read only where there is
    something to learn.
    """
    if errors.aggregation.startswith("standardised"):
        return replace(errors, scale=_scale(errors, differences))
    if errors.aggregation == "mahalanobis":
        precision = np.linalg.inv(_covariance(errors, differences))
        return replace(errors, precision=precision)
    return errors


def _scale(errors, differences):
    """Return the deviation of each channel's error, and the mean of all added to it.

    Without that mean, a channel that was constant while the model learnt would drown
    all others when it moves. It is that of all deviations, so that there is one where
    none was large enough to count.
    """
    n, total, squares, everything = 0, 0.0, 0.0, 0.0
    whole = replace(errors, least=None)
    for block, unit in differences:
        means = errors.means(block, unit)
        n += len(means)
        total = total + means.sum(axis=0)
        squares = squares + (means * means).sum(axis=0)
        if errors.least is not None:
            everything = everything + whole.means(block).sum(axis=0)
    means = total / n
    variances = (squares / n - means * means).clip(0)
    usual = means if errors.least is None else everything / n
    return np.sqrt(variances) + usual.mean() + _TINY


def _covariance(errors, differences):
    """Return the covariance of single steps about 0, shrunk towards a sphere."""
    n, total = 0, 0.0
    for block, unit in differences:
        counted = errors.counted(block, unit)
        rows = counted.reshape(-1, counted.shape[-1])
        n += len(rows)
        total = total + rows.T @ rows
    usual = np.trace(total) / n / len(total)
    everywhere = (_SHRINKAGE * usual + _TINY) * np.eye(len(total))
    return (1 - _SHRINKAGE) * total / n + everywhere
