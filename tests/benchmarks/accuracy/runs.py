"""Runs of a contender on a series: in parallel, and written down one by one."""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from joblib import Parallel, delayed, parallel_config

from skad.metrics import average_precision, range_f1, vus_pr, vus_roc
from tests.benchmarks.accuracy.contenders import Contender
from tests.benchmarks.accuracy.series import LabelledSeries

N_THRESHOLDS = 50


@dataclass(frozen=True)
class Run:
    """A contender on a series with a seed, known by what decides its numbers."""

    contender: Contender
    series: LabelledSeries
    seed: int

    @property
    def key(self) -> str:
        digest = digest_of(self.contender, self.seed)
        return f"{self.series.name}|{self.contender.name}|{self.seed}|{digest}"

    def records(self) -> list[dict]:
        """Measure the contender, and its members if it has any."""
        # Weights of constant channels sink to where each product takes many cycles.
        torch.set_flush_denormal(True)
        try:
            scored = self.contender.scores(self.series, self.seed)
        finally:
            torch.set_flush_denormal(False)
        return [
            {
                "key": self.key,
                "series": self.series.name,
                "kind": self.series.kind,
                "method": method,
                "seed": self.seed,
                **metrics(self.series, scores),
            }
            for method, scores in scored.items()
        ]


@cache
def digest_of(contender: Contender, seed: int) -> str:
    """Boil down the parameters, so that another configuration is measured anew."""
    parameters = sorted(
        (name, repr(value)) for name, value in contender.make(seed).get_params().items()
    )
    return hashlib.sha256(repr(parameters).encode()).hexdigest()[:12]


def metrics(series: LabelledSeries, scores: np.ndarray) -> dict[str, float]:
    """Measure a ranking of rows; none of these needs a threshold of the detector's."""
    y, volumes = series.y, {"max_window": series.max_window}
    return {
        "VUS-PR": vus_pr(y, scores, **volumes),
        "VUS-ROC": vus_roc(y, scores, **volumes),
        "AUC-PR": average_precision(y, scores),
        "range F1": best_range_f1(y, scores),
    }


def best_range_f1(y: np.ndarray, scores: np.ndarray) -> float:
    """Return range F1 at the best of many thresholds, each alarming at least a row."""
    ranks = np.linspace(0, len(scores) - 1, N_THRESHOLDS).astype(int)
    thresholds = np.unique(np.sort(scores)[ranks])
    return max(range_f1(y, scores <= threshold) for threshold in thresholds)


def read_records(path: Path) -> list[dict]:
    """Read what was written down; a last line cut short by an end is left out."""
    if not path.is_file():
        return []
    lines = path.read_text().split("\n")[:-1]
    return [json.loads(line) for line in lines]


def measure_all(runs: list[Run], path: Path, n_jobs: int) -> list[dict]:
    """Measure what is not yet written down, write each down, and return all."""
    by_key = {run.key: run for run in runs}
    whole = read_records(path)
    kept = [record for record in whole if record["key"] in by_key]
    missing = by_key.keys() - {record["key"] for record in kept}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(map(_line, whole)))  # without what was cut short
    with path.open("a") as file, parallel_config("loky", inner_max_num_threads=1):
        measured = Parallel(n_jobs, return_as="generator_unordered")(
            delayed(run.records)() for key, run in by_key.items() if key in missing
        )
        for records in measured:
            file.writelines(map(_line, records))
            file.flush()
            kept += records
    return kept


def _line(record):
    return json.dumps(record) + "\n"
