"""Fitting, against the plain loop over the same network and the same batches."""

from sklearn.ensemble import IsolationForest

from tests.benchmarks.speed.bars import Value
from tests.benchmarks.speed.contenders import KINDS, SHAPES, series, windows_of
from tests.benchmarks.speed.measure import (
    FEW_EPOCHS,
    MANY_EPOCHS,
    PLAIN,
    compare,
    cpu_seconds,
    report,
    seconds_of_epochs,
)
from tests.benchmarks.speed.page import Section
from tests.benchmarks.speed.plain_loop import BATCH_SIZE

SKAD, FOREST = "skad", "IsolationForest"
N_EPOCHS = MANY_EPOCHS - FEW_EPOCHS

TEXT = """Training costs what a fit of six epochs takes beyond a fit of two, so that the
scoring by which a fit sets its threshold does not count. A step is one batch of 128
windows. The last column tells that both train the same network: it is the largest
difference between their weights after two epochs."""


def train_all(plan):
    """Return, for each detector and shape, a comparison and the weights' difference."""
    results = {}
    for shape in SHAPES:
        n_windows = plan.train_batches[shape.n_timesteps] * BATCH_SIZE
        windows = windows_of(series(n_windows, shape.n_channels), shape)
        for kind in KINDS:
            report(f"fit {kind.name} {shape}")
            compared = _compare(kind, shape, windows, plan)
            results[kind, shape] = compared, difference_of_weights(kind, shape, windows)
    return results


def _compare(kind, shape, windows, plan):
    flat = windows.reshape(len(windows), -1)

    def fit_plain(n_epochs):
        kind.fit_plain(shape, windows, n_epochs)

    def fit_skad(n_epochs):
        kind.make_detector(n_epochs).fit(windows)

    tasks = {
        PLAIN: lambda: seconds_of_epochs(fit_plain),
        SKAD: lambda: seconds_of_epochs(fit_skad),
        FOREST: lambda: cpu_seconds(IsolationForest(random_state=0).fit, flat),
    }
    return compare(tasks, n_rounds=plan.n_rounds, n_tries=plan.n_tries)


def difference_of_weights(kind, shape, windows) -> float:
    """Return how far the plain loop's weights end from those of the detector."""
    plain = kind.fit_plain(shape, windows, FEW_EPOCHS)
    trained = kind.make_detector(FEW_EPOCHS).fit(windows)
    twin = kind.plain_twin(trained, shape)
    pairs = zip(plain.parameters(), twin.parameters(), strict=True)
    return max((a - b).abs().max().item() for a, b in pairs)


def training_section(results, plan) -> Section:
    rows, values = [], {}
    for (kind, shape), (compared, difference) in results.items():
        n_steps = N_EPOCHS * plan.train_batches[shape.n_timesteps]
        ratio = compared.ratio(SKAD)
        values[f"fit {kind.name} {shape}"] = Value(
            ratio, compared.control, compared.is_settled
        )
        rows.append(
            (
                kind.name,
                str(shape),
                f"{1e3 * compared.median(PLAIN) / n_steps:.2f}",
                f"{1e3 * compared.median(SKAD) / n_steps:.2f}",
                f"{ratio:.3f}",
                f"{compared.control:.3f}",
                f"{difference:.0e}",
            )
        )
    header = ("Detector", "Windows", "Plain, ms/step", "skad, ms/step", "Ratio")
    header += ("Control", "Weights differ by")
    return Section("Fit", TEXT, header, tuple(rows), values)
