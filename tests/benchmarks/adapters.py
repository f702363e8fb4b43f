"""Hold the adapter to PyOD itself: ``make bench-adapters``.

The tests use stand-ins, since PyOD brings 200 MB of compiler along.
"""

import os

# Without it scikit-learn skips its check of array API input: before that of SciPy.
os.environ.setdefault("SCIPY_ARRAY_API", "1")

import numpy as np
from pyod.models.copod import COPOD
from pyod.models.ecod import ECOD
from pyod.models.hbos import HBOS
from pyod.models.iforest import IForest
from pyod.models.knn import KNN
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator

from skad.postprocessing import ReverseWindowing
from skad.preprocessing import SlidingWindow
from skad.pyod import PyODAdapter

# ECOD and COPOD rank the rows to be scored among each other.
_RANKS = "a score depends on what else is scored"
RANKING = {"check_methods_subset_invariance": _RANKS}
DETECTORS = [
    (HBOS(), {}),
    (KNN(), {}),
    (IForest(n_estimators=10, random_state=0), {}),
    (ECOD(), RANKING),
    (COPOD(), RANKING),
]


def turned(detector):
    """Compare signs and labels with what PyOD says itself."""
    rng = np.random.default_rng(0)
    X, X_new = rng.normal(size=(200, 2)), rng.normal(size=(50, 2)) * 2
    adapter, raw = PyODAdapter(detector).fit(X), clone(detector).fit(X)
    scores = adapter.score_samples(X_new)
    np.testing.assert_array_equal(scores, -raw.decision_function(X_new))
    np.testing.assert_array_equal(adapter.predict(X_new), 1 - 2 * raw.predict(X_new))


def refused(detector):
    """Return what a meta-detector says to the detector without its adapter."""
    try:
        ReverseWindowing(detector, window_size=2).fit(np.eye(9))
    except TypeError as error:
        return str(error)
    return ""


def found_in_windows(detector):
    """Return the row of the lowest score, which ought to be 250."""
    X = np.sin(2 * np.pi * np.arange(300) / 25).reshape(-1, 1)
    X[250] += 3.0
    pipe = make_pipeline(SlidingWindow(8, flatten=True), PyODAdapter(detector))
    return ReverseWindowing(pipe).fit(X).score_samples(X).argmin()


def main():
    for detector, expected in DETECTORS:
        name = type(detector).__name__
        turned(detector)
        assert f"skad.pyod.PyODAdapter({name}(...))" in refused(detector)
        assert abs(found_in_windows(detector) - 250) < 8
        checks = check_estimator(
            PyODAdapter(detector), expected_failed_checks=expected, on_skip=None
        )
        passed = sum(check["status"] == "passed" for check in checks)
        line = f"{name:8} {passed} of {len(checks)} checks, signs and labels"
        print(line)  # noqa: T201


if __name__ == "__main__":
    main()
