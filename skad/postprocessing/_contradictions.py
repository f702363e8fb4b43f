"""Parameters of a threshold that contradict each other, or would have no effect."""

import warnings
from inspect import signature

from skad.postprocessing._cross_scores import is_frozen

# Whoever sets one of these means this strategy. Rates and distances are not among them:
# a search over strategies sets those of all.
_FOR = {"offset": "fixed", "alarms": "budget", "per": "budget", "rule": "budget"}


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
    if not takes_copies(detector):
        _warn_of(detector, ("n_blocks", "n_jobs"), "as no copies are trained")


def refuse_a_budget_without_time(detector) -> None:
    """Raise where it is not said in how much time so many alarms may be.

    Warn of parameters that were set and are for other strategies.
    """
    strategy = detector.strategy
    useless = [name for name, of in _FOR.items() if strategy != of]
    _warn_of(detector, useless, f"with strategy={strategy!r}")
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


def _warn_of(detector, names, when):
    """Warn of those parameters that have another value than the default."""
    defaults = signature(type(detector)).parameters
    for name in names:
        if name in defaults and getattr(detector, name) != defaults[name].default:
            warnings.warn(
                f"{name}={getattr(detector, name)!r} has no effect {when} "
                f"({type(detector).__name__}). Leave it at {defaults[name].default!r}.",
                UserWarning,
                stacklevel=7,
            )
