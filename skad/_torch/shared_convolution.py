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

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from weakref import WeakKeyDictionary

import torch

from skad._series.rolling import sum_ahead
from skad._torch.linear_map import LinearMap, slices
from skad.networks._conv_autoencoder import ConvAutoencoderNetwork

# With more grids than this there is little left to share.
_MOST_GRIDS = 64
# Numbers in all maps, 64 MB. Of a network so large that they take more, scores of
# windows one by one take less than twice as long.
_MOST_NUMBERS = 2**24
# What was read off the networks in use, which takes longer than to score one window.
_SHARED = WeakKeyDictionary()


def share(network: ConvAutoencoderNetwork, n_timesteps: int):
    """Return a `SharedConvolution`, or None where windows have nothing to share.

    That is so if the kernel is even (its padding has no centre) or shorter than the
    stride (it leaves out positions), if there is pooling or a bottleneck, if there are
    too many grids, if what would be kept is too large, or if the two ends of such a
    window meet. The answer is kept until the weights change.
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
    if network.pooling is not None or network.bottleneck is not None:
        return None
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

    def channel_means(self, series: torch.Tensor, of_steps: Callable) -> torch.Tensor:
        """Return the errors of all windows over each of some series.

        Parameters
        ----------
        series : torch.Tensor of shape (batch, n_rows, n_channels)
            Of a length that gives one window, or a multiple of ``n_grids``.
        of_steps : callable
            Maps differences (..., n_channels), float64, to errors (..., n_errors).

        Returns
        -------
        errors : torch.Tensor of shape (batch, n_windows, n_errors), float64
            Their means over the steps.
        """
        n_windows = series.shape[1] - self.n_timesteps + 1
        n_grids = min(self.n_grids, n_windows)
        last = series.shape[1] - n_grids + 1
        parts = [
            self._on_one_grid(series[:, grid : grid + last], of_steps)
            for grid in range(n_grids)
        ]
        return torch.stack(parts, 2).flatten(1, 2)

    def _on_one_grid(self, rows, of_steps):
        batch, n_rows, _ = rows.shape
        n_windows = (n_rows - self.n_timesteps) // self.n_grids + 1
        steps, left, right = rows, *rows.new_empty(2, batch, n_windows, 0)
        for layer in self.layers:
            steps, left, right = layer(steps, left, right, n_windows)
        return self._means(of_steps, rows, steps, left, right, n_windows)

    def _means(self, of_steps, rows, steps, left, right, n_windows):
        n_left, past = self.layers[-1].shared
        size, n_channels = self.n_timesteps, rows.shape[2]
        errors = of_steps((steps - rows[:, n_left:][:, : steps.shape[1]]).double())
        if errors.shape[2] == 1:  # few enough to sum them anew for each window
            inner = slices(errors, (0, past - n_left), self.n_grids, n_windows)
            total = inner.sum(2, keepdim=True)
        else:
            # Along the first axis, where the positions are summed up.
            sums = sum_ahead(errors.transpose(0, 1), past - n_left).transpose(0, 1)
            total = sums[:, :: self.n_grids][:, :n_windows]
        for end, span in [(left, (0, n_left)), (right, (past, size))]:
            observed = slices(rows, span, self.n_grids, n_windows)
            shape = span[1] - span[0], n_channels
            differences = (end - observed).double().unflatten(2, shape)
            total = total + of_steps(differences).sum(2)
        return total / size


@dataclass(frozen=True)
class _Layer:
    """One layer: what is shared of a window, and the three maps that lead there."""

    shared: tuple[int, int]  # output positions of a window that the series gives
    paces: tuple[int, int]  # input and output positions from one window to the next
    series: LinearMap
    left: LinearMap
    right: LinearMap

    def __call__(self, steps, left, right, n_windows):
        pace_in, pace_out = self.paces
        n_needed = (n_windows - 1) * pace_out + self.shared[1] - self.shared[0]
        left_part = slices(steps, self.left.span, pace_in, n_windows)
        right_part = slices(steps, self.right.span, pace_in, n_windows)
        return (
            self.series.over(steps, n_needed),
            self.left(left, left_part),
            self.right(right_part, right),
        )


@dataclass(frozen=True)
class _LayerPlan:
    """What a layer will consist of; of each map its inputs, outputs and span."""

    index: int
    shared: tuple[int, int]
    paces: tuple[int, int]
    maps: tuple[tuple[tuple[int, int], ...], ...]

    def n_numbers(self, network):
        layer = network.layer(self.index)
        n_pairs = sum(
            (stop - start) * (past - first)
            for (start, stop), (first, past), _ in self.maps
        )
        return n_pairs * layer.in_channels * layer.out_channels

    def built(self, network):
        maps = (LinearMap(network, self.index, *each) for each in self.maps)
        return _Layer(self.shared, self.paces, *maps)


def _plan(network, n_timesteps):
    """Return the layers for windows of ``n_timesteps``; None if nothing is shared."""
    plans, shared_in, n_in = [], (0, n_timesteps), n_timesteps
    for index, n_out in enumerate(network.lengths(n_timesteps)):
        plan = _plan_layer(network, index, n_in, n_out, shared_in)
        if plan is None:
            return None
        plans.append(plan)
        shared_in, n_in = plan.shared, n_out
    if sum(plan.n_numbers(network) for plan in plans) > _MOST_NUMBERS:
        return None
    return [plan.built(network) for plan in plans]


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

    maps = [
        ((begin, end), (first, first + group), (begin, end)),
        ((0, stop), (0, first), (first_in, stop)),
        ((start, n_in), (past, n_out), (start, past_in)),
    ]
    return _LayerPlan(
        index,
        shared=(first, past),
        paces=(stride ** abs(n_encoder - index), stride ** abs(n_encoder - index - 1)),
        maps=tuple(
            (inputs, outputs, (span[0] - first_in, span[1] - first_in))
            for inputs, outputs, span in maps
        ),
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
