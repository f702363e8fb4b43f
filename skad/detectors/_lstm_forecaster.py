"""Detect rows that an LSTM did not see coming."""

from dataclasses import dataclass
from numbers import Integral

from sklearn.utils._param_validation import Interval, StrOptions

from skad.detectors._forecaster import Forecaster
from skad.networks._lstm import LSTMNetwork

_AT_LEAST_ONE = Interval(Integral, 1, None, closed="left")


@dataclass(eq=False, repr=False)
class LSTMForecaster(Forecaster):
    """Detect rows that an LSTM did not see coming.

    Of each window the last ``horizon`` steps are the target and the steps before them
    the input of a long short-term memory network [1]_, trained on (mostly) normal
    data. The score of a window is minus the mean squared error of the forecast, as in
    [2]_: with ``horizon=1``, how far the row at the window's end lies from what its
    past announced.

    Parameters
    ----------
    hidden_size : int, default=64
        Units of each hidden layer.
    num_layers : int, default=1
        Number of recurrent layers on top of each other.
    horizon : int, default=1
        Number of steps forecast, at the end of the window.
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
    ConvAutoencoder : Rebuilds the whole window instead of forecasting its end.
    skad.preprocessing.SlidingWindow : Cuts a series into windows.
    skad.postprocessing.ReverseWindowing : Spreads the scores of windows over rows.

    Notes
    -----
    A forecast error belongs to one row, so isolated points are found where they are.
    ``cell="gru"`` takes gated recurrent units [3]_, which have three quarters of the
    weights.

    Where the level of the series wanders, ``window_scaling="mean"`` lets the network
    forecast the change from the recent level.

    References
    ----------
    .. [1] S. Hochreiter and J. Schmidhuber, "Long short-term memory", Neural
       Computation 9(8), 1997.
    .. [2] P. Malhotra, L. Vig, G. Shroff and P. Agarwal, "Long short term memory
       networks for anomaly detection in time series", ESANN, 2015.
    .. [3] K. Cho et al., "Learning phrase representations using RNN encoder-decoder
       for statistical machine translation", EMNLP, 2014.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from skad import LSTMForecaster, SlidingWindow
    >>> X = np.sin(np.arange(400) / 5).reshape(-1, 1)
    >>> X[300] += 3
    >>> detector = make_pipeline(
    ...     SlidingWindow(window_size=16),
    ...     LSTMForecaster(hidden_size=16, lr=1e-2, random_state=0),
    ... )
    >>> int(detector.fit(X[:250]).score_samples(X).argmin())
    300
    """

    hidden_size: int = 64
    num_layers: int = 1
    horizon: int = 1
    cell: str = "lstm"

    _parameter_constraints = {
        **Forecaster._parameter_constraints,
        "hidden_size": [_AT_LEAST_ONE],
        "num_layers": [_AT_LEAST_ONE],
        "cell": [StrOptions({"gru", "lstm"})],
    }

    def make_network(self, n_timesteps: int, n_channels: int) -> LSTMNetwork:
        """Build the layers and the linear map from its last state to the forecast.

        Parameters
        ----------
        n_timesteps : int
            Steps of a window, input and target together.
        n_channels : int
            Channels of a window.

        Returns
        -------
        network : torch.nn.Module
            Maps ``(batch, n_timesteps - horizon, n_channels)`` to
            ``(batch, horizon, n_channels)``.

        Raises
        ------
        ValueError
            If the horizon leaves no input.
        """
        self._refuse_no_input(n_timesteps, n_channels)
        return LSTMNetwork(
            n_channels, self.horizon, self.hidden_size, self.num_layers, self.cell
        )
