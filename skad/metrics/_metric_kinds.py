"""The kinds of metrics: of scores, of predictions, and costs of predictions.

Each metric says by its decorator of which kind it is, so that a scorer knows what to
hand it.
"""

from sklearn.utils._param_validation import validate_params

# By name; filled when the modules of the metrics are imported.
OF_SCORES, OF_PREDICTIONS, COSTS = {}, {}, {}


def metric_of_scores(**constraints):
    """Declare a function of (y_true, score_samples), high values being good.

    Parameters
    ----------
    **constraints : dict
        What further parameters may be, as scikit-learn's `validate_params` takes it.

    Returns
    -------
    decorator : callable
    """
    return _entry_in(OF_SCORES, "score_samples", constraints)


def metric_of_predictions(**constraints):
    """Declare a function of (y_true, y_pred), high values being good.

    Parameters
    ----------
    **constraints : dict
        What further parameters may be, as scikit-learn's `validate_params` takes it.

    Returns
    -------
    decorator : callable
    """
    return _entry_in(OF_PREDICTIONS, "y_pred", constraints)


def cost_of_predictions(**constraints):
    """Declare a function of (y_true, y_pred), low values being good.

    Parameters
    ----------
    **constraints : dict
        What further parameters may be, as scikit-learn's `validate_params` takes it.

    Returns
    -------
    decorator : callable
    """
    return _entry_in(COSTS, "y_pred", constraints)


def _entry_in(kind, given, constraints):
    constraints |= {"y_true": ["array-like"], given: ["array-like"]}
    constraints["series"] = ["array-like", None]  # where it is asked for

    def enter(function):
        checked = validate_params(constraints, prefer_skip_nested_validation=True)
        kind[function.__name__] = checked(function)
        return kind[function.__name__]

    return enter
