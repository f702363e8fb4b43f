"""A network and the score around it as one torch module, for export."""

import copy

import torch
from torch import nn

from skad._estimators.window_scaling import centre_and_scale
from skad._torch.tensor_errors import errors_to_export


def scored_network(detector) -> nn.Module:
    """Copy what a fitted detector computes, to the CPU.

    Only what an exporter can follow: no blocks of fixed size, so last bits differ.
    """
    network = copy.deepcopy(detector.net_.module_).cpu()
    errors = errors_to_export(detector._errors)
    return _ScoredNetwork(network, detector._fitted_as, errors).eval()


class _ScoredNetwork(nn.Module):
    def __init__(self, network, detector, errors):
        super().__init__()
        self.network = network
        self.detector = detector
        self.errors = errors

    def forward(self, windows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Map (n, n_timesteps, n_channels), float32, to the scores, (n,), float64.

        After them come the expected steps, (n, n_target_steps, n_channels), float32,
        in the units of the windows.
        """
        inputs, targets = self.detector._prepare(windows)
        output = self.network(inputs).double()
        scaling, centre, scale = self.detector.window_scaling, 0.0, 1.0
        if scaling is not None:
            seen, _ = self.detector.inputs_and_targets(windows)
            centre, scale = centre_and_scale(seen.double(), scaling)
        means = self.errors.means(output - targets.double(), scale)
        scores = -self.errors.of_windows(means)
        return scores, (output * scale + centre).float()
