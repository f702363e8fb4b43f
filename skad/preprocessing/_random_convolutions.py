"""What random dilated convolutions see in a window."""

from collections.abc import Iterator
from numbers import Integral

import numpy as np
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    _fit_context,
)
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted

from skad._estimators.callbacks import CallbackSupport, FitTask
from skad._estimators.short_windows import TooShortError
from skad._estimators.validation import check_windows, refuse_huge
from skad._series.windows import series_under
from skad.preprocessing._dilated_kernels import (
    convolved,
    deviations,
    draw_kernels,
    largest,
    mixed,
    share_above,
)

# Training windows from which biases, and the scales of the features, are learnt.
_MOST_FOR_BIASES, _MOST_FOR_SCALES = 200, 2_000
# Numbers of a series, or of turned windows, that are convolved at a time.
_AT_ONCE = 2**14
# A window that varies by less than this share of the training rows counts as flat.
_FLAT, _FLAT_BIAS, _ROUNDING = 0.05, 1e-3, 1e-6
# What a share and a maximum vary by at least, in training, before they are scaled.
_LEAST_SHARE, _LEAST_MAXIMUM = 0.02, 0.05


class RandomConvolutions(
    CallbackSupport,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    BaseEstimator,
):
    """Turn windows into what random dilated convolutions see in them.

    Each kernel is drawn at random and convolved with the window, from which its mean
    and standard deviation were taken [1]_. Two features are kept of it: the share of
    the steps at which it lies above a bias, and its maximum. The bias is a quantile of
    the convolutions of the training windows [2]_. Nothing is trained. Windows of alike
    shapes have alike features, whatever their level, their size and their phase, so
    distances between features serve where distances between readings do not.

    Parameters
    ----------
    n_kernels : int, default=100
        How many kernels are drawn. There are twice as many features.
    n_channels : int, default=1
        The channels of flattened windows, ``(n, n_timesteps * n_channels)`` in
        time-major order. Three-dimensional windows show theirs. Of several channels, a
        kernel sees a random mix of one to nine.
    random_state : int, RandomState instance or None, default=None
        Decides which kernels are drawn.

    Attributes
    ----------
    weights_ : ndarray of shape (n_kernels, 11), float32
        The weights of each kernel, which sum to zero; zero beyond its length of 7, 9
        or 11 (fewer for windows of less than twice as many steps).
    lengths_ : ndarray of shape (n_kernels,), int64
        How many weights each kernel has.
    dilations_ : ndarray of shape (n_kernels,), int64
        How many steps lie between two weights.
    mixes_ : ndarray of shape (n_kernels, n_channels), float64
        By what the channels, less `centre_`, are multiplied before they are added.
    biases_ : ndarray of shape (n_kernels,), float32
        Above what a convolution counts.
    centre_ : ndarray of shape (n_channels,), float64
        The mean of each channel in training.
    floors_ : ndarray of shape (n_kernels,), float64
        The least standard deviation by which a window is divided.
    mean_ : ndarray of shape (2 * n_kernels,), float32
        The mean of each feature in training, which is subtracted.
    scale_ : ndarray of shape (2 * n_kernels,), float32
        The standard deviation of each feature in training, by which it is divided, or
        a floor under it.
    window_shape_ : tuple of int
        ``(n_timesteps, n_channels)`` of the windows seen at fit.
    n_features_in_ : int
        ``n_timesteps * n_channels``.
    feature_names_in_ : ndarray of shape (`n_features_in_`,), object
        Column names, when X was a DataFrame of flattened windows.

    See Also
    --------
    skad.detectors.NeighborsDetector : How far the nearest training window is.
    SlidingWindow : One window per row.

    Notes
    -----
    Kernels sum to zero, so that a convolution of the readings, divided by the deviation
    of a window, is the convolution of the scaled window. Of windows that overlap, each
    kernel is convolved with the series once. The features of a window have the same
    bits beside whatever else, and in every layout.

    The deviation by which a window is divided is at least 5 % of that of the training
    rows, so that what is left of the noise in a flat window is not blown up. Windows of
    more than about 255 steps are counted at every second step, third step, ...

    References
    ----------
    .. [1] A. Dempster, F. Petitjean and G. I. Webb, "ROCKET: exceptionally fast and
       accurate time series classification using random convolutional kernels", Data
       Mining and Knowledge Discovery 34, 2020.
    .. [2] A. Dempster, D. F. Schmidt and G. I. Webb, "MiniRocket: a very fast (almost)
       deterministic transform for time series classification", KDD 2021.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from skad.preprocessing import RandomConvolutions, SlidingWindow
    >>> X = np.sin(np.arange(400) / 5).reshape(-1, 1)
    >>> features = make_pipeline(
    ...     SlidingWindow(window_size=32), RandomConvolutions(20, random_state=0)
    ... ).fit_transform(X)
    >>> features.shape
    (400, 40)
    """

    _parameter_constraints = {
        "n_kernels": [Interval(Integral, 1, None, closed="left")],
        "n_channels": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(self, n_kernels=100, *, n_channels=1, random_state=None):
        self.n_kernels = n_kernels
        self.n_channels = n_channels
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Draw the kernels, and learn their biases and the scales of the features.

        Parameters
        ----------
        X : array-like of shape (n, n_timesteps, n_channels) or (n, n_features)
            Windows of (mostly) normal data. Of many, up to 2,000 are looked at, spread
            evenly over all.
        y : Ignored
            Present for API consistency.

        Returns
        -------
        self : object
            The fitted transformer.

        Raises
        ------
        ValueError
            If X holds anything but finite numbers below 1e17, or windows of a single
            step.
        TypeError
            If X is sparse, or holds objects that cannot be read as numbers.
        """
        with FitTask(self, X, y):
            self._fit(X)
        return self

    def _fit(self, X):
        windows = self._check_windows(X, reset=True, expected=None)
        n_steps, n_channels = windows.shape[1:]
        if n_steps < 2:
            raise TooShortError(
                f"X has n_features = {self.n_features_in_}, which is 1 step of "
                f"{n_channels} channels; {type(self).__name__} needs windows of at "
                "least 2 steps. Raise window_size, or lower n_channels.",
                least=2,
            )
        rng = check_random_state(self.random_state)
        drawn = draw_kernels(self.n_kernels, n_steps, n_channels, rng)
        seen = _spread(windows, _MOST_FOR_SCALES)
        self.window_shape_ = windows.shape[1:]
        self.weights_, self.lengths_ = drawn["weights"], drawn["lengths"]
        self.dilations_ = drawn["dilations"]
        self._learn_scales(seen, drawn["mixes"])
        self._learn_biases(_spread(seen, _MOST_FOR_BIASES), drawn["levels"])
        self._learn_features(seen)

    def _learn_scales(self, windows, mixes):
        """Learn levels and sizes: of channels, and of their mixes."""
        wide = windows.astype(np.float64)
        self.centre_ = wide.mean(axis=(0, 1))
        sizes = (wide - self.centre_).std(axis=(0, 1))
        usual = sizes + sizes.mean()
        self.mixes_ = mixes / np.where(usual > 0, usual, 1.0)
        rows = np.ascontiguousarray(wide.transpose(2, 1, 0))
        levels = np.abs(self.centre_) @ np.abs(self.mixes_.T)
        spreads = [mixed(rows, self.centre_, mix).std() for mix in self.mixes_]
        floors = np.maximum(_FLAT * np.array(spreads), _ROUNDING * levels)
        self.floors_ = np.where(floors > 0, floors, _ROUNDING)

    def _learn_biases(self, windows, levels):
        self.biases_ = np.zeros(self.n_kernels, dtype=np.float32)
        for _, rows in self._blocks(windows, at_once=windows.size):
            for kernel, (values, sizes, _) in enumerate(self._convolved(rows)):
                bias = np.quantile(values / sizes, levels[kernel])
                # Flat stretches lie below all biases, and not where rounding puts them.
                self.biases_[kernel] = bias if abs(bias) > _FLAT_BIAS else _FLAT_BIAS

    def _learn_features(self, windows):
        raw = self._raw_features(windows).astype(np.float64)
        mean, scale = raw.mean(axis=0), raw.std(axis=0)
        shares, maxima = slice(None, self.n_kernels), slice(self.n_kernels, None)
        scale[shares] = np.maximum(scale[shares], _LEAST_SHARE)
        least = _LEAST_MAXIMUM * np.abs(mean[maxima]) + 1e-3
        scale[maxima] = np.maximum(scale[maxima], least)
        self.mean_, self.scale_ = mean.astype(np.float32), scale.astype(np.float32)

    def transform(self, X):
        """Compute the features of windows.

        Parameters
        ----------
        X : array-like of shape (n, n_timesteps, n_channels) or (n, n_features)
            Windows of the length seen at fit.

        Returns
        -------
        features : ndarray of shape (n, 2 * n_kernels), float32
            The share of each kernel, then the maximum of each, in standard deviations
            from their means in training.

        Raises
        ------
        ValueError
            If X holds anything but finite numbers below 1e17, or if its windows have
            another shape than at fit.
        TypeError
            If X is sparse, or holds objects that cannot be read as numbers.
        """
        check_is_fitted(self)
        windows = self._check_windows(X, reset=False, expected=self.window_shape_)
        features = self._raw_features(windows)
        features -= self.mean_
        features /= self.scale_
        return features

    def _raw_features(self, windows):
        n_kernels = len(self.weights_)
        features = np.empty((len(windows), 2 * n_kernels), dtype=np.float32)
        for start, rows in self._blocks(windows, _AT_ONCE):
            shares, maxima = [], []
            for kernel, (values, sizes, n_steps) in enumerate(self._convolved(rows)):
                limits = self.biases_[kernel] * sizes
                shares.append(share_above(values, limits, n_steps))
                maxima.append(largest(values, n_steps) / sizes)
            features[start : start + len(sizes)] = np.array(shares + maxima).T
        return features

    def _convolved(self, rows):
        """Yield, by kernel, a block's convolution, deviations and steps of windows."""
        size, n_channels = self.window_shape_
        for kernel, (length, dilation) in enumerate(
            zip(self.lengths_, self.dilations_, strict=True)
        ):
            if n_channels > 1 or kernel == 0:  # a single channel is one mix for all
                mix = mixed(rows, self.centre_, self.mixes_[kernel])
                sizes = deviations(mix, size, self.floors_[kernel]).astype(np.float32)
                mix = mix.astype(np.float32)
            values = convolved(mix, self.weights_[kernel, :length], dilation)
            yield values, sizes, size - (length - 1) * dilation

    def _blocks(self, windows, at_once) -> Iterator[tuple[int, np.ndarray]]:
        """Yield blocks of series, (n_channels, n), or of turned windows."""
        series, (n, size, _) = series_under(windows), windows.shape
        if series is None:
            at_once = max(1, at_once // size)
        for start in range(0, n, at_once):
            stop = min(start + at_once, n)
            if series is None:
                block = windows[start:stop].transpose(2, 1, 0)
            else:
                block = series[start : stop + size - 1].T
            yield start, np.ascontiguousarray(block, dtype=np.float64)

    def _check_windows(self, X, *, reset, expected):
        windows = check_windows(
            self, X, reset=reset, n_channels=self.n_channels, expected=expected
        )
        refuse_huge(windows, self)
        return windows

    @property
    def _n_features_out(self):
        return 2 * len(self.weights_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags


def _spread(windows, most):
    """Take at most so many windows, evenly spread over all; a copy."""
    at = np.linspace(0, len(windows) - 1, min(len(windows), most)).astype(np.int64)
    return windows[at]
