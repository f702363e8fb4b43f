"""Random dilated convolutions of windows, and what is read off them.

Two layouts of the same windows pass through the same steps, element by element, and so
get the same bits. Time runs along the first axis of both::

    windows that overlap    a series, (n + size - 1,): each convolution is
                            computed once and serves all windows
    other windows           turned, (size, n): one column per window

A kernel sums to zero, so that the mean of a window drops out of its convolution; its
deviation is divided out afterwards.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.ndimage import maximum_filter1d

from skad._series.rolling import sum_ahead

LENGTHS = (7, 9, 11)
# Positions that are counted fit into 8 bits.
_MOST_POSITIONS = 255
# Fewer calls for small blocks, and flags of large ones that stay near the processor.
_STEPS_AT_ONCE = 64
# How many channels a kernel may mix.
_MOST_CHANNELS = 9
# Far from where sums of single precision overflow.
_LARGEST = 1e30


def draw_kernels(
    n_kernels: int, size: int, n_channels: int, rng: np.random.RandomState
) -> dict[str, np.ndarray]:
    """Draw weights, dilations, levels of the biases, and mixes of channels.

    Weights are (n_kernels, 11), zero beyond the length of a kernel; mixes are
    (n_kernels, n_channels), zero for channels that a kernel does not see.
    """
    weights = np.zeros((n_kernels, max(LENGTHS)), dtype=np.float32)
    lengths = np.minimum(rng.choice(LENGTHS, n_kernels), max(2, size // 2))
    mixes = np.zeros((n_kernels, n_channels))
    for kernel, length in enumerate(lengths):
        drawn = rng.normal(size=length)
        weights[kernel, :length] = drawn - drawn.mean()
        mixes[kernel, _channels_of_kernel(n_channels, rng)] = 1.0
    reach = np.log2((size - 1) / (lengths - 1))
    return {
        "weights": weights,
        "lengths": lengths,
        "dilations": (2 ** rng.uniform(0, reach)).astype(np.int64),
        "levels": rng.uniform(0.1, 0.9, n_kernels),
        "mixes": mixes if n_channels == 1 else mixes * rng.normal(size=mixes.shape),
    }


def _channels_of_kernel(n_channels, rng):
    """Draw the channels of one kernel: few are likelier than many."""
    most = min(n_channels, _MOST_CHANNELS)
    n_mixed = int(2 ** rng.uniform(0, np.log2(most + 1)))
    return rng.choice(n_channels, size=min(n_mixed, most), replace=False)


def mixed(rows: np.ndarray, centre: np.ndarray, mix: np.ndarray) -> np.ndarray:
    """Add up the channels (first axis) of a mix, each less its centre."""
    seen = np.flatnonzero(mix)
    total = (rows[seen[0]] - centre[seen[0]]) * mix[seen[0]]
    for channel in seen[1:]:
        total += (rows[channel] - centre[channel]) * mix[channel]
    return np.clip(total, -_LARGEST, _LARGEST)


def deviations(rows: np.ndarray, size: int, floor: float) -> np.ndarray:
    """Return the standard deviation of each window, but no less than ``floor``."""
    mean = sum_ahead(rows, size) / size
    variance = sum_ahead(rows * rows, size) / size - mean * mean
    return np.maximum(np.sqrt(np.maximum(variance, 0)), floor).ravel()


def convolved(rows: np.ndarray, weights: np.ndarray, dilation: int) -> np.ndarray:
    """Convolve along the first axis, where the kernel lies within the rows."""
    n = len(rows) - (len(weights) - 1) * dilation
    total = rows[:n] * weights[0]
    for step, weight in enumerate(weights[1:], start=1):
        total += rows[step * dilation : step * dilation + n] * weight
    return total


def share_above(values: np.ndarray, limits: np.ndarray, n_steps: int) -> np.ndarray:
    """Count in which share of its steps each window lies above its limit.

    Of long windows every second step counts, or every third, ...: of the same ones for
    each window.
    """
    if values.ndim == 1:  # step j of window i is number i + j
        values = sliding_window_view(values, len(limits))
    steps = values[: n_steps : -(-n_steps // _MOST_POSITIONS)]
    counts = np.zeros(len(limits), dtype=np.uint8)
    for start in range(0, len(steps), _STEPS_AT_ONCE):
        above = steps[start : start + _STEPS_AT_ONCE] > limits
        counts += np.add.reduce(above.view(np.uint8), axis=0, dtype=np.uint8)
    return counts / np.float32(len(steps))


def largest(values: np.ndarray, n_steps: int) -> np.ndarray:
    """Return the largest value of each window."""
    if values.ndim == 2:
        return values.max(axis=0)
    n = len(values) - n_steps + 1
    return maximum_filter1d(values, n_steps, origin=-(n_steps // 2))[:n]
