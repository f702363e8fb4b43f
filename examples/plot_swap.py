"""
============================
One Pipeline, four detectors
============================

A forest, a search for neighbours, principal components, a network: each looks at the
same windows and is swapped for the next by one line, ``set_params``. Two of the four
are scikit-learn's own.
"""

# %%
# ``SKAD_EXAMPLES_SMALL=1`` in the environment makes this example small enough for a
# test; its numbers then mean nothing.

import os
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import LocalOutlierFactor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from skad import ConvAutoencoder, PCADetector, ReverseWindowing, SlidingWindow
from skad.datasets import load_ecg
from skad.metrics import vus_pr

small = os.environ.get("SKAD_EXAMPLES_SMALL") == "1"

# %%
# The series
# ----------
# An electrocardiogram, thinned to every second reading. Its first half is normal, and
# for training; a window is somewhat longer than a beat.

every = 10 if small else 2
ecg = load_ecg()
X, y = ecg.data[::every], ecg.target[::every]
n_train = len(X) // 2
window_size = 320 // every

# %%
# The detectors
# -------------
# LocalOutlierFactor needs ``novelty=True``: without it, it has scores for nothing but
# its training rows.

detectors = [
    IsolationForest(random_state=0),
    LocalOutlierFactor(novelty=True),
    PCADetector(n_components=10),
    ConvAutoencoder(
        channels=(32, 32, 16, 8),
        kernel_size=7,
        stride=2,
        max_epochs=1 if small else 40,
        max_windows_per_epoch=64 if small else 512,
        batch_size=16,
        lr=2e-3,
        random_state=0,
    ),
]

# %%
# The line that swaps them
# ------------------------
# ``flatten=True`` makes a row of each window, as scikit-learn's detectors take them;
# the network folds it up again. ReverseWindowing turns scores of windows into scores of
# rows, whoever gave them. Their scales differ from detector to detector, so it is the
# ranking of rows that is judged, by the volume under the precision-recall surface.

pipe = Pipeline(
    [
        ("scaler", StandardScaler().set_output(transform="pandas")),
        ("windows", SlidingWindow(window_size, flatten=True)),
        ("detector", detectors[0]),
    ]
)
model = ReverseWindowing(pipe)

all_scores, volumes = [], []
for detector in detectors:
    start = perf_counter()
    pipe.set_params(detector=detector)
    scores = model.fit(X[:n_train]).score_samples(X)
    volume = vus_pr(y[n_train:], scores[n_train:], max_window=window_size)
    all_scores.append(scores)
    volumes.append(volume)
    seconds = perf_counter() - start
    name = type(detector).__name__
    print(f"{name:18}  VUS-PR {volume:.2f}  {seconds:5.1f} seconds")

# %%
# There is one abnormal stretch in this series, and the settings were chosen with it in
# view: which detector is best here says little about a series of your own. That all of
# them can be tried there by one line does.

blue, orange = "#0072B2", "#E69F00"  # told apart by all eyes
abnormal = np.flatnonzero(y == -1)
fig, axes = plt.subplots(5, sharex=True, figsize=(10, 8.5), layout="constrained")
(signal,) = axes[0].plot(X, color="black", lw=0.7)
axes[0].set_title("Electrocardiogram", loc="left", weight="bold")
for ax, detector, scores, volume in zip(
    axes[1:], detectors, all_scores, volumes, strict=True
):
    (score,) = ax.plot(-scores, color=blue, lw=0.9)
    ax.set_title(f"{type(detector).__name__}: VUS-PR {volume:.2f}", loc="left")
for ax in axes:
    training = ax.axvspan(0, n_train, color="0.93", lw=0)
    truth = ax.axvspan(abnormal[0], abnormal[-1], color=orange, alpha=0.4, lw=0)
    ax.spines[["top", "right"]].set_visible(False)
    ax.margins(x=0)
axes[-1].set_xlabel("row")
fig.legend(
    [signal, score, truth, training],
    ["signal", "anomaly score", "abnormal beats", "training part"],
    loc="outside lower center",
    ncols=4,
    frameon=False,
)
plt.show()
