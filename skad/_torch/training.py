"""Training a network on windows, through skorch: the only module that knows it.

Three habits of skorch are turned off here, by its own hooks. Its DataLoader draws
from torch's global random state: batches come ready from `WindowBatches`, which has
generators of its own, and the network draws from these as well. Its `partial_fit`
swallows Ctrl-C: the fit loop is called directly. A loss that is NaN passes unnoticed:
`FiniteLoss` stops there.
"""

import time
from collections.abc import Callable
from contextlib import suppress

import numpy as np
import torch
from skorch import NeuralNet
from skorch.callbacks import Callback, EarlyStopping
from torch.nn import functional as F

from skad._torch.batches import WindowBatches
from skad._torch.drawing import Drawing, NoDrawing

OPTIMIZERS = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "sgd": torch.optim.SGD,
}
# What scikit-learn checks parameters against.
DEVICE = [str, torch.device]
# Of the mean square of the targets, or of 1, which is what new networks answer with.
_FAR_OUT = 1e6


class StopTraining(KeyboardInterrupt):
    """Ends training in good order; any other KeyboardInterrupt is the user's."""


class MeanSquaredError:
    """The loss; no torch module, so that data-parallel wrappers leave it alone.

    With a target may come which of its cells count.
    """

    def __call__(self, prediction, target):
        is_there = None
        if isinstance(target, list):  # which skorch makes of pairs
            target, is_there = target
        if not isinstance(prediction, torch.Tensor):
            raise TypeError(
                f"The network returned a {type(prediction).__name__}, as torch.nn.GRU "
                "and torch.nn.LSTM do, where a tensor of the shape "
                f"{tuple(target.shape)} of its target is needed. Wrap it in a module "
                "whose forward returns the output alone: see make_network."
            )
        if prediction.shape != target.shape:
            raise ValueError(
                f"The network returned shape {tuple(prediction.shape)} where its "
                f"target has shape {tuple(target.shape)}. Both must be "
                "(batch, n_timesteps, n_channels) of the target: see make_network."
            )
        if is_there is None:
            return F.mse_loss(prediction, target)
        differences = torch.where(is_there, prediction - target, 0.0)
        return differences.square().sum() / is_there.sum().clamp(min=1)


class FiniteLoss(Callback):
    """Stop with an error when training has diverged."""

    def on_epoch_end(self, net, **kwargs):
        loss = net.history[-1, "train_loss"]
        if not np.isfinite(loss):
            raise diverged(f"the loss became {loss} in epoch {len(net.history)}")


class PatientStopping(EarlyStopping):
    """skorch's early stopping, told apart from an interrupt by the user."""

    def on_epoch_end(self, net, **kwargs):
        try:
            super().on_epoch_end(net, **kwargs)
        except KeyboardInterrupt as interrupt:
            if self.misses_ < self.patience:
                raise
            raise StopTraining from interrupt

    def on_train_end(self, net, **kwargs):
        super().on_train_end(net, **kwargs)
        self.best_model_weights_ = None


class Watched(Callback):
    """Tell someone of each epoch, who may want no more of them."""

    def __init__(self, epochs):
        self.epochs = epochs

    def on_epoch_begin(self, net, **kwargs):
        self.epochs.begin()

    def on_epoch_end(self, net, **kwargs):
        if self.epochs.end(net):
            raise StopTraining


class EpochLines(Callback):
    """Print one plain line per epoch."""

    def __init__(self, max_epochs):
        self.max_epochs = max_epochs

    def on_train_begin(self, net, **kwargs):
        self.first_, self.started_ = len(net.history), time.perf_counter()

    def on_epoch_end(self, net, **kwargs):
        done = len(net.history) - self.first_
        left = (time.perf_counter() - self.started_) / done * (self.max_epochs - done)
        losses = f"loss {net.history[-1, 'train_loss']:.6g}"
        if "valid_loss" in net.history[-1]:
            losses += f", validation loss {net.history[-1, 'valid_loss']:.6g}"
        print(f"epoch {done}/{self.max_epochs}: {losses}, {left:.0f} s left")  # noqa: T201


class WindowNet(NeuralNet):
    """skorch's net, fed with ready batches and keeping one loss per epoch."""

    def get_default_callbacks(self):
        return []

    def get_split_datasets(self, X, y=None, **fit_params):
        return X  # already (training batches, validation batches or None)

    def get_iterator(self, dataset, training=False):
        return dataset

    def infer(self, x, drawing):
        with drawing:  # and not around the step: a mode slows what an optimiser does
            return self.module_(x)

    def get_loss(self, y_pred, y_true, X=None, training=False):
        loss = super().get_loss(y_pred, y_true, X=X, training=training)
        penalty = getattr(self.module_, "training_penalty", None)
        return loss + penalty() if training and penalty is not None else loss

    def run_single_epoch(self, iterator, training, prefix, step_fn, **fit_params):
        if iterator is None:
            return
        total, count = 0.0, 0
        for batch in iterator:
            loss = step_fn(batch, drawing=iterator.drawing)["loss"].detach()
            total = total + loss * len(batch[0])
            count += len(batch[0])
        self.history.record(f"{prefix}_loss", float(total) / count)


def can_train():
    """Leave inference mode for a while: what is made in it cannot be trained."""
    return torch.inference_mode(False)


def new_net(make_network: Callable, seed: int, *, lr, optimizer, device) -> WindowNet:
    """Build and initialise a net from a seed, leaving the global state as it was."""
    kind = OPTIMIZERS.get(optimizer, optimizer)
    if not issubclass(kind, torch.optim.Optimizer):
        raise ValueError(
            f"optimizer={optimizer!r} is no subclass of torch.optim.Optimizer. Use "
            f"such a class, or one of the names {sorted(OPTIMIZERS)}."
        )
    fused = {"optimizer__fused": True} if optimizer in OPTIMIZERS else {}
    with Drawing(seed), torch.device("cpu"):
        network = make_network().to(dtype=torch.float32)
        net = WindowNet(
            network,
            criterion=MeanSquaredError,
            optimizer=kind,
            lr=lr,
            device=device,
            train_split=None,
            verbose=0,
            **fused,
        )
        return net.initialize()


def train(
    net: WindowNet,
    batches: WindowBatches,
    validation: WindowBatches | None,
    *,
    max_epochs: int,
    patience: int,
    verbose: int,
    epochs=None,
) -> WindowNet:
    """Train ``net`` for ``max_epochs`` epochs, or until validation stops improving.

    ``epochs``, if given, has methods ``begin()`` and ``end(net)``; the latter may ask,
    by returning True, that the training end.
    """
    callbacks = [("finite_loss", FiniteLoss())]
    if verbose:
        callbacks.append(("epoch_lines", EpochLines(max_epochs)))
    if epochs is not None:
        callbacks.append(("watched", Watched(epochs)))
    if validation is not None:
        stopping = PatientStopping(patience=patience, threshold=0, load_best=True)
        callbacks.append(("early_stopping", stopping))
    net.callbacks = callbacks
    net.initialize_callbacks()
    datasets = (batches, validation)
    net.notify("on_train_begin", X=datasets, y=None)
    with suppress(StopTraining):
        net.fit_loop(datasets, epochs=max_epochs)
    net.notify("on_train_end", X=datasets, y=None)
    net.module_.eval()
    # The watcher holds on to the series.
    net.callbacks = [pair for pair in callbacks if pair[0] != "watched"]
    net.initialize_callbacks()
    return net


def refuse_to_have_diverged(net: WindowNet, batches: WindowBatches) -> None:
    """Raise where the network, after its last step, is far out on windows of all times.

    A series may begin with zeros, which tell nothing of how large its values are.
    """
    inputs, targets = batches.spread()
    is_there = ~targets.isnan()
    targets = targets.double()[is_there]
    found = answers(net, inputs).double()[is_there]
    error = float((found - targets).square().mean())
    usual = float(targets.square().mean())
    if error > _FAR_OUT * max(usual, 1.0):
        raise diverged(
            f"the mean squared error is {error:.3g} after the last epoch, that of "
            f"giving nothing but zeros {usual:.3g}"
        )


def answers(net: WindowNet, inputs: torch.Tensor) -> torch.Tensor:
    """Return what a trained net makes of its inputs."""
    with torch.inference_mode(), NoDrawing():
        return net.module_.eval()(inputs)


def check_device(device: str) -> None:
    """Raise where torch cannot reach the device, before any work is done."""
    try:
        # Errors are computed in double precision, which "mps" has not.
        torch.zeros(1, device=device, dtype=torch.float64).item()
    except (RuntimeError, AssertionError, NotImplementedError, TypeError) as error:
        raise ValueError(
            f"device={device!r} was asked for, but torch cannot use it here ({error}). "
            'Set device="cpu", or install a build of torch for this device.'
        ) from error


def diverged(what: str) -> ValueError:
    """Build the error for a training that ran away."""
    return ValueError(
        f"Training diverged: {what}. Scale X (for example by a StandardScaler before "
        "SlidingWindow), or lower lr."
    )
