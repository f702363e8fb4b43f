"""
=====================
Which channel was it?
=====================

A score says when something was odd. With twenty sensors, the next question is which of
them it was, and what it should have read: :func:`~skad.inspection.explain` and
:func:`~skad.inspection.expected` answer both, through the whole chain of steps.
"""

# %%
# ``SKAD_EXAMPLES_SMALL=1`` in the environment makes this example small enough for a
# test; its numbers then mean nothing.

import os

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.dates import ConciseDateFormatter
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skad import ConvAutoencoder, ReverseWindowing, SlidingWindow
from skad.inspection import ErrorMapDisplay, expected, explain
from skad.postprocessing import to_events

small = os.environ.get("SKAD_EXAMPLES_SMALL") == "1"

# %%
# Twenty sensors of one plant
# ---------------------------
# Three slow rhythms run through a plant, and each of its sensors sees a mixture of
# them, in a unit of its own. On the fifth day, sensor 7 is stuck for an hour and a
# half. Its reading stays well within the usual range.

rng = np.random.default_rng(0)
time = pd.date_range("2026-03-02", periods=2400, freq="3min")
rhythms = np.sin(np.arange(2400)[:, np.newaxis] / [9, 14, 23])
mixtures = rhythms @ rng.normal(size=(3, 20)) + 0.1 * rng.normal(size=(2400, 20))
units = 10 ** rng.uniform(0, 3, size=20)
X = pd.DataFrame(
    units * (10 + mixtures), time, columns=[f"sensor {i}" for i in range(20)]
)
stuck = slice("2026-03-06 09:00", "2026-03-06 10:30")
before = X.copy()
X.loc[stuck, "sensor 7"] = X.loc[stuck, "sensor 7"].iloc[0]
y = np.where(X.index.isin(X.loc[stuck].index), -1, 1)

# %%
# A detector, trained on three days
# ---------------------------------
# The autoencoder rebuilds windows of twenty channels out of a few numbers. A sensor
# that contradicts the others does not fit into these.

network = ConvAutoencoder(
    channels=(32, 4),
    kernel_size=7,
    stride=2,
    max_epochs=2 if small else 60,
    batch_size=32,
    lr=2e-3,
    random_state=0,
)
pipe = make_pipeline(
    StandardScaler().set_output(transform="pandas"), SlidingWindow(32), network
)
detector = ReverseWindowing(pipe, contamination=0.001).fit(X[:"2026-03-04"])

# %%
# Shares of the error
# -------------------
# What each channel adds to the error of each row. They are spread over the rows just as
# the scores are, so the shares of a row sum up to minus its score. A DataFrame gives a
# DataFrame with its index.

shares = explain(detector, X)
np.testing.assert_allclose(shares.sum(axis=1), -detector.score_samples(X), rtol=1e-5)
largest = shares.loc[stuck].mean().sort_values(ascending=False)
print("Share of the error while sensor 7 was stuck, the five largest\n")
print((largest / largest.sum()).head(5).to_string(float_format="{:.0%}".format))

# %%
# With these shares, each event in the table of events has the names of its channels.
# What stands below the first line lies only just below the threshold.

events = to_events(
    detector.score_samples(X),
    X.index,
    threshold=detector.offset_,
    merge_gap=10,
    min_length=5,
    explanation=shares,
    max_channels=1,
)
by_severity = events.drop(columns="peak").sort_values("severity", ascending=False)
print(by_severity.to_string(index=False, float_format="{:.3f}".format))

# %%
# What was expected
# -----------------
# The reconstruction comes back through the scaler, in the unit of the sensor.

rows = expected(detector, X)

# %%
# The figure
# ----------
# Above, all channels and five days: one channel lights up, for the length of the
# fault. Below, that channel: what it read, what the other nineteen sensors said it
# should have read, and what it would have read.

blue, vermilion = "#0072B2", "#D55E00"  # told apart by all eyes
fig, axes = plt.subplots(2, figsize=(10, 7), height_ratios=[3, 2], layout="constrained")
ErrorMapDisplay.from_estimator(
    detector, X, y, name="What each channel adds to the error", ax=axes[0]
)
part = slice("2026-03-06 06:00", "2026-03-06 14:00")
for table, style in [
    (before, {"color": "0.6", "ls": ":", "label": "true"}),
    (rows, {"color": vermilion, "label": "expected"}),
    (X, {"color": blue, "label": "read"}),
]:
    shown = table.loc[part, "sensor 7"]
    axes[1].plot(shown.index, shown, **style)
axes[1].set_title("Sensor 7", loc="left")
axes[1].margins(x=0)
axes[1].legend(loc="lower right", bbox_to_anchor=(1, 1), frameon=False, ncols=3)
axes[1].xaxis.set_major_formatter(
    ConciseDateFormatter(axes[1].xaxis.get_major_locator())
)
axes[1].spines[["top", "right"]].set_visible(False)
plt.show()
