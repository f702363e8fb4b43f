"""How a fitted network scores windows: prepared as at fit, block by block."""

from functools import partial

import numpy as np

from skad._estimators.window_scaling import centre_and_scale
from skad._series.missing import n_missing
from skad._torch.network_errors import channel_means, differences, outputs
from skad._torch.scaled_windows import fill_and_scale, filled_inputs, scale_windows
from skad.detectors._window_detector import WindowDetector


class NetworkScores(WindowDetector):
    """What a detector with a network, `NetworkDetector`, does once it is trained."""

    def _channel_means(self, windows, *, merge):
        return channel_means(self._errors, *self._scored(windows), merge=merge)

    def _differences(self, windows):
        for start, *block in differences(*self._scored(windows)):
            yield start, *(_as_array(each) for each in block)

    def _expectations(self, windows):
        scaling = self._fitted_as.window_scaling
        *scored, _ = self._scored(windows)
        for start, block, output, _ in outputs(*scored):
            last = output[:, -1:].double()
            if scaling is not None:
                inputs, _ = self._fitted_as.inputs_and_targets(block)
                _, *taken_out = filled_inputs(inputs, scaling, self._usual_readings)
                last = last * taken_out[1] + taken_out[0]
            yield start, last[:, 0].cpu().numpy()

    def _scored(self, windows):
        """Return all that scoring needs, as fitted."""
        fitted_as, module, device = self._fitted_as, self.net_.module_, self.net_.device
        ways = fitted_as._prepare, fitted_as._unit_of
        if n_missing(windows) is not None:
            ways = fitted_as._prepare_there, fitted_as._unit_there
            ways = [partial(way, usual=self._usual_readings) for way in ways]
        prepare, unit_of = ways
        is_scaled = fitted_as.window_scaling == "standard"
        is_asked = is_scaled and np.any(fitted_as.min_deviation)
        return module, windows, prepare, device, unit_of if is_asked else None

    def _unit_of(self, windows):
        inputs, _ = self.inputs_and_targets(windows)
        _, scale = centre_and_scale(inputs.double(), self.window_scaling)
        return scale

    def _unit_there(self, windows, usual):
        inputs, _ = self.inputs_and_targets(windows)
        return filled_inputs(inputs, self.window_scaling, usual)[2]

    def _prepare(self, windows):
        inputs, targets = self.inputs_and_targets(windows)
        return scale_windows(inputs, targets, self.window_scaling)

    def _prepare_there(self, windows, usual):
        """Do so where readings are missing, and leave NaN in the targets."""
        inputs, targets = self.inputs_and_targets(windows)
        return fill_and_scale(inputs, targets, self.window_scaling, usual)


def _as_array(block):
    return block if isinstance(block, float) else block.cpu().numpy()
