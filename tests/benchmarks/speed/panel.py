"""A tick of 5,000 series: CPU seconds, and whether the bits are those of one each.

python -m tests.benchmarks.speed.panel
"""

import sys
import time

import numpy as np
import pandas as pd
from sklearn.pipeline import make_pipeline

from skad import ConvAutoencoder, SlidingWindow
from skad.streaming import PanelStreamScorer, StreamScorer

N_SERIES, N_ROWS, N_CONTEXT, WINDOW = 5000, 50, 40, 32
MOST_SECONDS = 1.0
# Of so many series the scores are compared with those of a scorer of their own.
COMPARED = (0, 7, N_SERIES - 1)


def ticks() -> list[pd.DataFrame]:
    """Return the rows of each minute, one of each series."""
    values = np.random.default_rng(0).normal(size=(N_ROWS, N_SERIES))
    minutes = pd.date_range("2026-01-01", periods=N_ROWS, freq="min")
    names = [f"machine {number:04d}" for number in range(N_SERIES)]
    return [
        pd.DataFrame({"x": row}, pd.MultiIndex.from_product([names, [minute]]))
        for row, minute in zip(values, minutes, strict=True)
    ]


def main() -> int:
    frames = ticks()
    context = pd.concat(frames[:N_CONTEXT]).sort_index()
    network = ConvAutoencoder(max_epochs=1, max_windows_per_epoch=2000, random_state=0)
    detector = make_pipeline(SlidingWindow(WINDOW), network).fit(context)
    stream, seconds, scores = PanelStreamScorer(detector, context), [], []
    for frame in frames[N_CONTEXT:]:
        start = time.process_time()
        scores.append(stream.update(frame))
        seconds.append(time.process_time() - start)
    alone = [_alone(detector, frames, context, number) for number in COMPARED]
    is_equal = np.array_equal(np.array(scores)[:, COMPARED].T, alone)
    line = f"{np.median(seconds):.2f} CPU s a tick (median), bits equal: {is_equal}"
    print(line)  # noqa: T201
    return 0 if is_equal and np.median(seconds) <= MOST_SECONDS else 1


def _alone(detector, frames, context, number):
    name = frames[0].index[number][0]
    stream = StreamScorer(detector, context.loc[[name]])
    return [stream.update(frame.iloc[[number]])[0] for frame in frames[N_CONTEXT:]]


if __name__ == "__main__":
    sys.exit(main())
