"""The frame around a network: train, score, the same for every network detector."""

import copy
from abc import abstractmethod
from dataclasses import KW_ONLY, dataclass
from numbers import Integral, Real

import numpy as np
from joblib import Memory
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions

from skad._estimators.validation import refuse_other_shape
from skad._series.windows import as_dtype
from skad._torch.plain_state import PlainStateMixin
from skad._torch.remembered_net import remembered_net
from skad._torch.training import (
    DEVICE,
    OPTIMIZERS,
    can_train,
    check_device,
    diverged,
)
from skad.detectors._network_scores import NetworkScores
from skad.detectors._window_detector import WindowDetector

_AT_LEAST_ONE = Interval(Integral, 1, None, closed="left")


@dataclass(eq=False, repr=False)
class NetworkDetector(PlainStateMixin, NetworkScores):
    """Base class: an outlier detector around a torch network that explains windows.

    A subclass gives `make_network` and, where the network does not rebuild its whole
    input, `inputs_and_targets`. Everything that a user calls stands here, once.
    Think twice before adding a method.

    Parameters
    ----------
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
    LSTMForecaster : Forecasts the end of a window.
    ConvAutoencoder : Rebuilds a window.

    Examples
    --------
    >>> import numpy as np
    >>> from torch import nn
    >>> from skad.detectors import NetworkDetector
    >>> class LinearAutoencoder(NetworkDetector):
    ...     def make_network(self, n_timesteps, n_channels):
    ...         width = n_timesteps * n_channels
    ...         return nn.Sequential(
    ...             nn.Flatten(), nn.Linear(width, 2), nn.Linear(2, width),
    ...             nn.Unflatten(1, (n_timesteps, n_channels)),
    ...         )
    >>> windows = np.random.default_rng(0).normal(size=(50, 8))
    >>> LinearAutoencoder(random_state=0).fit(windows).score_samples(windows).shape
    (50,)
    """

    _: KW_ONLY
    input_noise: float = 0.0
    max_epochs: int = 10
    max_windows_per_epoch: int | None = None
    batch_size: int = 128
    lr: float = 1e-3
    optimizer: str | type = "adam"
    early_stopping: bool = False
    validation_fraction: float = 0.1
    n_iter_no_change: int = 10
    device: object = "cpu"
    warm_start: bool = False
    memory: str | Memory | None = None
    verbose: int = 0
    random_state: int | np.random.RandomState | None = None

    _parameter_constraints = {
        **WindowDetector._parameter_constraints,
        "input_noise": [Interval(Real, 0, None, closed="left")],
        "max_epochs": [_AT_LEAST_ONE],
        "max_windows_per_epoch": [_AT_LEAST_ONE, None],
        "batch_size": [_AT_LEAST_ONE],
        "lr": [Interval(Real, 0, None, closed="neither")],
        "optimizer": [StrOptions(set(OPTIMIZERS)), type],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [_AT_LEAST_ONE],
        "device": DEVICE,
        "warm_start": ["boolean"],
        "memory": [str, Memory, None],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    _precision = np.float32

    @abstractmethod
    def make_network(self, n_timesteps, n_channels):
        """Build the torch module, with weights that are not yet trained.

        Parameters
        ----------
        n_timesteps : int
            Steps of a window.
        n_channels : int
            Channels of a window.

        Returns
        -------
        network : torch.nn.Module
            Maps the inputs of `inputs_and_targets` to the shape of its targets.

        Raises
        ------
        ValueError
            If the architecture does not fit such windows.

        Notes
        -----
        What layers draw while they are built and trained, `torch.nn.Dropout` among
        them, is decided by ``random_state``. A kernel that draws by itself, such as the
        dropout inside `torch.nn.LSTM`, is refused; so is a draw while scoring.
        """

    def inputs_and_targets(self, windows):
        """Split windows into what the network sees and what it has to produce.

        Parameters
        ----------
        windows : torch.Tensor of shape (batch, n_timesteps, n_channels), float32
            Windows in time order.

        Returns
        -------
        inputs : torch.Tensor of shape (batch, n_input_steps, n_channels)
            Here the windows themselves.
        targets : torch.Tensor of shape (batch, n_target_steps, n_channels)
            Here the windows themselves. The last target step is that of the window.
        """
        return windows, windows

    def fit(self, X, y=None):
        """Train the network and set the threshold.

        Parameters
        ----------
        X : array-like of shape (n, n_timesteps, n_channels) or (n, n_features)
            Windows of (mostly) normal data, in time order; NaN is a missing reading.
            Flattened, a window has ``n_timesteps * n_channels`` columns.
        y : Ignored
            Present for API consistency.

        Returns
        -------
        self : object
            The fitted detector. If anything is raised, an interrupt included, it keeps
            the state it had before.

        Raises
        ------
        ValueError
            If X holds anything but NaN and finite numbers below 1e17, or varies so
            little for its magnitude that nothing of it is left in single precision; if
            it has fewer than two windows that miss no more than ``max_missing``, or
            windows that the network cannot take; if a channel holds no reading; if
            torch cannot use the device; if training diverges.
        TypeError
            If X is sparse, or holds objects that cannot be read as numbers.

        Warns
        -----
        UserWarning
            If ``memory`` is set and the training cannot be keyed: without an int
            ``random_state``, after a warm start, or with parameters that cannot be
            hashed. The network is then trained without the cache. If one channel
            among others varies too little for its magnitude: it is named.
        """
        with can_train():
            return super().fit(X, y)

    def _n_parts(self):
        return self.max_epochs

    def _learn(self, windows, task):
        check_device(self.device)
        start = self.net_ if self.warm_start and hasattr(self, "net_") else None
        if start is not None:
            refuse_other_shape(self, windows.shape[1:], self.window_shape_)
        seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        epochs = task.epochs(lambda net: self._until_now(net, windows))
        self.net_ = remembered_net(self._fitted_as, windows, seed, start, epochs)
        self.n_iter_ = len(self.net_.history)
        self.loss_curve_ = list(self.net_.history[:, "train_loss"])
        losses = [row["valid_loss"] for row in self.net_.history if "valid_loss" in row]
        self.validation_scores_ = [-loss for loss in losses] or None

    def _until_now(self, net, windows):
        """Return the attributes there would be, had the training ended here."""
        twin = copy.copy(self)
        twin.net_ = net
        twin._settle(windows)
        return vars(twin)

    def _training_scores(self, windows):
        scores = super()._training_scores(windows)
        if not np.isfinite(scores).all():
            raise diverged("the trained network does not return finite numbers")
        return scores

    def _check_windows(self, X, *, reset, expected):
        windows = super()._check_windows(X, reset=reset, expected=expected)
        return as_dtype(windows, np.float32)
