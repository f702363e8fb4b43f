"""The detectors of PyOD and dtaianomaly; the rest of the benchmark does not need them.

Their networks are the nearest that they have to those of skad, batches are of 128, and
all else is as they come. dtaianomaly scales each window by itself unless told not to,
so it is there twice.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from dtaianomaly.anomaly_detection import AutoEncoder as DtaiAutoEncoder
from dtaianomaly.anomaly_detection import LongShortTermMemoryNetwork as DtaiLSTM
from pyod.models.auto_encoder import AutoEncoder as PyODAutoEncoder
from pyod.models.ts_lstm import LSTMAD

from tests.benchmarks.speed.contenders import CONV, LSTM, Kind, Shape
from tests.benchmarks.speed.plain_loop import BATCH_SIZE


@dataclass(frozen=True)
class Peer:
    """A detector of another package, and how a plain loop runs its network."""

    name: str
    kind: Kind  # the detector of skad that is nearest
    make: Callable[[Shape, int], object]
    network_of: Callable[[object], torch.nn.Module]
    split: Callable
    takes_windows: bool = False

    def data(self, rows: np.ndarray, windows: np.ndarray) -> np.ndarray:
        """Return what it takes: flattened windows, or the series under them.

        The series is in double precision: dtaianomaly scales windows by scikit-learn,
        which repeats the work with a warning where single precision does not do.
        """
        if self.takes_windows:
            return windows.reshape(len(windows), -1)
        return rows.astype(np.float64)


def _pyod_lstm(shape, n_epochs):
    # Its windows are what it looks back on, without the step that it forecasts.
    return LSTMAD(shape.n_timesteps - 1, 64, 1, n_epochs, batch_size=BATCH_SIZE)


def _pyod_autoencoder(shape, n_epochs):
    return PyODAutoEncoder(
        epoch_num=n_epochs, batch_size=BATCH_SIZE, verbose=0, device="cpu"
    )


def _dtai_lstm(shape, n_epochs, standard_scaling=True):
    return DtaiLSTM(
        shape.n_timesteps - 1,
        hidden_units=64,
        batch_size=BATCH_SIZE,
        n_epochs=n_epochs,
        standard_scaling=standard_scaling,
    )


def _dtai_autoencoder(shape, n_epochs, standard_scaling=True):
    return DtaiAutoEncoder(
        shape.n_timesteps,
        batch_size=BATCH_SIZE,
        n_epochs=n_epochs,
        standard_scaling=standard_scaling,
    )


def _without_scaling(make):
    return lambda shape, n_epochs: make(shape, n_epochs, standard_scaling=False)


def _dtai_network(fitted):
    return fitted.neural_network_


def _next_step(windows):
    return windows[:, :-1], windows[:, -1]


def _flat(windows):
    flat = windows.flatten(1)
    return flat, flat


def _pyod_network(fitted):
    return fitted.model if hasattr(fitted, "model") else fitted.model_._net


AS_THEY_COME = (
    Peer("PyOD LSTMAD", LSTM, _pyod_lstm, _pyod_network, _next_step),
    Peer("PyOD AutoEncoder", CONV, _pyod_autoencoder, _pyod_network, _flat, True),
    Peer("dtaianomaly LSTM", LSTM, _dtai_lstm, _dtai_network, _next_step),
    Peer("dtaianomaly AutoEncoder", CONV, _dtai_autoencoder, _dtai_network, CONV.split),
)
WITHOUT_SCALING = (
    Peer(
        "dtaianomaly LSTM, no scaling",
        LSTM,
        _without_scaling(_dtai_lstm),
        _dtai_network,
        _next_step,
    ),
    Peer(
        "dtaianomaly AutoEncoder, no scaling",
        CONV,
        _without_scaling(_dtai_autoencoder),
        _dtai_network,
        CONV.split,
    ),
)
