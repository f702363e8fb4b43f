"""What the meta-detectors share: how one detector stands around another."""

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, _fit_context
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)
from sklearn.utils import get_tags

from skad._estimators.callbacks import CallbackSupport
from skad._estimators.evidence import evidence_of, takes_missing
from skad._estimators.row_context import last_step
from skad._estimators.thresholding import ThresholdMixin
from skad._series.tables import as_native, as_table
from skad.postprocessing._cross_scores import cross_scores

# They read digits as numbers and times as nanoseconds, and lose masks.
_SCALERS = (
    MaxAbsScaler,
    MinMaxScaler,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)


class MetaDetector(CallbackSupport, ThresholdMixin, MetaEstimatorMixin, BaseEstimator):
    """Base class: an outlier detector around ``self.estimator``.

    The inner detector is known by `fit` and `score_samples` alone, so a Pipeline, which
    has no `offset_`, serves as well. A subclass sets ``estimator_`` and ``offset_`` at
    fit.
    """

    def _take_names(self, estimator):
        """Show the columns that the fitted ``estimator`` saw, if it knows them."""
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(estimator, name):
                setattr(self, name, getattr(estimator, name))

    def fit_predict(self, X, y=None, **fit_params):
        """Fit, and tell outliers from inliers among the same rows.

        Parameters
        ----------
        X : array-like of shape (n_timestamps, n_channels)
            As for `fit`.
        y : array-like of shape (n_timestamps,) or None, default=None
            As for `fit`.
        **fit_params : keyword arguments
            What `fit` takes besides, if anything.

        Returns
        -------
        labels : ndarray of shape (n_timestamps,), int64
            -1 for outliers, 1 for inliers: ``fit(X, y).predict(X)``.

        Raises
        ------
        ValueError
            As `fit`.
        """
        return self.fit(X, y, **fit_params).predict(X)

    def decision_function(self, X):
        """Score rows relative to the threshold: negative means outlier.

        Parameters
        ----------
        X : array-like
            As for `score_samples`.

        Returns
        -------
        decision : ndarray of shape (n,), float64
            ``score_samples(X) - offset_``, in the units of the scores; not negative for
            rows without enough evidence, see `skad.evidence`.

        Raises
        ------
        ValueError
            As `score_samples`.
        """
        return self.__skad_protect__(super().decision_function(X), X)

    def __skad_protect__(self, decisions, X):
        """Let no row alarm without enough evidence; ``decisions`` are of the last rows.

        A row keeps its decision where that is a normal one.
        """
        is_enough = evidence_of(self, as_native(X)).is_enough[-len(decisions) :]
        return np.where(is_enough, decisions, np.fmax(decisions, 0.0))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self.estimator).input_tags
        tags.input_tags.allow_nan = takes_missing(self.estimator)
        return tags


class SharesFolds:
    """Mixin: under an outer calibration, what is inside is copied with its folds.

    A class takes part by ``_fit_with(X, y, folds)``, which fits and returns the scores
    of the training rows by copies that did not see them, if there are folds. It has
    the parameter ``train``.
    """

    @_fit_context(prefer_skip_nested_validation=False)
    def __skad_cross_fit__(self, X, y, folds):
        if self.train == "normal":  # its rows are not those of the blocks
            self.fit(X, y)
            return cross_scores(self, X, y, folds)
        return self._fit_with(X, y, folds)


def refuse_without_scores(estimator, owner):
    """Raise a TypeError if ``estimator`` cannot be known by its scores."""
    if hasattr(estimator, "score_samples"):
        return
    detector = last_step(estimator)
    raise TypeError(
        f"{type(detector).__name__} has no score_samples, by which "
        f"{type(owner).__name__} knows a detector. {_remedy(detector)}"
    )


def as_read(estimator, X):
    """Return X as ``estimator`` is to read it, the frame behind one of narwhals.

    Raise where X is no table of numbers, and a scaler would make it one. What else
    stands first inside ``estimator`` may take text or times, and knows how.
    """
    X = as_native(X)
    while isinstance(estimator, Pipeline):
        estimator = estimator.steps[0][1]
    scaler = getattr(estimator, "transformer", estimator)  # that of each series
    if isinstance(scaler, _SCALERS):
        _refuse_windows(as_table(X), scaler)
    return X


def _refuse_windows(table, estimator):
    if len(table.shape) > 2:
        raise ValueError(
            f"X has shape {tuple(table.shape)}, and {type(estimator).__name__}, which "
            "comes first, needs a table of shape (n_timestamps, n_channels): windows "
            "are cut behind it. Pass several series as one DataFrame, named in an "
            "outer index level, for example by pandas.concat(frames, keys=names)."
        )


def _remedy(detector):
    kind = type(detector).__name__
    packages = {parent.__module__.split(".")[0] for parent in type(detector).__mro__}
    if "sktime" in packages:
        return (
            f"Wrap it as skad.sktime.SktimeAdapter({kind}(...)), which turns the signs "
            "and labels of sktime into scikit-learn's."
        )
    if "pyod" in packages or hasattr(detector, "decision_scores_"):
        return (
            f"Wrap it as skad.pyod.PyODAdapter({kind}(...)), which turns the signs and "
            "labels of PyOD into scikit-learn's."
        )
    return (
        "Use a detector that has it (LocalOutlierFactor: novelty=True), or wrap yours "
        "in a class that returns low scores for abnormal rows."
    )
