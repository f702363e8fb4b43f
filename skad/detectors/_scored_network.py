"""A network and the score around it as one torch module, for export."""

import copy
from dataclasses import replace

import torch
from torch import nn

from skad.detectors._scaling import centre_and_scale


class ScoredNetwork(nn.Module):
    """Map windows to what a fitted detector expects, and to its scores.

    Only what an exporter can follow: no blocks of fixed size, so last bits differ.
    """

    def __init__(self, detector):
        super().__init__()
        self.detector = detector._fitted_as
        self.network = copy.deepcopy(detector.net_.module_).cpu()
        self.errors = detector._errors
        for name in ("scale", "precision"):
            learnt = getattr(detector._errors, name)
            learnt = None if learnt is None else torch.from_numpy(learnt.copy())
            self.register_buffer(name, learnt)
        self.eval()

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
        errors = replace(self.errors, precision=self.precision)
        means = errors.of_steps(differences).mean(dim=1)
        if self.scale is not None:
            means = means / self.scale
        if self.errors.aggregation.endswith("max"):
            return means.amax(dim=1)
        return means.mean(dim=1)
