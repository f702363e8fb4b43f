"""The frame around any model of windows: checks, scores, channels, threshold."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from numbers import Integral, Real
from typing import ClassVar

import numpy as np
from sklearn.base import BaseEstimator, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skad._estimators.callbacks import CallbackSupport, FitTask, clone_without_callbacks
from skad._estimators.channel_errors import CONSTRAINTS, ChannelErrors, learnt
from skad._estimators.channel_rules import RULES, names_in_windows, rules_of
from skad._estimators.forgotten_channels import channels_named, warn_of_other_channels
from skad._estimators.short_windows import TooShortError
from skad._estimators.thresholding import CONTAMINATION, ThresholdMixin, threshold
from skad._estimators.training_scores import rows_that_stand_for_all
from skad._estimators.validation import check_windows, refuse_huge, refuse_lost
from skad._series.missing import usual_readings
from skad.detectors._expected_band import band_around, residuals_of
from skad.detectors._harmless import harmless_beyond, without_harmless
from skad.detectors._incomplete_windows import (
    by_evidence,
    growth_of_errors,
    lacks_evidence,
    windows_to_learn_from,
)
from skad.detectors._window_errors import WindowErrors, joined


@dataclass(eq=False, repr=False)
class WindowDetector(WindowErrors, CallbackSupport, ThresholdMixin, BaseEstimator, ABC):
    """An outlier detector around a model that explains windows.

    A subclass learns (`_learn`) and tells, block by block, by how much each window
    misses what the model expects (`_differences`), and what that is (`_expectations`).
    A block comes with the number of its first window, and is filled up after the last,
    so that all blocks are of one shape. Where a reading is missing, so is the
    difference: NaN.

    Parameters are fields of dataclasses. Those of the frames are keyword-only, so they
    follow those of the detector, which are its own fields.
    """

    _: KW_ONLY
    n_channels: int = 1
    window_scaling: str | None = None
    error: str = "squared"
    channel_aggregation: str = "mean"
    direction: str | dict | Sequence = "both"
    min_deviation: float | dict | Sequence = 0.0
    context_channels: Sequence | None = None
    max_missing: float = 0.5
    contamination: float | str = "auto"

    # Whether a score is that of the row where the window ends, as a forecast is, or
    # that of the window as a whole, to be spread over its rows.
    judges_rows: ClassVar[bool] = False

    _parameter_constraints = {
        "n_channels": [Interval(Integral, 1, None, closed="left")],
        "window_scaling": [StrOptions({"mean", "standard"}), None],
        **CONSTRAINTS,
        **RULES,
        "max_missing": [Interval(Real, 0, 1, closed="left")],
        "contamination": CONTAMINATION,
    }
    _precision = np.float64  # in which it computes
    _harmless_beyond = None  # unless fitted with a direction

    @abstractmethod
    def _learn(self, windows, task):
        """Fit the model to windows; ``task`` is told of the parts of the fit."""

    def _n_parts(self):
        return 0

    @abstractmethod
    def _differences(self, windows):
        """Yield blocks of differences, (n, n_steps, n_channels), float64 arrays.

        With each comes its unit: what it has to be multiplied by to be in the units of
        the windows, 1 or (n, 1, n_channels).
        """

    @abstractmethod
    def _expectations(self, windows):
        """Yield blocks of expected last steps, (n, n_channels), unscaled."""

    def _unseen_expectations(self, windows, rows, n_rows):
        """Yield what is expected of training windows as if these were new."""
        return self._expectations(windows)

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Learn from windows and set the threshold.

        Parameters
        ----------
        X : array-like of shape (n, n_timesteps, n_channels) or (n, n_features)
            Windows of (mostly) normal data, in time order; NaN is a missing reading.
            Flattened, a window has ``n_timesteps * n_channels`` columns.
        y : Ignored
            Present for API consistency.

        Returns
        -------
        self : object
            The fitted detector. If anything is raised, an interrupt included, it keeps
            the state it had before.

        Raises
        ------
        ValueError
            If X holds anything but NaN and finite numbers below 1e17, or varies so
            little for its magnitude that nothing of it is left in the precision of the
            detector; if it has fewer than two windows that miss no more than
            ``max_missing``, or windows that the model cannot take; if a channel holds
            no reading.
        TypeError
            If X is sparse, or holds objects that cannot be read as numbers.

        Warns
        -----
        UserWarning
            If one channel among others varies too little for its magnitude: it is
            named.
        """
        with FitTask(self, X, y, self._n_parts()) as task:
            self._fit(X, task)
        return self

    def _fit(self, X, task):
        windows = self._check_windows(X, reset=True, expected=None)
        if len(windows) < 2:
            raise TooShortError(
                f"X has n_samples = {len(windows)}; {type(self).__name__} needs at "
                "least 2 windows, and many more to learn from. Pass a longer series."
            )
        # Parameters that change wait for the next fit.
        self._fitted_as = clone_without_callbacks(self)
        # Channels go by their positions from here on.
        columns = getattr(self, "feature_names_in_", None)
        named = channels_named(columns)
        if named:
            warn_of_other_channels(self, len(named), stacklevel=5)
        names = names_in_windows(columns, windows.shape[2])
        rules = rules_of(self, names)
        self._fitted_as.set_params(**rules.as_parameters())
        n_rows = len(windows)
        windows = windows_to_learn_from(self, windows, rules.scored())
        self._harmless_beyond = harmless_beyond(windows, rules)
        self._usual_readings = usual_readings(windows)
        self._learn(windows, task)
        self._settle(windows)
        if len(windows) < n_rows:  # numbers of windows are no numbers of rows
            self._of_training = None

    def _settle(self, windows):
        """Learn, once there is a model, what to make of its errors."""
        self.window_shape_ = windows.shape[1:]
        self.n_features_in_ = windows.shape[1] * windows.shape[2]
        rules = rules_of(self._fitted_as, range(windows.shape[2]))
        errors = ChannelErrors(
            self.error,
            self.channel_aggregation,
            least=rules.least(),
            scored=rules.scored(),
        )
        parts = rows_that_stand_for_all(len(windows))
        self._errors = learnt(errors, self._training_differences(windows, parts))
        self._learn_growth(windows)
        self._residuals = residuals_of(windows, self._unseen_expectations)
        scores = [self._training_scores(windows[slice(*part)]) for part in parts]
        scores, rows = np.concatenate(scores), [np.arange(*part) for part in parts]
        self._usual_score = float(np.median(scores))
        self._of_training = scores, np.concatenate(rows)
        if self.contamination != "auto" and len(parts) > 1:
            scores = self._training_scores(windows)
        self.offset_ = threshold(scores, self.contamination)

    def _learn_growth(self, windows):
        max_missing = self._fitted_as.max_missing
        self._growth = growth_of_errors(windows, max_missing, self._raw_errors_there)

    def _training_differences(self, windows, parts):
        for first, stop in parts:
            for start, block, unit in self._differences(windows[first:stop]):
                n_left = stop - first - start
                is_one = isinstance(unit, float)
                yield block[:n_left], unit if is_one else unit[:n_left]

    def __skad_training_scores__(self):
        if self._of_training is None:
            return None
        scores, rows = self._of_training
        return self._of_training if len(scores) == len(rows) else None

    def _training_scores(self, windows):
        errors = self._window_errors(windows)
        return -errors[~lacks_evidence(errors, windows)]

    def score_samples(self, X):
        """Score windows by how well the model explains them.

        Parameters
        ----------
        X : array-like of shape (n, n_timesteps, n_channels) or (n, n_features)
            Windows of the length seen at fit.

        Returns
        -------
        scores : ndarray of shape (n,), float64
            Minus the error of each window, as ``error`` and ``channel_aggregation``
            say: the lower, the more abnormal. A score depends on its own window and on
            nothing else in X. Missing readings add nothing to it, and a window that
            misses too many, or all that the detector is to forecast, gets the median
            score of the training windows. With a ``direction``, harmless readings
            beyond those seen at fit count as missing.

        Raises
        ------
        ValueError
            If X holds anything but NaN and finite numbers below 1e17, or if its windows
            have another shape than at fit.
        TypeError
            If X is sparse, or holds objects that cannot be read as numbers.
        """
        windows = self._fitted_windows(X)
        errors = self._window_errors(windows)
        errors[lacks_evidence(errors, windows)] = -self._usual_score
        return -errors

    def explain(self, X):
        """Share out the error of each window among its channels.

        Parameters
        ----------
        X : array-like of shape (n, n_timesteps, n_channels) or (n, n_features)
            Windows of the length seen at fit.

        Returns
        -------
        shares : ndarray of shape (n, n_channels), float64
            What each channel adds to the error: the sum of a row is minus the score of
            its window. Of a maximum, the largest channel adds all. With
            ``channel_aggregation="mahalanobis"`` a share may be negative.

        Raises
        ------
        ValueError
            As `score_samples`.
        """
        windows = self._fitted_windows(X)
        shape = len(windows), windows.shape[2]
        ways = self._shares_of, self._shares_there
        max_missing, scored = self._fitted_as.max_missing, self._errors.scored
        shares = by_evidence(windows, max_missing, *ways, shape, scored)
        evenly = self._errors.even_shares(shape[1])
        shares[lacks_evidence(shares, windows)] = -self._usual_score * evenly
        return shares

    def expected(self, X, interval=None):
        """Tell what the model expects where each window ends.

        Parameters
        ----------
        X : array-like of shape (n, n_timesteps, n_channels) or (n, n_features)
            Windows of the length seen at fit.
        interval : float in (0, 1) or None, default=None
            The share of the training readings that a band around this holds; None
            returns no band.

        Returns
        -------
        rows : ndarray of shape (n, n_channels), float64
            The forecast or reconstruction of the last row of each window, in the units
            of X. With an ``interval``, a pair of such arrays in its place, lower and
            upper: this plus quantiles of how far readings lay from it in training
            windows, of each channel by itself.

        Raises
        ------
        ValueError
            If ``interval`` is no such share; and as `score_samples`.
        """
        windows = self._fitted_windows(X)
        shape = len(windows), windows.shape[2]
        rows = joined(self._expectations(windows), shape)
        return (
            rows if interval is None else band_around(rows, self._residuals, interval)
        )

    def __skad_loss__(self, X):
        """Average the squares of all differences, whatever scores are made of them."""
        windows = self._fitted_windows(X)
        n, total = 0, 0.0
        for start, differences, _ in self._differences(windows):
            squares = differences[: len(windows) - start] ** 2
            n, total = n + np.sum(~np.isnan(squares)), total + np.nansum(squares)
        return total / max(n, 1)

    def _fitted_windows(self, X):
        check_is_fitted(self)
        windows = self._check_windows(X, reset=False, expected=self.window_shape_)
        return without_harmless(windows, self._harmless_beyond)

    def _check_windows(self, X, *, reset, expected):
        windows = check_windows(
            self, X, reset=reset, n_channels=self.n_channels, expected=expected
        )
        refuse_huge(windows, self)
        if reset:
            refuse_lost(windows, self, self._precision)
        return windows

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.three_d_array = True
        return tags
