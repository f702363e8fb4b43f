"""Sixty series whose levels span six orders of magnitude, and who alarms.

    python -m tests.benchmarks.alarms.many_series

Twenty hold one fault each in the rows that are scored alone, of the kinds level, stuck,
amplitude, frequency and noise. The others are quiet: how many of them alarm on more
than a twentieth of these rows? The bars: 18 faults or more, a tenth of the quiet.
"""

import sys

import numpy as np
import pandas as pd

from skad import make_detector
from skad.datasets import inject_anomalies, make_series

N_SERIES, N_FAULTY, N_TRAIN, N_TEST = 60, 20, 700, 500
KINDS = ("level", "stuck", "amplitude", "frequency", "noise")
# Rows before and after a fault in which an alarm still counts as its own.
SLACK = 16
FEWEST_FOUND, MOST_NOISY = 18, 0.1


def many_series(seed: int) -> tuple[pd.DataFrame, dict]:
    """Return the series in one table, and the rows of the faults in them."""
    rng, frames, faults = np.random.default_rng(seed), {}, {}
    for number in range(N_SERIES):
        noise, spread = rng.uniform(0.05, 0.3, size=2)
        made = make_series(
            N_TRAIN + N_TEST, 1, noise=noise, random_state=seed * 1000 + number
        )
        level = 10 ** (6 * number / (N_SERIES - 1))
        series = level * (1 + spread * (made - made.mean()) / made.std())
        if number % 3 == 0 and len(faults) < N_FAULTY:
            kind = KINDS[len(faults) % len(KINDS)]
            faulty = inject_anomalies(
                series, [kind], first_row=N_TRAIN, random_state=number
            )
            series, (event,) = faulty.data, faulty.events
            faults[number] = event["start"], event["stop"]
        frames[f"series {number:02d}"] = series
    return pd.concat(frames, names=["series", "time"]), faults


def judge(alarms: np.ndarray, faults: dict) -> tuple[int, float]:
    """Count the faults that are found, and the share of quiet series that alarm."""
    by_series = alarms.reshape(N_SERIES, -1)
    found = sum(
        by_series[number, start - SLACK : stop + SLACK].any()
        for number, (start, stop) in faults.items()
    )
    quiet = np.delete(by_series, list(faults), axis=0)
    return int(found), float(np.mean(quiet[:, N_TRAIN:].mean(axis=1) > 0.05))


def main(seeds=(0, 1)) -> int:
    is_kept = True
    for seed in seeds:
        X, faults = many_series(seed)
        train = X.groupby(level=0, sort=False).head(N_TRAIN)
        detector = make_detector(random_state=0).fit(train)
        found, noisy = judge(detector.predict(X) == -1, faults)
        line = f"seed {seed}: {found} of {len(faults)} faults, {noisy:.1%} noisy"
        print(line)  # noqa: T201
        is_kept &= found >= FEWEST_FOUND and noisy <= MOST_NOISY
    return 0 if is_kept else 1


if __name__ == "__main__":
    sys.exit(main())
