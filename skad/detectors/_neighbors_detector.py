"""Detect windows that are like no window seen in training."""

from numbers import Integral, Real

import numpy as np
from sklearn.base import clone
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

from skad._estimators.thresholding import CONTAMINATION, threshold
from skad._estimators.training_scores import rows_that_stand_for_all
from skad._series.missing import filled
from skad.detectors._channel_distances import (
    AGGREGATIONS,
    ChannelDistances,
    learnt_from,
)
from skad.detectors._compared_windows import ComparedWindows
from skad.detectors._expected_band import residuals_of
from skad.detectors._incomplete_windows import lacks_evidence
from skad.detectors._window_bank import bank_of, nearest_of_groups
from skad.detectors._window_detector import WindowDetector

# Numbers that a bank may hold.
_LARGEST_BANK = 2**24
# A window that varies by less than this share of the training rows counts as flat.
_FLAT = 0.05
_TINY = 1e-100


class NeighborsDetector(WindowDetector):
    """Detect windows that are like no window seen in training.

    Windows of the training rows are kept in a bank, and the score of a window is minus
    its mean distance to the few that are nearest [1]_ [2]_: to their readings, or, with
    ``features``, to what a transformer such as
    `~skad.preprocessing.RandomConvolutions` makes of them.

    Parameters
    ----------
    n_neighbors : int, default=1
        The stored windows, the nearest ones, over whose distances the mean is taken;
        all of them, where there are fewer.
    features : transformer or None, default=None
        What windows, as they come, are turned into before distances are taken: any
        estimator with `fit` and `transform` of three-dimensional windows. None compares
        the readings.
    n_channels : int, default=1
        The channels of flattened windows, ``(n, n_timesteps * n_channels)`` in
        time-major order. Three-dimensional windows show theirs.
    window_scaling : {None, "mean", "standard"}, default="mean"
        What is taken out of each window before its readings are compared: nothing, the
        mean of each channel, or that mean and the standard deviation (at least 5 % of
        that of the channel in training).
    channel_aggregation : str, default="joint"
        How the channels become one distance:

        - "joint": the windows of all channels are compared at once, each channel over
          how widely it is spread in training;
        - "standardised": each channel finds its own nearest windows; the mean of the
          distances, after each was divided by its usual size in training plus the mean
          of these;
        - "standardised_top": the mean of the largest quarter of these;
        - "standardised_max": the largest of these.
    max_missing : float, default=0.5
        The share, in [0, 1), of a window's readings that may be missing (NaN). A
        window that misses more is left out at fit; when scored it gets the median score
        of the training windows, and so never alarms.
    max_bank : int, default=2000
        How many training windows are kept, at most, evenly spread over all.
    exclusion : int or "auto", default="auto"
        For `training_scores_`, the distance in rows up to which the windows around a
        training row do not count; "auto" is half a window.
    contamination : "auto" or float in (0, 0.5], default="auto"
        The share of the samples seen at fit that fall below the threshold `offset_`;
        "auto" puts it beyond nearly all of them, by their quartiles.

    Attributes
    ----------
    training_scores_ : ndarray of shape (n_scored,), float64
        What the training rows score if the windows around each of them do not count:
        as if the bank had not seen them.
    training_rows_ : ndarray of shape (n_scored,), int64
        Which rows these are: all, or 20 stretches of 1,000 spread over more. Where
        windows that miss too much were left out, the others are counted.
    bank_rows_ : ndarray of shape (n_bank,), int64
        The rows at which the windows of the bank end, counted likewise.
    features_ : list of transformer
        The fitted ``features``: one, or one for each channel that is compared by
        itself; empty where readings are compared.
    offset_ : float
        The threshold: ``decision_function(X) = score_samples(X) - offset_``.
    window_shape_ : tuple of int
        ``(n_timesteps, n_channels)`` of the windows seen at fit.
    n_features_in_ : int
        ``n_timesteps * n_channels``.
    feature_names_in_ : ndarray of shape (`n_features_in_`,), object
        Column names, when X was a DataFrame of flattened windows.

    See Also
    --------
    skad.preprocessing.RandomConvolutions : Features of shapes, to be compared.
    PCADetector : How badly a few shapes rebuild a window.

    Notes
    -----
    What remembers its training rows finds them again. So one stored window that is
    identical to the scored one does not count, and the score of a window is the same
    whether it was seen or not. Windows around it may be in the bank all the same: the
    "auto" threshold, and the scales of an ensemble, rest on `training_scores_`. A
    number as ``contamination`` is, as ever, exact on the training rows, and so flags
    more than that of rows that were not seen.

    With n rows, a bank of m windows and windows of d numbers, scoring takes
    ``n * m * d`` multiplications and the memory of the bank. A bank holds at most
    2 ** 24 numbers, so fewer than ``max_bank`` windows where they are large.

    References
    ----------
    .. [1] S. Ramaswamy, R. Rastogi and K. Shim, "Efficient algorithms for mining
       outliers from large data sets", SIGMOD 2000.
    .. [2] C.-C. M. Yeh et al., "Matrix profile I: all pairs similarity joins for time
       series", ICDM 2016.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from skad import SlidingWindow
    >>> from skad.detectors import NeighborsDetector
    >>> X = np.sin(np.arange(400) / 5).reshape(-1, 1)
    >>> X[300:316] = X[300:332:2]  # twice as fast
    >>> detector = make_pipeline(SlidingWindow(window_size=16), NeighborsDetector())
    >>> lowest = int(detector.fit(X[:250]).score_samples(X).argmin())
    >>> 300 <= lowest < 331  # the windows that hold one of these rows
    True
    """

    _parameter_constraints = {
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "features": [HasMethods(["fit", "transform"]), None],
        "n_channels": [Interval(Integral, 1, None, closed="left")],
        "window_scaling": [StrOptions({"mean", "standard"}), None],
        "channel_aggregation": [StrOptions({"joint", *AGGREGATIONS})],
        "max_missing": [Interval(Real, 0, 1, closed="left")],
        "max_bank": [Interval(Integral, 2, None, closed="left")],
        "exclusion": [Interval(Integral, 0, None, closed="left"), StrOptions({"auto"})],
        "contamination": CONTAMINATION,
    }

    def __init__(
        self,
        n_neighbors=1,
        *,
        features=None,
        n_channels=1,
        window_scaling="mean",
        channel_aggregation="joint",
        max_missing=0.5,
        max_bank=2000,
        exclusion="auto",
        contamination="auto",
    ):
        self.n_neighbors = n_neighbors
        self.features = features
        self.n_channels = n_channels
        self.window_scaling = window_scaling
        self.channel_aggregation = channel_aggregation
        self.max_missing = max_missing
        self.max_bank = max_bank
        self.exclusion = exclusion
        self.contamination = contamination

    def _learn(self, windows, task):
        n, size = len(windows), windows[0].size
        n_kept = max(2, min(n, self.max_bank, _LARGEST_BANK // size))
        self.bank_rows_ = np.linspace(0, n - 1, n_kept).astype(np.int64)
        kept = filled(np.asarray(windows[self.bank_rows_]), self._usual_readings)
        self._floor = _FLAT * kept.std(axis=(0, 1), dtype=np.float64)
        self._weights, self.features_ = None, []
        blocks = self._compared().scaled(kept)
        scaled = [block[: n_kept - start] for start, (block, *_) in blocks]
        self._readings = np.concatenate(scaled)
        spread = self._readings.var(axis=0).mean(axis=0)
        self._weights = 1 / np.sqrt(spread + spread.mean() + _TINY)
        self.features_ = self._fitted_features(kept)
        points = (points for _, points in self._compared().points(kept))
        self._banks = [
            bank_of(np.concatenate(of_group)[:n_kept], self.bank_rows_)
            for of_group in zip(*points, strict=True)
        ]

    def _fitted_features(self, windows):
        if self._fitted_as.features is None:
            return []
        groups = self._compared().groups_of(windows)
        return [clone(self._fitted_as.features).fit(group) for group in groups]

    def _compared(self):
        return ComparedWindows(
            self._fitted_as.window_scaling,
            self._usual_readings,
            self._floor,
            self._is_joint(),
            self._weights,
            tuple(self.features_),
        )

    def _settle(self, windows):
        n = len(windows)
        self.window_shape_ = windows.shape[1:]
        self.n_features_in_ = windows[0].size
        parts = rows_that_stand_for_all(n)
        self.training_rows_ = np.concatenate([np.arange(*part) for part in parts])
        distances = np.concatenate(
            [
                block
                for start, stop in parts
                for block in self._held_out(windows[start:stop], start, n)
            ]
        )
        self._errors = self._aggregation(distances)
        self.training_scores_ = -self._errors.of_windows(distances)
        self._learn_growth(windows)
        self._residuals = residuals_of(windows, self._unseen_expectations)
        self._usual_score = float(np.median(self.training_scores_))
        self._of_training = self.training_scores_, self.training_rows_
        is_auto = self.contamination == "auto"
        scores = self.training_scores_ if is_auto else self._training_scores(windows)
        self.offset_ = threshold(scores, self.contamination)

    def _held_out(self, windows, first, n_rows):
        """Yield distances of training windows to those that are not around them."""
        rows, zone = first + np.arange(len(windows)), self._zone(windows, n_rows)
        for start, distances, _ in self._found(windows, rows, zone):
            yield distances[: len(windows) - start]

    def _zone(self, windows, n_rows):
        zone = self._fitted_as.exclusion
        zone = windows.shape[1] // 2 if zone == "auto" else zone
        return min(zone, n_rows // 4)  # something has to be left to compare with

    def _aggregation(self, distances):
        if self._is_joint():
            return ChannelDistances()
        return learnt_from(self.channel_aggregation, distances)

    def _is_joint(self):
        return self._fitted_as.channel_aggregation == "joint"

    def explain(self, X):
        """Share out the distance of each window among its channels.

        Parameters
        ----------
        X : array-like of shape (n, n_timesteps, n_channels) or (n, n_features)
            Windows of the length seen at fit.

        Returns
        -------
        shares : ndarray of shape (n, n_channels), float64
            What each channel adds to the error: the sum of a row is minus the score of
            its window. What is compared jointly is shared out as the squares of the
            differences between the readings of a window and of its nearest.

        Raises
        ------
        ValueError
            As `score_samples`.
        """
        if not self._is_joint():
            return super().explain(X)
        windows = self._fitted_windows(X)
        shares = np.empty((len(windows), windows.shape[2]))
        for start, differences, _ in self._differences(windows):
            squares = np.square(differences * self._weights).sum(axis=1) + _TINY
            squares /= squares.sum(axis=1, keepdims=True)
            shares[start : start + len(squares)] = squares[: len(windows) - start]
        errors = self._window_errors(windows)
        lacking = lacks_evidence(errors, windows)
        errors[lacking] = -self._usual_score
        shares[lacking] = self._errors.even_shares(windows.shape[2])
        return shares * errors[:, np.newaxis]

    def _channel_means(self, windows, *, merge):
        return ((start, means) for start, means, _ in self._found(windows))

    def _means_there(self, windows):
        return self._channel_means(windows, merge=False)

    __skad_loss__ = None  # it remembers, and minimises nothing

    def _differences(self, windows):
        for start, block, nearest in self._with_nearest(windows):
            yield start, block[0] - nearest, block[2]

    def _unseen_expectations(self, windows, rows, n_rows):
        return self._expectations(windows, rows, self._zone(windows, n_rows))

    def _expectations(self, windows, rows=None, zone=0):
        near = self._with_nearest(windows, rows, zone)
        for start, (_, centre, scale), nearest in near:
            yield start, (nearest * scale + centre)[:, -1]

    def _with_nearest(self, windows, rows=None, zone=0):
        """Yield scaled blocks, and the stored readings that are nearest to them."""
        places = (found for _, _, found in self._found(windows, rows, zone))
        scaled = self._compared().scaled(windows)
        for (start, block), found in zip(scaled, places, strict=True):
            if self._is_joint():
                yield start, block, self._readings[found[0]]
                continue
            nearest = [self._readings[at, :, c] for c, at in enumerate(found)]
            yield start, block, np.stack(nearest, axis=2)

    def _found(self, windows, rows=None, zone=0):
        """Yield, block by block, mean distances, (n, n_groups), and what is nearest."""
        for start, points in self._compared().points(windows):
            at = None
            if rows is not None:
                at = np.resize(rows[start : start + len(points[0])], len(points[0]))
            k = self._fitted_as.n_neighbors
            yield start, *nearest_of_groups(self._banks, points, k, at, zone)
