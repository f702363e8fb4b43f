"""Noise for training rows, and for them only."""

import numpy as np

from skad._series.windows import PickedWindows, rows_under
from skad.preprocessing._at_fit_only import AtFitOnly


class GaussianNoise(AtFitOnly):
    """Add Gaussian noise to the rows that the next steps are fitted on.

    `fit_transform`, which a Pipeline calls at fit, returns noisy rows; `transform`,
    which it calls to score, returns the rows as they are. (The same route as
    scikit-learn's `TargetEncoder`: ``fit_transform(X)`` is not
    ``fit(X).transform(X)``.)

    Parameters
    ----------
    scale : float or (float, float), default=0.1
        Factor of the noise. A pair ``(low, high)`` draws one factor for each noisy
        copy from the uniform distribution between them.
    n_copies : int, default=0
        0 alters the rows in place. Otherwise they are followed by this many altered
        copies of them.
    relative : bool, default=True
        Whether the factor multiplies the standard deviation of each channel over the
        training rows (0 for a constant channel), or is the standard deviation itself,
        in the units of X.
    random_state : int, RandomState instance or None, default=None
        Decides factors and noise.

    Attributes
    ----------
    channel_scale_ : ndarray of shape (n_channels,), float64
        What the factor is multiplied by: the standard deviation of each channel over
        the training rows, or ones if ``relative=False``.
    n_features_in_ : int
        Number of columns; for windows, ``n_timesteps * n_channels``.
    feature_names_in_ : ndarray of shape (`n_features_in_`,), object
        Column names, when X was a DataFrame.

    See Also
    --------
    SlidingWindow : Put before it, noise is added to the series; after it, to windows.
    skad.detectors.ConvAutoencoder : Its ``input_noise`` draws new noise every epoch.

    Notes
    -----
    *What appending copies changes.* The final step of a Pipeline receives the copies
    like any other rows. Its ``contamination`` is a share of rows most of which are
    noisy, so the rate on clean rows is another (0.05 became 0.03 in a trial). To an
    autoencoder the noise is part of the target: it learns to rebuild noise, not to
    remove it. ``Pipeline.fit_predict`` returns a label for every row *and every copy*;
    use ``fit(X).predict(X)``. ``early_stopping`` holds back the last rows, which are
    copies of training rows, and so validates on what it has seen. If any of this
    matters, wrap the Pipeline in a meta-detector such as
    `skad.postprocessing.ReverseWindowing`, which sets its threshold on the clean rows
    and labels just these, or use the detectors' ``input_noise``: new noise in every
    epoch, clean targets, one row in and one row out.

    *Copies of a series.* Before `SlidingWindow`, a DataFrame comes back as a DataFrame
    whose copies are told apart by an outer index level ``copy`` (0 is the original), so
    that no window reaches from one into the next. Arrays have no index: the first
    ``window_size - 1`` windows of each copy straddle the end of the one before.

    Appending is not for a `FeatureUnion` or before a supervised step, whose ``y`` would
    keep the old length.

    Examples
    --------
    >>> import numpy as np
    >>> from skad import GaussianNoise
    >>> X = np.array([[0.0, 5.0], [2.0, 5.0]])
    >>> noise = GaussianNoise(scale=0.1, random_state=0)
    >>> noise.fit_transform(X).round(2)
    array([[0.18, 5.  ],
           [2.1 , 5.  ]])
    >>> noise.transform(X)
    array([[0., 5.],
           [2., 5.]])
    >>> GaussianNoise(n_copies=3, random_state=0).fit_transform(X).shape
    (8, 2)
    """

    _parameter_constraints = {
        **AtFitOnly._parameter_constraints,
        "relative": ["boolean"],
    }

    def __init__(self, scale=0.1, *, n_copies=0, relative=True, random_state=None):
        self.scale = scale
        self.n_copies = n_copies
        self.relative = relative
        self.random_state = random_state

    def _learn_from(self, values):
        if self.relative:
            self.channel_scale_ = _deviations(values)
        else:
            self.channel_scale_ = np.ones(values.shape[-1])

    def _altered(self, values, lengths, scale, rng):
        noise = rng.standard_normal(values.shape)
        noise *= scale * self.channel_scale_
        noise += values
        return noise.astype(values.dtype, copy=False)


def _deviations(values):
    """Return the deviation of each channel, exactly 0 where it is constant."""
    if isinstance(values, PickedWindows):  # as of windows that are copies
        values = np.asarray(values)
    rows = rows_under(values) if values.ndim == 3 else values
    is_missing = np.isnan(rows)
    varies = np.fmax.reduce(rows, 0) > np.fmin.reduce(rows, 0)  # not without a reading
    rows = np.where(is_missing.all(axis=0), 0, rows)
    # Halved often enough, which loses no digit, the squares of large values fit.
    _, halvings = np.frexp(np.fmax.reduce(np.abs(rows), 0).astype(np.float64))
    deviation = np.nanstd if is_missing.any() else np.std
    deviations = deviation(np.ldexp(rows, -halvings), axis=0, dtype=np.float64)
    return np.where(varies, np.ldexp(deviations, halvings), 0.0)
