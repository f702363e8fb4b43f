"""How far a network's output lies from its target, window by window.

Single-precision kernels give other last bits for other batch shapes. So that a
score depends on its own window and on nothing that happens to be scored with it,
the network only ever sees blocks of one fixed number of windows; the last is
filled up. The kernels of dense layers, moreover, sum a row in another order when it
starts at another place in memory: `AlignedRows` lets all rows start alike.
"""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import torch
from torch.nn import functional as F

from skad._estimators.channel_errors import ChannelErrors
from skad._series.fixed_blocks import fixed_blocks
from skad._series.windows import PickedWindows, series_under
from skad._torch.drawing import InterruptibleMode, NoDrawing
from skad._torch.tensor_errors import errors_of_tensors

# Steps of the windows in a block: enough to keep the kernels busy, few enough to stay
# in the cache, and for one new row, which costs a block, to be quick.
STEPS_PER_BLOCK = 20_480
FEWEST_WINDOWS, MOST_WINDOWS = 128, 2048
# Rows of a series that are convolved at a time.
SERIES_BLOCK = 768
# On an accelerator, blocks are this many times larger.
ACCELERATED = 16
# Few enough numbers for blocks of very long or wide windows to stay small.
LARGEST_BLOCK = 2**21
# So many windows of a series are scored together in the time of one by itself.
_SHARED_FOR_ONE = 4
# Numbers in the widest register, 64 bytes: rows of a multiple of it are aligned.
_LANES = 16


class AlignedRows(InterruptibleMode):
    """Fill up the rows that enter a dense layer with zeros, to whole registers."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        if function is not F.linear:
            return function(*args, **(kwargs or {}))
        return self._linear(*args, **(kwargs or {}))

    def _linear(self, rows, weight, bias=None):
        missing = -rows.shape[-1] % _LANES
        if missing:
            rows, weight = F.pad(rows, (0, missing)), F.pad(weight, (0, missing))
        return F.linear(rows, weight, bias)


def block_size(n_timesteps: int, n_channels: int, device: str = "cpu") -> int:
    """Return the number of windows in a block, one and the same for a window shape."""
    size = STEPS_PER_BLOCK // n_timesteps // _LANES * _LANES
    size = min(max(size, FEWEST_WINDOWS), MOST_WINDOWS)
    size = max(8, min(size, LARGEST_BLOCK // (n_timesteps * n_channels)))
    return _accelerated(size, device)


def _accelerated(size, device):
    return size if torch.device(device).type == "cpu" else ACCELERATED * size


def outputs(
    network: torch.nn.Module, windows: np.ndarray, prepare: Callable, device: str
) -> Iterator[tuple[int, torch.Tensor, torch.Tensor, torch.Tensor]]:
    """Yield blocks of windows, what the network makes of them, and what it should.

    With each comes the number of its first window. Where a reading is missing, the
    target may be NaN.
    """
    network.eval()
    size = block_size(*windows.shape[1:], device)
    for start, block in fixed_blocks(windows, size):
        # Block by block: what is done between two of them is not in these modes.
        with torch.inference_mode(), NoDrawing(), AlignedRows():
            block = torch.from_numpy(block).to(device)
            inputs, targets = prepare(block)
            output = network(inputs)
        yield start, block, output, targets


def differences(
    network: torch.nn.Module,
    windows: np.ndarray,
    prepare: Callable,
    device: str,
    unit_of: Callable | None = None,
) -> Iterator[tuple[int, torch.Tensor, torch.Tensor | float]]:
    """Yield blocks of (n, n_target_steps, n_channels) differences from the target.

    With each comes its unit: what ``unit_of`` makes of the windows, or 1.
    """
    for start, block, output, targets in outputs(network, windows, prepare, device):
        unit = 1.0 if unit_of is None else unit_of(block)
        yield start, output.double() - targets.double(), unit


def channel_means(
    errors: ChannelErrors,
    network: torch.nn.Module,
    windows: np.ndarray,
    prepare: Callable,
    device: str,
    unit_of: Callable | None = None,
    *,
    merge: bool = False,
) -> Iterator[tuple[int, np.ndarray]]:
    """Yield blocks of the errors of each channel, averaged over the steps."""
    errors = errors_of_tensors(errors, device)
    for start, *block in differences(network, windows, prepare, device, unit_of):
        yield start, errors.means(*block, merge=merge).cpu().numpy()


def shared_channel_means(
    errors: ChannelErrors,
    shared,
    windows: np.ndarray,
    device: str,
    *,
    merge: bool = False,
) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the same, of complete windows, from what neighbouring windows share.

    ``shared`` is a `skad._torch.shared_convolution.SharedConvolution`.
    """
    of_steps = partial(errors_of_tensors(errors, device).of_steps, merge=merge)
    series, numbers = _series_to_share(windows)
    for start, rows in _shared_rows(shared, windows, series, device):
        with torch.inference_mode():
            means = shared.channel_means(rows, of_steps)
        means = means.flatten(0, 1).cpu().numpy()
        if numbers is None:
            yield start, means
            continue
        first, past = np.searchsorted(numbers, [start, start + len(means)])
        yield first, means[numbers[first:past] - start]


def _series_to_share(windows):
    """Return the series under windows, if any, and which of its windows they are.

    The numbers are None where they are all, or where there is no series.
    """
    if not isinstance(windows, PickedWindows):
        return series_under(windows), None
    numbers, n_all = windows.numbers, len(windows.block) - windows.shape[1] + 1
    if n_all > _SHARED_FOR_ONE * len(numbers) or (np.diff(numbers) <= 0).any():
        return None, None
    # What is missing lies in none of these windows.
    return np.nan_to_num(windows.block), numbers


def _shared_rows(shared, windows, series, device):
    """Yield blocks of a series, or of windows that are no view of one.

    These go the same way, each as a series of its own, so that a score has the same
    bits in any layout.
    """
    if series is None:
        parts = fixed_blocks(windows, block_size(*windows.shape[1:], device))
    else:
        size = _accelerated(SERIES_BLOCK, device)
        size += -size % shared.n_grids
        parts = fixed_blocks(series, size, overlap=shared.n_timesteps - 1)
    for start, block in parts:
        rows = torch.from_numpy(block).to(device)
        yield start, rows if rows.ndim == 3 else rows.unsqueeze(0)
