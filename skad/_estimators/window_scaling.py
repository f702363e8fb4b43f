"""Taking each window's own mean, or mean and deviation, out of it.

All that is asked of the windows is what arrays of numpy and tensors of torch have in
common, so that one way of scaling serves every detector.
"""

# A deviation below this share of the mean is rounding in single precision.
_ROUNDING = 1e-6


def centre_and_scale(inputs, scaling, is_there=None):
    """Return what is taken out of each channel of each window.

    Parameters
    ----------
    inputs : ndarray or torch.Tensor of shape (batch, n_input_steps, n_channels)
        What the detector will see, in double precision: squares of large readings
        overflow single precision.
    scaling : {"mean", "standard"}
        What is taken out.
    is_there : ndarray or torch.Tensor of the shape of inputs, bool, default=None
        Which of these count, at least one of each channel; None counts all.

    Returns
    -------
    centre : ndarray or torch.Tensor of shape (batch, 1, n_channels), float64
        The means over the steps.
    scale : ndarray or torch.Tensor of the same shape, or float
        The deviations, and 1 where a channel is constant.
    """
    centre = _mean(inputs, is_there)
    if scaling == "mean":
        return centre, 1.0
    deviation = _mean((inputs - centre) ** 2, is_there) ** 0.5
    constant = deviation <= _ROUNDING * abs(centre)
    return centre, deviation * ~constant + constant


def _mean(values, is_there):
    if is_there is None:
        return values.mean(axis=1, keepdims=True)
    counts = is_there.sum(axis=1, keepdims=True)
    return (values * is_there).sum(axis=1, keepdims=True) / counts
