"""Detect windows that a variational autoencoder cannot rebuild."""

from dataclasses import dataclass
from numbers import Integral, Real

from sklearn.utils._param_validation import Interval

from skad.detectors._network_detector import NetworkDetector
from skad.networks._variational_autoencoder import VariationalAutoencoderNetwork

_AT_LEAST_ONE = Interval(Integral, 1, None, closed="left")


@dataclass(eq=False, repr=False)
class VariationalAutoencoder(NetworkDetector):
    """Detect windows that a variational autoencoder cannot rebuild.

    Dense layers map the flattened window to the mean and the variance of a code of
    ``latent_size`` numbers; others rebuild the window from a code drawn from that
    distribution, which is held close to the standard normal one [1]_. Trained on
    (mostly) normal data, it rebuilds what it knows. The score of a window is minus the
    mean squared error over its steps and channels of what the mean code gives.

    Parameters
    ----------
    hidden_size : int, default=64
        Units of each hidden layer.
    latent_size : int, default=8
        Numbers in the code.
    kl_weight : float, default=0.01
        What the Kullback-Leibler divergence of the code from the standard normal
        distribution counts, per reading of a window, beside the mean squared error:
        twice the variance that the readings are taken to have around what is rebuilt.
        The more, the smoother is what can be rebuilt.
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
    ConvAutoencoder : Rebuilds a window by convolutions.
    PCADetector : Rebuilds a window linearly, without training.
    skad.postprocessing.ReverseWindowing : Spreads the scores of windows over rows.

    Notes
    -----
    `loss_curve_` holds the error with the divergence; `validation_scores_` the error
    alone, with mean codes.

    The reconstruction probability of [2]_ draws many codes for each window. Here a
    score depends on its window alone, so that nothing is drawn once the network is
    trained.

    References
    ----------
    .. [1] D. P. Kingma and M. Welling, "Auto-encoding variational Bayes", ICLR, 2014.
    .. [2] J. An and S. Cho, "Variational autoencoder based anomaly detection using
       reconstruction probability", SNU Data Mining Center, 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from skad import SlidingWindow
    >>> from skad.detectors import VariationalAutoencoder
    >>> X = np.sin(np.arange(400) / 5).reshape(-1, 1)
    >>> X[300:316] = X[300:332:2]  # twice as fast
    >>> detector = make_pipeline(
    ...     SlidingWindow(window_size=16),
    ...     VariationalAutoencoder(max_epochs=30, lr=1e-2, random_state=0),
    ... )
    >>> lowest = int(detector.fit(X[:250]).score_samples(X).argmin())
    >>> 300 <= lowest < 331  # the windows that hold one of these rows
    True
    """

    hidden_size: int = 64
    latent_size: int = 8
    kl_weight: float = 0.01

    _parameter_constraints = {
        **NetworkDetector._parameter_constraints,
        "hidden_size": [_AT_LEAST_ONE],
        "latent_size": [_AT_LEAST_ONE],
        "kl_weight": [Interval(Real, 0, None, closed="left")],
    }

    def make_network(
        self, n_timesteps: int, n_channels: int
    ) -> VariationalAutoencoderNetwork:
        """Build the dense layers to the code and back.

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
        return VariationalAutoencoderNetwork(
            n_timesteps,
            n_channels,
            self.hidden_size,
            self.latent_size,
            self.kl_weight,
        )
