"""Thresholds that rest on scores of rows not seen at training, and their p-values."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skad.postprocessing._meta_detector import SharesFolds
from skad.postprocessing._strategies import run_of
from skad.postprocessing._threshold_only import ThresholdOnly


class Calibrated(SharesFolds, ThresholdOnly):
    """Base class: it remembers the calibration scores, for p-values.

    A subclass has ``_thresholds_of(X, scores)``, and calls ``_calibrate`` at fit with
    what ``_comparable(X)`` says of the rows that calibrate: one array, or several, of
    whose p-values the largest counts.
    """

    def p_values(self, X):
        """Tell how often a normal row is as abnormal as each of these.

        Parameters
        ----------
        X : array-like of shape (n_timestamps, n_channels)
            What ``estimator`` takes.

        Returns
        -------
        p_values : ndarray of shape (n_timestamps,), float64
            ``(r + number of calibration rows as abnormal or more) / (r + n)``, in
            (0, 1]: n rows calibrate, and r is the number of rows over which neighbours
            are alike, 1 where they are independent. Of normal rows, exchangeable with
            those, at most a share u has a p-value of at most u [1]_.

        Raises
        ------
        ValueError
            If no rows calibrate, as under "fixed"; and whatever ``estimator`` raises.

        References
        ----------
        .. [1] S. Bates, E. Candes, L. Lei, Y. Romano and M. Sesia, "Testing for
           outliers with conformal p-values", Annals of Statistics 51(1), 2023.
        """
        check_is_fitted(self)
        if not self.n_calibration_rows_:
            raise ValueError(
                f"{type(self).__name__} has set its threshold without calibration "
                "rows, so it knows no p-values. Fit it with another strategy than "
                '"fixed".'
            )
        found = [
            (run + np.searchsorted(ordered, values, "right")) / (run + len(ordered))
            for ordered, run, values in zip(
                self._ordered, self._runs, self._comparable(X), strict=True
            )
        ]
        return np.max(found, axis=0)

    def thresholds(self, X):
        """Return the threshold of each row, by the rows before it or by its series.

        Parameters
        ----------
        X : array-like of shape (n_timestamps, n_channels)
            What ``estimator`` takes, from the first row of a series on.

        Returns
        -------
        thresholds : ndarray of shape (n_timestamps,), float64
            A row is an outlier if its score lies below.

        Raises
        ------
        ValueError
            Whatever ``estimator`` raises.
        """
        return self._thresholds_of(X, self.score_samples(X))

    def decision_function(self, X):
        """Score rows relative to their thresholds: negative means outlier.

        Parameters
        ----------
        X : array-like of shape (n_timestamps, n_channels)
            What ``estimator`` takes, from the first row of a series on.

        Returns
        -------
        decision : ndarray of shape (n_timestamps,), float64
            ``score_samples(X) - thresholds(X)``, in the units of the scores; not
            negative for rows without enough evidence, see `skad.evidence`.

        Raises
        ------
        ValueError
            Whatever ``estimator`` raises.
        """
        scores = self.score_samples(X)
        return self.__skad_protect__(scores - self._thresholds_of(X, scores), X)

    def _calibrate(self, *comparable):
        self._ordered = [np.sort(values) for values in comparable]
        self._runs = [
            run_of(values) if len(values) > 1 and np.ptp(values) else 1.0
            for values in comparable
        ]
