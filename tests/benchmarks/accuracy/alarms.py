"""False alarms on SKAB by how the threshold was set: on held-back rows or not."""

import numpy as np
from joblib import Parallel, delayed, parallel_config

from skad import ThresholdedDetector, make_detector
from tests.benchmarks.speed.page import Section

ALPHA = 0.05
# Half of SKAB's 400 normal rows; scores that look at training rows do not count.
HELD_BACK = 0.5
RULES = {
    "quantile of the training scores": {"calibration_fraction": None},
    "quantile of held-back scores": {},
    "three sigma of held-back scores": {"strategy": "sigma"},
    "three mad of held-back scores": {"strategy": "mad"},
    "iqr of held-back scores": {"strategy": "iqr", "k": 1.5},
}


def shares(series, parameters, seed) -> tuple[float, float]:
    """Return the alarmed shares of the normal and of the abnormal rows to come."""
    tail = {"calibration": "tail", "calibration_fraction": HELD_BACK}
    options = {"alpha": ALPHA, **tail, **parameters}
    chain = make_detector(
        "autoencoder",
        window_size=64,
        smoothing=1,  # 400 rows are too few for more
        random_state=seed,
    )
    detector = ThresholdedDetector(chain.estimator, **options)
    detector.fit(series.X[: series.n_train])
    alarmed = detector.predict(series.X)[series.n_train :] == -1
    is_normal = series.y[series.n_train :] == 1
    return float(alarmed[is_normal].mean()), float(alarmed[~is_normal].mean())


def measure_alarms(all_series, seed, n_jobs) -> dict[str, np.ndarray]:
    """Measure each rule on each series of SKAB: ``(n_series, 2)`` by rule."""
    skab = [series for series in all_series if series.kind == "SKAB"]
    with parallel_config("loky", inner_max_num_threads=1):
        return {
            rule: np.array(
                Parallel(n_jobs)(delayed(shares)(s, parameters, seed) for s in skab)
            )
            for rule, parameters in RULES.items()
        }


def alarms_section(by_rule) -> Section:
    rows = [
        (rule, *(f"{share:.0%}" for share in np.mean(found, axis=0)))
        for rule, found in by_rule.items()
    ]
    text = (
        "Thresholds for the chain of an autoencoder on SKAB, spread over the rows but "
        "not smoothed, since its normal rows are few. They are aimed at alarms on "
        f"{ALPHA:.0%} of the normal rows: the rows after those fitted on, averaged "
        "over the series. The normal rows of SKAB drift, so no rule keeps what it "
        "promises; half of the 400 normal rows were held back."
    )
    header = ("Threshold", "Normal rows alarmed", "Abnormal rows alarmed")
    return Section("False alarms", text, header, tuple(rows))
