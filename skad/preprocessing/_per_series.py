"""One transformer for each series of a table."""

import numpy as np
from sklearn.base import (
    BaseEstimator,
    MetaEstimatorMixin,
    TransformerMixin,
    _fit_context,
    clone,
)
from sklearn.utils import get_tags
from sklearn.utils._param_validation import HasMethods
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skad._series.named_series import named_series
from skad._series.tables import as_native, as_table


def _can_undo(self):
    return hasattr(self.transformer, "inverse_transform")


class PerSeries(MetaEstimatorMixin, TransformerMixin, BaseEstimator):
    """Fit a transformer to each series by itself, such as a scaler.

    The outer levels of a MultiIndex name the series. Each gets a copy of
    ``transformer`` that is fitted to its own rows, so machines whose readings lie at
    other levels come to one scale. A series that was not there at fit, and an array,
    which names none, get a copy that was fitted to all rows.

    Parameters
    ----------
    transformer : transformer
        With `fit` and `transform`, and as many rows out as in.

    Attributes
    ----------
    series_ : list of tuple
        The names of the series seen at fit: their labels in the outer levels.
    transformers_ : list of transformer
        The fitted copy for each of them.
    pooled_ : transformer
        The copy that was fitted to all rows.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,), object
        Column names, when X was a DataFrame.

    See Also
    --------
    SlidingWindow : Cuts each series into windows of its own.

    Notes
    -----
    A DataFrame comes out as a DataFrame with its own index, whatever `set_output` says
    elsewhere, since the index is what tells series apart further on.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skad.preprocessing import PerSeries
    >>> frames = {"a": [[1.0], [3.0]], "b": [[1e6], [3e6]]}
    >>> X = pd.concat({name: pd.DataFrame(rows) for name, rows in frames.items()})
    >>> PerSeries(StandardScaler()).fit_transform(X)[0].tolist()
    [-1.0, 1.0, -1.0, 1.0]
    """

    _parameter_constraints = {"transformer": [HasMethods(["fit", "transform"])]}

    def __init__(self, transformer):
        self.transformer = transformer

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None):
        """Fit a copy of the transformer to each series, and one to all rows.

        Parameters
        ----------
        X : array-like of shape (n_timestamps, n_channels)
            A DataFrame whose outer index levels name the series; anything else is one
            series.
        y : Ignored
            Present for API consistency.

        Returns
        -------
        self : object
            The fitted transformer.

        Raises
        ------
        ValueError
            Whatever ``transformer`` raises.
        """
        X = as_native(X)
        as_table(X)
        pooled = clone(self.transformer).fit(X)
        blocks = _blocks(X)
        fitted = [clone(self.transformer).fit(X.iloc[rows]) for _, rows in blocks]
        self.series_ = [name for name, _ in blocks]
        self.transformers_ = fitted
        self.pooled_ = pooled
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(pooled, name):
                setattr(self, name, getattr(pooled, name))
        return self

    def transform(self, X):
        """Transform each series by its own copy.

        Parameters
        ----------
        X : array-like of shape (n_timestamps, n_channels)
            As at fit; a series that was not there at fit gets the pooled copy.

        Returns
        -------
        table : DataFrame or ndarray of shape (n_timestamps, n_channels)
            A DataFrame with the index of X if X is one.

        Raises
        ------
        ValueError
            Whatever ``transformer`` raises.
        """
        return self._applied(X, "transform")

    @available_if(_can_undo)
    def inverse_transform(self, X):
        """Undo `transform`, each series by its own copy.

        Parameters
        ----------
        X : array-like of shape (n_timestamps, n_channels)
            What `transform` returned.

        Returns
        -------
        table : DataFrame or ndarray of shape (n_timestamps, n_channels)
            In the units of the table given to `transform`.

        Raises
        ------
        ValueError
            Whatever ``transformer`` raises.
        """
        return self._applied(X, "inverse_transform")

    def get_feature_names_out(self, input_features=None):
        """Name the columns that come out.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            Names of the columns that go in.

        Returns
        -------
        names : ndarray of object
            Those of ``transformer``.
        """
        check_is_fitted(self)
        return self.pooled_.get_feature_names_out(input_features)

    def set_output(self, *, transform=None):
        """Choose the container of arrays; a DataFrame stays one.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"} or None, default=None
            Passed on to ``transformer``.

        Returns
        -------
        self : object
            This transformer.
        """
        if hasattr(self.transformer, "set_output"):
            self.transformer.set_output(transform=transform)
        return self

    def _applied(self, X, method):
        check_is_fitted(self)
        X = as_native(X)
        as_table(X)
        blocks = _blocks(X)
        if not blocks:
            return _like(X, getattr(self.pooled_, method)(X), self._names(X, method))
        own = dict(zip(self.series_, self.transformers_, strict=True))
        parts = [
            np.asarray(getattr(own.get(name, self.pooled_), method)(X.iloc[rows]))
            for name, rows in blocks
        ]
        return _like(X, np.concatenate(parts), self._names(X, method))

    def _names(self, X, method):
        names = getattr(self, "feature_names_in_", getattr(X, "columns", None))
        makes_names = hasattr(self.pooled_, "get_feature_names_out")
        if method == "transform" and makes_names and hasattr(self, "feature_names_in_"):
            return self.pooled_.get_feature_names_out()
        return names

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        inside = get_tags(self.transformer)
        tags.input_tags = inside.input_tags
        tags.transformer_tags = inside.transformer_tags
        return tags


def _blocks(X):
    """List name and rows of each series, whose rows have to stand together."""
    blocks = named_series(X)
    names = [name for name, _ in blocks]
    if len(set(names)) < len(names):
        again = next(name for name in names if names.count(name) > 1)
        raise ValueError(
            f"The rows of series {again[0] if len(again) == 1 else again!r} do not "
            "stand next to each other. Sort X with X.sort_index()."
        )
    return blocks


def _like(X, table, names):
    """Give a table the index of X, if X is a DataFrame."""
    if not hasattr(X, "iloc") or hasattr(table, "iloc"):
        return table
    names = X.columns if names is None or len(names) != table.shape[1] else names
    return type(X)(np.asarray(table), index=X.index, columns=list(names))
