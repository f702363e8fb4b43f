"""How far a network's output lies from its target, window by window.

Single-precision kernels give other last bits for other batch shapes. So that a
score depends on its own window and on nothing that happens to be scored with it,
the network only ever sees blocks of one fixed number of windows; the last is
filled up.
"""

from collections.abc import Callable, Iterator

import numpy as np
import torch

# Large enough to keep the kernels busy, small enough for one new row to be quick.
BLOCK = 128


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
    with torch.inference_mode():
        for block, n_real in blocks(windows):
            inputs, targets = prepare(torch.from_numpy(block).to(device))
            differences = network(inputs).double() - targets.double()
            means = differences.square().flatten(1).mean(1)
            errors[done : done + n_real] = means[:n_real].cpu().numpy()
            done += n_real
    return errors
