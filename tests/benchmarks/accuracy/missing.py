"""What a fifth of the readings is worth: accuracy with missing readings.

    make bench-missing DATA=folder

Readings are taken away at random, or in bursts of 60 rows, channel by channel, from
training rows and scored ones alike. Then they stay NaN, or are carried forward, or are
interpolated. The labels and the metric are those of the complete series.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from skad import make_detector
from skad.metrics import vus_pr
from tests.benchmarks.accuracy.runs import N_THRESHOLDS
from tests.benchmarks.accuracy.series import LabelledSeries, load_folder

CHAINS = ("autoencoder", "pca")
MOST_ROWS, MOST_CHANNELS, MOST_SERIES = 2600, 8, 8
SHARE, BURST = 0.2, 60
# How far below the complete series NaN may stay, on average.
BARS = {"at random": 0.02, "in bursts": 0.04}
FILLS = {
    "NaN": lambda X: X,
    "ffill": lambda X: X.ffill().bfill(),
    "interpolated": lambda X: X.interpolate(limit_direction="both"),
}
_INTRODUCTION = """\
.. _missing_benchmark:

================
Missing readings
================

Mean VUS-PR of {n} labelled series, of which a fifth of the readings of each channel is
missing, at random or in bursts of 60 rows, at training and at scoring. What is missing
stays NaN (:ref:`missing`), is carried forward, or is interpolated. Series of at most
2,600 rows and 8 channels, spread evenly over the folder. One seed, and few series that
are not found by all: differences of .02 are chance.

Written on {day} by ``make bench-missing DATA=folder``.
"""


def without(X: np.ndarray, how: str, seed: int) -> pd.DataFrame:
    """Take a fifth of the readings of each channel away."""
    rng, X = np.random.default_rng(seed), X.copy()
    if how == "at random":
        X[rng.random(X.shape) < SHARE] = np.nan
        return pd.DataFrame(X)
    for channel in range(X.shape[1]):
        while np.isnan(X[:, channel]).mean() < SHARE:
            start = rng.integers(len(X) - BURST)
            X[start : start + BURST, channel] = np.nan
    return pd.DataFrame(X)


def accuracy(series: LabelledSeries, X: pd.DataFrame, chain: str) -> float:
    detector = make_detector(chain, contamination=0.01, random_state=0)
    scores = detector.fit(X[: series.n_train]).score_samples(X)
    volumes = {"max_window": series.max_window, "n_thresholds": N_THRESHOLDS}
    return vus_pr(series.y, scores, **volumes)


def measured(folder: str) -> pd.DataFrame:
    """Return VUS-PR by series, and by chain, kind of loss and what is done about it."""
    short = [
        series
        for series in load_folder(folder, MOST_ROWS)
        if series.X.shape[1] <= MOST_CHANNELS
    ]
    at = np.linspace(0, len(short) - 1, MOST_SERIES).round().astype(int)
    rows = {}
    for number in np.unique(at):
        series, row = short[number], {}
        for chain in CHAINS:
            row[chain, "", "complete"] = accuracy(series, pd.DataFrame(series.X), chain)
            for how in BARS:
                holed = without(series.X, how, int(number))
                for fill, filled in FILLS.items():
                    row[chain, how, fill] = accuracy(series, filled(holed), chain)
        rows[series.name] = row
        print(series.name, file=sys.stderr, flush=True)  # noqa: T201
    return pd.DataFrame.from_dict(rows, orient="index")


def page(table: pd.DataFrame) -> str:
    """Write the page: means, and each series in the chain with a network."""
    rows = []
    for chain in CHAINS:
        complete = table[chain, "", "complete"]
        for how, bar in BARS.items():
            means = [table[chain, how, fill].mean() for fill in FILLS]
            loss = complete.mean() - means[0]
            verdict = "kept" if loss <= bar else "not kept"
            cells = [f"{value:.3f}" for value in (complete.mean(), *means)]
            rows.append([chain, how, *cells, f"{loss:+.3f}", f"{bar:.2f}, {verdict}"])
    head = ["chain", "missing", "complete", *FILLS, "loss of NaN", "bar"]
    by_series = [
        [name, *(f"{table.loc[name, column]:.2f}" for column in table.columns)]
        for name in table.index
    ]
    names = [" ".join(filter(None, column)) for column in table.columns]
    return "\n".join(
        [
            _INTRODUCTION.format(n=len(table), day=time.strftime("%Y-%m-%d")),
            _csv(head, rows),
            "Series by series:\n",
            _csv(["series", *names], by_series),
        ]
    )


def _csv(head, rows):
    lines = [",".join(f'"{cell}"' for cell in row) for row in [head, *rows]]
    block = "\n".join(f"   {line}" for line in lines)
    return f".. csv-table::\n   :header-rows: 1\n\n{block}\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    parser.add_argument("--page", type=Path)
    options = parser.parse_args()
    text = page(measured(options.data))
    if options.page is not None:
        options.page.write_text(text)
    print(text)  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
