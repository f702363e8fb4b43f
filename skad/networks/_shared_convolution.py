"""The errors of overlapping windows, by convolving their series once.

Away from its ends a window is rebuilt from the same numbers as its neighbours: there
the convolution of the series *is* that of the window. Only near its two ends, where a
window sees padding and the series sees rows, is each window a case of its own, and with
every layer the ends grow by what the kernel reaches over them::

    layer 1    # . . . . . . . . #      # computed for each window
    layer 2    # # . . . . . . # #      . taken from the series, computed once
    layer 3    # # # . . . . # # #
    layer 4    # # # # . . # # # #

Each part of a layer is a linear map of a few neighbouring positions, read off the layer
itself: the series by one position after the other, an end from the end before it and
the positions of the series next to that. Positions and windows are the rows of one
matrix product, whose bits do not depend on where a row stands; those of a convolution
do. With strides, windows that start a whole number of strides apart share one grid, so
there are as many grids as the strides multiply to.
"""

from dataclasses import dataclass
from itertools import count
from math import ceil
from weakref import WeakKeyDictionary

import torch
from torch.nn import functional as F

from skad.networks._conv_autoencoder import ConvAutoencoderNetwork

# A product with few columns, or with rows that start at odd places in memory, takes
# other paths through the BLAS, whose bits do depend on the row: so rows and columns are
# filled up to whole registers.
_LANES = 16
# Short sums round less. They are worth their time where a product is small, and in the
# last layer, whose rounding is the error's own.
_TERMS, _FEW_TERMS, _FEW_COLUMNS = 32, 96, 32
# With more grids than this there is little left to share.
_MOST_GRIDS = 64
# What was read off the networks in use, which takes longer than to score one window.
_SHARED = WeakKeyDictionary()


def share(network: ConvAutoencoderNetwork, n_timesteps: int):
    """Return a `SharedConvolution`, or None where windows have nothing to share.

    That is so if the kernel is even (its padding has no centre) or shorter than the
    stride (it leaves out positions), if there are too many grids, or if the two ends of
    such a window meet. The answer is kept until the weights change.
    """
    present = list(network.parameters())
    key = n_timesteps, present[0].device
    known, weights, shared = _SHARED.get(network, (None, [], None))
    if known != key or not all(map(torch.equal, weights, present)):
        weights = [weight.detach().clone() for weight in present]
        shared = _share(network, n_timesteps)
        _SHARED[network] = key, weights, shared
    return shared


@torch.no_grad()
def _share(network, n_timesteps):
    n_grids = network.stride ** len(network.encoder)
    is_centred = network.kernel_size % 2 == 1
    if not is_centred or network.kernel_size < network.stride or n_grids > _MOST_GRIDS:
        return None
    layers = _plan(network, n_timesteps)
    return None if layers is None else SharedConvolution(layers, n_grids, n_timesteps)


class SharedConvolution:
    """The errors of all windows of one length over a series, for one autoencoder."""

    def __init__(self, layers: list, n_grids: int, n_timesteps: int):
        self.layers = layers
        self.n_grids = n_grids
        self.n_timesteps = n_timesteps

    def mean_squared_errors(self, series: torch.Tensor) -> torch.Tensor:
        """Return the errors of all windows over each of some series.

        Parameters
        ----------
        series : torch.Tensor of shape (batch, n_rows, n_channels)
            Of a length that gives one window, or a multiple of ``n_grids``.

        Returns
        -------
        errors : torch.Tensor of shape (batch, n_windows), float64
        """
        batch, n_rows, _ = series.shape
        n_windows = n_rows - self.n_timesteps + 1
        n_grids = min(self.n_grids, n_windows)
        errors = series.new_empty(batch, n_windows, dtype=torch.float64)
        for grid in range(n_grids):
            rows = series[:, grid : grid + n_rows - n_grids + 1]
            errors[:, grid::n_grids] = self._errors_on_one_grid(rows)
        return errors

    def _errors_on_one_grid(self, rows):
        batch, n_rows, _ = rows.shape
        n_windows = (n_rows - self.n_timesteps) // self.n_grids + 1
        steps, left, right = rows, *rows.new_empty(2, batch, n_windows, 0)
        for layer in self.layers:
            steps, left, right = layer(steps, left, right, n_windows)
        return self._mean_squares(rows, steps, left, right, n_windows)

    def _mean_squares(self, rows, steps, left, right, n_windows):
        n_left, past = self.layers[-1].shared
        size = self.n_timesteps
        squares = (steps - rows[:, n_left:][:, : steps.shape[1]]).double().square()
        squares = squares.sum(2, keepdim=True)
        total = _slices(squares, (0, past - n_left), self.n_grids, n_windows).sum(2)
        for end, span in [(left, (0, n_left)), (right, (past, size))]:
            observed = _slices(rows, span, self.n_grids, n_windows)
            total += (end - observed).double().square().sum(2)
        return total / (size * rows.shape[2])


@dataclass(frozen=True)
class _Layer:
    """One layer: what is shared of a window, and the three maps that lead there."""

    shared: tuple[int, int]  # output positions of a window that the series gives
    paces: tuple[int, int]  # input and output positions from one window to the next
    series: "_LinearMap"
    left: "_LinearMap"
    right: "_LinearMap"

    def __call__(self, steps, left, right, n_windows):
        pace_in, pace_out = self.paces
        n_needed = (n_windows - 1) * pace_out + self.shared[1] - self.shared[0]
        left_part = _slices(steps, self.left.span, pace_in, n_windows)
        right_part = _slices(steps, self.right.span, pace_in, n_windows)
        return (
            self.series.over(steps, n_needed),
            self.left(left, left_part),
            self.right(right_part, right),
        )


class _LinearMap:
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
        values = self(_slices(steps, self.span, self.pace, n_times))
        return values.reshape(len(steps), -1, self.n_channels)[:, :n_needed]


def _slices(steps, span, pace, n_times):
    """Take the positions of ``span``, again every ``pace``, flattened.

    From (batch, positions, channels) to (batch, n_times, (stop - start) * channels).
    """
    (start, stop), (batch, _, n_channels) = span, steps.shape
    if start == stop:
        return steps.new_empty(batch, n_times, 0)
    flat = steps.reshape(batch, -1)[:, start * n_channels :]
    slices = flat.unfold(1, (stop - start) * n_channels, pace * n_channels)
    return slices[:, :n_times]


def _plan(network, n_timesteps):
    """Return the layers for windows of ``n_timesteps``, or None if their ends meet."""
    layers, shared_in, n_in = [], (0, n_timesteps), n_timesteps
    for index, n_out in enumerate(network.lengths(n_timesteps)):
        layer = _plan_layer(network, index, n_in, n_out, shared_in)
        if layer is None:
            return None
        layers.append(layer)
        shared_in, n_in = layer.shared, n_out
    return layers


def _plan_layer(network, index, n_in, n_out, shared_in):
    n_encoder, stride = len(network.encoder), network.stride
    first_in, past_in = shared_in
    first, past = _shared(network, index, n_out, shared_in)
    stop = max(first_in, _reads(network, index, first - 1)[1] + 1 if first else 0)
    start = min(past_in, _reads(network, index, past)[0] if past < n_out else n_in)
    if first >= past or start < first_in or stop > past_in:
        return None
    group = 1 if index < n_encoder else stride
    begin = _reads(network, index, first)[0]
    end = _reads(network, index, first + group - 1)[1] + 1

    def linear_map(inputs, outputs, span):
        span = span[0] - first_in, span[1] - first_in
        return _LinearMap(network, index, inputs, outputs, span)

    return _Layer(
        shared=(first, past),
        paces=(stride ** abs(n_encoder - index), stride ** abs(n_encoder - index - 1)),
        series=linear_map((begin, end), (first, first + group), (begin, end)),
        left=linear_map((0, stop), (0, first), (first_in, stop)),
        right=linear_map((start, n_in), (past, n_out), (start, past_in)),
    )


def _shared(network, index, n_out, shared_in):
    """Return the output positions, first and past the last, that read shared ones."""
    first_in, past_in = shared_in
    first = next(o for o in count() if _reads(network, index, o)[0] >= first_in)
    last = next(
        o for o in count(n_out - 1, -1) if _reads(network, index, o)[1] < past_in
    )
    return first, last + 1


def _reads(network, index, position):
    """Return the first and the last input position that an output position reads."""
    reach, stride = network.padding, network.stride
    if index < len(network.encoder):
        return stride * position - reach, stride * position + reach
    return -((reach - position) // stride), (position + reach) // stride


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
