"""
===================
Alarms as they come
===================

The alarm is to sound while the fault lasts, and not when the day is over.
:class:`~skad.streaming.StreamScorer` scores each row when it arrives: with the very
score that it has in the series as a whole, and at a cost that does not grow.
"""

# %%
# ``SKAD_EXAMPLES_SMALL=1`` in the environment makes this example small enough for a
# test; its numbers then mean nothing.

import os
import time

import matplotlib.pyplot as plt
import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skad import ConvAutoencoder, ReverseWindowing, SlidingWindow
from skad.datasets import load_ecg
from skad.streaming import StreamScorer

small = os.environ.get("SKAD_EXAMPLES_SMALL") == "1"

# %%
# A detector that looks back
# --------------------------
# It learns from the first part of an electrocardiogram, which is normal. With
# ``causal=True`` a row is judged by the windows that end at it and before it; the
# default would wait for windows that end later.

ecg = load_ecg()
X, y = ecg.data, ecg.target
n_train = 2000 if small else 5000
n_context = 300
network = ConvAutoencoder(
    (32, 16),
    kernel_size=7,
    stride=2,
    max_epochs=1 if small else 30,
    lr=2e-3,
    random_state=0,
)
scaler = StandardScaler().set_output(transform="pandas")  # keeps the index of a frame
pipe = make_pipeline(scaler, SlidingWindow(window_size=64), network)
detector = ReverseWindowing(pipe, causal=True, contamination=0.005).fit(X[:n_train])

# %%
# Row by row
# ----------
# The stream begins shortly before the abnormal beats. ``context`` is what was read just
# before, so that the first window is full.

first = 7240 if small else 6600
last = 7300 if small else 7500
stream = StreamScorer(detector, context=X[first - n_context : first])
scores, alarms, milliseconds = [], [], []
for row in X[first:last]:
    began = time.perf_counter()
    (score,) = stream.update(row)
    milliseconds.append(1e3 * (time.perf_counter() - began))
    scores.append(score)
    if score < detector.offset_:
        alarms.append(first + len(scores) - 1)

whole = detector.score_samples(X)[first:last]
print("the bits of the whole series:", np.array_equal(scores, whole))
print(f"looks back {stream.rows_back} rows, and ahead none")
print(f"{len(scores)} rows, {np.median(milliseconds):.1f} ms for one (median)")

# %%
# A beat comes too early. The alarm follows it by less than a window: a causal score
# needs several windows that hold the fault, and ends when they have left it behind.

rows = np.arange(first, last)
abnormal = rows[y[first:last] == -1]
blue, vermilion = "#0072B2", "#D55E00"  # told apart by all eyes
fig, (above, below) = plt.subplots(
    2, sharex=True, figsize=(10, 5), layout="constrained"
)
above.plot(rows, X[first:last, 0], color="black", lw=0.8)
above.set_ylabel("signal")
above.set_title("The series, and its abnormal beats (shaded)", loc="left")
below.plot(rows, scores, color=blue, label="score, as it came")
below.axhline(detector.offset_, color="0.4", ls="--", label="threshold")
below.plot(
    alarms, [detector.offset_] * len(alarms), "|", color=vermilion, label="alarm"
)
below.set(xlabel="row", ylabel="score")
below.set_title("Score and alarms, row by row", loc="left")
below.legend(loc="lower right", bbox_to_anchor=(1, 1), frameon=False, ncols=3)
for ax in [above, below]:
    ax.axvspan(abnormal[0], abnormal[-1], color=vermilion, alpha=0.15, lw=0)
    ax.margins(x=0)
plt.show()
