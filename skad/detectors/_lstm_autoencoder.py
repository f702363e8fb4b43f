"""Detect windows that a recurrent autoencoder cannot rebuild."""

from dataclasses import dataclass
from numbers import Integral

from sklearn.utils._param_validation import Interval, StrOptions

from skad.detectors._network_detector import NetworkDetector
from skad.networks._lstm_autoencoder import LSTMAutoencoderNetwork

_AT_LEAST_ONE = Interval(Integral, 1, None, closed="left")


@dataclass(eq=False, repr=False)
class LSTMAutoencoder(NetworkDetector):
    """Detect windows that a recurrent autoencoder cannot rebuild.

    One stack of LSTM layers reads the window; from its last state, ``hidden_size``
    numbers, another rebuilds it, from the last step to the first [1]_, [2]_. Trained on
    (mostly) normal data, it rebuilds what it knows. The score of a window is minus the
    mean squared error over its steps and channels.

    Parameters
    ----------
    hidden_size : int, default=64
        Units of each hidden layer.
    num_layers : int, default=1
        Number of recurrent layers on top of each other.
    cell : {"lstm", "gru"}, default="lstm"
        What a recurrent layer consists of: long short-term memory, or gated recurrent
        units, which have three quarters of the weights.
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
    ConvAutoencoder : Rebuilds a window by convolutions, and faster.
    LSTMForecaster : Forecasts the end of the window instead of rebuilding it.
    skad.postprocessing.ReverseWindowing : Spreads the scores of windows over rows.

    Notes
    -----
    The decoder gets the state at every step, and not the step that it has rebuilt
    before, of which [2]_ tries both. A window passes through ``2 * n_timesteps`` cells
    one after another: long windows take their time.

    References
    ----------
    .. [1] P. Malhotra et al., "LSTM-based encoder-decoder for multi-sensor anomaly
       detection", ICML Anomaly Detection Workshop, 2016.
    .. [2] N. Srivastava, E. Mansimov and R. Salakhutdinov, "Unsupervised learning of
       video representations using LSTMs", ICML, 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from skad import SlidingWindow
    >>> from skad.detectors import LSTMAutoencoder
    >>> X = np.sin(np.arange(400) / 5).reshape(-1, 1)
    >>> X[300:316] = X[300:332:2]  # twice as fast
    >>> detector = make_pipeline(
    ...     SlidingWindow(window_size=16),
    ...     LSTMAutoencoder(16, max_epochs=30, lr=1e-2, random_state=0),
    ... )
    >>> lowest = int(detector.fit(X[:250]).score_samples(X).argmin())
    >>> 300 <= lowest < 331  # the windows that hold one of these rows
    True
    """

    hidden_size: int = 64
    num_layers: int = 1
    cell: str = "lstm"

    _parameter_constraints = {
        **NetworkDetector._parameter_constraints,
        "hidden_size": [_AT_LEAST_ONE],
        "num_layers": [_AT_LEAST_ONE],
        "cell": [StrOptions({"gru", "lstm"})],
    }

    def make_network(self, n_timesteps: int, n_channels: int) -> LSTMAutoencoderNetwork:
        """Build the encoder, the decoder, and the linear map back to the channels.

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
        """
        return LSTMAutoencoderNetwork(
            n_channels, self.hidden_size, self.num_layers, self.cell
        )
