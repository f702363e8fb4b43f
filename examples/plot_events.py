"""
===================
From rows to events
===================

A detector labels rows. People deal with events: this began then, it lasted so long, it
was this bad. :func:`~skad.postprocessing.to_events` makes a table of them, and
:func:`~skad.postprocessing.from_events` labels rows by such a table, so that it can be
compared with what somebody wrote down.
"""

# %%
# ``SKAD_EXAMPLES_SMALL=1`` in the environment makes this example small enough for a
# test; its numbers then mean nothing.

import os

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skad import LSTMForecaster, SlidingWindow
from skad.inspection import AnomalyDisplay
from skad.metrics import event_precision, event_recall
from skad.postprocessing import from_events, to_events

small = os.environ.get("SKAD_EXAMPLES_SMALL") == "1"

# %%
# Scores of rows
# --------------
# Two days of a pump, minute by minute. On the second day something happens four times:
# the pressure trembles, jumps for three minutes, stands still, and swings too fast.
# A forecaster has learnt the first day.

rng = np.random.default_rng(0)
minutes = pd.date_range("2026-03-02", periods=2880, freq="min")
swing = np.sin(np.arange(2880) / 9)
noise = rng.normal(scale=0.08, size=2880)
pressure = pd.Series(5 + swing + noise, minutes)
logbook = pd.DataFrame(
    {
        "start": pd.to_datetime(
            [
                "2026-03-03 04:10",
                "2026-03-03 09:00",
                "2026-03-03 13:30",
                "2026-03-03 19:00",
            ]
        ),
        "end": pd.to_datetime(
            [
                "2026-03-03 05:00",
                "2026-03-03 09:02",
                "2026-03-03 14:40",
                "2026-03-03 19:59",
            ]
        ),
    },
    index=["trembles", "jumps", "stands still", "swings too fast"],
)
rows = {what: minutes.slice_indexer(*span) for what, span in logbook.iterrows()}
pressure.iloc[rows["trembles"]] += 6 * noise[rows["trembles"]]
pressure.iloc[rows["jumps"]] += 1.5
pressure.iloc[rows["stands still"]] = pressure.iloc[rows["stands still"].start]
pressure.iloc[rows["swings too fast"]] = 5 + np.sin(np.arange(60) / 3)

X = pressure.to_frame("pressure")
pipe = make_pipeline(
    StandardScaler().set_output(transform="pandas"),
    SlidingWindow(window_size=32),
    LSTMForecaster(
        hidden_size=16,
        max_epochs=2 if small else 40,
        batch_size=32,
        lr=1e-2,
        contamination=0.002,
        random_state=0,
    ),
).fit(X[:"2026-03-02"])
today = X["2026-03-03":]
scores = pipe.score_samples(X)[-len(today) :]  # windows reach back into yesterday
threshold = pipe[-1].offset_

# %%
# Runs of rows below the threshold
# --------------------------------
# As they stand, there are many: a score that swings around the threshold begins a new
# run with every swing. Taken for alarms, these would be read by nobody.

runs = to_events(scores, today.index, threshold=threshold)
print(f"{np.sum(scores < threshold)} rows below the threshold, in {len(runs)} runs")

# %%
# Events
# ------
# Runs with at most half an hour between them belong together (``merge_gap`` counts
# rows), and what then lasts for less than three minutes is left out. The severity is
# how far the lowest score lies below the threshold, so the list can be worked through
# from the top.

events = to_events(scores, today.index, threshold=threshold, merge_gap=30, min_length=3)
by_severity = events.sort_values("severity", ascending=False)
print(by_severity.to_string(float_format="{:.2f}".format))

# %%
# And back
# --------
# A logbook is a table of events as well. Turned into labels of rows, the two can be
# compared by any metric.

print(logbook.to_string())
truth = from_events(logbook, today.index)
for name, table in {"runs": runs, "events": events}.items():
    labels = from_events(table, today.index)
    recall, precision = event_recall(truth, labels), event_precision(truth, labels)
    print(f"{name}: {recall:.0%} of what was written down is found, ", end="")
    print(f"{precision:.0%} of what is found was written down")

# %%
# The figure
# ----------
# Above, the rows below the threshold; then, in one line, the events.

fig, axes = plt.subplots(
    3, figsize=(10, 5), height_ratios=[3, 2, 0.5], sharex=True, layout="constrained"
)
AnomalyDisplay.from_predictions(
    today, scores, truth, threshold=threshold, name="Rows", ax=axes[:2]
)
vermilion = "#D55E00"
axes[2].broken_barh(
    list(zip(events["start"], events["end"] - events["start"], strict=True)),
    (0, 1),
    facecolor=vermilion,
    edgecolor=vermilion,
    linewidth=0.8,  # so that a short event is seen
)
axes[2].set_title("Events", loc="left")
axes[2].set(yticks=[], xlabel="time")
axes[1].set_xlabel("")
axes[2].spines[["top", "left", "right"]].set_visible(False)
plt.show()
