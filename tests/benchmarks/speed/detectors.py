"""What each detector with a network costs, side by side, on one thread.

    python -m tests.benchmarks.speed.detectors

Trains each with its defaults for one epoch on 20,000 windows of 10 rows of 60
channels, and scores them six times by turns. Prints CPU seconds of the epoch, and of
the fastest scoring, with its share of what LSTMForecaster takes.
"""

import sys

import numpy as np

from skad.preprocessing import SlidingWindow
from tests.benchmarks.speed.measure import cpu_seconds
from tests.support.detectors import NETWORKS

N_ROWS, N_CHANNELS, WINDOW_SIZE, N_TIMES = 20_000, 60, 10, 6


def main() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(N_ROWS, N_CHANNELS)).astype(np.float32)
    windows = SlidingWindow(WINDOW_SIZE).fit_transform(rows)
    detectors = {row.name: row.kind(max_epochs=1, random_state=0) for row in NETWORKS}
    epochs = {name: cpu_seconds(each.fit, windows) for name, each in detectors.items()}
    best = dict.fromkeys(detectors, np.inf)
    for _ in range(N_TIMES):
        for name, each in detectors.items():
            best[name] = min(best[name], cpu_seconds(each.score_samples, windows))
    for name in sorted(best, key=best.get):
        share = best[name] / best["LSTMForecaster"]
        sys.stdout.write(
            f"{name:24}{epochs[name]:8.2f} s{best[name]:8.3f} s{share:8.2f}\n"
        )


if __name__ == "__main__":
    main()
