"""Which rows form an event, and which channels they are about."""

import numpy as np

from skad.metrics._runs import runs_of


def frames(caller):
    """Return pandas; where it is missing, say what needs it and how to install it."""
    try:
        import pandas
    except ImportError as error:
        raise ImportError(
            f"{caller} works on pandas tables, and pandas is not installed. Install it "
            'with pip install "skad[frames]".'
        ) from error
    return pandas


def scores_and_threshold(labels_or_scores, threshold):
    """Read scores; labels are scores of -1 and 1 around the threshold 0."""
    values = np.asarray(labels_or_scores)
    if values.ndim != 1:
        raise ValueError(
            f"labels_or_scores has shape {values.shape}; one number per row is needed, "
            "as predict and score_samples give."
        )
    if threshold is None:
        return _labels(values), 0.0
    scores = values.astype(np.float64)
    if not np.isfinite(scores).all():
        row = int(np.argmin(np.isfinite(scores)))
        raise ValueError(
            f"labels_or_scores holds {scores[row]} at row {row}; each row needs a "
            "finite score. Leave such rows out, or mend the detector that gave them."
        )
    return scores, _threshold(threshold, len(scores))


def _threshold(threshold, n_rows):
    thresholds = np.asarray(threshold, dtype=np.float64)
    if thresholds.ndim == 0:
        return float(thresholds)
    if thresholds.shape != (n_rows,) or not np.isfinite(thresholds).all():
        raise ValueError(
            f"threshold has shape {thresholds.shape} for {n_rows} rows; needed is one "
            "finite number, or one for each row, as thresholds(X) gives."
        )
    return thresholds


def _labels(values):
    if values.dtype == bool:
        return np.where(values, -1.0, 1.0)
    # Not 0 and 1: a part with nothing but 1 could not be told from -1 and 1.
    if not np.isin(values, (-1, 1)).all():
        raise ValueError(
            f"labels_or_scores holds {np.unique(values).tolist()[:5]}; labels are -1 "
            "(abnormal) and 1, or booleans with True = abnormal. If these are scores, "
            "set threshold, for example to offset_; if 1 is your anomaly, pass "
            "labels == 1."
        )
    return values.astype(np.float64)


def event_rows(marked, starts, merge_gap, min_length):
    """Find the first and the last row of each event, segment by segment.

    Parameters
    ----------
    marked : ndarray of shape (n,), bool
        Whether each row is abnormal.
    starts : ndarray of shape (n_segments,), int64
        The first row of each segment.
    merge_gap : int
        The most normal rows within an event.
    min_length : int
        The fewest rows of an event.

    Returns
    -------
    first, last : ndarray of shape (n_events,), int64
        The rows, both inside.
    """
    first, stop = runs_of(marked)
    cuts = starts[starts > 0]
    inside = cuts[marked[cuts] & marked[cuts - 1]]  # a cut in the middle of a run
    first, stop = np.union1d(first, inside), np.union1d(stop, inside)
    segments = np.searchsorted(starts, first, side="right")
    is_near = (first[1:] - stop[:-1] <= merge_gap) & (segments[1:] == segments[:-1])
    first = first[np.append(True, ~is_near)[: len(first)]]
    stop = stop[np.append(~is_near, True)[: len(stop)]]
    is_long = stop - first >= min_length
    return first[is_long], stop[is_long] - 1


def without(periods, decisions, times):
    """Let no row alarm within ``periods``, nor an event go on across one.

    Returns
    -------
    decisions : ndarray of shape (n,), float64
        Those given, and infinity in the periods.
    starts : ndarray, int
        The first rows of segments; a period is one of its own.
    """
    if periods is None:
        return decisions, times.starts
    is_inside = times.inside(periods)
    edges = np.concatenate(runs_of(is_inside))
    starts = np.union1d(times.starts, edges[edges < len(decisions)])
    return np.where(is_inside, np.inf, decisions), starts.astype(np.intp)


def check_explanation(explanation, n_rows):
    """Return what each channel adds to the error of each row, and its name."""
    shares = np.asarray(explanation, dtype=np.float64)
    if shares.ndim != 2 or len(shares) != n_rows:
        raise ValueError(
            f"explanation has shape {shares.shape}; needed is (n_rows, n_channels) "
            f"with n_rows = {n_rows}, as for labels_or_scores. Explain the very rows "
            "that were labelled or scored."
        )
    if not np.isfinite(shares).all():
        raise ValueError(
            "explanation holds numbers that are NaN or infinite. Pass what "
            "skad.inspection.explain returns."
        )
    columns = getattr(explanation, "columns", range(shares.shape[1]))
    return shares, list(columns)


def top_channels(shares, names, most):
    """Name the channels that add most over these rows, the largest first."""
    totals = shares.sum(axis=0)
    largest_first = np.argsort(-totals, kind="stable")[:most]
    return [names[channel] for channel in largest_first if totals[channel] > 0]
