"""Memory of one process: ``python -m tests.support.footprint FOLDER 10000000``.

Fits an autoencoder to a file of so many rows, as numpy maps it into memory, and scores
it block by block into another file. Prints the most memory at once above that of the
loaded process, in MiB, pages of the files included, and how far scores in other blocks
are.
"""

import json
import sys
from pathlib import Path

import numpy as np
from sklearn.pipeline import make_pipeline

from skad import score_samples_blockwise
from skad.detectors import ConvAutoencoder
from skad.preprocessing import SlidingWindow
from tests.support.checks import noisy
from tests.support.resident import MIB, forget_most_resident, most_resident

PERIOD = 1_000_003  # rows drawn at once; no block begins where another began


def written(path, n_rows):
    """Write waves to a file, part by part, and open it anew."""
    part = noisy(min(n_rows, PERIOD)).astype(np.float32)
    with path.open("wb") as file:
        for start in range(0, n_rows, len(part)):
            file.write(part[: n_rows - start].tobytes())
    return np.memmap(path, np.float32, "r", shape=(n_rows, 1))


def network():
    return make_pipeline(
        SlidingWindow(16),
        ConvAutoencoder(
            (8, 4), 5, max_windows_per_epoch=6_400, max_epochs=5, random_state=0
        ),
    )


def above(before, work):
    """Return the most memory at once while something is done, and its result."""
    forget_most_resident()
    result = work()
    return (most_resident() - before) / MIB, result


def main(folder, n_rows):
    folder, n_rows = Path(folder), int(n_rows)
    rows = written(folder / "rows", n_rows)
    out = np.memmap(folder / "scores", np.float64, "w+", shape=(n_rows,))
    network().fit(rows[:2000]).score_samples(rows[:2000])  # all is loaded
    forget_most_resident()
    before = most_resident()
    fit, pipe = above(before, lambda: network().fit(rows))
    score, _ = above(before, lambda: score_samples_blockwise(pipe, rows, out=out))
    other = score_samples_blockwise(pipe, rows, block_size=262_139)
    largest = max(
        np.abs(out[start : start + PERIOD] - other[start : start + PERIOD]).max()
        for start in range(0, n_rows, PERIOD)
    )
    found = {"fit": fit, "score": score, "difference": largest, "loss": -other.mean()}
    print(json.dumps(found))  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
