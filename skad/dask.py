"""Series in chunks, scored on all cores or on many machines."""

import numpy as np

from skad._estimators.decisions import deciding
from skad._estimators.row_context import row_context

__all__ = ["predict", "score_samples"]


def score_samples(estimator, X):
    """Score a dask array chunk by chunk, with the very scores of the whole.

    Each chunk is scored together with the neighbouring rows that its scores depend on,
    as told by `skad.row_context`, and these are dropped again. Nothing is computed
    before the result is asked for.

    Parameters
    ----------
    estimator : estimator
        A fitted outlier detector, Pipeline or meta-detector with `score_samples`.
    X : dask.array.Array of shape (n_timestamps, n_channels)
        In chunks of any length. Those shorter than the context are joined with their
        neighbours. An array has no index, and so is one series.

    Returns
    -------
    scores : dask.array.Array of shape (n_timestamps,), float64
        The lower, the more abnormal.

    Raises
    ------
    TypeError
        If X is no dask array.
    ValueError
        If X is empty, or if the lengths of its chunks are not known.
    ImportError
        If dask is not installed: ``pip install "skad[dask]"``.

    See Also
    --------
    predict : Labels in place of scores.
    skad.score_samples_blockwise : The same in one process, without dask.

    Examples
    --------
    >>> import dask.array as da
    >>> import numpy as np
    >>> from sklearn.ensemble import IsolationForest
    >>> from sklearn.pipeline import make_pipeline
    >>> import skad.dask
    >>> from skad import SlidingWindow
    >>> X = np.random.default_rng(0).normal(size=(500, 2))
    >>> pipe = make_pipeline(
    ...     SlidingWindow(window_size=8, flatten=True), IsolationForest(random_state=0)
    ... ).fit(X)
    >>> scores = skad.dask.score_samples(pipe, da.from_array(X, chunks=(200, 2)))
    >>> np.array_equal(scores.compute(), pipe.score_samples(X))
    True
    """
    return _in_chunks(estimator, "score_samples", X, np.float64)


def predict(estimator, X):
    """Label a dask array chunk by chunk, with the very labels of the whole.

    Chunks are scored together with their neighbours, as by `score_samples`.

    Parameters
    ----------
    estimator : estimator
        A fitted outlier detector, Pipeline or meta-detector with `predict`.
    X : dask.array.Array of shape (n_timestamps, n_channels)
        In chunks of any length, as for `score_samples`.

    Returns
    -------
    labels : dask.array.Array of shape (n_timestamps,), int64
        -1 for an anomaly, 1 for all else.

    Raises
    ------
    TypeError
        If X is no dask array.
    ValueError
        If X is empty, or if the lengths of its chunks are not known; if the threshold
        of ``estimator`` follows the scores, so that a chunk has no labels of its own.
    ImportError
        If dask is not installed: ``pip install "skad[dask]"``.

    See Also
    --------
    score_samples : Scores in place of labels.
    skad.decision_function_blockwise : Decisions in one process, also by a threshold
        that follows.

    Examples
    --------
    >>> import dask.array as da
    >>> import numpy as np
    >>> from sklearn.ensemble import IsolationForest
    >>> import skad.dask
    >>> X = np.random.default_rng(0).normal(size=(500, 2))
    >>> X[345] = 9
    >>> forest = IsolationForest(contamination=0.002, random_state=0).fit(X)
    >>> labels = skad.dask.predict(forest, da.from_array(X, chunks=(200, 2)))
    >>> np.flatnonzero(labels.compute() == -1)
    array([345])
    """
    _refuse_to_follow(deciding(estimator))
    return _in_chunks(estimator, "predict", X, np.int64)


def _refuse_to_follow(detector):
    if hasattr(detector, "__skad_follow__"):
        raise ValueError(
            f"The threshold of {type(detector).__name__} follows the scores of the "
            "rows before, so that chunks cannot be labelled one by one. Compute the "
            "scores by skad.dask.score_samples, or the decisions by "
            "skad.decision_function_blockwise, which takes the rows in order."
        )


def _in_chunks(estimator, method, X, dtype):
    dask, array = _dask()
    if not isinstance(X, array.Array):
        raise TypeError(
            f"X is of type {type(X).__name__}; skad.dask takes a dask array. Pass "
            "dask.array.from_array(X, chunks=...), frame.to_dask_array(lengths=True), "
            f"or call {method} of the estimator."
        )
    _refuse_unusable_chunks(X)
    lengths = tuple(length for length in X.chunks[0] if length > 0)
    whole_rows = dict.fromkeys(range(1, X.ndim), -1)
    return array.map_overlap(
        _of_chunk,
        X.rechunk({0: lengths, **whole_rows}),
        depth={0: _reach(estimator, X.shape[0]), **dict.fromkeys(whole_rows, 0)},
        boundary="none",
        drop_axis=list(whole_rows),
        dtype=dtype,
        meta=np.empty(0, dtype=dtype),
        # One task of its own: not a copy in each of a million.
        estimator=dask.delayed(estimator, traverse=False),
        method=method,
    )


def _refuse_unusable_chunks(X):
    if np.isnan(X.shape[0]):
        raise ValueError(
            "X has chunks of unknown length, so that no neighbouring rows can be "
            "passed between them. Call X.compute_chunk_sizes(), or make X by "
            "frame.to_dask_array(lengths=True)."
        )
    if X.shape[0] == 0:
        raise ValueError("X has 0 rows; there is nothing to score. Pass a series.")


def _reach(estimator, n_rows):
    """Return the context, which dask wants to be shorter than the series."""
    return tuple(min(reach, n_rows - 1) for reach in row_context(estimator))


def _of_chunk(rows, *, estimator, method):
    return getattr(estimator, method)(rows)


def _dask():
    try:
        import dask
        import dask.array
    except ImportError as error:
        raise ImportError(
            'skad.dask needs dask. Install it with pip install "skad[dask]".'
        ) from error
    return dask, dask.array
