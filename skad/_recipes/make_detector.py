"""The chain that is recommended, in one line."""

import numpy as np
from sklearn.utils import check_random_state

from skad._estimators.row_context import row_context
from skad._recipes.chains import NAMED, chain_around, named_chain, takes_rules
from skad.postprocessing._adaptive_threshold import AdaptiveThresholdDetector
from skad.postprocessing._ensemble_detector import EnsembleDetector
from skad.postprocessing._meta_detector import refuse_without_scores
from skad.postprocessing._reverse_windowing import ReverseWindowing

_ENSEMBLE = ("autoencoder", "pattern", "pca", "neighbors", "convolutions")
# Moving averages over the scores of one chain, and of the ensemble.
_SMOOTHING, _SMOOTHING_OF_ENSEMBLE = "window", "half"
# The share of a window that may be missing.
_MAX_MISSING = 0.5
# Copies for the threshold and the scales of the members: the fewest there can be.
_N_BLOCKS = 2


def make_detector(
    estimator=None,
    *,
    window_size="auto",
    causal=False,
    smoothing="auto",
    direction="both",
    min_deviation=0.0,
    context_channels=None,
    max_missing=_MAX_MISSING,
    contamination="auto",
    train="all",
    n_jobs=None,
    random_state=None,
):
    """Put together the chain that is recommended for a detector, or for several.

    From rows to scores of rows: scale each channel, cut windows, score these, and
    spread or smooth their scores over the rows; and from scores to alarms, by a
    threshold that follows the scores. What comes back is a plain composition of the
    classes of skad and scikit-learn, not fitted yet; nothing in it is hidden from
    `set_params`. ``make_detector("autoencoder")`` is::

        AdaptiveThresholdDetector(
            ReverseWindowing(
                make_pipeline(
                    PerSeries(
                        RobustScaler(quantile_range=(0, 100)).set_output(
                            transform="pandas"
                        )
                    ),
                    SlidingWindow(window_size="auto", padding="missing"),
                    ConvAutoencoder(
                        kernel_size=15,
                        stride=2,
                        max_epochs=15,
                        lr=2e-3,
                        max_windows_per_epoch=2048,
                        channel_aggregation="standardised_max",
                    ),
                ),
                smoothing="window",
            ),
            n_blocks=2,
        )

    and ``make_detector()`` combines five such chains, two with a network and three
    without, each for what the others do not see::

        AdaptiveThresholdDetector(
            ReverseWindowing(
                EnsembleDetector(
                    [
                        (name, make_detector(name, smoothing=1).estimator)
                        for name in (
                            "autoencoder",
                            "pattern",
                            "pca",
                            "neighbors",
                            "convolutions",
                        )
                    ]
                ),
                window_size=1,
                smoothing="half",
            ),
            n_blocks=2,
        )

    Parameters
    ----------
    estimator : str, estimator or None, default=None
        A name takes a detector with the values that are recommended, see Notes:
        "autoencoder", "pattern", "forecaster", "pca", "neighbors" or "convolutions". An
        outlier detector of windows is taken as it is: nothing that you set is replaced,
        and nothing that you did not set; it gets three-dimensional windows if it takes
        them and flattened ones if not. None takes the ensemble.
    window_size : int or "auto", default="auto"
        Rows in a window; "auto" leaves it to `SlidingWindow`, which looks for a period,
        and is 100 for "pca".
    causal : bool, default=False
        Whether to do without later rows, for live scores, at some loss.
    smoothing : int or "auto", default="auto"
        Rows of the moving averages over the scores; 1 smooths nothing. "auto" is as
        many as the shortest window holds for one detector, and half as many for the
        ensemble. With windows of w rows and averages of s, a row has a part in the
        scores of those up to w - 1 + s / 2 rows before and after it, and with
        ``causal`` of those up to 2 w + s - 3 after it. Forecasters judge rows, so of
        these w counts as 1, and are smoothed twice, so s counts double.
    direction : {"both", "above", "below"}, dict or sequence, default="both"
        Which readings count: those "above" what is expected, those "below" it, or both.
        One word for all channels, one for each, or a dict from channels, by name or
        position, to words; those not in it have "both".
    min_deviation : float, dict or sequence, default=0.0
        A reading that is nearer to what is expected, in the units of X, adds nothing to
        the error. Given as ``direction`` is; channels not in a dict have 0.
    context_channels : sequence or None, default=None
        Names or positions of channels that the model sees and that are never scored.
    max_missing : float in [0, 1), default=0.5
        The share of a window that may be missing; rows with more score as the usual
        training row, and never alarm. For named detectors; an ``estimator`` that is
        given keeps its own.
    contamination : "auto" or float in (0, 0.5], default="auto"
        A number is the share of the samples seen at fit that fall below the threshold
        `offset_`, and no more is wrapped around the scores. "auto" wraps them in an
        `AdaptiveThresholdDetector`, which fits two copies of all on half of the rows
        each: they set the threshold, and the scales of the members.
    train : {"normal", "all"}, default="all"
        Whether to leave out the rows that y labels abnormal, such as maintenance by
        `from_events`: they neither train nor calibrate, and no window crosses the cut.
    n_jobs : int or None, default=None
        Set for every part that takes ``n_jobs`` and has none of its own yet. None
        leaves them.
    random_state : int, RandomState instance or None, default=None
        Draws the ``random_state`` of every part that has none of its own yet. None
        leaves them.

    Returns
    -------
    detector : AdaptiveThresholdDetector or ReverseWindowing
        An outlier detector of rows, not fitted. The ``estimator`` given is not changed;
        the detector holds a copy.

    Raises
    ------
    TypeError
        If there is a rule for channels and ``estimator`` does not take any; if
        ``estimator`` has no `score_samples`, or is no estimator but a class.
    ValueError
        If ``estimator`` is no name of a detector, or looks at neighbouring rows itself,
        as what holds windows does; if no part takes the ``n_jobs`` that are given.

    See Also
    --------
    skad.postprocessing.ReverseWindowing : From scores of windows back to rows.
    skad.postprocessing.EnsembleDetector : Several detectors, combined into one.
    skad.postprocessing.ThresholdedDetector : A threshold on rows held back, for a rate
        of false alarms to rely on.

    Notes
    -----
    What the names stand for, chosen once for many labelled series and for all alike:

    - "autoencoder": ``ConvAutoencoder(kernel_size=15, stride=2, max_epochs=15, lr=2e-3,
      max_windows_per_epoch=2048, channel_aggregation="standardised_max")``.
    - "pattern": ``ConvAutoencoder(kernel_size=7, stride=2, max_epochs=15, lr=2e-3,
      max_windows_per_epoch=2048, window_scaling="mean",
      channel_aggregation="standardised")``.
    - "forecaster": ``LSTMForecaster(hidden_size=32, max_epochs=15, lr=2e-3,
      max_windows_per_epoch=2048, window_scaling="mean",
      channel_aggregation="standardised")``.
    - "pca": ``PCADetector(n_components=0.95, max_windows=2000,
      channel_aggregation="standardised_max")``, with ``window_size=100``.
    - "neighbors": ``NeighborsDetector(channel_aggregation="standardised_top",
      max_bank=1000)``.
    - "convolutions": ``NeighborsDetector(n_neighbors=3,
      features=RandomConvolutions(n_kernels=50), channel_aggregation="standardised",
      max_bank=1000)``.

    A fit costs what it must, not what the rows are: networks see 2,048 windows per
    epoch, components, banks and kernels are learnt from a few thousand, and scales and
    the "auto" threshold from the scores of at most 20,000 rows. A number as
    ``contamination`` is exact, for which all rows are scored.

    The scores of windows are averaged over the windows that cover a row, and smoothed
    by a moving average. A detector with ``judges_rows``, as forecasters are, judges the
    row where its window ends: its errors stay at their rows, and are smoothed twice,
    one `ReverseWindowing` around another.

    ``direction``, ``min_deviation`` and ``context_channels`` put a
    `~skad.postprocessing.ChannelRules` around each Pipeline; members of the ensemble
    whose errors have no sign are left out.

    With ``kernel_size=7`` the autoencoder of a single channel learnt to copy, or not,
    depending on the seed.

    The scaler subtracts each channel's median and divides by its range over the
    training rows, and hands the index on. Series that outer index levels name have a
    scale each (`~skad.preprocessing.PerSeries`), so their levels may differ; with
    ``min_deviation``, which is one size for all, they share one.

    Examples
    --------
    >>> import numpy as np
    >>> from skad import LSTMForecaster, make_detector
    >>> X = np.sin(np.arange(900) / 5).reshape(-1, 1)
    >>> X[600:640] = X[600:680:2]  # twice as fast
    >>> X += np.random.default_rng(0).normal(scale=0.05, size=X.shape)
    >>> detector = make_detector(random_state=0).fit(X[:500])
    >>> 600 <= int(detector.score_samples(X).argmin()) < 640
    True
    >>> live = make_detector(LSTMForecaster(hidden_size=8), causal=True, smoothing=20)
    >>> live.get_params()["estimator__smoothing"]
    20
    """
    if smoothing == "auto":
        smoothing = _SMOOTHING if estimator is not None else _SMOOTHING_OF_ENSEMBLE
    options = {"smoothing": smoothing, "causal": causal}
    rules = _rules(direction, min_deviation, context_channels)
    if estimator is None:
        detector = _ensemble(window_size, options, rules)
        _set_everywhere(detector, "max_missing", max_missing)
    elif isinstance(estimator, str):
        detector = named_chain(estimator, window_size, options, rules)
        _set_everywhere(detector, "max_missing", max_missing)
    else:
        refuse_without_scores(estimator, ReverseWindowing(estimator))
        _refuse_neighbours(estimator)
        _refuse_to_replace(max_missing)
        detector = chain_around(estimator, window_size, options, rules)
    if contamination == "auto":
        detector = AdaptiveThresholdDetector(detector, n_blocks=_N_BLOCKS)
    else:
        detector.set_params(contamination=contamination)
    detector.set_params(train=train)
    return _seeded(_in_parallel(detector, n_jobs), random_state)


def _ensemble(window_size, options, rules):
    """Smooth the scores of the members together: once is enough, at the end."""
    of_member = {**options, "smoothing": 1}
    members = [
        (name, named_chain(name, window_size, of_member, rules))
        for name in _ENSEMBLE
        if not rules or takes_rules(NAMED[name])
    ]
    return ReverseWindowing(EnsembleDetector(members), window_size=1, **options)


def _rules(direction, min_deviation, context_channels):
    """Return the rules that are not the defaults."""
    rules = {}
    if not isinstance(direction, str) or direction != "both":
        rules["direction"] = direction
    if np.ndim(min_deviation) or isinstance(min_deviation, dict) or min_deviation != 0:
        rules["min_deviation"] = min_deviation
    if context_channels is not None:
        rules["context_channels"] = context_channels
    return rules


def _set_everywhere(detector, parameter, value):
    names = detector.get_params()
    taken = [name for name in names if name.rpartition("__")[2] == parameter]
    return detector.set_params(**dict.fromkeys(taken, value))


def _refuse_to_replace(max_missing):
    if max_missing != _MAX_MISSING:
        raise ValueError(
            f"max_missing={max_missing} would have no effect: an estimator that is "
            "given keeps its own. Set it there."
        )


def _refuse_neighbours(estimator):
    if row_context(estimator) != (0, 0):
        raise ValueError(
            f"{type(estimator).__name__} looks at neighbouring rows itself: does it "
            "hold a SlidingWindow? Pass the detector behind the windows alone, or wrap "
            "what you have in ReverseWindowing."
        )


def _in_parallel(detector, n_jobs):
    """Set ``n_jobs`` for every part that takes it and has none."""
    if n_jobs is None:
        return detector
    parameters = detector.get_params()
    taken = [name for name in parameters if name.rpartition("__")[2] == "n_jobs"]
    if not taken:
        raise ValueError(
            f"n_jobs={n_jobs} has no effect: no part of this detector works in "
            "parallel. Leave it out."
        )
    free = [name for name in taken if parameters[name] is None]
    return detector.set_params(**dict.fromkeys(free, n_jobs))


def _seeded(detector, random_state):
    """Draw a seed for every part that takes a ``random_state`` and has none."""
    if random_state is None:
        return detector
    generator = check_random_state(random_state)
    parameters = detector.get_params()
    for name in sorted(parameters):
        if name.rpartition("__")[2] == "random_state" and parameters[name] is None:
            seed = generator.randint(np.iinfo(np.int32).max)
            detector.set_params(**{name: seed})
    return detector
