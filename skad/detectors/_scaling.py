"""Taking each window's own mean, or mean and deviation, out of it."""

import torch

# A deviation below this share of the mean is rounding in single precision.
_ROUNDING = 1e-6


def scale_windows(inputs, targets, scaling):
    """Scale inputs and targets by numbers computed from the inputs alone.

    Parameters
    ----------
    inputs : torch.Tensor of shape (batch, n_input_steps, n_channels)
        What the network will see.
    targets : torch.Tensor of shape (batch, n_target_steps, n_channels)
        What it has to produce.
    scaling : {None, "mean", "standard"}
        What is taken out.

    Returns
    -------
    inputs, targets : torch.Tensor
        Of the shapes given, float32.
    """
    if scaling is None:
        return inputs, targets
    wide = inputs.double()  # squares of large readings overflow single precision
    centre = wide.mean(1, keepdim=True)
    scale = torch.ones_like(centre)
    if scaling == "standard":
        deviation = wide.std(1, keepdim=True, correction=0)
        constant = deviation <= _ROUNDING * centre.abs()
        scale = torch.where(constant, scale, deviation)
    is_same = targets is inputs
    inputs = ((wide - centre) / scale).float()
    if is_same:
        return inputs, inputs
    return inputs, ((targets.double() - centre) / scale).float()
