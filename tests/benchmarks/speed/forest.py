"""The detector that skad's users come from: an IsolationForest on the same windows."""

from tests.benchmarks.speed.contenders import KINDS, SHAPES
from tests.benchmarks.speed.page import Section
from tests.benchmarks.speed.training import FOREST, N_EPOCHS, SKAD

TEXT = """An IsolationForest with its defaults on the flattened windows. Its fit looks
at 256 windows per tree, however many there are; a network looks at all of them, epoch
after epoch, here at {n_windows}. Ratios are those of skad to it."""


def forest_section(trained, scored, plan) -> Section:
    rows = tuple(_row(shape, trained, scored) for shape in SHAPES)
    header = ("Windows", "Its fit, ms")
    header += tuple(f"{kind.name}, one epoch" for kind in KINDS)
    header += ("Its scoring, us/window",)
    header += tuple(f"{kind.name}, score" for kind in KINDS)
    counts = {s.n_timesteps: plan.train_batches[s.n_timesteps] * 128 for s in SHAPES}
    text = TEXT.format(
        n_windows=" or ".join(f"{n} of {steps} steps" for steps, n in counts.items())
    )
    return Section("IsolationForest", text, header, rows)


def _row(shape, trained, scored):
    fits = [trained[kind, shape][0] for kind in KINDS]
    scores = [scored[kind, shape] for kind in KINDS]
    per_window = scores[0].comparison.median(FOREST) / scores[0].n_windows
    return (
        str(shape),
        f"{1e3 * fits[0].median(FOREST):.0f}",
        *(f"{fit.ratio(SKAD, over=FOREST) / N_EPOCHS:.2f}" for fit in fits),
        f"{1e6 * per_window:.2f}",
        *(f"{s.comparison.ratio(SKAD, over=FOREST):.2f}" for s in scores),
    )
