"""A trained net as plain containers of arrays, and built anew from them.

So pickles, copies and files of a detector hold no object of torch or skorch: they are
small, know no device, and can be read without running what they contain.
"""

import re
import warnings

import numpy as np
import torch
from sklearn.base import BaseEstimator
from torch.overrides import TorchFunctionMode

from skad._torch.trained_net import fresh_net
from skad._torch.training import answers, check_device

# Calls of torch that building a network may take for each of its arrays.
_CALLS_PER_ARRAY = 50


class PlainStateMixin(BaseEstimator):
    """Let ``net_`` travel as its architecture, weights, optimiser state and history."""

    def __getstate__(self):
        state = dict(super().__getstate__())
        if "net_" in state:
            arguments = self._fitted_as, self.window_shape_
            state["net_"] = plain = plain_state(self.net_)
            _refuse_hidden_state(*arguments, self.net_, net_of(*arguments, plain))
        return state

    def __setstate__(self, state):
        if "net_" in state:
            net = net_of(state["_fitted_as"], state["window_shape_"], state["net_"])
            state = {**state, "net_": net}
        super().__setstate__(state)


def plain_state(net):
    """Return all that `net_of` needs besides the detector.

    Parameters
    ----------
    net : skorch.NeuralNet
        A trained net.

    Returns
    -------
    state : dict
        "torch" (its version), "architecture" (text), "weights" and "optimizer" (as
        torch's `state_dict`, with arrays for tensors), "history" (a dict per epoch).
    """
    return {
        "torch": str(torch.__version__),  # of a class of its own
        "architecture": _described(net.module_),
        "weights": _with_arrays(net.module_.state_dict()),
        "optimizer": _with_arrays(net.optimizer_.state_dict()),
        "history": [dict(row) for row in net.history],
    }


def net_of(detector, shape, state):
    """Build the net that `plain_state` took apart.

    Parameters
    ----------
    detector : NetworkDetector
        Gives the parameters as they were at fit.
    shape : tuple of int
        ``(n_timesteps, n_channels)`` of the windows.
    state : dict
        What `plain_state` returned.

    Returns
    -------
    net : skorch.NeuralNet
        On the CPU, with a warning, where torch cannot use the device.

    Raises
    ------
    ValueError
        If `make_network` no longer builds the network that was trained.
    """
    device = _device_here(detector)
    if type(detector).__module__.startswith("skad."):
        _refuse_other_shapes(detector, shape, state["weights"])
    with torch.inference_mode(False):  # what is made in it cannot be trained
        net = fresh_net(detector, shape, seed=0, device=device)
        # Another torch may describe the same network in other words.
        if state["torch"] == torch.__version__:
            _refuse_other_description(detector, net.module_, state["architecture"])
        try:
            net.module_.load_state_dict(_with_tensors(state["weights"]))
        except RuntimeError as error:  # names, or shapes
            raise _other_network(detector) from error
        net.optimizer_.load_state_dict(_with_tensors(state["optimizer"]))
    net.history_ = type(net.history)(dict(row) for row in state["history"])
    net.module_.eval()
    return net


class _FewCalls(TorchFunctionMode):
    """Stop before parameters that do not belong to the weights build a giant."""

    def __init__(self, n_left):
        super().__init__()
        self.n_left = n_left

    def __torch_function__(self, function, types, args=(), kwargs=None):
        self.n_left -= 1
        if self.n_left < 0:
            raise ValueError("The parameters ask for more layers than there are.")
        return function(*args, **(kwargs or {}))


def _refuse_other_shapes(detector, shape, weights):
    """Sketch the network without memory for it, and compare.

    Networks of other packages may need numbers where there are none yet; whoever lets
    their classes be loaded answers for them.
    """
    n_calls = _CALLS_PER_ARRAY * len(weights)
    with torch.device("meta"), _FewCalls(n_calls):
        sketch = detector.make_network(*shape).state_dict()
    shapes = {name: tuple(tensor.shape) for name, tensor in sketch.items()}
    if shapes != {name: np.shape(array) for name, array in weights.items()}:
        raise _other_network(detector)


def _refuse_hidden_state(detector, shape, net, twin):
    """Raise where the network has learnt more than parameters and buffers."""
    windows = np.random.default_rng(0).standard_normal((2, *shape), dtype=np.float32)
    inputs, _ = detector._prepare(torch.from_numpy(windows).to(net.device))
    first, second = (answers(trained, inputs) for trained in (net, twin))
    if not torch.allclose(first, second, rtol=1e-4, atol=1e-6, equal_nan=True):
        raise ValueError(
            f"The network of {type(detector).__name__} answers otherwise when it is "
            "built anew with the same weights: it holds more than parameters and "
            "buffers, which alone are copied and saved. Register what it keeps, with "
            "torch.nn.Module.register_buffer."
        )


def _refuse_other_description(detector, module, description):
    if _described(module) != description:
        raise _other_network(detector)


def _described(module):
    """Describe a network without the addresses of what it holds."""
    return re.sub(r" at 0x[0-9a-f]+", "", repr(module))


def _device_here(detector):
    try:
        check_device(detector.device)
    except ValueError:
        name = type(detector).__name__
        warnings.warn(
            f"{name} was trained on device={str(detector.device)!r}, which torch "
            "cannot use here. It was loaded to the CPU: scores are the same up to "
            'rounding. Before another fit, call set_params(device="cpu").',
            UserWarning,
            stacklevel=4,
        )
        return "cpu"
    return detector.device


def _other_network(detector):
    name = type(detector).__name__
    return ValueError(
        f"make_network of {name} builds another network than the one that was trained: "
        f"its architecture has changed since. Load with the code of {name} as it was, "
        "or fit anew."
    )


def _with_arrays(tree):
    """Copy the containers of a `state_dict`, with arrays for tensors."""
    if isinstance(tree, torch.Tensor):
        return tree.detach().cpu().numpy().copy()
    return _mapped(_with_arrays, tree)


def _with_tensors(tree):
    if isinstance(tree, np.ndarray):
        return torch.from_numpy(tree.copy())
    return _mapped(_with_tensors, tree)


def _mapped(function, tree):
    if isinstance(tree, dict):
        return {key: function(value) for key, value in tree.items()}
    if isinstance(tree, (list, tuple)):
        return type(tree)(function(value) for value in tree)
    return tree
