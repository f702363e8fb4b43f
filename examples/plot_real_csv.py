"""
======================
A CSV file as it comes
======================

Eight sensors of a plant, minute by minute, as an export brings them: units from
thousandths to hundred thousands, a column of text, bursts of missing readings, rows
that come twice, a clock that jitters, a sensor that drifts, hours of maintenance. From
:func:`pandas.read_csv` to a table of alarms that names the guilty sensor.
"""

# %%
# ``SKAD_EXAMPLES_SMALL=1`` in the environment makes this example small enough for a
# test; its numbers then mean nothing.

import os
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from skad import make_detector
from skad.datasets import inject_anomalies, make_series
from skad.inspection import AnomalyDisplay, audit, explain
from skad.postprocessing import from_events, to_events

small = os.environ.get("SKAD_EXAMPLES_SMALL") == "1"
n_days, n_quiet = (3, 1.5) if small else (30, 20)
DAY = 1440

# %%
# The file
# --------
# It is made up here, so that what is wrong with it is known. Skip this part: yours lies
# on a disk. Six faults stand in the last third: a reading far out, a shift, a sensor
# that hangs, a leak, a sensor that leaves the others, and a rhythm that is too fast.

UNITS = {
    "vibration_m_s": 1e-3,
    "valve_pct": 20.0,
    "flow_l_min": 50.0,
    "inlet_temp_C": 5.0,
    "outlet_temp_C": 5.0,
    "motor_A": 3.0,
    "pressure_Pa": 1e5,
    "conductivity_uS": 400.0,
}


def make_file(path, random_state=0):
    """Write the CSV file; return the faults and the hours of maintenance."""
    rng = np.random.default_rng(random_state)
    X = make_series(n_days * DAY, len(UNITS), random_state=random_state)
    X = (X - X.mean()) / X.std()
    kinds = ["spike", "level", "stuck", "trend", "correlation", "frequency"]
    faulty = inject_anomalies(
        X,
        kinds,
        length=60 if small else 240,
        strength=8.0,
        first_row=int(n_quiet * DAY),
        random_state=random_state,
    )
    X = faulty.data.set_axis(list(UNITS), axis=1)
    names = dict(zip(faulty.data.columns, UNITS, strict=True))
    times = X.index
    faults = pd.DataFrame(
        {
            "kind": [event["kind"] for event in faulty.events],
            "sensor": [names[event["channel"]] for event in faulty.events],
            "start": [times[event["start"]] for event in faulty.events],
            "end": [times[event["stop"] - 1] for event in faulty.events],
        }
    )
    X["conductivity_uS"] += 0.3 * np.arange(len(X)) / DAY  # it drifts
    X = 5 * pd.Series(UNITS) + X * pd.Series(UNITS)
    for name in UNITS:
        for start in rng.integers(len(X) - 60, size=n_days):
            X.iloc[start : start + rng.integers(5, 60), X.columns.get_loc(name)] = (
                np.nan
            )
    maintenance = pd.DataFrame({"start": [times[1000]], "end": [times[1270]]})
    X.iloc[1000:1271] *= 0.2
    X["status"] = np.where(np.arange(len(X)) % DAY < 30, "CLEAN", "RUN")
    jitter = pd.to_timedelta(rng.integers(-20, 21, size=len(X)), unit="s")
    X.index = (times + jitter).rename("timestamp")
    X = pd.concat([X, X.iloc[500:520]]).sort_index(kind="stable")  # twenty come twice
    X.to_csv(path, float_format="%.6g")
    return faults, maintenance


folder = tempfile.TemporaryDirectory()
path = Path(folder.name) / "plant.csv"
faults, maintenance = make_file(path)

# %%
# Read it, and look at it
# -----------------------
# :func:`~skad.inspection.audit` says what there is to be done before a fit.

X = pd.read_csv(path, index_col="timestamp", parse_dates=True)
print(audit(X.drop(columns="status")))

# %%
# Mend what a detector cannot
# ---------------------------
# Rows that come twice are dropped, and a channel that drifts is replaced by its
# differences over an hour. Missing readings stay missing, seconds of jitter do no harm,
# and units need no care: the chain scales each channel. A column of text becomes
# columns of 0 and 1 by :func:`pandas.get_dummies`, which a network may see as context
# (``context_channels``); here it is left out.

X = X[~X.index.duplicated()]
X["conductivity_uS"] = X["conductivity_uS"].diff(60)
X = X.drop(columns="status")

# %%
# Fit, and decide
# ---------------
# The first twenty days, without the maintenance. The threshold is the chain's own.

quiet = X[: X.index[0] + pd.Timedelta(days=n_quiet)]
detector = make_detector("pca", train="normal", random_state=0)
detector.fit(quiet, from_events(maintenance, quiet.index))
later = X[quiet.index[-1] :].iloc[1:]
labels = detector.predict(later)

# %%
# A table of alarms
# -----------------
# Each with the sensors that add most to it. Next to it, what was planted.

alarms = to_events(
    labels,
    later.index,
    merge_gap=60,
    exclude=maintenance,
    explanation=explain(detector, later),
    max_channels=2,
)
print(alarms[["start", "end", "channels"]].to_string(index=False))
print(faults.to_string(index=False))


def overlap(some, others):
    """Tell of each event whether one of the others overlaps it."""
    return [
        bool(((others["start"] <= row.end) & (others["end"] >= row.start)).any())
        for row in some.itertuples()
    ]


n_found = sum(overlap(faults, alarms))
n_false = len(alarms) - sum(overlap(alarms, faults))
print(f"{n_found} of {len(faults)} faults found, {n_false} false alarms")

# %%
# A look at one of them
# ---------------------

first = faults.iloc[0]
around = slice(first.start - pd.Timedelta("6h"), first.end + pd.Timedelta("6h"))
display = AnomalyDisplay.from_estimator(detector, later[around])
display.figure_.suptitle(f"{first.kind} of {first.sensor}")
folder.cleanup()
plt.show()
