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

# Large enough to keep the kernels busy, small enough for one new row to be quick.
BLOCK = 128
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
        return F.linear(F.pad(rows, (0, missing)), F.pad(weight, (0, missing)), bias)


def blocks(windows: np.ndarray) -> Iterator[tuple[np.ndarray, int]]:
    """Yield contiguous blocks of `BLOCK` windows, and how many of each count."""
    n, *shape = windows.shape
    for start in range(0, n, BLOCK):
        n_real = min(BLOCK, n - start)
        block = np.empty((BLOCK, *shape), dtype=np.float32)
        block[:n_real] = windows[start : start + n_real]
        block[n_real:] = block[0]
        yield block, n_real


def mean_squared_errors(
    network: torch.nn.Module, windows: np.ndarray, prepare: Callable, device: str
) -> np.ndarray:
    """Return the mean squared error of each window, in double precision."""
    errors = np.empty(len(windows), dtype=np.float64)
    network.eval()
    done = 0
    with torch.inference_mode(), AlignedRows():
        for block, n_real in blocks(windows):
            inputs, targets = prepare(torch.from_numpy(block).to(device))
            differences = network(inputs).double() - targets.double()
            means = differences.square().flatten(1).mean(1)
            errors[done : done + n_real] = means[:n_real].cpu().numpy()
            done += n_real
    return errors
