"""The frame around a network that forecasts where a window ends."""

from dataclasses import dataclass
from numbers import Integral
from typing import ClassVar

from sklearn.utils._param_validation import Interval

from skad._estimators.short_windows import TooShortError
from skad.detectors._network_detector import NetworkDetector


@dataclass(eq=False, repr=False)
class Forecaster(NetworkDetector):
    """A detector whose network forecasts the end of a window from what precedes it.

    A subclass has a field ``horizon``, so that it stands where its other parameters do,
    and gives `make_network`, which maps the inputs to ``horizon`` steps.
    """

    judges_rows: ClassVar[bool] = True

    _parameter_constraints = {
        **NetworkDetector._parameter_constraints,
        "horizon": [Interval(Integral, 1, None, closed="left")],
    }

    def _refuse_no_input(self, n_timesteps, n_channels):
        """Raise where the horizon takes up a whole window."""
        if self.horizon >= n_timesteps:
            raise TooShortError(
                f"horizon={self.horizon} leaves no input in windows of {n_timesteps} "
                f"timestep(s) (n_features = {n_timesteps * n_channels}, n_channels = "
                f"{n_channels}). Cut longer windows, with window_size > horizon, or "
                "lower horizon.",
                least=self.horizon + 1,
            )

    def inputs_and_targets(self, windows):
        """Split windows before their last ``horizon`` steps.

        Parameters
        ----------
        windows : torch.Tensor of shape (batch, n_timesteps, n_channels), float32
            Windows in time order.

        Returns
        -------
        inputs : torch.Tensor of shape (batch, n_timesteps - horizon, n_channels)
            The past; of ``context_channels`` the steps up to the end of the window, so
            that each step of the past stands beside the context ``horizon`` later.
        targets : torch.Tensor of shape (batch, horizon, n_channels)
            The steps to forecast.
        """
        inputs, targets = windows[:, : -self.horizon], windows[:, -self.horizon :]
        if self.context_channels is None:
            return inputs, targets
        context = list(self.context_channels)
        inputs = inputs.clone()
        inputs[..., context] = windows[:, self.horizon :, context]
        return inputs, targets
