"""Parameters of a threshold that contradict each other, or would have no effect."""

from skad.postprocessing._cross_scores import is_frozen


def takes_copies(detector) -> bool:
    """Tell whether copies of what is inside score the rows that set the threshold."""
    needs_scores = detector.strategy != "fixed" and not is_frozen(detector.estimator)
    return detector.calibration == "cross" and needs_scores


def refuse_contradictions(detector) -> None:
    """Raise where the parameters of a `ThresholdedDetector` cannot all be kept."""
    if detector.strategy == "fixed" and detector.offset is None:
        raise ValueError(
            'strategy="fixed" needs a threshold. Set offset to the score below '
            "which a row is an outlier."
        )
    if detector.strategy == "pot" and detector.tail_fraction <= detector.alpha:
        raise ValueError(
            f"alpha={detector.alpha} lies outside of the tail, tail_fraction="
            f'{detector.tail_fraction}, to which strategy="pot" fits. Raise '
            'tail_fraction, or use strategy="quantile".'
        )
    refuse_a_budget_without_time(detector)
    _refuse_a_useless_fraction(detector)


def refuse_a_budget_without_time(detector) -> None:
    """Raise where it is not said in how much time so many alarms may be."""
    if detector.strategy == "budget" and detector.per is None:
        raise ValueError(
            'strategy="budget" needs to know in how much time so many alarms may be: '
            'set per to a number of rows, or to a span of time such as "7D".'
        )


def _refuse_a_useless_fraction(detector):
    fraction = detector.calibration_fraction
    if takes_copies(detector) and fraction != 0.2:
        raise ValueError(
            f"calibration_fraction={fraction} has no effect with calibration="
            '"cross", which holds no rows back for good. Set calibration="tail", '
            "or leave it at 0.2."
        )
    trains = not is_frozen(detector.estimator)
    if fraction is None and detector.strategy == "conformal" and trains:
        raise ValueError(
            'strategy="conformal" promises nothing about scores of training rows. '
            "Set calibration_fraction to the share of the rows to hold back, or "
            "wrap a fitted estimator in FrozenEstimator and pass other rows."
        )
