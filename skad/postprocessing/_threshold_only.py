"""What the meta-detectors share that set a threshold and leave the scores alone."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skad._estimators.lost_index import warn_of_lost_index
from skad._estimators.some_rows import scores_of_rows
from skad.postprocessing._calibration_rows import refuse_infinite
from skad.postprocessing._meta_detector import MetaDetector, as_read


class ThresholdOnly(MetaDetector):
    """Base class: the scores of the detector inside, with another threshold."""

    def score_samples(self, X):
        """Score rows as the detector inside does.

        Parameters
        ----------
        X : array-like of shape (n_timestamps, n_channels)
            What ``estimator`` takes.

        Returns
        -------
        scores : ndarray of shape (n_timestamps,), float64
            Those of ``estimator_``, unchanged: the lower, the more abnormal.

        Raises
        ------
        ValueError
            Whatever ``estimator`` raises.
        """
        check_is_fitted(self)
        X = as_read(self.estimator_, X)
        warn_of_lost_index(self.estimator_, X, stacklevel=3)
        return np.asarray(self.estimator_.score_samples(X), dtype=np.float64)

    def __skad_scores_of_rows__(self, X, rows):
        check_is_fitted(self)
        return scores_of_rows(self.estimator_, as_read(self.estimator_, X), rows)

    def __skad_explain__(self, X, explain):
        return explain(self.estimator_, X)


def finite_scores(estimator, X):
    """Score ``X``, and raise where a score is no number to set a threshold by."""
    scores = np.asarray(estimator.score_samples(X), dtype=np.float64)
    refuse_infinite(scores, estimator)
    return scores
