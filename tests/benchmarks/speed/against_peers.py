"""Fitting and scoring by other packages, on as many windows and optimiser steps.

Each is compared with a plain loop over its own network as well, which tells what its
way of training and scoring costs apart from what its network does.
"""

import copy
import warnings
from importlib.metadata import version

from torch.optim.optimizer import register_optimizer_step_post_hook

from tests.benchmarks.speed import plain_loop
from tests.benchmarks.speed.contenders import SHAPES, series, windows_of
from tests.benchmarks.speed.measure import (
    PLAIN,
    compare,
    cpu_seconds,
    report,
    seconds_of_epochs,
)
from tests.benchmarks.speed.page import Section
from tests.benchmarks.speed.plain_loop import BATCH_SIZE
from tests.benchmarks.speed.training import N_EPOCHS, SKAD

PEER = "peer"

TEXT = """PyOD {pyod} and dtaianomaly {dtaianomaly}. Training is again a fit of six
epochs less one of two, so that windows which are cut and scores which are computed at
fit do not count; the optimiser steps were counted, and are equal. The networks differ,
so there are two ratios. The package over a plain loop that trains, or runs, the
package's own network tells what its harness costs. The package over skad compares it
with the detector that does the same job, ConvAutoencoder for the autoencoders."""


def compare_with(peers, plan):
    """Return the comparisons of fit and of scoring for each peer and shape."""
    rules = {"n_rounds": plan.n_peer_rounds, "n_tries": plan.n_tries}
    results = {}
    for shape in SHAPES:
        to_fit = _rows_and_windows(plan.peer_batches * BATCH_SIZE, shape)
        to_score = _rows_and_windows(plan.peer_windows, shape)
        for peer in peers:
            report(f"{peer.name} {shape}")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # theirs, which nobody can act on here
                fitted = _fit_counting_steps(peer, shape, to_fit, plan.peer_batches)
                results[peer.name, str(shape)] = (
                    compare(_fits(peer, shape, to_fit, fitted), **rules),
                    compare(_scorings(peer, to_score, fitted), **rules),
                )
    return results


def _rows_and_windows(n_windows, shape):
    """Return a series that holds so many windows, none of them with padding."""
    rows = series(n_windows + shape.n_timesteps - 1, shape.n_channels)
    return rows, windows_of(rows, shape)[shape.n_timesteps - 1 :]


def _scorings(peer, to_score, fitted):
    rows, windows = to_score
    data = peer.data(rows, windows)
    network = copy.deepcopy(peer.network_of(fitted)).eval()
    ours = peer.kind.make_detector(1).fit(windows)
    return {
        PLAIN: lambda: cpu_seconds(plain_loop.score, network, peer.split, windows),
        PEER: lambda: cpu_seconds(fitted.decision_function, data),
        SKAD: lambda: cpu_seconds(ours.score_samples, windows),
    }


def _fits(peer, shape, to_fit, fitted):
    rows, windows = to_fit
    data, network = peer.data(rows, windows), peer.network_of(fitted)

    def fit_plain(n_epochs):
        fresh = copy.deepcopy(network).train()
        plain_loop.fit(fresh, peer.split, windows, n_epochs=n_epochs, seed=0)

    def fit_peer(n_epochs):
        peer.make(shape, n_epochs).fit(data)

    def fit_skad(n_epochs):
        peer.kind.make_detector(n_epochs).fit(windows)

    return {
        PLAIN: lambda: seconds_of_epochs(fit_plain),
        PEER: lambda: seconds_of_epochs(fit_peer),
        SKAD: lambda: seconds_of_epochs(fit_skad),
    }


def _fit_counting_steps(peer, shape, to_fit, n_expected):
    data, steps = peer.data(*to_fit), []
    hook = register_optimizer_step_post_hook(lambda *args: steps.append(1))
    try:
        fitted = peer.make(shape, 1).fit(data)
    finally:
        hook.remove()
    if len(steps) != n_expected:
        raise RuntimeError(
            f"{peer.name} took {len(steps)} optimiser steps in an epoch of "
            f"{n_expected} batches, so its time is not that of equal work. Set its "
            "data or options in tests/benchmarks/speed/peers.py so that they are equal."
        )
    return fitted


def peers_section(results, plan) -> Section:
    rows = []
    for (name, shape), (trained, scored) in results.items():
        n_steps = N_EPOCHS * plan.peer_batches
        rows.append(
            (
                name,
                shape,
                f"{1e3 * trained.median(PEER) / n_steps:.1f}",
                f"{trained.ratio(PEER):.2f}",
                f"{trained.ratio(PEER, over=SKAD):.2f}",
                f"{1e6 * scored.median(PEER) / plan.peer_windows:.0f}",
                f"{scored.ratio(PEER):.2f}",
                f"{scored.ratio(PEER, over=SKAD):.2f}",
                f"{trained.control:.2f}, {scored.control:.2f}",
            )
        )
    header = ("Detector", "Windows", "Fit, ms/step", "/ plain", "/ skad")
    header += ("Score, us/window", "/ plain", "/ skad", "Controls")
    text = TEXT.format(**{name: version(name) for name in ("pyod", "dtaianomaly")})
    return Section("Other packages", text, header, tuple(rows))
