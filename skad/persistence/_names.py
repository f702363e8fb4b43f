"""What a file may name, and under which names it keeps what skad defines.

A file never names a private module, so that a module can be moved: the estimators and
functions of skad stand in it under their public names, and the parts of estimators
under those of `skad.persistence.parts`.
"""

from importlib import import_module

from skad.persistence.parts import HOMES

# Rooms whose public names a file may hold.
_ROOMS = (
    "skad.detectors",
    "skad.metrics",
    "skad.model_selection",
    "skad.postprocessing",
    "skad.preprocessing",
    "skad.pyod",
)
_MODULE_OF_PARTS = "skad.persistence.parts"


def _names(module, *names):
    return [f"{module}.{name}" for name in names]


def _public_names():
    return [f"{room}.{name}" for room in _ROOMS for name in import_module(room).__all__]


def _is_function(name):
    return name.rpartition(".")[2].islower()


_OF_SKAD = [*_public_names(), "skad.sktime.SktimeAdapter"]
_PARTS = _names(_MODULE_OF_PARTS, *HOMES)
_OBJECTS = [
    *_names("sklearn.metrics._scorer", "_PassthroughScorer", "_Scorer"),
    *_names("sklearn.model_selection._split", "KFold", "TimeSeriesSplit"),
]
_FUNCTIONS = [
    *_names("sklearn.metrics._classification", "accuracy_score", "f1_score"),
    *_names("sklearn.metrics._classification", "balanced_accuracy_score"),
    *_names("sklearn.metrics._classification", "precision_score", "recall_score"),
    *_names("sklearn.metrics._ranking", "average_precision_score", "roc_auc_score"),
]
# By full name, the loader of skops that it is trusted for.
TRUSTED = {
    **{name: "FunctionNode" for name in _OF_SKAD if _is_function(name)},
    **{name: "ObjectNode" for name in _OF_SKAD if not _is_function(name)},
    **dict.fromkeys([*_PARTS, *_OBJECTS], "ObjectNode"),
    **dict.fromkeys(_FUNCTIONS, "FunctionNode"),
    "sklearn.utils._bunch.Bunch": "DictNode",
    "datetime.timedelta": "ConstructorFromReduceNode",
    "torch.device": "ConstructorFromReduceNode",
}
_PARTS_BY_HOME = {home: name for name, home in HOMES.items()}


def name_in_file(module: str, name: str) -> tuple[str, str]:
    """Return module and name under which a file keeps what a module defines."""
    if (module, name) in _PARTS_BY_HOME:
        return _MODULE_OF_PARTS, _PARTS_BY_HOME[module, name]
    room, _, private = module.rpartition("._")
    if private and f"{room}.{name}" in TRUSTED:
        return room, name
    return module, name
