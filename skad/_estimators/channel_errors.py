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

Where a reading is missing, so is its error: NaN, which adds nothing. The twins of these
three that say so (``of_readings`` and those on ``_there``) take arrays of numpy alone;
means are over what is there, and NaN where nothing is.
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

    def means_there(self, differences: np.ndarray, unit=1.0) -> np.ndarray:
        """Average over the steps that have a reading; NaN where none has."""
        differences = self.counted(differences, unit)
        missing = np.isnan(differences)
        errors = self._of_readings(np.where(missing, 0.0, differences))
        return _mean_there(errors, ~missing)

    def weighed(self, differences):
        """Multiply each step by the precision; the blocks are of one shape."""
        return differences @ self.precision

    def of_windows(self, means):
        """Map means over the steps, (n, n_channels), to the errors of windows, (n,)."""
        errors = self._scaled(means)
        if self.aggregation.endswith("max"):
            return self.largest(errors)
        return errors.mean(axis=1)

    def of_windows_there(self, means: np.ndarray) -> np.ndarray:
        """Map means of which some are NaN to errors; NaN of windows that have none."""
        errors = self._scaled(means)
        if self.aggregation.endswith("max"):
            return np.fmax.reduce(errors, axis=1)
        return _mean_there(errors, ~np.isnan(errors))

    def largest(self, errors):
        """Return the largest error of each window."""
        return errors.max(axis=1)

    def _scaled(self, means):
        return means if self.scale is None else means / self.scale

    def shares(self, means: np.ndarray) -> np.ndarray:
        """Share out the errors of windows among all channels: (n, n_channels).

        Those that are not scored have no share.
        """
        return self._of_all(self._shares(self._scaled(means)))

    def _of_all(self, shares):
        if self.scored is None:
            return shares
        of_all = np.zeros((len(shares), len(self.scored)))
        of_all[:, self.scored] = shares
        return of_all

    def even_shares(self, n_channels: int) -> np.ndarray:
        """Share 1 out evenly among the channels that are scored: (n_channels,)."""
        evenly = np.ones(n_channels) if self.scored is None else self.scored
        return evenly / evenly.sum()

    def _shares(self, errors):
        if not self.aggregation.endswith("max"):
            return errors / errors.shape[1]
        shares = np.zeros_like(errors)
        largest = errors.argmax(axis=1)[:, np.newaxis]
        np.put_along_axis(shares, largest, errors.max(axis=1, keepdims=True), axis=1)
        return shares

    def shares_there(self, means: np.ndarray) -> np.ndarray:
        """Share out errors among the channels that have any; NaN if none has."""
        is_there = ~np.isnan(means)
        count = is_there.sum(axis=1, keepdims=True)
        errors = self._scaled(means)
        if self.aggregation.endswith("max"):
            shares = self._shares(np.where(is_there, errors, -np.inf))
        else:
            shares = np.where(is_there, errors, 0.0) / count.clip(1)
        return np.where(count > 0, self._of_all(shares), np.nan)


def _mean_there(values, is_there):
    total = np.where(is_there, values, 0.0).sum(axis=1)
    count = is_there.sum(axis=1)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)


def _means_of(block):
    is_complete = not np.isnan(block).any()
    return ChannelErrors.means if is_complete else ChannelErrors.means_there


def learnt(
    errors: ChannelErrors, differences: Iterable[tuple[np.ndarray, np.ndarray | float]]
) -> ChannelErrors:
    """Learn what an aggregation has to know about the channels.

    The differences of the training windows come in blocks of shape
    (n, n_steps, n_channels), each with its unit, and are read only where there is
    something to learn. They are NaN where a reading is missing.
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
        means_of = _means_of(block)
        means = means_of(errors, block, unit)
        n = n + np.sum(~np.isnan(means), axis=0)
        total = total + np.nansum(means, axis=0)
        squares = squares + np.nansum(means * means, axis=0)
        if errors.least is not None:
            everything = everything + np.nansum(means_of(whole, block), axis=0)
    n = np.maximum(n, 1)
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
        is_there = ~np.isnan(rows)
        if is_there.all():
            n = n + len(rows)
        else:
            rows = np.where(is_there, rows, 0.0)
            n = n + np.maximum(is_there.T.astype(np.float64) @ is_there, 1)
        total = total + rows.T @ rows
    usual = np.trace(total / n) / len(total)
    everywhere = (_SHRINKAGE * usual + _TINY) * np.eye(len(total))
    return (1 - _SHRINKAGE) * total / n + everywhere
