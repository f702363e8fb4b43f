"""What files withstand, in full: `python -m tests.benchmarks.files` (10 minutes)."""

import sys
import tempfile
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

import skad
from tests.benchmarks.files.golden import golden_detector, golden_series
from tests.file_faults import (
    cut,
    flipped,
    forge,
    forged_trees,
    kill_while_saving,
    plant_evil,
    refusal,
    refusals_of_damage,
    schema_and_members,
    strays,
)

SAVE_FOR_EVER = """
import sys
import skad
from tests.benchmarks.files.golden import golden_detector, golden_series
detector = golden_detector().fit(golden_series())
while True:
    skad.save(detector, sys.argv[1])
    print(flush=True)
"""


def flips(path, rng):
    """Flip one bit of a thousand copies."""
    return refusals_of_damage(path, flipped, 1000, rng), 1000


def cuts(path, rng):
    """Cut off the end of a hundred copies."""
    return refusals_of_damage(path, cut, 100, rng), 100


def kills(path, rng):
    """Kill fifty processes that save over and over; count the files that answer."""
    expected = skad.load(path).score_samples(golden_series())
    n_whole = 0
    for _ in range(50):
        assert kill_while_saving(path, rng, SAVE_FOR_EVER)
        scores = skad.load(path).score_samples(golden_series())
        n_whole += np.array_equal(scores, expected)
    sys.stderr.write(f"{len(strays(path))} of 50 were killed while they wrote\n")
    return n_whole, 50


def forgeries(path, rng):
    """Name a strange function at every fifth node; count those that are not run."""
    schema, members = schema_and_members(path)
    forged_file, n_forged, refused = path.with_name("forged.skad"), 0, 0
    with pytest.MonkeyPatch.context() as patch:
        ran = plant_evil(path.parent, patch)
        for forged in forged_trees(schema, every=5):
            forge(forged_file, forged, members)
            refusal(forged_file)
            n_forged += 1
            refused += not ran.exists()
    return refused, n_forged


def megabytes_of_a_bomb(path, rng):
    """Load a file that would take 500 MB; return the MB it took, and the bar."""
    schema = {"bomb": "0" * 500_000_000}
    forge(path.with_name("bomb.skad"), schema, compression=8)
    del schema
    tracemalloc.start()
    assert refusal(path.with_name("bomb.skad")) is not None
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return round(peak), 20


FAULTS = {
    "bits flipped, refused": flips,
    "ends cut off, refused": cuts,
    "kills while saving, a whole file after": kills,
    "forged names, not run": forgeries,
    "MB that a bomb of 500 MB took, and the bar": megabytes_of_a_bomb,
}


def main():
    """Print a table, and return how many rows fall short."""
    n_short = 0
    for name, fault in FAULTS.items():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "detector.skad"
            skad.save(golden_detector().fit(golden_series()), path)
            found, bar = fault(path, np.random.default_rng(0))
        met = found <= bar if fault is megabytes_of_a_bomb else found == bar
        n_short += not met
        print(f"{name:45}{found:6} of {bar:5}  {'met' if met else 'MISSED'}")  # noqa: T201
    return n_short


if __name__ == "__main__":
    sys.exit(main())
