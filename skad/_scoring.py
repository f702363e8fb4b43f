"""How far a network's output lies from its target, window by window.

Single-precision kernels give other last bits for other batch shapes. So that a
score depends on its own window and on nothing that happens to be scored with it,
the network only ever sees blocks of one fixed number of windows; the last is
filled up. The kernels of dense layers, moreover, sum a row in another order when it
starts at another place in memory: `AlignedRows` lets all rows start alike.
"""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from skad._windows import series_under

# Steps of the windows in a block: enough to keep the kernels busy, few enough to stay
# in the cache, and for one new row, which costs a block, to be quick.
STEPS_PER_BLOCK = 20_480
FEWEST_WINDOWS, MOST_WINDOWS = 128, 1536
# Rows of a series that are convolved at a time.
SERIES_BLOCK = 768
# On an accelerator, blocks are this many times larger.
ACCELERATED = 16
# Few enough numbers for blocks of very long or wide windows to stay small.
LARGEST_BLOCK = 2**21
# Numbers in the widest register, 64 bytes: rows of a multiple of it are aligned.
_LANES = 16


class AlignedRows(TorchFunctionMode):
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


def mean_squared_errors(
    network: torch.nn.Module, windows: np.ndarray, prepare: Callable, device: str
) -> np.ndarray:
    """Return the mean squared error of each window, in double precision."""
    network.eval()
    errors = np.empty(len(windows), dtype=np.float64)
    size = block_size(*windows.shape[1:], device)
    with torch.inference_mode(), AlignedRows():
        for start, block in blocks(windows, size):
            inputs, targets = prepare(torch.from_numpy(block).to(device))
            differences = network(inputs).double() - targets.double()
            _store(errors, start, differences.square().flatten(1).mean(1))
    return errors


def shared_mean_squared_errors(shared, windows: np.ndarray, device: str) -> np.ndarray:
    """Return the same errors from what neighbouring windows share.

    ``shared`` is a `skad.networks._shared_convolution.SharedConvolution`. Windows that
    are no view of a series go the same way, each as a series of its own, so that a
    score has the same bits in any layout.
    """
    errors = np.empty(len(windows), dtype=np.float64)
    series = series_under(windows)
    if series is None:
        parts = blocks(windows, block_size(*windows.shape[1:], device))
    else:
        size = _accelerated(SERIES_BLOCK, device)
        size += -size % shared.n_grids
        parts = blocks(series, size, overlap=shared.n_timesteps - 1)
    with torch.inference_mode():
        for start, block in parts:
            rows = torch.from_numpy(block).to(device)
            rows = rows if rows.ndim == 3 else rows.unsqueeze(0)
            _store(errors, start, shared.mean_squared_errors(rows).flatten())
    return errors


def blocks(
    rows: np.ndarray, size: int, overlap: int = 0
) -> Iterator[tuple[int, np.ndarray]]:
    """Yield contiguous blocks of ``size`` rows and the ``overlap`` rows after them."""
    for start in range(0, len(rows) - overlap, size):
        found = rows[start : start + size + overlap]
        block = np.empty((size + overlap, *rows.shape[1:]), dtype=np.float32)
        block[: len(found)] = found
        block[len(found) :] = found[-1]
        yield start, block


def _store(errors: np.ndarray, start: int, block: torch.Tensor) -> None:
    errors[start : start + len(block)] = block[: len(errors) - start].cpu().numpy()
