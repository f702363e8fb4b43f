"""The modules that are put to the test, and the tests that have to notice."""

# Defaults are held to the docstrings.
_DOCUMENTED = "tests/test_docstrings.py::test_a_public_docstring_is_complete_and_true"


def _metric(*names):
    names += "metric_kinds", "labels_and_scores"
    return (*(f"tests/metrics/test_{name}.py" for name in names), _DOCUMENTED)


MODULES = {
    "skad/_series/windows.py": ("tests/_series/test_windows.py",),
    "skad/metrics/_affiliation.py": _metric("affiliation"),
    "skad/metrics/_alarms.py": _metric("alarms"),
    "skad/metrics/_events.py": _metric("events"),
    "skad/metrics/_metric_kinds.py": _metric("range_based", "vus"),
    "skad/metrics/_point_adjusted.py": _metric("point_adjusted"),
    "skad/metrics/_range_based.py": _metric("range_based"),
    "skad/metrics/_labels_and_scores.py": _metric("vus", "anomaly_scorer"),
    "skad/metrics/_runs.py": ("tests/metrics/test_runs.py",),
    "skad/metrics/_anomaly_scorer.py": (
        "tests/metrics/test_anomaly_scorer.py",
        _DOCUMENTED,
    ),
    "skad/metrics/_thresholds.py": _metric("thresholds"),
    "skad/metrics/_vus.py": _metric("vus"),
    "skad/_estimators/thresholding.py": ("tests/_estimators/test_thresholding.py",),
    "skad/postprocessing/_strategies.py": (
        "tests/postprocessing/test_strategies.py",
        "tests/postprocessing/test_thresholded.py",
    ),
    "skad/postprocessing/_thresholded.py": (
        "tests/postprocessing/test_thresholded.py",
        "tests/_estimators/test_callbacks.py",
        _DOCUMENTED,
    ),
    "skad/postprocessing/_calibration_rows.py": (
        "tests/postprocessing/test_thresholded.py",
        "tests/postprocessing/test_tuned_threshold.py",
    ),
    "skad/postprocessing/_threshold_only.py": (
        "tests/postprocessing/test_thresholded.py",
        "tests/inspection/test_explaining.py",
        "tests/postprocessing/test_tuned_threshold.py",
    ),
    "skad/detectors/_network_detector.py": (
        "tests/detectors/test_network_detector.py",
        "tests/detectors/test_own_network.py",
        "tests/detectors/test_warm_start.py",
        "tests/detectors/test_random_state.py",
        "tests/detectors/test_early_stopping.py",
        "tests/detectors/test_explain.py",
        "tests/_estimators/test_window_scaling.py",
        "tests/_estimators/test_channel_errors.py",
        "tests/_torch/test_remembered_net.py",
        "tests/_estimators/test_callbacks.py",
        _DOCUMENTED,
    ),
    "skad/detectors/_window_errors.py": (
        "tests/detectors/test_pca_detector.py",
        "tests/detectors/test_explain.py",
        "tests/detectors/test_missing_readings.py",
        "tests/_estimators/test_channel_errors.py",
    ),
    "skad/detectors/_window_detector.py": (
        "tests/detectors/test_pca_detector.py",
        "tests/detectors/test_network_detector.py",
        "tests/_estimators/test_channel_errors.py",
        "tests/detectors/test_explain.py",
        "tests/_estimators/test_validation.py",
        "tests/_estimators/test_callbacks.py",
    ),
}
