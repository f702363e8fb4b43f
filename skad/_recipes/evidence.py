"""How much of each row's window are readings."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skad._estimators.evidence import evidence_of


def evidence(detector, X) -> np.ndarray:
    """Tell what share of each row's window are readings.

    Cells that are missing (NaN), and those that lie before a series or beyond a gap,
    are none. The window is the one that ends at the row, as `SlidingWindow` inside the
    detector cuts it, with its rule for gaps; what spreading and smoothing add to it
    does not count. Repeated readings are readings; those of ``context_channels``, which
    are never scored, do not count.

    Parameters
    ----------
    detector : estimator
        A fitted outlier detector, Pipeline or meta-detector.
    X : array-like of shape (n_timestamps, n_channels)
        What ``detector`` takes: rows, or windows for a detector of windows.

    Returns
    -------
    evidence : ndarray of shape (n_timestamps,), float64
        From 0 to 1. It is 0 where a forecaster has no reading to compare with. Of an
        ensemble, that of the member that has most.

    Raises
    ------
    ValueError
        If the index of X is of another kind than at fit, or its timestamps are out of
        order or duplicated within a series.

    See Also
    --------
    skad.preprocessing.SlidingWindow : Its ``padding="missing"`` lets nothing stand
        before a series.
    skad.row_context : How many rows back and ahead a score looks.

    Notes
    -----
    A detector of skad judges a row with at least ``1 - max_missing`` evidence. Any
    other gets a score that is the median training score. Meta-detectors hold all
    detectors to the same, and those that do not know missing readings, or see rows
    repeated before a segment, to windows without padding as well: rows with less never
    alarm. Where it is missing readings that they lack, they are also left out when
    scores are spread, combined, or set a threshold; padding alone changes no score.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from skad import PCADetector, SlidingWindow, evidence
    >>> X = np.sin(np.arange(60.0)).reshape(-1, 1)
    >>> pipe = make_pipeline(SlidingWindow(4, padding="missing"), PCADetector(2)).fit(X)
    >>> X[6] = np.nan
    >>> evidence(pipe, X)[:8]
    array([0.25, 0.5 , 0.75, 1.  , 1.  , 1.  , 0.75, 0.75])
    """
    check_is_fitted(detector)
    return evidence_of(detector, X).share
