"""The chain around one detector: from rows to windows, to scores, and back to rows."""

from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import RobustScaler
from sklearn.utils import get_tags

from skad._estimators.row_context import last_step
from skad.detectors._conv_autoencoder import ConvAutoencoder
from skad.detectors._lstm_forecaster import LSTMForecaster
from skad.detectors._neighbors_detector import NeighborsDetector
from skad.detectors._pca_detector import PCADetector
from skad.postprocessing._channel_rules import ChannelRules
from skad.postprocessing._reverse_windowing import ReverseWindowing
from skad.preprocessing._per_series import PerSeries
from skad.preprocessing._random_convolutions import RandomConvolutions
from skad.preprocessing._sliding_window import SlidingWindow

_TRAINING = {"max_epochs": 15, "lr": 2e-3, "max_windows_per_epoch": 2048}
# What does better on real series than the defaults, which are the textbook's.
NAMED = {
    "autoencoder": ConvAutoencoder(
        kernel_size=15, stride=2, channel_aggregation="standardised_max", **_TRAINING
    ),
    "pattern": ConvAutoencoder(
        kernel_size=7,
        stride=2,
        window_scaling="mean",
        channel_aggregation="standardised",
        **_TRAINING,
    ),
    "forecaster": LSTMForecaster(
        hidden_size=32,
        window_scaling="mean",
        channel_aggregation="standardised",
        **_TRAINING,
    ),
    "pca": PCADetector(
        n_components=0.95, max_windows=2000, channel_aggregation="standardised_max"
    ),
    "neighbors": NeighborsDetector(
        channel_aggregation="standardised_top", max_bank=1000
    ),
    "convolutions": NeighborsDetector(
        n_neighbors=3,
        features=RandomConvolutions(n_kernels=50),
        channel_aggregation="standardised",
        max_bank=1000,
    ),
}
_WINDOW_SIZES = {"pca": 100}


def takes_rules(estimator) -> bool:
    """Tell whether rules for channels mean anything to a detector."""
    return "min_deviation" in last_step(estimator).get_params(deep=False)


def named_chain(
    name: str, window_size: int | str, options: dict, rules: dict
) -> ReverseWindowing:
    """Build the chain around the detector that a name stands for."""
    if name not in NAMED:
        raise ValueError(
            f"estimator={name!r} is no name that make_detector knows. Use one of "
            f"{sorted(NAMED)}, an outlier detector, or None for the ensemble."
        )
    if window_size == "auto":
        window_size = _WINDOW_SIZES.get(name, "auto")
    return chain_around(NAMED[name], window_size, options, rules)


def chain_around(
    estimator, window_size: int | str, options: dict, rules: dict
) -> ReverseWindowing:
    """Go from rows to windows, to their scores, and back to rows.

    ``options`` are those of `ReverseWindowing`, ``rules`` those of `ChannelRules`.
    """
    if rules and not takes_rules(estimator):
        raise TypeError(
            f"{', '.join(rules)} would have no effect: the errors of "
            f"{type(estimator).__name__} have no sign. Use a network, a PCADetector or "
            "the ensemble, or leave the rules out."
        )
    flatten = not get_tags(estimator).input_tags.three_d_array
    pipe = make_pipeline(
        _scaler(rules),
        SlidingWindow(window_size, padding=_padding(estimator), flatten=flatten),
        clone(estimator),
    )
    if rules:
        pipe = ChannelRules(pipe, **rules)
    if not getattr(last_step(estimator), "judges_rows", False):
        return ReverseWindowing(pipe, **options)
    rows = ReverseWindowing(pipe, window_size=1, **options)
    return ReverseWindowing(rows, window_size=1, **options)


def _scaler(rules):
    """Scale each series by itself; a size in units of X needs one scale for all."""
    scaler = RobustScaler(quantile_range=(0, 100)).set_output(transform="pandas")
    return scaler if "min_deviation" in rules else PerSeries(scaler)


def _padding(estimator):
    """Let what knows missing readings see none before a series; repeat one for others.

    IsolationForest takes NaN too, and finds every window abnormal that holds some.
    """
    return "missing" if hasattr(last_step(estimator), "max_missing") else "edge"
