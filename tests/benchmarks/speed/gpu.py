"""Windows per second on a GPU, where there is one."""

import time

import numpy as np
import torch

from tests.benchmarks.speed.contenders import KINDS, Shape, series, windows_of
from tests.benchmarks.speed.measure import FEW_EPOCHS, MANY_EPOCHS, report
from tests.benchmarks.speed.page import Section
from tests.benchmarks.speed.training import N_EPOCHS

SHAPE, BATCH_SIZE, N_WINDOWS = Shape(10, 60), 8192, 2**19
N_REPEATS = 3

TEXT = """Thousands of windows per second (wall time) on {device}, at {shape} with
batches of {batch_size}. Training is a fit of six epochs less one of two."""


def gpu_section() -> Section:
    """Time fit and score on the GPU, or say that there is none."""
    if not torch.cuda.is_available():
        return Section("GPU", "Not measured on this machine: torch finds no GPU.")
    device = torch.cuda.get_device_name()
    report(f"GPU: {device}")
    rows = tuple(_row(kind) for kind in KINDS)
    text = TEXT.format(device=device, shape=SHAPE, batch_size=BATCH_SIZE)
    header = ("Detector", "Fit, 1000 windows/s", "Score, 1000 windows/s")
    return Section("GPU", text, header, rows)


def _row(kind):
    windows = windows_of(series(N_WINDOWS, SHAPE.n_channels), SHAPE)

    def fit(n_epochs):
        detector = kind.make_detector(n_epochs)
        return detector.set_params(device="cuda", batch_size=BATCH_SIZE).fit(windows)

    fitted = fit(1)
    in_fit = [
        seconds(fit, MANY_EPOCHS) - seconds(fit, FEW_EPOCHS) for _ in range(N_REPEATS)
    ]
    in_score = [seconds(fitted.score_samples, windows) for _ in range(N_REPEATS)]
    return (
        kind.name,
        f"{N_EPOCHS * N_WINDOWS / np.median(in_fit) / 1e3:.0f}",
        f"{N_WINDOWS / np.median(in_score) / 1e3:.0f}",
    )


def seconds(task, *args) -> float:
    """Return the wall time of a call that ends when the GPU has done its work."""
    torch.cuda.synchronize()
    started = time.perf_counter()
    task(*args)
    torch.cuda.synchronize()
    return time.perf_counter() - started
