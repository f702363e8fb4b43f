"""One fitted instance of each class that a file may hold without being asked for."""

import numpy as np
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.covariance import (
    OAS,
    EllipticEnvelope,
    EmpiricalCovariance,
    LedoitWolf,
    MinCovDet,
)
from sklearn.decomposition import PCA, FastICA, IncrementalPCA, TruncatedSVD
from sklearn.feature_selection import VarianceThreshold
from sklearn.frozen import FrozenEstimator
from sklearn.impute import KNNImputer, MissingIndicator, SimpleImputer
from sklearn.kernel_approximation import Nystroem, RBFSampler
from sklearn.model_selection import GridSearchCV, KFold, RandomizedSearchCV
from sklearn.neighbors import LocalOutlierFactor
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

import skad
from skad.detectors import PCADetector
from skad.metrics import make_anomaly_scorer
from skad.postprocessing import (
    AdaptiveThresholdDetector,
    AlarmRule,
    ChannelRules,
    EnsembleDetector,
    ResampledDetector,
    ReverseWindowing,
    ThresholdedDetector,
    TunedThresholdDetectorCV,
)
from skad.preprocessing import SlidingWindow
from tests.support.estimators import INSTANCES

X = np.random.default_rng(1).normal(size=(60, 3))
Y = np.where(np.arange(60) % 7 == 3, -1, 1)
CHAIN = make_pipeline(SlidingWindow(3), PCADetector())
SCORER = make_anomaly_scorer("vus_pr")
COMPONENTS = {"pcadetector__n_components": [1, 2]}
OTHERS = [
    ReverseWindowing(CHAIN, smoothing=2),
    EnsembleDetector([("one", CHAIN), ("two", EllipticEnvelope(random_state=0))]),
    ThresholdedDetector(CHAIN),
    AdaptiveThresholdDetector(CHAIN, strategy="budget", per=20, rule=AlarmRule(2)),
    ChannelRules(CHAIN),
    ResampledDetector(CHAIN),
    TunedThresholdDetectorCV(CHAIN, cv=2, thresholds=5),
    ColumnTransformer([("first", StandardScaler(), [0, 1])]),
    FeatureUnion([("one", StandardScaler()), ("two", PCA(1))]),
    *(EllipticEnvelope(random_state=0), EmpiricalCovariance(), LedoitWolf(), OAS()),
    *(MinCovDet(random_state=0), PCA(2), IncrementalPCA(2), TruncatedSVD(2)),
    *(
        FastICA(2, tol=1.0, random_state=0),
        VarianceThreshold(),
        FrozenEstimator(PCA(1).fit(X)),
    ),
    *(KNNImputer(), MissingIndicator(), SimpleImputer()),
    *(Nystroem(n_components=5, random_state=0), RBFSampler(random_state=0)),
    GridSearchCV(CHAIN, COMPONENTS, scoring=SCORER, cv=KFold(2)),
    RandomizedSearchCV(CHAIN, COMPONENTS, n_iter=2, scoring=SCORER, cv=KFold(2)),
    LocalOutlierFactor(5, novelty=True, algorithm="brute"),
    *(Binarizer(), MaxAbsScaler(), MinMaxScaler(), Normalizer(), RobustScaler()),
    *(PolynomialFeatures(), PowerTransformer(), QuantileTransformer(n_quantiles=10)),
    *(StandardScaler(), FunctionTransformer(np.sinh)),
]
# Around trees, which are not trusted, or of a class that only the tests have.
SKIPPED = {"SktimeAdapter", "PyODAdapter"}


def write_honest_files(folder):
    """Save an instance of each class, with rows that it can be used on."""
    kinds = {type(other).__name__: other for other in OTHERS}
    for estimator in INSTANCES:
        kinds.setdefault(type(estimator).__name__, estimator)
    for name, estimator in kinds.items():
        if name not in SKIPPED and not name.startswith("TunedBy"):
            path = folder / f"{name}.skad"
            skad.save(clone(estimator).fit(X, Y), path)
            skad.load(path)
            np.save(path.with_suffix(".npy"), X[:8])
