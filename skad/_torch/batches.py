"""Windows in batches, seeded, ready for a network."""

from collections.abc import Callable, Iterator

import numpy as np
import torch

from skad._series.windows import series_under
from skad._torch.drawing import Drawing, NoDrawing

# The share of the free memory of a device that a series may take.
_SHARE_OF_DEVICE = 0.5


class WindowBatches:
    """Batches of inputs and targets, in a fresh seeded order each epoch.

    Without a seed the order is that of the windows, and nothing is left out or drawn.
    ``drawing`` is the mode of the present epoch, for whatever the network draws. If
    targets may be missing (NaN), each comes in a pair with which of its cells are
    there.
    """

    def __init__(
        self,
        windows: np.ndarray,
        prepare: Callable,
        batch_size: int,
        *,
        device: str = "cpu",
        seed: int | None = None,
        epoch: int = 0,
        max_windows: int | None = None,
        input_noise: float = 0.0,
        has_missing: bool = False,
    ):
        self.windows = windows
        self.take = taker_of(windows, torch.device(device))
        self.prepare = prepare
        self.batch_size = batch_size
        self.seed = seed
        self.epoch = epoch
        self.max_windows = max_windows
        self.input_noise = input_noise
        self.drawing = NoDrawing()
        self.has_missing = has_missing

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        if self.seed is None:
            rng, order = None, np.arange(len(self.windows))
        else:
            rng = np.random.default_rng((self.seed, self.epoch))
            order = self._draw(rng)
            own = np.random.SeedSequence((self.seed, self.epoch)).generate_state(1)[0]
            self.drawing = Drawing(int(own))
            self.epoch += 1
        for rows in self._chunks(order):
            windows = self.take(rows)
            with self.drawing:
                inputs, targets = self.prepare(windows)
            if rng is not None and self.input_noise:
                noise = rng.standard_normal(tuple(inputs.shape), dtype=np.float32)
                noise = torch.from_numpy(noise).to(inputs.device)
                inputs = inputs + self.input_noise * noise
            yield inputs, (targets, ~targets.isnan()) if self.has_missing else targets

    def spread(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return a batch of windows from first to last in time, without noise."""
        n = len(self.windows)
        rows = np.linspace(0, n - 1, min(self.batch_size, n)).astype(np.intp)
        return self.prepare(self.take(rows))

    def _draw(self, rng) -> np.ndarray:
        n = len(self.windows)
        if self.max_windows is None or self.max_windows >= n:
            return rng.permutation(n)
        return rng.choice(n, self.max_windows, replace=False)

    def _chunks(self, order) -> list[np.ndarray]:
        stops = list(range(self.batch_size, len(order), self.batch_size))
        if stops and len(order) - stops[-1] == 1:
            stops.pop()  # batch normalisation cannot take a last batch of one
        return np.split(order, stops)


def taker_of(windows: np.ndarray, device: torch.device) -> Callable:
    """Return a function that brings windows, by their numbers, to a device."""
    if device.type == "cpu":
        return lambda rows: torch.from_numpy(np.ascontiguousarray(windows[rows]))
    series = series_under(windows)
    if series is not None and fits(series, device):
        return WindowsOnDevice(series, windows.shape[1], device)
    return lambda rows: pinned(windows[rows], device)


class WindowsOnDevice:
    """A series that lies on a device, and is cut into windows there."""

    def __init__(self, series: np.ndarray, n_timesteps: int, device: torch.device):
        self.series = torch.from_numpy(np.array(series)).to(device)
        self.steps = torch.arange(n_timesteps, device=device)

    def __call__(self, rows: np.ndarray) -> torch.Tensor:
        starts = torch.from_numpy(rows).to(self.series.device)
        return self.series[starts[:, None] + self.steps]


def fits(series: np.ndarray, device: torch.device) -> bool:
    """Tell whether a series may lie on the device, beside network and batches."""
    if device.type != "cuda":
        return False
    free, _ = torch.cuda.mem_get_info(device)
    return series.nbytes <= _SHARE_OF_DEVICE * free


def pinned(windows: np.ndarray, device: torch.device) -> torch.Tensor:
    """Bring windows to a device, past the pageable memory where that is possible."""
    batch = torch.from_numpy(np.ascontiguousarray(windows))
    if device.type == "cuda":
        batch = batch.pin_memory()
    return batch.to(device, non_blocking=True)
