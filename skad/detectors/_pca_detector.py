"""Detect windows that a few principal components cannot rebuild."""

from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np
from scipy.linalg import eigh
from sklearn.utils._param_validation import Interval
from sklearn.utils.extmath import svd_flip

from skad._estimators.window_scaling import centre_and_scale
from skad._series.fixed_blocks import fixed_blocks
from skad._series.missing import filled, n_missing
from skad.detectors._window_detector import WindowDetector

# Windows that are rebuilt at a time; fewer where a window holds many numbers.
_BLOCK, _LARGEST_BLOCK = 512, 2**21
# Rows of the largest matrix that is decomposed, and numbers that are laid out at once.
_LARGEST_SIDE, _LARGEST_PART = 2**11, 2**26
# Numbers in the widest register: columns beyond a multiple of it take other paths
# through the BLAS, whose last bits depend on where a row stands.
_LANES = 8
_ROUNDING, _TINY = np.finfo(np.float64).eps, np.finfo(np.float64).tiny


@dataclass(eq=False, repr=False)
class PCADetector(WindowDetector):
    """Detect windows that a few principal components cannot rebuild.

    Principal component analysis [1]_ of the flattened windows of (mostly) normal data
    finds the few shapes of which most of them consist. A window is rebuilt from its
    share of these, and its score is minus the mean squared error over its steps and
    channels [2]_. It is a linear autoencoder, found by algebra in place of training,
    and needs no torch.

    Parameters
    ----------
    n_components : int or float, default=10
        How many components are kept: a number, or, below 1, as many as explain at
        least this share of the variance. One direction at least is left out, whatever
        is asked for, as otherwise there would be no error.
    max_windows : int, default=10_000
        From how many training windows, at most, the components are learnt: every
        second, every third, ... of more. Of windows of more than 2,048 numbers it is at
        most 2,048, and fewer the larger they are.
    n_channels : int, default=1
        The channels of flattened windows, ``(n, n_timesteps * n_channels)`` in
        time-major order. Three-dimensional windows show theirs.
    window_scaling : {None, "mean", "standard"}, default=None
        What is taken out of each window before the model sees it: nothing, the
        mean of each channel over the input steps, or that mean and the standard
        deviation (1 where a channel is constant). The target is treated with the
        same numbers, and the errors are those of the scaled values.
    error : {"squared", "absolute"}, default="squared"
        What a reading adds that was missed by ``d``: ``d ** 2`` or ``abs(d)``. Training
        minimises the squares in either case.
    channel_aggregation : str, default="mean"
        How the errors of the channels, each the mean over the steps, become one:

        - "mean": their mean;
        - "max": the largest;
        - "standardised": the mean, after each was divided by its standard deviation
          over the training windows plus the mean error of all channels there;
        - "standardised_max": the largest of these;
        - "mahalanobis": the squared Mahalanobis distance of each step's errors from 0,
          by the covariance of the training errors, over the number of channels; the
          distance itself with ``error="absolute"``.
    direction : {"both", "above", "below"}, dict or sequence, default="both"
        Which readings count: those "above" what is expected, those "below" it, or both.
        One word for all channels, one for each, or a dict from channels to words; those
        not in it have "both". A reading on the other side adds nothing to the error;
        beyond all of those seen at fit it counts as missing, so that the model is not
        misled by it. Channels go by their positions; in a DataFrame of flattened
        windows, as `SlidingWindow` names their columns, also by their names.
    min_deviation : float, dict or sequence, default=0.0
        A reading that is nearer to what is expected, in the units of X, adds nothing to
        the error. Given as ``direction`` is; channels not in a dict have 0.
    context_channels : sequence or None, default=None
        Channels that the model sees and that are never scored, such as commands, modes
        and the calendar: they have no part in errors, shares and what is learnt of
        these. A forecaster sees them up to the end of the window.
    max_missing : float, default=0.5
        The share, in [0, 1), of a window's readings that may be missing (NaN). A
        window that misses more is left out at fit; when scored it gets the median score
        of the training windows, and so never alarms.
    contamination : "auto" or float in (0, 0.5], default="auto"
        The share of the samples seen at fit that fall below the threshold `offset_`;
        "auto" puts it beyond nearly all of them, by their quartiles.

    Attributes
    ----------
    components_ : ndarray of shape (`n_components_`, `n_features_in_`), float64
        The shapes kept, of unit length, the one that explains most first.
    explained_variance_ratio_ : ndarray of shape (`n_components_`,), float64
        The share of the variance that each of them explains.
    mean_ : ndarray of shape (`n_features_in_`,), float64
        The mean of the (scaled) windows seen at fit.
    n_components_ : int
        How many components are kept.
    offset_ : float
        The threshold: ``decision_function(X) = score_samples(X) - offset_``.
    window_shape_ : tuple of int
        ``(n_timesteps, n_channels)`` of the windows seen at fit.
    n_features_in_ : int
        ``n_timesteps * n_channels``.
    feature_names_in_ : ndarray of shape (`n_features_in_`,), object
        Column names, when X was a DataFrame of flattened windows.

    See Also
    --------
    ConvAutoencoder : Rebuilds a window by a network.
    sklearn.decomposition.PCA : The same components, from windows in one piece.

    Notes
    -----
    The windows of a long series overlap, and are never laid out side by side: their
    mean and covariance are summed up block by block, and the components are those that
    `sklearn.decomposition.PCA` finds in as many of them. What is decomposed is the
    smaller of two square matrices, with a row for each number of a window or with a row
    for each window, so it never has more than 2,048 rows.

    References
    ----------
    .. [1] I. T. Jolliffe, "Principal Component Analysis", Springer, 2002.
    .. [2] J. E. Jackson and G. S. Mudholkar, "Control procedures for residuals
       associated with principal component analysis", Technometrics 21(3), 1979.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from skad import PCADetector, SlidingWindow
    >>> X = np.sin(np.arange(400) / 5).reshape(-1, 1)
    >>> X[300:316] = X[300:332:2]  # twice as fast
    >>> detector = make_pipeline(SlidingWindow(window_size=16), PCADetector())
    >>> lowest = int(detector.fit(X[:250]).score_samples(X).argmin())
    >>> 300 <= lowest < 331  # the windows that hold one of these rows
    True
    """

    n_components: int | float = 10
    max_windows: int = 10_000

    _parameter_constraints = {
        "n_components": [
            Interval(Integral, 0, None, closed="left"),
            Interval(Real, 0, 1, closed="neither"),
        ],
        "max_windows": [Interval(Integral, 2, None, closed="left")],
        **WindowDetector._parameter_constraints,
    }

    def _learn(self, windows, task):
        is_complete = n_missing(windows) is None
        windows = windows[:: -(-len(windows) // self._most(windows[0].size))]
        n, n_features = len(windows), windows[0].size
        self.mean_ = self._mean(windows, is_complete)
        flat = None if n > n_features else np.concatenate([*self._flat(windows)])
        if flat is None:
            products = self._products(windows, is_complete)
        else:  # laid out side by side, so few windows are smaller than their products
            flat -= self.mean_
            np.nan_to_num(flat, copy=False)
            products = flat @ flat.T
        variances, shapes = _largest(products, self.n_components)
        self.n_components_ = min(_count(self.n_components, variances), n_features - 1)
        shapes = shapes[:, : self.n_components_]
        if flat is not None:
            shapes, _ = np.linalg.qr(flat.T @ shapes)
        _, self.components_ = svd_flip(None, shapes.T, u_based_decision=False)
        total = max(np.trace(products), _TINY)
        self.explained_variance_ratio_ = variances[: self.n_components_] / total

    def _most(self, n_features):
        """Return how many windows may be looked at."""
        if n_features <= _LARGEST_SIDE:
            return self.max_windows
        return max(2, min(self.max_windows, _LARGEST_SIDE, _LARGEST_PART // n_features))

    def _mean(self, windows, is_complete):
        if is_complete:
            return sum(flat.sum(axis=0) for flat in self._flat(windows)) / len(windows)
        total, count = 0.0, 0
        for flat in self._flat(windows):
            total = total + np.nansum(flat, axis=0)
            count = count + np.sum(~np.isnan(flat), axis=0)
        return total / np.maximum(count, 1)

    def _products(self, windows, is_complete):
        products = np.zeros((self.mean_.size, self.mean_.size))
        pairs = np.zeros_like(products)  # of readings, which the products are of
        for flat in self._flat(windows):
            flat -= self.mean_
            if not is_complete:
                is_there = ~np.isnan(flat)
                flat = np.where(is_there, flat, 0.0)
                pairs += is_there.T.astype(np.float64) @ is_there
            products += flat.T @ flat
        return products if is_complete else products * (len(windows) / pairs.clip(1))

    def _flat(self, windows):
        """Yield the scaled windows themselves, flattened, block by block."""
        for start, (block, _, _, _) in self._scaled(windows):
            yield block[: len(windows) - start].reshape(-1, windows[0].size)

    def _scaled(self, windows):
        """Yield blocks of scaled windows, and these with what is missing filled.

        With them comes what was taken out of them.
        """
        size = max(8, min(_BLOCK, _LARGEST_BLOCK // windows[0].size))
        scaling = self._fitted_as.window_scaling
        for start, block in fixed_blocks(windows, size, dtype=np.float64):
            seen = filled(block, self._usual_readings)
            if scaling is None:
                yield start, (block, seen, 0.0, 1.0)
                continue
            centre, scale = centre_and_scale(seen, scaling, _what_counts(block, seen))
            scaled = (block - centre) / scale
            seen = scaled if seen is block else (seen - centre) / scale
            yield start, (scaled, seen, centre, scale)

    def _rebuilt(self, block):
        n_features = self.mean_.size
        components = _filled(self.components_)
        flat = _filled(block.reshape(-1, n_features) - self.mean_)
        rebuilt = (flat @ components.T) @ components
        return (rebuilt[: len(block), :n_features] + self.mean_).reshape(block.shape)

    def _differences(self, windows):
        for start, (block, seen, _, scale) in self._scaled(windows):
            yield start, self._rebuilt(seen) - block, scale

    def _expectations(self, windows):
        for start, (_, seen, centre, scale) in self._scaled(windows):
            yield start, (self._rebuilt(seen) * scale + centre)[:, -1]


def _what_counts(block, seen):
    """Mark the readings, and all steps of channels without any; None for all."""
    if seen is block:
        return None
    is_there = ~np.isnan(block)
    return is_there | ~is_there.any(axis=1, keepdims=True)


def _filled(matrix):
    """Fill up both sides of a matrix with zeros, to whole registers."""
    return np.pad(matrix, [(0, -length % _LANES) for length in matrix.shape])


def _largest(products, n_components):
    """Return the eigenvalues that matter and their vectors, the largest first."""
    first = 0  # for a share, all have to be known
    if isinstance(n_components, Integral):
        first = max(len(products) - max(n_components, 1), 0)
    values, vectors = eigh(products, subset_by_index=[first, len(products) - 1])
    return values[::-1].clip(0), vectors[:, ::-1]


def _count(n_components, variances):
    """Return how many components to keep, of those along which anything varies."""
    n_varied = np.sum(variances > len(variances) * _ROUNDING * variances[0])
    if isinstance(n_components, Integral):
        return int(min(n_components, n_varied))
    explained = np.cumsum(variances)
    enough = np.searchsorted(explained, n_components * explained[-1]) + 1
    return int(min(enough, n_varied))
