"""What goes from a fit to the fits, the splits and the scorer inside of it."""

from sklearn.utils import Bunch
from sklearn.utils._metadata_requests import _raise_for_params, _routing_enabled
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.validation import _check_method_params


def routed_by(detector, params):
    """Tell what goes where; without routing, ``groups`` alone, to the splits."""
    if _routing_enabled():
        return process_routing(detector, "fit", **params)
    _raise_for_params(params, detector, "fit", allow=["groups"])
    return Bunch(
        estimator=Bunch(fit={}), splitter=Bunch(split=params), scorer=Bunch(score={})
    )


def router_of(detector, default_splitter, scorer):
    """Route from `fit` to the fits of the estimator, to the splits and the scorer."""
    splitter = detector.cv if hasattr(detector.cv, "split") else default_splitter
    to_fit, to_split, to_score = (
        MethodMapping().add(caller="fit", callee=callee)
        for callee in ("fit", "split", "score")
    )
    return (
        MetadataRouter(owner=detector)
        .add(estimator=detector.estimator, method_mapping=to_fit)
        .add(splitter=splitter, method_mapping=to_split)
        .add(scorer=scorer, method_mapping=to_score)
    )


def cut_to(X, params, rows):
    """Return the parameters; those with one value for each row of X, cut to rows."""
    return _check_method_params(X, params, indices=rows)
