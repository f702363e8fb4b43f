"""Work to be ended by Ctrl-C: ``python -m tests.support.interrupted_work FOLDER``.

Each line of the input names a piece of work. The answers are lines of JSON: how many
seconds the work takes, that it has begun, and in which state the interrupt has left
what it was done to: "old", "new" (it came at the very end), or something worse.
"""

import json
import shutil
import signal
import sys
import time
from pathlib import Path

import numpy as np
from joblib import parallel_config
from joblib.externals.loky import get_reusable_executor
from sklearn.base import clone
from sklearn.ensemble import IsolationForest
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

import skad
from skad.detectors import ConvAutoencoder, LSTMForecaster, PCADetector
from skad.persistence._sealed_files import read_sealed, write_sealed
from skad.postprocessing import (
    EnsembleDetector,
    ReverseWindowing,
    ThresholdedDetector,
    TunedThresholdDetectorCV,
)
from skad.preprocessing import SlidingWindow
from tests.support.shares import share
from tests.support.signals import sine

# How long a signal that is on its way may take, in seconds.
PATIENCE = 20
Y = np.where(np.arange(400) % 50 == 0, -1, 1)
FIRST, SECOND = (
    scale * sine(400, 2) + np.random.default_rng(seed).normal(size=(400, 2)) / 10
    for seed, scale in enumerate((1.0, 3.0))
)
AUTOENCODER = ConvAutoencoder((4, 2), n_channels=2, max_epochs=3, random_state=0)
CHAIN = make_pipeline(SlidingWindow(8, flatten=True), AUTOENCODER)
COMPONENTS = PCADetector(n_channels=2)
FOREST = IsolationForest(n_estimators=20, random_state=0)
# Of windows of so many rows, or of rows.
FITS = {
    "ConvAutoencoder": (clone(AUTOENCODER).set_params(max_epochs=8), 8),
    "LSTMForecaster": (
        LSTMForecaster(4, n_channels=2, max_epochs=4, random_state=0),
        8,
    ),
    "PCADetector": (COMPONENTS, 100),
    "ReverseWindowing": (ReverseWindowing(CHAIN), None),
    "EnsembleDetector": (EnsembleDetector([("a", CHAIN), ("b", FOREST)]), None),
    "ThresholdedDetector": (ThresholdedDetector(CHAIN, strategy="mad"), None),
    "TunedThresholdDetectorCV": (TunedThresholdDetectorCV(CHAIN, cv=2), None),
}


class Fit:
    """A fit, in turn of a detector that is fitted to other rows and one that is not."""

    n_trials = 2  # the first time is longer

    def __init__(self, folder, estimator, size):
        window = SlidingWindow(size or 1, flatten=True)
        rows = [window.fit_transform(X) if size else X for X in (FIRST, SECOND)]
        self.estimator, (self.first, self.second) = estimator, rows
        self.old = clone(estimator).fit(self.first, Y).score_samples(self.second)
        self.is_fitted = False

    def prepare(self):
        self.is_fitted = not self.is_fitted
        self.detector = clone(self.estimator)
        if self.is_fitted:
            self.detector.fit(self.first, Y)
        self.before = vars(self.detector).copy()

    def run(self):
        self.detector.fit(self.second, Y)

    def finish(self):
        self.new = self.detector.score_samples(self.second)

    def state(self):
        """Look at the scores, and whether a further fit is as if nothing had been."""
        state = self._state()
        again = self.detector.fit(self.second, Y).score_samples(self.second)
        return state if np.array_equal(again, self.new) else f"{state}, but spoilt"

    def _state(self):
        now = vars(self.detector)
        is_same = now.keys() == self.before.keys()
        if is_same and all(now[name] is self.before[name] for name in now):
            if not self.is_fitted:
                return "old"
            scores = self.detector.score_samples(self.second)
            return "old" if np.array_equal(scores, self.old) else "neither"
        scores = self.detector.score_samples(self.second)
        return "new" if np.array_equal(scores, self.new) else "neither"


class Search(Fit):
    """A search around a fitted detector, on batches of rows that lie in files."""

    GRID = {"slidingwindow__window_size": [4, 8]}

    def __init__(self, folder, n_jobs):
        self.n_jobs, self.second, self.folder = n_jobs, SECOND, folder
        self.n_trials = 1
        # Two more processes that import torch take long.
        detector = AUTOENCODER if n_jobs == 1 else share(AUTOENCODER, COMPONENTS)
        window = SlidingWindow(8, flatten=True)
        self.detector = make_pipeline(window, clone(detector)).fit(FIRST)
        self.old = self.detector.score_samples(SECOND)

    def prepare(self):
        # A Ctrl-C that idle workers hear is raised by whatever they are used for next.
        get_reusable_executor().shutdown(kill_workers=True)
        self.search = self._search(self.n_jobs)

    def _search(self, n_jobs):
        options = {"scoring": "roc_auc", "cv": 2, "n_jobs": n_jobs}
        return GridSearchCV(self.detector, self.GRID, **options)

    def run(self):
        with parallel_config("loky", max_nbytes=1000, temp_folder=self.folder):
            self.search.fit(SECOND, Y)

    def finish(self):
        self.new = self.search.score_samples(SECOND)

    def state(self):
        if not np.array_equal(self.detector.score_samples(SECOND), self.old):
            return "neither"
        again = self._search(1).fit(SECOND, Y).score_samples(SECOND)
        return "old" if np.array_equal(again, self.new) else "old, but spoilt"


class Save:
    """`skad.save` over an old file."""

    n_trials = 2

    def __init__(self, folder):
        self.path = Path(folder) / "detector.skad"
        self.old = clone(CHAIN).fit(FIRST)
        self.new = ReverseWindowing(CHAIN).fit(SECOND)
        self.kept = Path(folder) / "old.skad"
        self.write(self.kept, self.old)

    def write(self, path, which):
        skad.save(which, path)

    def read(self):
        return skad.load(self.path).score_samples(SECOND)

    def wanted(self, which):
        return which.score_samples(SECOND)

    def prepare(self):
        shutil.copy(self.kept, self.path)

    def run(self):
        self.write(self.path, self.new)

    def finish(self):
        pass

    def state(self):
        found = self.read()
        states = [
            name
            for name in ("old", "new")
            if np.array_equal(found, self.wanted(getattr(self, name)))
        ]
        strays = list(self.path.parent.glob(".*.tmp"))
        return ", ".join([*states, *(f"{stray} is left" for stray in strays)])


class Write(Save):
    """The part of a save in which the file is written, made long."""

    def __init__(self, folder):
        self.path, self.kept = Path(folder) / "large.skad", Path(folder) / "old.large"
        self.old, self.new = b"old" * 10_000_000, b"new" * 10_000_000
        self.write(self.kept, self.old)

    def write(self, path, which):
        write_sealed(path, {}, which)

    def read(self):
        return read_sealed(self.path)[1]

    def wanted(self, which):
        return which


def work_named(name, folder):
    if name in FITS:
        return Fit(folder, *FITS[name])
    kinds = {"save": (Save,), "write": (Write,)}
    kinds |= {f"search, n_jobs={n_jobs}": (Search, n_jobs) for n_jobs in (1, 2)}
    kind, *arguments = kinds[name]
    return kind(folder, *arguments)


def tell(**facts):
    print(json.dumps(facts), flush=True)  # noqa: T201


def seconds_of(work):
    """Do it once, with nobody in the way."""
    for _ in range(work.n_trials):
        work.prepare()
        started = time.perf_counter()
        work.run()
        seconds = time.perf_counter() - started
        work.finish()
    return seconds


def until_interrupted(work):
    """Do it until the one signal comes, which may be after the end."""
    work.prepare()
    is_done, seconds = False, 0
    try:
        tell(begun=True)
        work.run()
        is_done = True
        while seconds < PATIENCE:
            time.sleep(0.001)
            seconds += 0.001
    except KeyboardInterrupt:
        return "late" if is_done else work.state()
    except RuntimeError as error:
        # Of joblib, which cannot end what it was interrupted in starting.
        if not isinstance(error.__context__, KeyboardInterrupt):
            raise
        return f"{work.state()}, by another error"
    return "swallowed"


def main(folder):
    # A parent that ignores the signal, such as nohup, would pass that on.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    ready = {}
    for line in sys.stdin:
        request = json.loads(line)
        name = request["work"]
        if name not in ready:
            ready[name] = work_named(name, folder)
            tell(seconds=seconds_of(ready[name]))
        elif request["catch"]:
            tell(state=until_interrupted(ready[name]))
        else:
            ready[name].prepare()
            tell(begun=True)
            ready[name].run()


if __name__ == "__main__":
    main(sys.argv[1])
