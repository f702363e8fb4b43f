"""Scores and decisions of a series that is still being written, as rows arrive."""

import warnings

import numpy as np
from sklearn.utils.validation import check_array

from skad._estimators.decisions import Decisions, deciding
from skad._estimators.lost_index import warn_of_lost_index
from skad._series.tables import as_table
from skad.streaming._reach import rows_back_of


class StreamScorer:
    """Score rows as they arrive, with the very scores of the whole run.

    A run is all rows from the first one on, those of ``context`` included. What
    `update` returns for a row is what ``estimator.score_samples`` would return for it
    in the whole run, to the bit. Of the rows before, only those are kept that a score
    still depends on (`skad.row_context`), so a row costs the same however long the run
    has become::

        run          0 1 2 3 4 5 6 7 | 8 9        update(rows 8 and 9)
        kept               3 4 5 6 7 |            if a score looks five rows back
        scored             3 4 5 6 7   8 9        as one series
        returned                       s s

    `decide` does the same for decisions; what a threshold that follows the scores
    remembers is kept as well, and is of bounded size.

    Parameters
    ----------
    estimator : estimator
        A fitted outlier detector, Pipeline or meta-detector with `score_samples` that
        looks at no later row.
    context : array-like of shape (n_timestamps, n_channels) or None, default=None
        The rows right before the first one to be scored, such as the end of the
        training series. None begins a run: its first windows are filled up, as those
        of any series.
    more_rows_back : int or None, default=None
        How many rows before a row enter its score besides those that
        `skad.row_context` counts: the reach of steps of your own before the windows, 0
        if they look at their own row alone. None refuses a step whose reach is not
        known.

    Attributes
    ----------
    estimator : estimator
        The one that was given.
    rows_back : int
        How many rows before a row enter its score, at most.

    See Also
    --------
    skad.row_context : How many rows back and ahead an estimator looks.
    skad.score_samples_blockwise : The same for a long series that is complete.
    skad.postprocessing.ReverseWindowing : With ``causal=True`` it looks at no later
        row.

    Notes
    -----
    All rows of a run have one form: arrays (or lists) of one dtype, or DataFrames with
    the same columns. A single row may be one-dimensional: a list, an array, or the
    Series that ``frame.iloc[-1]`` gives.

    Frames are cut into segments by their index as ever, between two updates as well:
    after a gap a new segment begins. An index that starts anew is a cut too, and that
    of ``pandas.DataFrame([row])`` always starts at 0: give each row its time or its
    number. Several series that arrive by turns need a scorer each.

    After `fit` of ``estimator`` call `reset`. One scorer is for one thread; copies and
    pickles go on from where they are, each by itself.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.ensemble import IsolationForest
    >>> from sklearn.pipeline import make_pipeline
    >>> from skad import SlidingWindow
    >>> from skad.streaming import StreamScorer
    >>> X = np.random.default_rng(0).normal(size=(300, 2))
    >>> pipe = make_pipeline(
    ...     SlidingWindow(window_size=8, flatten=True), IsolationForest(random_state=0)
    ... ).fit(X[:200])
    >>> stream = StreamScorer(pipe, context=X[:200])
    >>> scores = [stream.update(row)[0] for row in X[200:]]
    >>> np.array_equal(scores, pipe.score_samples(X)[200:])
    True
    """

    def __init__(self, estimator, context=None, *, more_rows_back=None):
        self.estimator = estimator
        self.more_rows_back = more_rows_back
        self.reset(context)

    def reset(self, context=None):
        """Begin another run.

        Parameters
        ----------
        context : array-like of shape (n_timestamps, n_channels) or None, default=None
            The rows right before its first one; None forgets all rows.

        Returns
        -------
        self : object
            This scorer.

        Raises
        ------
        ValueError
            If `estimator` looks at later rows; if nobody says how many rows before a
            row a step inside looks at; or if ``context`` is no table of numbers.
        TypeError
            If `estimator` has no `score_samples`.
        """
        self.rows_back = rows_back_of(self, self.estimator, self.more_rows_back)
        has_threshold = deciding(self.estimator) is not None
        self._decisions = Decisions(self.estimator) if has_threshold else None
        self._kept, self._is_looked_at = None, False
        if context is not None:
            context = _table_of(context)
            self._look_for_a_lost_index(context)
            self._begin(context)
        return self

    def _begin(self, context):
        """Keep rows, which a threshold that follows has to follow first."""
        if hasattr(getattr(self._decisions, "detector", None), "__skad_follow__"):
            self._arrived(context)
        else:
            self._kept = self._last(context)

    def update(self, rows):
        """Score the next rows of the run.

        Parameters
        ----------
        rows : array-like of shape (n_timestamps, n_channels) or (n_channels,)
            What has arrived since the last call: any number of rows, or one.

        Returns
        -------
        scores : ndarray of shape (n_timestamps,), float64
            One for each of these rows, which later ones do not change: the lower, the
            more abnormal. Compare them with the ``offset_`` of the detector.

        Raises
        ------
        ValueError
            If the rows have another form or other columns than those before, and
            whatever `estimator` raises. Rows that are refused are not kept: the run
            goes on as if they had not arrived.
        TypeError
            If the rows are sparse, or no table.

        Warns
        -----
        UserWarning
            If the rows that were kept can no longer be scored, as after more missing
            readings than a step carries forward: the run begins anew with these rows.
            If a step drops the index of frames, so that gaps are not seen.
        """
        return self._arrived(_table_of(rows))[0]

    def decide(self, rows):
        """Score the next rows of the run relative to their thresholds.

        A threshold that follows the scores, as that of
        `skad.postprocessing.AdaptiveThresholdDetector`, goes on where the last call
        ended, be it of `decide` or of `update`.

        Parameters
        ----------
        rows : array-like of shape (n_timestamps, n_channels) or (n_channels,)
            What has arrived since the last call: any number of rows, or one.

        Returns
        -------
        decisions : ndarray of shape (n_timestamps,), float64
            Below zero for outliers: what ``estimator.decision_function`` would return
            for these rows in the whole run, to the bit.

        Raises
        ------
        ValueError
            As `update`.
        TypeError
            As `update`, and if `estimator` has no threshold.
        """
        if self._decisions is None:
            Decisions(self.estimator)  # says what is missing
        return self._arrived(_table_of(rows))[1]

    def _arrived(self, rows):
        """Return the scores of new rows and, if there is a threshold, the decisions."""
        if len(rows) == 0:
            return np.empty(0, dtype=np.float64), np.empty(0, dtype=np.float64)
        self._look_for_a_lost_index(rows)
        run = rows if self._kept is None else _joined(self._kept, rows)
        n_kept = len(run) - len(rows)
        try:
            scores = self.estimator.score_samples(run)
        except ValueError as error:  # which may say in which row
            if n_kept and self._is_to_begin_anew(rows):
                self.reset()
                _warn_of_a_new_run(error)
                return self._arrived(rows)
            error.add_note(f"Row 0 is the first of {n_kept} rows of context.")
            raise
        scores = scores[n_kept:]
        decisions = self._decisions and self._decisions.over(scores, run, n_kept)
        self._kept = self._last(run)
        return scores, decisions

    def _is_to_begin_anew(self, rows):
        """Tell whether it is the rows kept that cannot be scored, not the new ones."""
        return not self._can_score(self._kept) and self._can_score(rows)

    def _can_score(self, rows):
        try:
            self.estimator.score_samples(rows)
        except ValueError:
            return False
        return True

    def _look_for_a_lost_index(self, rows):
        if not self._is_looked_at:
            warn_of_lost_index(self.estimator, rows, stacklevel=5, is_run=True)
        self._is_looked_at = True

    def _last(self, run):
        """Copy the rows that later scores depend on; the caller may reuse its own."""
        most = max(self.rows_back, 1)  # one shows whether a new series begins
        kept = getattr(run, "iloc", run)[max(0, len(run) - most) :]
        return kept.clone() if hasattr(kept, "clone") else kept.copy()


def _warn_of_a_new_run(error):
    warnings.warn(
        "The rows before these could not be scored any more, so the run begins anew "
        f"with these, and their windows are filled up. What was refused: {error}",
        UserWarning,
        stacklevel=4,
    )


def _table_of(rows):
    """Return a DataFrame, or a new axis in front of what is a single row."""
    if hasattr(rows, "to_frame") and hasattr(rows, "iloc"):
        return rows.to_frame().T  # a row of a pandas frame, with its place in the index
    table = as_table(rows)
    if hasattr(table, "columns"):
        return table
    table = check_array(
        table,
        dtype=None,
        ensure_all_finite=False,
        ensure_2d=False,
        allow_nd=True,
        ensure_min_samples=0,
    )
    return np.atleast_2d(table)


def _joined(kept, rows):
    _refuse_another_form(kept, rows)
    if hasattr(rows, "iloc"):
        import pandas as pd

        return pd.concat([kept, rows])
    if hasattr(rows, "vstack"):  # polars
        return kept.vstack(rows)
    return np.concatenate([kept, rows])


def _refuse_another_form(kept, rows):
    found, before = [
        list(part.columns) if hasattr(part, "columns") else part.shape[1:]
        for part in (rows, kept)
    ]
    if type(rows) is not type(kept) or found != before:
        raise ValueError(
            f"The rows are of type {type(rows).__name__}, with columns or shape "
            f"{found}; those before were of type {type(kept).__name__}, with {before}. "
            "Pass all rows of a run in one form, or call reset."
        )
    if not hasattr(rows, "columns") and _is_single(rows) != _is_single(kept):
        raise ValueError(
            f"The rows are of dtype {rows.dtype}, those before were of {kept.dtype}: "
            "in another precision, scores have other last digits. Pass rows of one "
            "dtype (lists of numbers are float64), or call reset."
        )


def _is_single(rows):
    return rows.dtype == np.float32
