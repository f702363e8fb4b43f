"""Noise for training rows, and for them only."""

from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator, _fit_context
from sklearn.callback import CallbackSupportMixin
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from skad._callbacks import FitTask
from skad._segments import COPY_LEVEL
from skad._validation import check_rows, check_windows, n_dimensions
from skad._windows import series_under
from skad.preprocessing._output import TableOutputMixin


class GaussianNoise(CallbackSupportMixin, TableOutputMixin, BaseEstimator):
    """Add Gaussian noise to the rows that the next steps are fitted on.

    `fit_transform`, which a Pipeline calls at fit, returns noisy rows; `transform`,
    which it calls to score, returns the rows as they are. (The same route as
    scikit-learn's `TargetEncoder`: ``fit_transform(X)`` is not
    ``fit(X).transform(X)``.)

    Parameters
    ----------
    scale : float or (float, float), default=0.1
        Factor of the noise. A pair ``(low, high)`` draws one factor for each noisy
        copy from the uniform distribution between them.
    n_copies : int, default=0
        0 adds the noise in place. Otherwise the rows are followed by this many noisy
        copies of them.
    relative : bool, default=True
        Whether the factor multiplies the standard deviation of each channel over the
        training rows (0 for a constant channel), or is the standard deviation itself,
        in the units of X.
    random_state : int, RandomState instance or None, default=None
        Decides factors and noise.

    Attributes
    ----------
    channel_scale_ : ndarray of shape (n_channels,), float64
        What the factor is multiplied by: the standard deviation of each channel over
        the training rows, or ones if ``relative=False``.
    n_features_in_ : int
        Number of columns; for windows, ``n_timesteps * n_channels``.
    feature_names_in_ : ndarray of shape (`n_features_in_`,), object
        Column names, when X was a DataFrame.

    See Also
    --------
    SlidingWindow : Put before it, noise is added to the series; after it, to windows.
    skad.detectors.ConvAutoencoder : Its ``input_noise`` draws new noise every epoch.

    Notes
    -----
    *What appending copies changes.* The final step of a Pipeline receives the copies
    like any other rows. Its ``contamination`` is a share of rows most of which are
    noisy, so the rate on clean rows is another (0.05 became 0.03 in a trial). To an
    autoencoder the noise is part of the target: it learns to rebuild noise, not to
    remove it. ``Pipeline.fit_predict`` returns a label for every row *and every copy*;
    use ``fit(X).predict(X)``. ``early_stopping`` holds back the last rows, which are
    copies of training rows, and so validates on what it has seen. If any of this
    matters, wrap the Pipeline in a meta-detector such as
    `skad.postprocessing.ReverseWindowing`, which sets its threshold on the clean rows
    and labels just these, or use the detectors' ``input_noise``: new noise in every
    epoch, clean targets, one row in and one row out.

    *Copies of a series.* Before `SlidingWindow`, a DataFrame comes back as a DataFrame
    whose copies are told apart by an outer index level ``copy`` (0 is the original), so
    that no window reaches from one into the next. Arrays have no index: the first
    ``window_size - 1`` windows of each copy straddle the end of the one before.

    Appending is not for a `FeatureUnion` or before a supervised step, whose ``y`` would
    keep the old length.

    Examples
    --------
    >>> import numpy as np
    >>> from skad import GaussianNoise
    >>> X = np.array([[0.0, 5.0], [2.0, 5.0]])
    >>> noise = GaussianNoise(scale=0.1, random_state=0)
    >>> noise.fit_transform(X).round(2)
    array([[0.18, 5.  ],
           [2.1 , 5.  ]])
    >>> noise.transform(X)
    array([[0., 5.],
           [2., 5.]])
    >>> GaussianNoise(n_copies=3, random_state=0).fit_transform(X).shape
    (8, 2)
    """

    _parameter_constraints = {
        "scale": [Interval(Real, 0, None, closed="left"), tuple, list],
        "n_copies": [Interval(Integral, 0, None, closed="left")],
        "relative": ["boolean"],
        "random_state": ["random_state"],
    }

    def __init__(self, scale=0.1, *, n_copies=0, relative=True, random_state=None):
        self.scale = scale
        self.n_copies = n_copies
        self.relative = relative
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Learn the standard deviation of each channel.

        Parameters
        ----------
        X : array-like of shape (n, n_channels) or (n, n_timesteps, n_channels)
            Rows of a series, or windows.
        y : Ignored
            Present for API consistency.

        Returns
        -------
        self : object
            The fitted transformer.

        Raises
        ------
        ValueError
            If X is no array of finite numbers, or if ``scale`` is no number of at least
            0 and no pair ``(low, high)`` of such numbers.
        TypeError
            If X is sparse, or holds objects that cannot be read as numbers.
        """
        with FitTask(self, X, y):
            self._learn(X)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def fit_transform(self, X, y=None):
        """Learn from the rows, and return them with noise.

        Parameters
        ----------
        X : array-like of shape (n, n_channels) or (n, n_timesteps, n_channels)
            Rows of a series, or windows.
        y : Ignored
            Present for API consistency.

        Returns
        -------
        X_noisy : ndarray or DataFrame
            Of the shape of X with ``n_copies=0``, else with ``n_copies + 1`` times as
            many rows, the originals first. A pandas DataFrame comes back as one.

        Raises
        ------
        ValueError, TypeError
            As `fit`.
        """
        with FitTask(self, X, y):
            values = self._learn(X)
        rng = check_random_state(self.random_state)
        if self.n_copies == 0:
            return _like(X, self._noisy(values, rng))
        copies = [self._noisy(values, rng) for _ in range(self.n_copies)]
        return _stacked(X, [values, *copies])

    def transform(self, X):
        """Return X as it is.

        Parameters
        ----------
        X : array-like of shape (n, n_channels) or (n, n_timesteps, n_channels)
            Rows of a series, or windows.

        Returns
        -------
        X : ndarray or DataFrame
            The same numbers; float32 stays float32, all else is float64. A pandas
            DataFrame comes back as one.

        Raises
        ------
        ValueError
            If X is no array of finite numbers or has another shape than at fit.
        TypeError
            If X is sparse, or holds objects that cannot be read as numbers.
        """
        check_is_fitted(self)
        return _like(X, self._check(X, reset=False))

    @available_if(lambda self: getattr(self, "_window_shape", None) is None)
    def get_feature_names_out(self, input_features=None):
        """Name the columns, which are those of the input; not for windows.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            None takes `feature_names_in_`, or x0, x1, ...

        Returns
        -------
        names : ndarray of shape (`n_features_in_`,), object
            The names that came in.
        """
        check_is_fitted(self)
        return _check_feature_names_in(self, input_features)

    def _learn(self, X):
        _refuse_scale(self.scale)
        values = self._check(X, reset=True)
        self._window_shape = values.shape[1:] if values.ndim == 3 else None
        if self.relative:
            self.channel_scale_ = _deviations(values)
        else:
            self.channel_scale_ = np.ones(values.shape[-1])
        return values

    def _check(self, X, *, reset):
        if n_dimensions(X) < 3:
            return check_rows(self, X, reset=reset)
        expected = None if reset else self._window_shape
        return check_windows(self, X, reset=reset, expected=expected)

    def _noisy(self, values, rng):
        factor = self.scale
        if isinstance(factor, (tuple, list)):
            factor = rng.uniform(*factor)
        noise = rng.standard_normal(values.shape)
        noise *= factor * self.channel_scale_
        noise += values
        return noise.astype(values.dtype, copy=False)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.non_deterministic = True  # fit_transform is not fit().transform()
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _refuse_scale(scale):
    if not isinstance(scale, (tuple, list)):
        return
    is_pair = len(scale) == 2 and all(isinstance(end, Real) for end in scale)
    if not is_pair or not 0 <= scale[0] <= scale[1] < np.inf:
        raise ValueError(
            f"scale={scale!r} must be a number of at least 0, or a pair (low, high) of "
            "such numbers with low <= high."
        )


def _deviations(values):
    """Return the standard deviation of each channel, exactly 0 where it is constant."""
    if values.ndim == 3:
        series = series_under(values)
        values = values if series is None else series
    rows = values.reshape(-1, values.shape[-1])
    constant = rows.max(axis=0) == rows.min(axis=0)
    # Halved often enough, which loses no digit, the squares of large values fit.
    _, halvings = np.frexp(np.abs(rows).max(axis=0).astype(np.float64))
    deviations = np.ldexp(rows, -halvings).std(axis=0, dtype=np.float64)
    return np.where(constant, 0.0, np.ldexp(deviations, halvings))


def _like(X, values):
    """Frame ``values`` as ``X`` is framed, if X is a pandas DataFrame."""
    if not _is_pandas(X):
        return values
    return type(X)(values, index=X.index, columns=X.columns)


def _stacked(X, tables):
    """Put tables one below the other, told apart by the index if ``X`` has one."""
    if not _is_pandas(X):
        return np.concatenate(tables)
    import pandas as pd  # a DataFrame came in, so it is there

    frames = [_like(X, values) for values in tables]
    names = [COPY_LEVEL, *X.index.names]
    return pd.concat(frames, keys=range(len(frames)), names=names)


def _is_pandas(X):
    return hasattr(X, "iloc") and hasattr(X, "columns")
