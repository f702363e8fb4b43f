"""CPU seconds and peak memory of what is recommended, by the length of the series.

    python -m tests.benchmarks.speed.scale neighbors
    python -m tests.benchmarks.speed.scale fit 20000
    python -m tests.benchmarks.speed.scale score 1000000

``fit`` trains `make_detector` on so many rows of ten channels; ``score`` trains it on
at most 100,000 and scores so many. Each prints the seconds of one thread and by how
much the peak of the memory rose above that of making the series.
"""

import resource
import sys

import numpy as np
from sklearn.pipeline import make_pipeline

from skad import make_detector
from skad.detectors import NeighborsDetector
from skad.preprocessing import RandomConvolutions, SlidingWindow
from tests.benchmarks.speed.measure import cpu_seconds

MOST_FITTED = 100_000


def series(n_rows: int, n_channels: int = 10) -> np.ndarray:
    """Make sines of several periods in noise, in float32."""
    rng = np.random.default_rng(0)
    rows = np.arange(n_rows, dtype=np.float64)[:, np.newaxis]
    waves = np.sin(rows / (5 + np.arange(n_channels)))
    return (waves + rng.normal(scale=0.1, size=waves.shape)).astype(np.float32)


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def time_neighbors(n_rows: int = 100_000) -> None:
    """Print what a million rows of one channel cost, by what is compared."""
    X = series(n_rows, n_channels=1)
    convolutions = RandomConvolutions(100, random_state=0)
    for name, detector in {
        "readings": NeighborsDetector(),
        "100 random convolutions": NeighborsDetector(3, features=convolutions),
    }.items():
        pipe = make_pipeline(SlidingWindow(64), detector).fit(X[:20_000])
        seconds = cpu_seconds(pipe.score_samples, X) * 1e6 / n_rows
        print(f"{name}: {seconds:.1f} s for a million rows of one channel")  # noqa: T201


def time_fit(n_rows: int) -> None:
    X = series(n_rows)
    before = peak_mib()
    seconds = cpu_seconds(make_detector(random_state=0).fit, X)
    print(f"fit {n_rows:,} x 10: {seconds:.1f} s, {peak_mib() - before:.0f} MiB")  # noqa: T201


def time_score(n_rows: int) -> None:
    X = series(n_rows)
    detector = make_detector(random_state=0).fit(X[:MOST_FITTED])
    before = peak_mib()
    seconds = cpu_seconds(detector.score_samples, X)
    print(f"score {n_rows:,} x 10: {seconds:.1f} s, {peak_mib() - before:.0f} MiB more")  # noqa: T201


if __name__ == "__main__":
    what, *n_rows = sys.argv[1:]
    {"neighbors": time_neighbors, "fit": time_fit, "score": time_score}[what](
        *map(int, n_rows)
    )
