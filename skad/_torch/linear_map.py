"""Parts of a layer as matrices, which map neighbouring positions to neighbouring ones.

The rows of a product have the same bits wherever they stand, if rows and columns fill
up whole registers; those of a convolution do not.
"""

from math import ceil

import torch
from torch.nn import functional as F

# A product with few columns, or with rows that start at odd places in memory, takes
# other paths through the BLAS, whose bits do depend on the row: so rows and columns are
# filled up to whole registers.
_LANES = 16
# Short sums round less. They are worth their time where a product is small, and in the
# last layer, whose rounding is the error's own.
_TERMS, _FEW_TERMS, _FEW_COLUMNS = 32, 96, 32


class LinearMap:
    """Neighbouring input positions of a layer to neighbouring output positions."""

    def __init__(self, network, index, inputs, outputs, span):
        layer = network.layer(index)
        weight = _matrix(network, index, inputs, outputs)
        self.n_columns = weight.shape[1]
        missing = -self.n_columns % _LANES
        self.filling = -len(weight) % _LANES
        self.is_rectified = network.is_rectified(index)
        is_small = len(weight) <= _FEW_TERMS or not self.is_rectified
        is_cut = is_small and self.n_columns <= _FEW_COLUMNS
        weight = F.pad(weight, (0, missing, 0, self.filling))
        self.n_terms = _TERMS if is_cut else max(len(weight), 1)
        self.weights = weight.split(self.n_terms)
        self.bias = F.pad(layer.bias.repeat(outputs[1] - outputs[0]), (0, missing))
        self.n_channels = layer.out_channels
        self.n_outputs = outputs[1] - outputs[0]
        self.span = span  # where, among the positions of the series, the inputs begin
        self.pace = network.stride if index < len(network.encoder) else 1

    def __call__(self, *parts):
        batch, n_times, _ = parts[0].shape
        filling = self.bias.new_zeros(batch, n_times, self.filling)
        inputs = torch.cat([*parts, filling], 2).flatten(0, 1)
        values = self.bias
        for terms, weight in zip(
            inputs.split(self.n_terms, 1), self.weights, strict=True
        ):
            values = torch.addmm(values, terms, weight)
        values = values.relu_() if self.is_rectified else values
        return values[:, : self.n_columns].view(batch, n_times, self.n_columns)

    def over(self, steps, n_needed):
        """Apply the map all along a series, until there are ``n_needed`` positions."""
        n_times = ceil(n_needed / self.n_outputs)
        missing = (n_times - 1) * self.pace + self.span[1] - steps.shape[1]
        steps = F.pad(steps, (0, 0, 0, missing)) if missing > 0 else steps
        values = self(slices(steps, self.span, self.pace, n_times))
        return values.reshape(len(steps), -1, self.n_channels)[:, :n_needed]


def slices(steps, span, pace, n_times):
    """Take the positions of ``span``, again every ``pace``, flattened.

    From (batch, positions, channels) to (batch, n_times, (stop - start) * channels).
    """
    (start, stop), (batch, _, n_channels) = span, steps.shape
    if start == stop:
        return steps.new_empty(batch, n_times, 0)
    flat = steps.reshape(batch, -1)[:, start * n_channels :]
    slices = flat.unfold(1, (stop - start) * n_channels, pace * n_channels)
    return slices[:, :n_times]


def _matrix(network, index, inputs, outputs):
    """Return the matrix from a range of input positions to one of output positions.

    Its rows are the answers of the layer to the unit vectors, flattened in time-major
    order.
    """
    (start, stop), (first, past) = inputs, outputs
    stride, layer = network.stride, network.layer(index)
    n_channels = layer.in_channels
    n_columns = (past - first) * layer.out_channels
    if start == stop or n_columns == 0:
        return layer.weight.new_zeros((stop - start) * n_channels, n_columns)
    # Cut where input and output of the layer are aligned.
    if index < len(network.encoder):
        shift_out = start // stride
        shift_in = stride * shift_out
    else:
        shift_in = min(start, first // stride)
        shift_out = stride * shift_in
    n_units = (stop - shift_in) * n_channels
    units = torch.eye(n_units, dtype=layer.weight.dtype, device=layer.weight.device)
    units = units.view(n_units, stop - shift_in, n_channels)
    answers = network.convolve(index, units, past - shift_out)
    answers = answers[(start - shift_in) * n_channels :, first - shift_out :]
    return answers[:, : past - first].reshape(-1, n_columns)
