"""What changes training rows, and no others: the frame around an augmentation."""

from abc import ABC, abstractmethod
from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator, _fit_context
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from skad._estimators.callbacks import CallbackSupport, FitTask
from skad._estimators.validation import check_rows, check_windows
from skad._series.segments import COPY_LEVEL, series_starts
from skad._series.tables import as_native, n_dimensions
from skad.preprocessing._output import TableOutputMixin


class AtFitOnly(CallbackSupport, TableOutputMixin, BaseEstimator, ABC):
    """Base class: `fit_transform` alters rows, `transform` does not.

    A subclass has the parameters ``scale``, ``n_copies`` and ``random_state``. It gives
    `_altered` and, where it has something to learn from the rows, `_learn_from`.
    """

    _parameter_constraints = {
        "scale": [Interval(Real, 0, None, closed="left"), tuple, list],
        "n_copies": [Interval(Integral, 0, None, closed="left")],
        "random_state": ["random_state"],
    }

    @abstractmethod
    def _altered(self, values, lengths, scale, rng):
        """Return a new array of the shape and dtype of ``values``.

        Parameters
        ----------
        values : ndarray of shape (n, n_channels) or (n, n_timesteps, n_channels)
            Rows or windows, of float32 or float64, with NaN where a reading is missing,
            which is to stay. Not to be written to.
        lengths : ndarray of shape (n_series,), int
            Rows of each of the series that ``values`` holds one after the other.
        scale : float
            ``self.scale``, or what was drawn for this copy from a pair.
        rng : RandomState
            Decides everything.
        """

    def _learn_from(self, values):
        """Set fitted attributes; by default there is nothing to learn."""

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Learn from the rows what altering them needs.

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
            If X is no array of finite numbers and NaN, or if ``scale`` is no number of
            at least 0 and no pair ``(low, high)`` of such numbers.
        TypeError
            If X is sparse, or holds objects that cannot be read as numbers.
        """
        with FitTask(self, X, y):
            self._learn(X)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def fit_transform(self, X, y=None):
        """Learn from the rows, and return them altered.

        Parameters
        ----------
        X : array-like of shape (n, n_channels) or (n, n_timesteps, n_channels)
            Rows of a series, or windows.
        y : Ignored
            Present for API consistency.

        Returns
        -------
        X_altered : ndarray or DataFrame
            Of the shape of X with ``n_copies=0``, else with ``n_copies + 1`` times as
            many rows, the originals first. A pandas DataFrame comes back as one.

        Raises
        ------
        ValueError, TypeError
            As `fit`.
        """
        X = as_native(X)
        with FitTask(self, X, y):
            values = np.asarray(self._learn(X))
        lengths = np.diff(np.append(series_starts(X), len(values)))
        rng = check_random_state(self.random_state)
        copies = [
            self._altered(values, lengths, _drawn(self.scale, rng), rng)
            for _ in range(max(self.n_copies, 1))
        ]
        return _stacked(X, [values, *copies]) if self.n_copies else _like(X, *copies)

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
            If X is no array of finite numbers and NaN, or has another shape than at
            fit.
        TypeError
            If X is sparse, or holds objects that cannot be read as numbers.
        """
        check_is_fitted(self)
        X = as_native(X)
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
        self._learn_from(values)
        return values

    def _check(self, X, *, reset):
        if n_dimensions(X) < 3:
            return check_rows(self, X, reset=reset)
        expected = None if reset else self._window_shape
        return check_windows(self, X, reset=reset, expected=expected)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.non_deterministic = True  # fit_transform is not fit().transform()
        tags.input_tags.allow_nan = True
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


def _drawn(scale, rng):
    return rng.uniform(*scale) if isinstance(scale, (tuple, list)) else scale


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
