"""Write the golden file: `python -m tests.support.golden`.

Once a release has been made, its golden file is never written again.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skad
from skad import (
    EnsembleDetector,
    ReverseWindowing,
    SlidingWindow,
    ThresholdedDetector,
)
from skad.persistence._saving import FORMAT
from tests.support.detectors import ROWS
from tests.support.signals import sine

DATA = Path(__file__).parents[1] / "data"
GOLDEN = DATA / f"format_{FORMAT}.skad"


def golden_series():
    """Return two channels by the minute, with a gap and a spike."""
    minutes = np.arange(120) + 30 * (np.arange(120) >= 60)
    index = pd.Timestamp("2026-01-01") + pd.to_timedelta(minutes, unit="min")
    frame = pd.DataFrame(sine(120, 2), index=index, columns=["a", "b"])
    frame.iloc[90] += 3.0
    return frame


def golden_detector():
    """Return one of each kind, as cheap as they come."""

    def chain(detector):
        scaler = StandardScaler().set_output(transform="pandas")
        return make_pipeline(scaler, SlidingWindow(6, flatten=True), detector)

    members = []
    for row in ROWS:
        options = row.sets[1] | row.small | {"n_channels": 2}
        member = chain(row.cheap(**options))
        judges_rows = row.kind.judges_rows
        members.append(
            (row.name.lower(), member if judges_rows else ReverseWindowing(member))
        )
    return ThresholdedDetector(EnsembleDetector(members), strategy="mad", k=2.0)


def write():
    """Write the file, and what its detector answers."""
    frame = golden_series()
    detector = golden_detector().fit(frame)
    DATA.mkdir(exist_ok=True)
    skad.save(detector, GOLDEN)
    answers = {
        "offset": detector.offset_,
        "scores": detector.score_samples(frame).tolist(),
        "predictions": detector.predict(frame).tolist(),
    }
    GOLDEN.with_suffix(".json").write_text(json.dumps(answers))


if __name__ == "__main__":
    write()
