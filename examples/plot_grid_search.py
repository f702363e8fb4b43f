"""
==================================================
Search thresholds, architectures and the detector
==================================================

One Pipeline and one :class:`~sklearn.model_selection.GridSearchCV`: the grid varies the
threshold of a detector, the architecture of its network, and the detector itself, with
scikit-learn's :class:`~sklearn.ensemble.IsolationForest` among the candidates.
"""

# %%
# ``SKAD_EXAMPLES_SMALL=1`` in the environment makes this example small enough for a
# test; its numbers then mean nothing.

import os
from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.ensemble import IsolationForest
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler

from skad import ConvAutoencoder, LSTMForecaster, SlidingWindow
from skad.datasets import load_yahoo
from skad.metrics import make_anomaly_scorer
from skad.model_selection import AnomalySplit

small = os.environ.get("SKAD_EXAMPLES_SMALL") == "1"

# %%
# Folds that train on normal rows
# -------------------------------
# The series is web traffic with seven abnormal points.
# :class:`~skad.model_selection.AnomalySplit` puts some of them, and normal rows around
# them, into each test fold. It trains on all other normal rows, except those within a
# window's length of the test.
#
# As a DataFrame the series has an index, and a scaler that returns frames hands it on.
# It shows SlidingWindow where a row was left out, so that no window reaches across.

yahoo = load_yahoo()
X, y = pd.DataFrame(yahoo.data, columns=["traffic"]), yahoo.target

folds = AnomalySplit(n_splits=3, gap=33)
for train, test in folds.split(X, y):
    print(
        f"train on {len(train)} normal rows, test on rows {test[0]} to {test[-1]} with "
        f"{np.sum(y[test] == -1)} abnormal points"
    )

# %%
# One Pipeline
# ------------
# Flattened windows suit every detector; a network folds them up again.

pipe = Pipeline(
    [
        ("scale", MinMaxScaler().set_output(transform="pandas")),
        ("window", SlidingWindow(window_size=33, flatten=True)),
        ("detect", IsolationForest()),
    ]
)

# %%
# One grid
# --------
# Two metrics, because no single one judges everything. ROC AUC looks at the order of
# the scores: right for architectures, but to it all thresholds are alike. F1 looks at
# labels. :func:`~skad.metrics.make_anomaly_scorer` takes the anomalies, -1, for the
# class to be found.
#
# A threshold is no part of training. With ``memory``, each network is trained once per
# fold and read from disk for the other thresholds.
#
# There is no refit: it would train on all rows, the abnormal ones too.

cache = TemporaryDirectory()
thresholds = {"detect__contamination": [0.002, 0.01, 0.05]}
training = {"window_scaling": "mean", "memory": cache.name, "random_state": 0}
lstm = LSTMForecaster(max_epochs=1 if small else 8, **training)
conv = ConvAutoencoder(
    kernel_size=7, stride=2, max_epochs=1 if small else 20, lr=2e-3, **training
)

grid = [
    {"detect": [IsolationForest(random_state=0)], **thresholds},
    {"detect": [lstm], "detect__hidden_size": [8, 32], **thresholds},
    {"detect": [conv], "detect__channels": [(16, 4), (32, 16)], **thresholds},
]
scoring = {metric: make_anomaly_scorer(metric) for metric in ["roc_auc", "f1"]}
search = GridSearchCV(pipe, grid, scoring=scoring, cv=folds, refit=False).fit(X, y)

# %%
# The results
# -----------
# The seconds show the cache at work: a network costs its training with the first
# threshold only.

rows = []
for number, candidate in enumerate(search.cv_results_["params"]):
    params = {name.removeprefix("detect__"): value for name, value in candidate.items()}
    detector = type(params.pop("detect")).__name__
    contamination = params.pop("contamination")
    architecture = "".join(f" {name}={value}" for name, value in params.items())
    row = {"detector": detector + architecture, "contamination": contamination}
    for column in ["mean_test_roc_auc", "mean_test_f1", "mean_fit_time"]:
        row[column] = search.cv_results_[column][number]
    rows.append(row)

results = pd.DataFrame(rows).sort_values("mean_test_f1", ascending=False)
print(results.to_string(index=False, float_format="{:.3g}".format))

# %%
# Where anomalies are single points, only forecasters are of use. ROC AUC cannot tell
# a threshold that buries them under false alarms from one that does not; F1 can. Other
# windows might lift the other detectors: a search finds the best of its grid, no more.
#
# The winner's scores flatter it. They chose it among fifteen, and a fold holds two or
# three abnormal points; what it is worth can be told only on rows that the search has
# not seen.
#
# To go on, set the best parameters and fit on the normal rows.

best = search.cv_results_["params"][results.index[0]]
detector = pipe.set_params(**best).fit(X[y == 1])
cache.cleanup()

# %%
# The figure
# ----------
# Left, the threshold decides as much as the architecture; right, it does not show.

blue, orange, green = "#0072B2", "#E69F00", "#009E73"  # told apart by all eyes
order = results.groupby("detector")["mean_test_f1"].max().sort_values().index

fig, axes = plt.subplots(1, 2, figsize=(10, 3.6), sharey=True, layout="constrained")
styles = zip(
    [blue, orange, green], "osD", results.groupby("contamination"), strict=True
)
for color, marker, (contamination, group) in styles:
    f1 = group.set_index("detector")["mean_test_f1"].loc[order]
    label = f"{contamination:g}"
    axes[0].plot(f1, order, marker, color=color, mfc="none", mew=2, ms=8, label=label)
auc = results.groupby("detector")["mean_test_roc_auc"].first().loc[order]
axes[1].plot(auc, order, "o", color="black")
axes[0].legend(title="contamination")
axes[0].set(title="F1: one value per threshold", xlabel="mean over folds")
axes[1].set(title="ROC AUC: the same for all thresholds", xlabel="mean over folds")
for ax in axes:
    ax.grid(axis="y", color="0.9")
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_xlim(-0.03, 1.03)
axes[1].axvline(0.5, color="0.6", ls=":")
axes[1].text(0.49, 2, "chance", color="0.4", ha="right", va="center")
plt.show()
