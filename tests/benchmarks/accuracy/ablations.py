"""One change at a time to the chain of each detector: what each choice is worth."""

from sklearn.preprocessing import MinMaxScaler, StandardScaler

from skad import make_detector
from tests.benchmarks.accuracy.comparing import difference
from tests.benchmarks.accuracy.contenders import Contender
from tests.benchmarks.accuracy.sections import KINDS, kinds_in
from tests.benchmarks.speed.page import Section

AUTOENCODER, FORECASTER = "autoencoder", "forecaster"
# Of the same seed as the changed ones, which members of an ensemble are not.
AS_IT_IS = "as it is"
# Longer series would take as long again for each of the changes.
MOST_ROWS = 3600
# By what a row of the table says: parameters of the chain's pipeline.
OF_AUTOENCODER = {
    AS_IT_IS: {},
    "MinMaxScaler": {"perseries__transformer": MinMaxScaler()},
    "StandardScaler": {"perseries__transformer": StandardScaler()},
    "window_size=64": {"slidingwindow__window_size": 64},
    "window_size=100": {"slidingwindow__window_size": 100},
    "window_size=32": {"slidingwindow__window_size": 32},
    "kernel_size=7": {"convautoencoder__kernel_size": 7},
    "kernel_size=3, stride=1": {
        "convautoencoder__kernel_size": 3,
        "convautoencoder__stride": 1,
    },
    'channel_aggregation="mean"': {"convautoencoder__channel_aggregation": "mean"},
    'window_scaling="mean"': {"convautoencoder__window_scaling": "mean"},
    "max_epochs=5": {"convautoencoder__max_epochs": 5},
    "max_epochs=30": {"convautoencoder__max_epochs": 30},
}
OF_FORECASTER = {
    AS_IT_IS: {},
    "window_scaling=None": {"lstmforecaster__window_scaling": None},
    'channel_aggregation="mean"': {"lstmforecaster__channel_aggregation": "mean"},
    "hidden_size=64": {"lstmforecaster__hidden_size": 64},
}


def ablations() -> list[Contender]:
    """List the contenders: each chain with one thing changed."""
    chains = [(AUTOENCODER, OF_AUTOENCODER), (FORECASTER, OF_FORECASTER)]
    return [
        Contender(f"{chain}, {change}", _changed(chain, parameters))
        for chain, changes in chains
        for change, parameters in changes.items()
    ] + [
        Contender(f"{AUTOENCODER}, smoothing=1", _spread_alone),
        Contender(f"{AUTOENCODER}, neither spread nor smoothed", _not_spread),
    ]


def chain_of(name, seed):
    """Return the chain alone: its scores are measured, and no threshold."""
    return make_detector(name, random_state=seed).estimator


def pipeline_in(chain):
    """Go through the meta-detectors to the Pipeline inside."""
    while hasattr(chain, "estimator"):
        chain = chain.estimator
    return chain


def _changed(name, parameters):
    def make(seed):
        chain = chain_of(name, seed)
        pipeline_in(chain).set_params(**parameters)
        return chain

    return make


def _spread_alone(seed):
    return chain_of(AUTOENCODER, seed).set_params(smoothing=1)


def _not_spread(seed):
    return pipeline_in(chain_of(AUTOENCODER, seed))


def ablations_section(measured, seed) -> Section:
    """Compare each changed chain with the chain, at one seed."""
    of_seed = measured[measured["seed"] == seed]
    rows = []
    for contender in ablations():
        chain = contender.name.split(",")[0]
        as_it_is = f"{chain}, {AS_IT_IS}"
        if contender.name != as_it_is:
            cells = (
                str(difference(of_seed, kind, contender.name, as_it_is))
                for kind in kinds_in(of_seed)
            )
            rows.append((contender.name, *cells))
    text = (
        "VUS-PR with one thing changed minus VUS-PR of the chain as it is, on one "
        f"seed and the series of at most {MOST_ROWS} rows: mean ± standard error over "
        "the series."
    )
    header = ("Change", *(KINDS[kind] for kind in kinds_in(of_seed)))
    return Section("What each choice is worth", text, header, tuple(rows))
