"""Compare the metrics of skad with those of the field, on random series.

The references are TSB-AD, the authors' code of the affiliation metrics that TSB-AD
ships, and prts. Prints the largest difference for each metric, and the seconds for a
million rows; fails if one differs by 1e-6.

Series that a reference does not read right are left out for it: TSB-AD takes the last
row off an event that reaches the end of a series ("Event-based-F1"), and does not
adjust row 0 ("PA-F1"); prts takes no series without alarms; neither TSB-AD's ranges nor
its volumes are defined where all rows are marked.
"""

import sys
import time

import numpy as np
from prts import ts_precision, ts_recall
from TSB_AD.evaluation.affiliation.generics import convert_vector_to_events
from TSB_AD.evaluation.affiliation.metrics import pr_from_events
from TSB_AD.evaluation.basic_metrics import basic_metricor, generate_curve

from skad import metrics

N_SERIES = 200
TOLERANCE = 1e-6
BIASES = ("flat", "front", "middle", "back")
TSB_AD = basic_metricor()


def random_marks(random, n_rows):
    """Mark a few runs of rows; now and then up to the ends, or single rows."""
    marks = np.zeros(n_rows, dtype=int)
    if random.random() < 0.1:
        return (random.random(n_rows) < 0.2).astype(int)
    for start in random.integers(n_rows, size=random.integers(1, 9)):
        marks[start : start + random.integers(1, 16)] = 1
    if random.random() < 0.2:
        marks[:2] = marks[-3:] = 1
    return marks


def of_scores(y, scores, random):
    """Yield (name, ours, theirs) for metrics of scores."""
    window, n_thresholds = int(random.integers(60)), int(random.choice([10, 50, 250]))
    settings = {"max_window": window, "n_thresholds": n_thresholds}
    *_, roc, pr = generate_curve(y, -scores, window, "opt", n_thresholds)
    yield "vus_roc", metrics.vus_roc(y, scores, **settings), roc
    yield "vus_pr", metrics.vus_pr(y, scores, **settings), pr
    ours = metrics.average_precision(y, scores)
    yield "average_precision", ours, TSB_AD.metric_PR(y, -scores)


def of_ranges(y, alarms):
    """Yield (name, ours, theirs) for range-based metrics of prts."""
    for bias in BIASES:
        for cardinality in ("one", "reciprocal"):
            same = {"bias": bias, "cardinality": cardinality}
            ours = metrics.range_precision(y, alarms == 1, **same)
            yield "range_precision", ours, ts_precision(y, alarms, **same)
            ours = metrics.range_recall(y, alarms == 1, alpha=0.3, **same)
            yield "range_recall", ours, ts_recall(y, alarms, alpha=0.3, **same)


def of_alarms(y, alarms):
    """Yield (name, ours, theirs) for the other metrics of predictions."""
    alarmed = alarms == 1
    events = convert_vector_to_events(alarms), convert_vector_to_events(y)
    theirs = pr_from_events(*events, (0, len(y)))
    for which in ("precision", "recall"):
        ours = getattr(metrics, f"affiliation_{which}")(y, alarmed)
        yield f"affiliation_{which}", ours, theirs[f"Affiliation_{which.title()}"]
    theirs = TSB_AD.metric_Affiliation(y, None, alarms)
    yield "affiliation_f1", metrics.affiliation_f1(y, alarmed), theirs
    if not alarms.all():
        theirs = TSB_AD.metric_RF1(y, None, alarms)
        yield "range_f1", metrics.range_f1(y, alarmed), theirs
    if not y[-1]:
        theirs = TSB_AD.metric_EventF1PA(y, None, alarms)
        yield "event_f1", metrics.event_f1(y, alarmed), theirs
    if not y[0]:
        theirs = TSB_AD.metric_PointF1PA(y, np.zeros(len(y)), alarms)
        yield "point_adjusted_f1", metrics.point_adjusted_f1(y, alarmed), theirs


def differences(n_series):
    """Map each metric to its number of comparisons and its largest difference."""
    found = {}
    for seed in range(n_series):
        random = np.random.default_rng(seed)
        n_rows = int(random.integers(20, 400))
        y, alarms = random_marks(random, n_rows), random_marks(random, n_rows)
        if y.all() or not y.any() or not alarms.any():
            continue
        scores = -random.normal(size=n_rows) - random.choice([0, 1, 3]) * y
        scores = np.round(scores, 1) if seed % 3 == 0 else scores  # ties
        compared = [*of_scores(y, scores, random), *of_ranges(y, alarms)]
        for name, ours, theirs in [*compared, *of_alarms(y, alarms)]:
            found.setdefault(name, []).append(abs(ours - theirs))
    return {name: (len(values), max(values)) for name, values in found.items()}


def seconds_of_vus_pr(n_rows):
    """Time one call on rows of noise with an event in every thousand."""
    random = np.random.default_rng(0)
    y = np.arange(n_rows) % 1000 < 50
    scores = random.normal(size=n_rows)
    start = time.process_time()
    metrics.vus_pr(y, scores)
    return time.process_time() - start


def main():
    """Print a table; return 1 if any metric differs."""
    table = differences(N_SERIES)
    lines = [f"{'metric':20}{'compared':>9}{'largest difference':>20}"]
    lines += [f"{name:20}{n:9}{most:20.1e}" for name, (n, most) in table.items()]
    seconds = seconds_of_vus_pr(1_000_000)
    lines.append(f"vus_pr of 1,000,000 rows: {seconds:.2f} s of one core")
    print("\n".join(lines))  # noqa: T201
    return int(max(most for _, most in table.values()) > TOLERANCE)


if __name__ == "__main__":
    sys.exit(main())
