"""From parameters and windows to a trained net."""

import copy
import math
from functools import partial

import numpy as np

from skad._series.missing import n_missing, usual_readings
from skad._series.segments_of_windows import starts_of_segments
from skad._torch.batches import WindowBatches
from skad._torch.training import OPTIMIZERS, new_net, refuse_to_have_diverged, train

# Times the length of a window: of a shorter segment too much would be given up.
_FEW_WINDOWS = 4


def trained_net(detector, windows, seed, start=None, epochs=None):
    """Train the network of ``detector``.

    Parameters
    ----------
    detector : NetworkDetector
        Gives the parameters and the hooks; nothing is stored in it.
    windows : ndarray of shape (n, n_timesteps, n_channels), float32
        In time order.
    seed : int
        Decides weights, order and noise.
    start : skorch.NeuralNet, default=None
        A trained net to go on from; it stays as it is.
    epochs : Epochs, default=None
        Is told of each epoch, and may end the training.

    Returns
    -------
    net : skorch.NeuralNet
    """
    prepared = _how_to_prepare(detector, windows)
    windows, held_back = _split_in_time(detector, windows)
    net = fresh_net(detector, windows.shape[1:], seed)
    if start is not None:
        net = _going_on(detector, start, net)
    batches = _batches(
        detector,
        windows,
        seed=seed,
        epoch=len(net.history),
        max_windows=detector.max_windows_per_epoch,
        input_noise=detector.input_noise,
        **prepared,
    )
    net = train(
        net,
        batches,
        None if held_back is None else _batches(detector, held_back, **prepared),
        max_epochs=detector.max_epochs,
        patience=detector.n_iter_no_change,
        verbose=detector.verbose,
        epochs=epochs,
    )
    refuse_to_have_diverged(net, batches)
    return net


def _batches(detector, windows, *, prepare, **options):
    size, device = detector.batch_size, detector.device
    return WindowBatches(windows, prepare, size, device=device, **options)


def _how_to_prepare(detector, windows):
    if n_missing(windows) is None:
        return {"prepare": detector._prepare}
    prepare = partial(detector._prepare_there, usual=usual_readings(windows))
    return {"prepare": prepare, "has_missing": True}


def fresh_net(detector, shape, seed, device=None):
    """Build the net of ``detector`` that is not yet trained, on its device or another.

    Parameters
    ----------
    detector : NetworkDetector
        Gives the parameters and the hooks.
    shape : tuple of int
        ``(n_timesteps, n_channels)`` of the windows.
    seed : int
        Decides the weights.
    device : str or torch.device, default=None
        Instead of that of ``detector``.

    Returns
    -------
    net : skorch.NeuralNet
    """
    return new_net(
        lambda: detector.make_network(*shape),
        seed,
        lr=detector.lr,
        optimizer=detector.optimizer,
        device=detector.device if device is None else device,
    )


def _going_on(detector, start, fresh):
    """Copy ``start`` with the present ``lr``, if the architecture is still the same."""
    kind = OPTIMIZERS.get(detector.optimizer, detector.optimizer)
    is_same = _architecture(start) == _architecture(fresh)
    if not is_same or start.optimizer is not kind or start.device != detector.device:
        raise ValueError(
            "warm_start=True goes on from the fitted network, but its architecture, "
            "optimizer or device has been changed since. Set these parameters back, or "
            "warm_start=False to train a new network."
        )
    net = copy.deepcopy(start)
    net.set_params(lr=detector.lr)
    return net


def _architecture(net):
    """Describe a network; its text shows strides and the like, which weights do not."""
    shapes = {name: w.shape for name, w in net.module_.state_dict().items()}
    return shapes, repr(net.module_)


def _split_in_time(detector, windows):
    """Hold back the last windows of each segment, and drop those that share their rows.

    A segment of few windows is learnt from as a whole. Where most windows stand in
    such, or there is one segment, it is the last windows of all that are held back.
    """
    if not detector.early_stopping:
        return windows, None
    starts, n_timesteps = starts_of_segments(windows), windows.shape[1]
    lengths = np.diff(starts, append=len(windows))
    is_long = lengths >= _FEW_WINDOWS * n_timesteps
    if len(starts) == 1 or 2 * lengths[is_long].sum() < len(windows):
        return _split_at_the_end(detector, windows)
    from_end = np.repeat(starts + lengths, lengths) - np.arange(len(windows))
    n_held_back = np.ceil(detector.validation_fraction * lengths) * is_long
    n_left_out = n_held_back + (n_timesteps - 1) * is_long
    is_learnt = from_end > np.repeat(n_left_out, lengths)
    if not is_learnt.any():
        return _split_at_the_end(detector, windows)
    return windows[is_learnt], windows[from_end <= np.repeat(n_held_back, lengths)]


def _split_at_the_end(detector, windows):
    n, n_timesteps = windows.shape[:2]
    n_held_back = math.ceil(detector.validation_fraction * n)
    n_train = n - n_held_back - (n_timesteps - 1)
    if n_train < 1:
        raise ValueError(
            f"early_stopping=True holds back the last {n_held_back} of {n} windows and "
            f"drops the {n_timesteps - 1} before them that share rows with these, so "
            "that none are left to train on. Pass a longer series, lower "
            f"validation_fraction (now {detector.validation_fraction}), or set "
            "early_stopping=False."
        )
    return windows[:n_train], windows[n - n_held_back :]
