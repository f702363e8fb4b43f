"""What a file may name, and under which names it keeps what skad defines.

A file never names a private module, so that a module can be moved: the estimators and
functions of skad stand in it under their public names, and the parts of estimators
under those of `skad.persistence.parts`.
"""

from importlib import import_module

from skad.persistence.parts import HOMES, METHODS

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
# Estimators of scikit-learn that are made of NumPy. Not those whose compiled code
# follows numbers of the file unchecked, such as trees and libsvm.
_OBJECTS = [
    *_names("sklearn.pipeline", "FeatureUnion", "Pipeline"),
    *_names("sklearn.compose._column_transformer", "ColumnTransformer"),
    *_names("sklearn.covariance._elliptic_envelope", "EllipticEnvelope"),
    *_names("sklearn.covariance._empirical_covariance", "EmpiricalCovariance"),
    *_names("sklearn.covariance._robust_covariance", "MinCovDet"),
    *_names("sklearn.covariance._shrunk_covariance", "LedoitWolf", "OAS"),
    *_names("sklearn.decomposition._fastica", "FastICA"),
    *_names("sklearn.decomposition._incremental_pca", "IncrementalPCA"),
    *_names("sklearn.decomposition._pca", "PCA"),
    *_names("sklearn.decomposition._truncated_svd", "TruncatedSVD"),
    *_names("sklearn.ensemble._iforest", "IsolationForest"),  # its trees are not
    *_names("sklearn.feature_selection._variance_threshold", "VarianceThreshold"),
    *_names("sklearn.frozen._frozen", "FrozenEstimator"),
    *_names("sklearn.impute._base", "MissingIndicator", "SimpleImputer"),
    *_names("sklearn.impute._knn", "KNNImputer"),
    *_names("sklearn.kernel_approximation", "Nystroem", "RBFSampler"),
    *_names("sklearn.metrics._scorer", "_PassthroughScorer", "_Scorer"),
    *_names("sklearn.model_selection._search", "GridSearchCV", "RandomizedSearchCV"),
    *_names("sklearn.model_selection._split", "KFold", "TimeSeriesSplit"),
    *_names("sklearn.neighbors._lof", "LocalOutlierFactor"),  # its trees are not
    *_names("sklearn.preprocessing._data", "Binarizer", "MaxAbsScaler", "MinMaxScaler"),
    *_names("sklearn.preprocessing._data", "Normalizer", "PowerTransformer"),
    *_names("sklearn.preprocessing._data", "QuantileTransformer", "RobustScaler"),
    *_names("sklearn.preprocessing._data", "StandardScaler"),
    *_names("sklearn.preprocessing._function_transformer", "FunctionTransformer"),
    *_names("sklearn.preprocessing._polynomial", "PolynomialFeatures"),
    *_names("sklearn.tree._classes", "ExtraTreeRegressor"),
]
_FUNCTIONS = [
    *_names("sklearn.metrics._classification", "accuracy_score", "f1_score"),
    *_names("sklearn.metrics._classification", "balanced_accuracy_score"),
    *_names("sklearn.metrics._classification", "precision_score", "recall_score"),
    *_names("sklearn.metrics._ranking", "average_precision_score", "roc_auc_score"),
    *_names(_MODULE_OF_PARTS, *METHODS),
]
# By full name, the loader of skops that it is trusted for.
TRUSTED = {
    **{name: "FunctionNode" for name in _OF_SKAD if _is_function(name)},
    **{name: "ObjectNode" for name in _OF_SKAD if not _is_function(name)},
    **dict.fromkeys([*_PARTS, *_OBJECTS], "ObjectNode"),
    **dict.fromkeys(_FUNCTIONS, "FunctionNode"),
    "sklearn.utils._bunch.Bunch": "DictNode",
    "datetime.timedelta": "ConstructorFromReduceNode",
    "numpy.dtype": "DTypeNode",
    "torch.device": "ConstructorFromReduceNode",
}
_PARTS_BY_HOME = {home: name for name, home in (HOMES | METHODS).items()}


def name_in_file(module: str, name: str) -> tuple[str, str]:
    """Return module and name under which a file keeps what a module defines."""
    if (module, name) in _PARTS_BY_HOME:
        return _MODULE_OF_PARTS, _PARTS_BY_HOME[module, name]
    room, _, private = module.rpartition("._")
    if private and f"{room}.{name}" in TRUSTED:
        return room, name
    return module, name


def names_of(trusted) -> list[str]:
    """Return the full names of types and functions that a user trusts."""
    if isinstance(trusted, str) or callable(trusted):
        trusted = [trusted]
    is_listed = isinstance(trusted, (list, tuple, set, frozenset))
    if not is_listed or not all(isinstance(t, str) or _is_named(t) for t in trusted):
        raise TypeError(
            f"trusted={trusted!r} must list full names, classes or functions that the "
            'file may hold, for example ["package.module.Class"].'
        )
    return [
        given if isinstance(given, str) else f"{given.__module__}.{given.__qualname__}"
        for given in trusted
    ]


def _is_named(given):
    return callable(given) and hasattr(given, "__module__")
