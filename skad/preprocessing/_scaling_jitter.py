"""Other magnitudes for training rows, and for them only."""

import numpy as np

from skad.preprocessing._at_fit_only import AtFitOnly


class ScalingJitter(AtFitOnly):
    """Scale the windows or series that the next steps are fitted on.

    Each window (each series, before `SlidingWindow`) is multiplied, channel by channel,
    by a factor near 1, so that a detector learns shapes at more than one magnitude
    [1]_. `fit_transform`, which a Pipeline calls at fit, returns altered rows;
    `transform`, which it calls to score, returns the rows as they are.

    Parameters
    ----------
    scale : float or (float, float), default=0.1
        Standard deviation of the factors, which are normally distributed around 1. A
        pair ``(low, high)`` draws it for each altered copy from the uniform
        distribution between them.
    n_copies : int, default=0
        0 alters the rows in place. Otherwise they are followed by this many altered
        copies of them.
    random_state : int, RandomState instance or None, default=None
        Decides the factors.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns; for windows, ``n_timesteps * n_channels``.
    feature_names_in_ : ndarray of shape (`n_features_in_`,), object
        Column names, when X was a DataFrame.

    See Also
    --------
    GaussianNoise : Adds to each reading by itself, and says what copies change.
    SlidingWindow : Put before it, series are scaled; after it, windows.

    Notes
    -----
    Zero stays zero: scale data to where zero means something (a resting level) first.
    A large ``scale`` turns some factors negative, and with them the windows upside
    down.

    Before `SlidingWindow` a series keeps one factor per channel from its first row to
    its last; which rows are one series is read off an outer index level. One scaled
    series says little about a magnitude, so append copies there. Flattened windows are
    taken for rows of a series: put this step before they are flattened.

    References
    ----------
    .. [1] T. T. Um et al., "Data augmentation of wearable sensor data for Parkinson's
       disease monitoring using convolutional neural networks", ICMI, 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from skad import SlidingWindow
    >>> from skad.preprocessing import ScalingJitter
    >>> windows = SlidingWindow(window_size=2).fit_transform([[1.0], [2.0], [4.0]])
    >>> jitter = ScalingJitter(scale=0.1, random_state=0)
    >>> jitter.fit_transform(windows)[:, :, 0].round(2)
    array([[1.18, 1.18],
           [1.04, 2.08],
           [2.2 , 4.39]])
    >>> jitter.transform(windows)[:, :, 0]
    array([[1., 1.],
           [1., 2.],
           [2., 4.]])
    """

    def __init__(self, scale=0.1, *, n_copies=0, random_state=None):
        self.scale = scale
        self.n_copies = n_copies
        self.random_state = random_state

    def _altered(self, values, lengths, scale, rng):
        n_channels = values.shape[-1]
        if values.ndim == 3:
            factors = rng.normal(1.0, scale, size=(len(values), 1, n_channels))
        else:
            factors = rng.normal(1.0, scale, size=(len(lengths), n_channels))
            factors = np.repeat(factors, lengths, axis=0)
        return (values * factors).astype(values.dtype, copy=False)
