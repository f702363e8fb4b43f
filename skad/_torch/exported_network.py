"""A network and the score around it as one torch module, for export."""

import copy
from dataclasses import replace

import torch
from torch import nn

from skad._estimators.window_scaling import centre_and_scale


def scored_network(detector) -> nn.Module:
    """Copy what a fitted detector computes, to the CPU.

    Only what an exporter can follow: no blocks of fixed size, so last bits differ.
    """
    network = copy.deepcopy(detector.net_.module_).cpu()
    errors = {
        name: None if array is None else torch.from_numpy(array.copy())
        for name, array in vars(detector._errors).items()
        if name in ("scale", "precision")
    }
    learnt = replace(detector._errors, **errors)
    return _ScoredNetwork(network, detector._fitted_as, learnt).eval()


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
        scores = -self._error(output - targets.double())
        scaling = self.detector.window_scaling
        if scaling is not None:
            seen, _ = self.detector.inputs_and_targets(windows)
            centre, scale = centre_and_scale(seen.double(), scaling)
            output = output * scale + centre
        return scores, output.float()

    def _error(self, differences):
        means = self.errors.of_steps(differences).mean(dim=1)
        if self.errors.scale is not None:
            means = means / self.errors.scale
        if self.errors.aggregation.endswith("max"):
            return means.amax(dim=1)
        return means.mean(dim=1)
