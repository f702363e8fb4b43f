"""Detect windows that a convolutional autoencoder cannot rebuild."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from numbers import Integral

from sklearn.utils._param_validation import Interval, StrOptions

from skad._estimators.short_windows import TooShortError
from skad._torch.network_errors import shared_channel_means
from skad._torch.shared_convolution import share
from skad.detectors._network_detector import NetworkDetector
from skad.networks._conv_autoencoder import ConvAutoencoderNetwork

_AT_LEAST_ONE = Interval(Integral, 1, None, closed="left")
# Steps by which windows are lengthened, one by one, to say how long they should be.
_LONGEST_TRIED = 1000


@dataclass(eq=False, repr=False)
class ConvAutoencoder(NetworkDetector):
    """Detect windows that a convolutional autoencoder cannot rebuild.

    One-dimensional convolutions over time narrow the window to ``channels[-1]``
    channels, transposed convolutions widen it again [1]_; rectifiers stand between the
    layers and the output is linear. Trained on (mostly) normal data, it rebuilds what
    it knows. The score of a window is minus the mean squared error over its steps and
    channels.

    Parameters
    ----------
    channels : tuple of int, default=(32, 16)
        Output channels of each convolution; the decoder mirrors them.
    kernel_size : int, default=3
        Steps that a convolution looks at. An odd number keeps it centred.
    stride : int, default=1
        Steps between two outputs of each convolution: every layer divides the length
        by it, rounding up, and the decoder restores the lengths.
    pooling : {None, "max", "mean"}, default=None
        What each two neighbouring steps become after a convolution: themselves, their
        largest or their mean. An odd last step is left out (``n // 2`` remain); the
        decoder repeats each step and restores the lengths.
    bottleneck : int or None, default=None
        Units of a dense layer between encoder and decoder, which mixes all steps and
        channels that are left into so many numbers; None leaves it out.
    n_channels : int, default=1
        The channels of flattened windows, ``(n, n_timesteps * n_channels)`` in
        time-major order. Three-dimensional windows show theirs.
    window_scaling : {None, "mean", "standard"}, default=None
        What is taken out of each window before the model sees it: nothing, the
        mean of each channel over the input steps, or that mean and the standard
        deviation (1 where a channel is constant). The target is treated with the
        same numbers, and the errors are those of the scaled values.
    error : {"squared", "absolute"}, default="squared"
        What a reading adds that was missed by ``d``: ``d ** 2`` or ``abs(d)``. Training
        minimises the squares in either case.
    channel_aggregation : str, default="mean"
        How the errors of the channels, each the mean over the steps, become one:

        - "mean": their mean;
        - "max": the largest;
        - "standardised": the mean, after each was divided by its standard deviation
          over the training windows plus the mean error of all channels there;
        - "standardised_max": the largest of these;
        - "mahalanobis": the squared Mahalanobis distance of each step's errors from 0,
          by the covariance of the training errors, over the number of channels; the
          distance itself with ``error="absolute"``.
    direction : {"both", "above", "below"}, dict or sequence, default="both"
        Which readings count: those "above" what is expected, those "below" it, or both.
        One word for all channels, one for each, or a dict from channels to words; those
        not in it have "both". A reading on the other side adds nothing to the error;
        beyond all of those seen at fit it counts as missing, so that the model is not
        misled by it. Channels go by their positions; in a DataFrame of flattened
        windows, as `SlidingWindow` names their columns, also by their names.
    min_deviation : float, dict or sequence, default=0.0
        A reading that is nearer to what is expected, in the units of X, adds nothing to
        the error. Given as ``direction`` is; channels not in a dict have 0.
    context_channels : sequence or None, default=None
        Channels that the model sees and that are never scored, such as commands, modes
        and the calendar: they have no part in errors, shares and what is learnt of
        these. A forecaster sees them up to the end of the window.
    max_missing : float, default=0.5
        The share, in [0, 1), of a window's readings that may be missing (NaN). A
        window that misses more is left out at fit; when scored it gets the median score
        of the training windows, and so never alarms.
    contamination : "auto" or float in (0, 0.5], default="auto"
        The share of the samples seen at fit that fall below the threshold `offset_`;
        "auto" puts it beyond nearly all of them, by their quartiles.
    input_noise : float, default=0.0
        Standard deviation of Gaussian noise, drawn anew for every training batch and
        added to the (scaled) input while the target stays clean. Scoring adds none.
    max_epochs : int, default=10
        Number of passes over the training windows.
    max_windows_per_epoch : int or None, default=None
        Number of windows drawn anew, without replacement, for each epoch; None takes
        all of them.
    batch_size : int, default=128
        Windows per optimiser step. It does not change how scores are computed.
    lr : float, default=1e-3
        Learning rate.
    optimizer : {"adam", "adamw", "sgd"} or class, default="adam"
        A name, or a subclass of `torch.optim.Optimizer`.
    early_stopping : bool, default=False
        Whether to hold back the end of the series, stop when its loss no longer
        improves, and go back to the best weights.
    validation_fraction : float, default=0.1
        The share of the windows, the last in time of each series and before each gap,
        held back by ``early_stopping``. The ``n_timesteps - 1`` windows before them
        share rows with them and are dropped. Where series or stretches between gaps
        are shorter than four windows, they are learnt from as a whole; where most are,
        the last windows of all are held back.
    n_iter_no_change : int, default=10
        Epochs without improvement after which ``early_stopping`` stops.
    device : str or torch.device, default="cpu"
        Where torch computes, for example "cuda".
    warm_start : bool, default=False
        Whether a further `fit` goes on from the present weights, for ``max_epochs``
        more, rather than from new ones.
    memory : str, joblib.Memory or None, default=None
        A folder or cache for trained networks, keyed by the series, the training
        parameters and an int ``random_state``: a change of ``contamination`` then
        trains nothing. A change in the code of a network of your own is not seen:
        clear the cache.
    verbose : int, default=0
        Above 0, one line per epoch is printed.
    random_state : int, RandomState instance or None, default=None
        Decides initial weights, the order of the windows and the noise. An int or an
        instance leaves all global random states alone; None draws one seed from
        numpy's.

    Attributes
    ----------
    net_ : skorch.NeuralNet
        The trained net; ``net_.module_`` is the torch module.
    n_iter_ : int
        Number of epochs trained, over all fits of a warm start.
    loss_curve_ : list of float
        Mean training loss (squared error) of each epoch.
    validation_scores_ : list of float or None
        Minus the validation loss of each epoch; None without ``early_stopping``.
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
    LSTMForecaster : Forecasts the end of the window instead of rebuilding it.
    skad.preprocessing.SlidingWindow : Cuts a series into windows.
    skad.postprocessing.ReverseWindowing : Spreads the scores of windows over rows.

    Notes
    -----
    With ``stride=1`` and few channels the network is wider inside than outside: with
    ``channels=(32, 16)`` each step of a single channel becomes 16 numbers, and nothing
    forces the network to leave an anomaly out. ``kernel_size=7, stride=2`` makes a
    bottleneck in time, and so does ``pooling``.

    With pooling or a bottleneck, windows are scored one by one; without either (and
    without ``window_scaling``), what overlapping windows have in common is computed
    once, which is several times faster.

    References
    ----------
    .. [1] J. Masci, U. Meier, D. Ciresan and J. Schmidhuber, "Stacked convolutional
       auto-encoders for hierarchical feature extraction", ICANN, 2011.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from skad import ConvAutoencoder, SlidingWindow
    >>> X = np.sin(np.arange(400) / 5).reshape(-1, 1)
    >>> X[300:316] = X[300:332:2]  # twice as fast
    >>> detector = make_pipeline(
    ...     SlidingWindow(window_size=16),
    ...     ConvAutoencoder(
    ...         (8, 2), 7, stride=2, max_epochs=30, lr=1e-2, random_state=0
    ...     ),
    ... )
    >>> lowest = int(detector.fit(X[:250]).score_samples(X).argmin())
    >>> 300 <= lowest < 331  # the windows that hold one of these rows
    True
    """

    channels: tuple[int, ...] = (32, 16)
    kernel_size: int = 3
    stride: int = 1
    pooling: str | None = None
    bottleneck: int | None = None

    _parameter_constraints = {
        **NetworkDetector._parameter_constraints,
        "channels": ["array-like"],
        "kernel_size": [_AT_LEAST_ONE],
        "stride": [_AT_LEAST_ONE],
        "pooling": [StrOptions({"max", "mean"}), None],
        "bottleneck": [_AT_LEAST_ONE, None],
    }

    def make_network(self, n_timesteps, n_channels):
        """Build the convolutions and their mirror image.

        Parameters
        ----------
        n_timesteps : int
            Steps of a window.
        n_channels : int
            Channels of a window.

        Returns
        -------
        network : torch.nn.Module
            Maps ``(batch, n_timesteps, n_channels)`` to the same shape.

        Raises
        ------
        ValueError
            If ``channels`` is no sequence of positive integers, or if the kernel, the
            stride or the pooling of a layer is too long for what the window holds
            there.
        """
        _refuse_other_widths(self.channels)
        self._refuse_short_windows(n_timesteps, n_channels)
        return ConvAutoencoderNetwork(
            n_channels,
            tuple(self.channels),
            self.kernel_size,
            self.stride,
            pooling=self.pooling,
            bottleneck=self.bottleneck,
            n_timesteps=n_timesteps,
        )

    def _refuse_short_windows(self, n_timesteps, n_channels):
        words = self._misfit(n_timesteps, n_channels)
        if words is not None:
            longer = range(n_timesteps + 1, n_timesteps + _LONGEST_TRIED)
            fits = (n for n in longer if self._misfit(n, n_channels) is None)
            raise TooShortError(words, next(fits, None))

    def _misfit(self, n_timesteps, n_channels):
        """Say which layer gets windows too short for it, if one does."""
        length = n_timesteps
        of = (
            f"of windows of {n_timesteps} timestep(s) (n_features = "
            f"{n_timesteps * n_channels}, n_channels = {n_channels})"
        )
        for layer, _ in enumerate(self.channels, start=1):
            longest = {"kernel_size": 2 * length - 1, "stride": length}
            for name, limit in longest.items():
                if getattr(self, name) > limit:
                    return (
                        f"{name}={getattr(self, name)} does not fit layer {layer}: "
                        f"{of} it receives {length}, which hold a {name} of at most "
                        f"{limit}. Cut longer windows, or lower {name}."
                    )
            length = math.ceil(length / self.stride)
            if self.pooling is not None and length < 2:
                return (
                    f"pooling={self.pooling!r} does not fit layer {layer}: {of} it "
                    "leaves 1, and pooling needs 2. Cut longer windows, or set fewer "
                    "channels, a lower stride or pooling=None."
                )
            length = length if self.pooling is None else length // 2
        return None

    def _channel_means(self, windows, *, merge):
        shared = self._shared(windows.shape[1])
        if shared is None:
            return super()._channel_means(windows, merge=merge)
        device = self.net_.device
        return shared_channel_means(self._errors, shared, windows, device, merge=merge)

    def _shared(self, n_timesteps):
        if self._fitted_as.window_scaling is not None:
            return None
        return share(self.net_.module_, n_timesteps)


def _refuse_other_widths(channels: Iterable[int]) -> None:
    """Raise where ``channels`` are not the widths of one or more layers."""
    # A class, which passes for array-like, has a length that cannot be asked for.
    if (
        isinstance(channels, Iterable)
        and len(channels)
        and all(
            isinstance(width, Integral) and not isinstance(width, bool) and width >= 1
            for width in channels
        )
    ):
        return
    raise ValueError(
        f"channels={channels!r} must be one or more integers of at least 1, the output "
        "channels of each convolution, such as (32, 16)."
    )
