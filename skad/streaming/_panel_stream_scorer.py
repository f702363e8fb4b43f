"""Scores and decisions of many series at once, as their rows arrive."""

import warnings

import numpy as np
from sklearn.pipeline import Pipeline

from skad._estimators.decisions import Decisions, deciding, offsets_of
from skad._estimators.lost_index import warn_of_lost_index
from skad._estimators.row_context import every_part
from skad._estimators.some_rows import scores_of_rows
from skad._series.tables import as_native, as_table
from skad._series.windows import segment_bounds
from skad.streaming._reach import rows_back_of

# What SlidingWindow says of many short series: of most rows there is but the context.
_OF_PADDING = ".*(windows hold padding|nothing but padding)"


class PanelStreamScorer:
    """Score the new rows of many series at once, as one `StreamScorer` each would.

    At each tick the rows that have arrived come as one DataFrame: series in the outer
    levels of its index, time in the innermost one. Of each series the rows are kept
    that later scores depend on; the windows that end at new rows are cut, and go
    through the detector together.

    Parameters
    ----------
    estimator : estimator
        A fitted outlier detector, Pipeline or meta-detector with `score_samples` that
        looks at no later row. If it was fitted on an array, or on one series, the outer
        levels tell series apart all the same.
    context : DataFrame or None, default=None
        The rows right before the first ones to be scored, of all series. None begins a
        run of each.
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
    StreamScorer : For one series, or rows of any other form.
    skad.score_samples_blockwise : For long series that are complete.

    Notes
    -----
    What comes back is equal to the bit to what a `StreamScorer` for each series would
    return, and to the scores of the complete series. Series may come and go: one that
    is new begins a run, and one that is late keeps its rows.

    Where scores depend on those of other windows, as behind
    `skad.postprocessing.ReverseWindowing`, the rows that are kept are scored again at
    each tick. A threshold that follows is followed series by series.

    5,000 series of one channel, windows of 32 rows and a
    `~skad.detectors.ConvAutoencoder` took 0.2 s of CPU a tick
    (``python -m tests.benchmarks.speed.panel``).

    Copies and pickles go on from where they are, each by itself.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sklearn.pipeline import make_pipeline
    >>> from skad import PCADetector, SlidingWindow
    >>> from skad.streaming import PanelStreamScorer
    >>> rng = np.random.default_rng(0)
    >>> names = pd.MultiIndex.from_product([["a", "b"], range(60)])
    >>> X = pd.DataFrame(rng.normal(size=(120, 1)), names)
    >>> detector = make_pipeline(SlidingWindow(8), PCADetector(2)).fit(X)
    >>> stream = PanelStreamScorer(detector)
    >>> ticks = [part for _, part in X.groupby(level=1)]  # a row of each series
    >>> scores = np.array([stream.update(tick) for tick in ticks])
    >>> np.array_equal(scores.T.ravel(), detector.score_samples(X))
    True
    """

    def __init__(self, estimator, context=None, *, more_rows_back=None):
        self.estimator = estimator
        self.more_rows_back = more_rows_back
        self.reset(context)

    def reset(self, context=None):
        """Begin another run of all series.

        Parameters
        ----------
        context : DataFrame or None, default=None
            The rows right before its first ones; None forgets all rows.

        Returns
        -------
        self : object
            This scorer.

        Raises
        ------
        ValueError
            If `estimator` looks at later rows; if nobody says how many rows before a
            row a step inside looks at; or if ``context`` cannot be read.
        TypeError
            If `estimator` has no `score_samples`.
        """
        self.rows_back = rows_back_of(self, self.estimator, self.more_rows_back)
        self._kept, self._states, self._is_apart = None, {}, None
        if context is not None:
            self._begin(self._read(context))
        return self

    def _begin(self, context):
        """Keep rows, which a threshold that follows has to follow first."""
        if hasattr(deciding(self.estimator), "__skad_follow__"):
            self._arrived(context)
        elif len(context):
            run, series, _ = self._in_series(context)
            self._keep(run, series)

    def update(self, frame):
        """Score the next rows of the series.

        Parameters
        ----------
        frame : DataFrame of shape (n_rows, n_channels)
            What has arrived since the last call: of each series any number of rows, in
            the order of time, or none.

        Returns
        -------
        scores : ndarray of shape (n_rows,), float64
            One for each of these rows, in their order: the lower, the more abnormal.

        Raises
        ------
        ValueError
            If the index names no series, if its levels or the columns are not those of
            the rows before, and whatever `estimator` raises. Rows that are refused are
            not kept.
        TypeError
            If ``frame`` is no DataFrame.
        """
        return self._arrived(self._read(frame))[0]

    def decide(self, frame):
        """Score the next rows of the series relative to their thresholds.

        Parameters
        ----------
        frame : DataFrame of shape (n_rows, n_channels)
            What has arrived since the last call, of `update` or of `decide`.

        Returns
        -------
        decisions : ndarray of shape (n_rows,), float64
            Below zero for outliers: what ``estimator.decision_function`` would return
            for these rows in the whole run, to the bit.

        Raises
        ------
        ValueError
            As `update`.
        TypeError
            As `update`, and if `estimator` has no threshold.
        """
        rows = self._read(frame)
        if deciding(self.estimator) is None:
            Decisions(self.estimator)  # says what is missing
        return self._arrived(rows)[1]

    def _read(self, frame):
        frame = as_native(frame)
        if not hasattr(frame, "iloc") or not hasattr(frame, "columns"):
            raise TypeError(
                f"frame is of type {type(frame).__name__}; needed is a pandas "
                "DataFrame with series and time in its index. Name the series, for "
                "example with pandas.concat(frames, keys=names)."
            )
        if not hasattr(frame.index, "levels"):
            raise ValueError(
                "The index of frame has one level and names no series. Put them before "
                "the time, for example with frame.set_index([series, time]); of one "
                "series, use StreamScorer."
            )
        as_table(frame)
        if not hasattr(
            self.estimator, "feature_names_in_"
        ):  # it was fitted on an array
            frame = frame.set_axis(range(frame.shape[1]), axis=1)
        self._refuse_another_form(frame)
        return frame

    def _refuse_another_form(self, frame):
        kept = self._kept
        if kept is None:
            return
        pairs = [(list(part.columns), part.index.nlevels) for part in (frame, kept)]
        if pairs[0] != pairs[1]:
            raise ValueError(
                f"The rows have the columns {pairs[0][0]} and {pairs[0][1]} index "
                f"levels; those before had {pairs[1][0]} and {pairs[1][1]}. Pass all "
                "rows of a run in one form, or call reset."
            )

    def _arrived(self, frame):
        """Return scores and, if there is a threshold, decisions, in the given order."""
        if len(frame) == 0:
            return np.empty(0), np.empty(0)
        run, series, arrived = self._in_series(frame)
        is_active = np.isin(series, series[arrived >= 0])
        active, of_run = run.iloc[is_active], arrived[is_active]
        rows = np.flatnonzero(of_run >= 0)
        scores = self._scores(active, series[is_active], rows)
        decisions, states = scores, {}
        if deciding(self.estimator) is not None:
            decisions, states = self._decided(active, series[is_active], rows, scores)
        self._keep(run, series)
        self._states |= states
        order = np.empty(len(rows), dtype=np.intp)
        order[of_run[rows]] = np.arange(len(rows))
        return scores[order], decisions[order]

    def _in_series(self, frame):
        """Join kept and new rows, series by series.

        Returns the run, the number of the series of each row, and the place of each row
        in ``frame``, -1 for those that were kept.
        """
        import pandas as pd

        n_kept = 0 if self._kept is None else len(self._kept)
        run = frame if n_kept == 0 else pd.concat([self._kept, frame])
        outer = list(range(run.index.nlevels - 1))
        series = run.groupby(level=outer, sort=False, dropna=False).ngroup().to_numpy()
        order = np.argsort(series, kind="stable")
        arrived = np.where(order < n_kept, -1, order - n_kept)
        return run.iloc[order], series[order], arrived

    def _scores(self, run, series, rows):
        if self._is_apart is None:
            self._is_apart = not _drops_the_index(self.estimator, run)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=_OF_PADDING)
            if self._is_apart or isinstance(self.estimator, Pipeline):
                return scores_of_rows(self.estimator, run, rows)
            parts = [
                scores_of_rows(self.estimator, run.iloc[a:b], _within(rows, a, b))
                for a, b in _bounds(series)
            ]
        return np.concatenate(parts)

    def _decided(self, run, series, rows, scores):
        """Return decisions on new rows, and what a following threshold remembers."""
        detector, states = deciding(self.estimator), {}
        if hasattr(detector, "__skad_follow__"):
            thresholds = np.empty(len(rows))
            for start, stop in _bounds(series):
                name = run.index[start][:-1]
                first, last = np.searchsorted(rows, [start, stop])
                state = self._states.get(name)
                if state is None:
                    state = detector.__skad_begin__(run, start)
                follow = detector.__skad_follow__(scores[first:last], state)
                thresholds[first:last], states[name] = follow
            decisions = scores - thresholds
        else:
            decisions = scores - offsets_of(detector, run, rows)
        return _protected(detector, decisions, run, rows), states

    def _keep(self, run, series):
        """Keep the last rows of each series, which later scores depend on."""
        ends = np.array([stop for _, stop in _bounds(series)])
        to_end = ends[series - series[0]] - np.arange(len(series))
        self._kept = run[to_end <= max(self.rows_back, 1)]


def _bounds(series):
    """List the first row of each series, and the one after its last."""
    starts = np.flatnonzero(np.diff(series, prepend=-1))
    return segment_bounds(starts, len(series))


def _within(rows, start, stop):
    first, last = np.searchsorted(rows, [start, stop])
    return rows[first:last] - start


def _protected(detector, decisions, run, rows):
    """Let no row alarm without enough evidence."""
    if not hasattr(detector, "__skad_protect__"):
        return decisions
    of_run = np.zeros(len(run))
    of_run[rows] = decisions
    return detector.__skad_protect__(of_run, run)[rows]


def _drops_the_index(estimator, run):
    """Tell whether a step inside drops the index that tells series apart."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for part in every_part(estimator):
            warn_of_lost_index(part, run, stacklevel=3, is_run=True)
    return bool(caught)
