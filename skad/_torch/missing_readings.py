"""What a network sees where readings are missing, and what it has to produce there."""

import numpy as np
import torch

from skad._estimators.window_scaling import centre_and_scale
from skad._series.missing import filled


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
    return seen, ((targets.double() - centre) / scale).float()


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
