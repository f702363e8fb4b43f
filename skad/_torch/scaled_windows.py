"""What a network sees of windows, and what it has to produce: scaled, and filled.

Both are scaled by numbers that are computed from the inputs alone. Where readings are
missing, the inputs are filled, and targets that say nothing are NaN.
"""

import numpy as np
import torch

from skad._estimators.validation import LARGEST
from skad._estimators.window_scaling import centre_and_scale
from skad._series.missing import filled


def scale_windows(
    inputs: torch.Tensor, targets: torch.Tensor, scaling: str | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Scale complete inputs and targets.

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
    wide = inputs.double()
    centre, scale = centre_and_scale(wide, scaling)
    is_same = targets is inputs
    inputs = ((wide - centre) / scale).float()
    return inputs, inputs if is_same else _scaled_targets(targets, centre, scale)


def fill_and_scale(
    inputs: torch.Tensor, targets: torch.Tensor, scaling: str | None, usual: np.ndarray
) -> tuple[torch.Tensor, torch.Tensor]:
    """Fill the inputs, scale both, and leave NaN in targets that say nothing.

    These are the missing ones, and those of channels without a reading in the inputs.
    """
    seen, centre, scale = filled_inputs(inputs, scaling, usual)
    has_none = inputs.isnan().all(dim=1, keepdim=True)
    targets = targets.masked_fill(has_none, torch.nan)
    if scaling is None:
        return seen, targets
    seen = ((seen.double() - centre) / scale).float()
    return seen, _scaled_targets(targets, centre, scale)


def filled_inputs(
    inputs: torch.Tensor, scaling: str | None, usual: np.ndarray
) -> tuple[torch.Tensor, torch.Tensor | float, torch.Tensor | float]:
    """Fill the inputs; return them, and what is taken out of each of their channels."""
    is_there = ~inputs.isnan()
    if is_there.all():
        seen, is_there = inputs, None
    else:
        seen = torch.from_numpy(filled(inputs.cpu().numpy(), usual)).to(inputs.device)
        is_there = is_there | ~is_there.any(dim=1, keepdim=True)
    if scaling is None:
        return seen, 0.0, 1.0
    return seen, *centre_and_scale(seen.double(), scaling, is_there)


def _scaled_targets(targets, centre, scale):
    """Scale targets, and bound them as readings are.

    Over a deviation of next to nothing, single precision would make them infinite.
    """
    scaled = (targets.double() - centre) / scale
    return scaled.clip(-LARGEST, LARGEST).float()
