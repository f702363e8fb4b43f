"""The rows of the page: what is tried, the bar, and how long it may take."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Row:
    """Tests of one marker, and what they have to count up to.

    ``at_least`` and ``at_most`` bound numbers that the tests record. ``minutes`` is
    the budget on two cores, and ``reason`` says why a row falls short.
    """

    anchor: str
    measure: str
    bar: str
    minutes: float
    at_least: dict[str, float] = field(default_factory=dict)
    at_most: dict[str, float] = field(default_factory=dict)
    n_processes: int = 2
    reason: str = ""

    @property
    def marker(self) -> str:
        return self.anchor.lower().replace(" ", "_").replace("-", "_")


ROWS = (
    Row(
        "API",
        "scikit-learn's checks of every public estimator, with its defaults and three "
        "other sets of parameters; sktime's checks of what is an estimator of sktime",
        "all",
        minutes=7,
        at_least={"public estimators": 13},
    ),
    Row(
        "Drop-in",
        "one script for IsolationForest, LocalOutlierFactor, OneClassSVM, "
        "EllipticEnvelope and every detector of skad",
        "all",
        minutes=2,
    ),
    Row(
        "Bad input",
        "everything odd to fit on and to score, by every estimator: a ValueError or "
        "TypeError that names cause and cure, or finite scores",
        "60 kinds, none silent",
        minutes=4,
        at_least={"kinds of input": 60},
    ),
    Row(
        "Properties",
        "laws that hold for any series, on 500 made up by hypothesis for each",
        "10 laws",
        minutes=9,
        at_least={"laws": 10, "examples": 5_000},
    ),
    Row(
        "Equality",
        "fits, searches and scores in one process, by loky, by threads, and by Dask "
        "with two processes and with two threads",
        "difference 0.0",
        minutes=4,
        at_most={"largest difference": 0},
    ),
    Row(
        "Interrupts",
        "SIGINT at 20 random moments each of fit, of searches in one and in two "
        "processes, and of save",
        "all raise, the old state is kept, no process is left",
        minutes=7,
        at_most={"orphans": 0},
        n_processes=1,
    ),
    Row(
        "Files",
        "50 kills while saving, full disks, 1,000 bit flips, 100 truncations, files of "
        "older versions, hostile files, a zip bomb, 300 forgeries of each class",
        "no old file lost, none silently wrong, no code run, no crash",
        minutes=8,
        at_least={"bits flipped": 1_000, "files cut": 100, "kills": 50},
        at_most={"forged code run": 0, "crashed, hung or swelled": 0},
    ),
    Row(
        "Load",
        "16 threads score 100 times each by one pipeline; two processes; memory after "
        "1,000 scorings and 100 fits",
        "none wrong, growth below 1 %",
        minutes=5,
        at_least={"scorings in threads": 1_600},
        at_most={"wrong": 0},
        n_processes=1,
    ),
    Row(
        "Scale",
        "10 million rows of a file in memory and out, 3 million by Dask, 500 channels, "
        "windows of 1,000 rows, 10,000 short series",
        "equal to the whole, memory bounded, time linear",
        minutes=8,
        at_most={"largest difference": 0},
        n_processes=1,
    ),
    Row(
        "Training faults",
        "huge rates of learning, constant series, huge offsets, mixed scales, "
        "duplicates, batches that do not fit",
        "a named error, or finite and ordered scores",
        minutes=3,
    ),
    Row(
        "False alarms",
        "thresholds on 200 simulated normal series of each kind; every strategy stands "
        "on :ref:`its own page <false_alarms>`",
        '"conformal" within alpha and two standard errors on white and seasonal series',
        minutes=4,
    ),
    Row(
        "Seeds",
        "VUS-PR of each detector with ten seeds on five labelled series, of which two "
        "are real; the deviation on many more stands under :ref:`accuracy`",
        "standard deviation at most 0.05 on each series",
        minutes=8,
        at_most={"largest deviation on one series": 0.05},
        reason="A forecaster that learns from 1,500 rows, as on the three series that "
        "are made up, finds their faults with every seed, but not equally well. It "
        "takes the mean of several for the seed not to matter: three of them, in an "
        ":class:`~skad.postprocessing.EnsembleDetector`, keep the bar.",
    ),
    Row(
        "Upstream",
        "faults of other packages that skad works around, expected to fail: when one "
        "is mended, this row breaks",
        "all still there",
        minutes=1,
    ),
)
