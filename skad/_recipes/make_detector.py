"""The chain that is recommended, in one line."""

import inspect

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import RobustScaler
from sklearn.utils import check_random_state, get_tags

from skad._estimators.row_context import row_context
from skad.detectors._conv_autoencoder import ConvAutoencoder
from skad.detectors._lstm_forecaster import LSTMForecaster
from skad.detectors._pca_detector import PCADetector
from skad.postprocessing._ensemble_detector import EnsembleDetector
from skad.postprocessing._meta_detector import refuse_without_scores
from skad.postprocessing._reverse_windowing import ReverseWindowing
from skad.preprocessing._sliding_window import SlidingWindow

_TRAINING = {"max_epochs": 15, "lr": 2e-3}
# What does better on real series than the defaults, which are the textbook's.
_RECOMMENDED = {
    ConvAutoencoder: {
        "kernel_size": 15,
        "stride": 2,
        "channel_aggregation": "standardised_max",
        **_TRAINING,
    },
    LSTMForecaster: {
        "hidden_size": 32,
        "window_scaling": "mean",
        "channel_aggregation": "standardised",
        **_TRAINING,
    },
    PCADetector: {"n_components": 10, "channel_aggregation": "standardised_max"},
}
_WINDOW_SIZES = {PCADetector: 100}
# Rows of the moving averages: over the scores of each chain, and of the ensemble.
_SMOOTHING = 100


def make_detector(
    estimator=None,
    *,
    window_size="auto",
    causal=False,
    contamination="auto",
    random_state=None,
):
    """Put together the chain that is recommended for a detector, or for several.

    From rows to scores of rows: scale each channel, cut windows, score these, and
    spread or smooth their scores over the rows. What comes back is a plain composition
    of the classes of skad and scikit-learn, not fitted yet; nothing in it is hidden
    from `set_params`. ``make_detector(ConvAutoencoder())`` is::

        ReverseWindowing(
            make_pipeline(
                RobustScaler(quantile_range=(0, 100)).set_output(transform="pandas"),
                SlidingWindow(window_size="auto"),
                ConvAutoencoder(
                    kernel_size=15,
                    stride=2,
                    max_epochs=15,
                    lr=2e-3,
                    channel_aggregation="standardised_max",
                ),
            ),
            smoothing=100,
        )

    and ``make_detector()`` hears three such chains: one for the levels and shapes of
    the channels, one for their shapes alone, and one without a network::

        ReverseWindowing(
            EnsembleDetector(
                [
                    ("autoencoder", make_detector(ConvAutoencoder())),
                    (
                        "pattern",
                        make_detector(
                            ConvAutoencoder(
                                kernel_size=7,
                                window_scaling="mean",
                                channel_aggregation="standardised",
                            )
                        ),
                    ),
                    ("pca", make_detector(PCADetector())),
                ]
            ),
            window_size=1,
            smoothing=100,
        )

    Parameters
    ----------
    estimator : estimator or None, default=None
        An outlier detector of windows. Of a `ConvAutoencoder`, `LSTMForecaster` or
        `PCADetector`, each parameter that has its class's default is replaced by the
        recommended value, see Notes; what you set to anything else is kept. Any other
        detector is kept as it is, and gets three-dimensional windows if it takes them
        and flattened ones if not. None takes the ensemble.
    window_size : int or "auto", default="auto"
        Rows in a window; "auto" leaves it to `SlidingWindow`, which looks for a period,
        and is 100 for principal components.
    causal : bool, default=False
        Whether to do without later rows, for live scores, at some loss.
    contamination : "auto" or float in (0, 0.5], default="auto"
        The share of the samples seen at fit that fall below the threshold `offset_`;
        "auto" puts it three median absolute deviations below their median score.
    random_state : int, RandomState instance or None, default=None
        Draws the ``random_state`` of every part that has none of its own yet. None
        leaves them.

    Returns
    -------
    detector : ReverseWindowing
        An outlier detector of rows, not fitted. The ``estimator`` given is not changed;
        the detector holds a copy.

    Raises
    ------
    TypeError
        If ``estimator`` has no `score_samples`, or is no estimator but a class.
    ValueError
        If ``estimator`` looks at neighbouring rows itself, as what holds windows does.

    See Also
    --------
    skad.postprocessing.ReverseWindowing : From scores of windows back to rows.
    skad.postprocessing.EnsembleDetector : Several detectors, heard as one.
    skad.postprocessing.ThresholdedDetector : A threshold on rows held back, for a rate
        of false alarms to rely on.

    Notes
    -----
    What replaces the defaults, chosen once for many labelled series and for all alike:

    - `ConvAutoencoder`: ``kernel_size=15, stride=2, max_epochs=15, lr=2e-3,
      channel_aggregation="standardised_max"``. Its scores are averaged over the windows
      that cover a row, and smoothed by a moving average of 100 rows.
    - `LSTMForecaster`: ``hidden_size=32, window_scaling="mean", max_epochs=15,
      lr=2e-3, channel_aggregation="standardised"``. Its errors stay at their rows,
      and are smoothed by a moving average of 100 rows twice, one `ReverseWindowing`
      around another.
    - `PCADetector`: ``n_components=10, channel_aggregation="standardised_max"``. Spread
      and smoothed as the autoencoder's. The scores of other detectors are spread over
      the windows that cover a row, and not smoothed further.

    With ``kernel_size=7`` the autoencoder of a single channel learnt to copy, or not,
    depending on the seed. A forecaster as a fourth member made the ensemble slower and
    no better.

    A parameter that you set to its class's default cannot be told from one that you
    did not set. To get the default, set it afterwards:
    ``make_detector(ConvAutoencoder()).set_params(estimator__convautoencoder__stride=1)``.

    The scaler subtracts each channel's median and divides by its range over the
    training rows, and hands the index on.

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
    >>> live = make_detector(LSTMForecaster(hidden_size=8), causal=True)
    >>> live.set_params(smoothing=20).get_params()["smoothing"]
    20
    """
    if estimator is None:
        ensemble = EnsembleDetector(
            [
                (name, _chain(member, window_size, causal))
                for name, member in _members().items()
            ]
        )
        detector = _smoothed(ensemble, causal)
    else:
        detector = _chain(estimator, window_size, causal)
    return _seeded(detector.set_params(contamination=contamination), random_state)


def _members():
    return {
        "autoencoder": ConvAutoencoder(),
        "pattern": ConvAutoencoder(
            kernel_size=7, window_scaling="mean", channel_aggregation="standardised"
        ),
        "pca": PCADetector(),
    }


def _chain(estimator, window_size, causal):
    """Go from rows to windows, to their scores, and back to rows."""
    detector = _with_recommended(estimator)
    if window_size == "auto":
        window_size = _WINDOW_SIZES.get(type(detector), "auto")
    flatten = not get_tags(detector).input_tags.three_d_array
    pipe = make_pipeline(
        RobustScaler(quantile_range=(0, 100)).set_output(transform="pandas"),
        SlidingWindow(window_size, flatten=flatten),
        detector,
    )
    if type(detector) not in _RECOMMENDED:
        return ReverseWindowing(pipe, causal=causal)
    if not isinstance(detector, LSTMForecaster):
        return _smoothed(pipe, causal, window_size="auto")
    return _smoothed(_smoothed(pipe, causal), causal)


def _smoothed(detector, causal, window_size=1):
    return ReverseWindowing(
        detector, window_size=window_size, smoothing=_SMOOTHING, causal=causal
    )


def _with_recommended(estimator):
    """Copy an estimator, and replace what is still at its class's default."""
    refuse_without_scores(estimator, ReverseWindowing(estimator))
    if row_context(estimator) != (0, 0):
        raise ValueError(
            f"{type(estimator).__name__} looks at neighbouring rows itself: does it "
            "hold a SlidingWindow? Pass the detector behind the windows alone, or wrap "
            "what you have in ReverseWindowing."
        )
    recommended = _RECOMMENDED.get(type(estimator), {})
    signature = inspect.signature(type(estimator)).parameters
    replaced = {
        name: value
        for name, value in recommended.items()
        if getattr(estimator, name) == signature[name].default
    }
    return clone(estimator).set_params(**replaced)


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
