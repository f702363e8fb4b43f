"""Random numbers of a network, from generators of its own.

Torch draws from one generator per process and device, which belongs to the user. A mode
of torch, which holds for one thread, hands another generator to whatever draws. So no
lock is needed: networks may be built within networks, in threads and after a fork.
"""

import inspect
from collections.abc import Callable, Iterable
from itertools import chain, dropwhile
from typing import Any

import torch
from torch.overrides import TorchFunctionMode, _get_current_function_mode

# Functions and methods of torch, and of torch.nn.init.
TAKE_A_GENERATOR = {
    *("rand", "rand_like", "randint", "randint_like", "randn", "randn_like"),
    *("bernoulli", "binomial", "multinomial", "normal", "poisson", "randperm"),
    *("bernoulli_", "cauchy_", "exponential_", "geometric_", "log_normal_"),
    *("normal_", "random_", "uniform_", "_sample_dirichlet", "_standard_gamma"),
    *("kaiming_normal_", "kaiming_uniform_", "xavier_normal_", "xavier_uniform_"),
    *("orthogonal_", "sparse_", "trunc_normal_"),
}
# How many dimensions one number of the mask stands for.
_MASKED_TOGETHER = {"dropout": 0, "dropout1d": 1, "dropout2d": 2, "dropout3d": 3}
# What draws inside a kernel, out of reach.
DRAW_BY_THEMSELVES = {
    *("gru", "lstm", "rnn_relu", "rnn_tanh"),
    *("multi_head_attention_forward", "scaled_dot_product_attention"),
    *("alpha_dropout", "feature_alpha_dropout", "feature_dropout", "native_dropout"),
    *("alpha_dropout_", "dropout_", "feature_alpha_dropout_", "feature_dropout_"),
    *("rrelu", "rrelu_", "rrelu_with_noise", "rrelu_with_noise_", "_fused_dropout"),
    *("fractional_max_pool2d", "fractional_max_pool2d_with_indices"),
    *("fractional_max_pool3d", "fractional_max_pool3d_with_indices"),
    *("gumbel_softmax",),
}


class InterruptibleMode(TorchFunctionMode):
    """A mode that can be left after an interrupt, wherever it came."""

    def __exit__(self, *error: Any) -> None:
        # Torch lays the mode aside during each call, where an interrupt may come.
        if _get_current_function_mode() is self:
            super().__exit__(*error)


class Drawing(InterruptibleMode):
    """Within it, torch draws from generators with this seed, one on each device.

    On the CPU the numbers are those that torch draws after ``manual_seed(seed)``, but
    for the masks of dropout.
    """

    def __init__(self, seed: int):
        super().__init__()
        self.seed = seed
        self.generators: dict[torch.device, torch.Generator] = {}

    def __torch_function__(
        self, function: Callable, types: Any, args: tuple = (), kwargs: Any = None
    ) -> Any:
        name, kwargs = getattr(function, "__name__", ""), dict(kwargs or {})
        if name in TAKE_A_GENERATOR and kwargs.get("generator") is None:
            kwargs["generator"] = self._generator(_device_of(args, kwargs))
        elif name in _MASKED_TOGETHER:
            return self._dropped(_MASKED_TOGETHER[name], *args, **kwargs)
        elif name in DRAW_BY_THEMSELVES and _is_to_draw(function, args, kwargs):
            raise ValueError(
                f"torch's {name} draws random numbers by itself, which random_state "
                "does not reach. Switch its dropout off, and put torch.nn.Dropout "
                "before or behind it; draw other numbers by a function of torch that "
                "takes a generator, such as torch.randn_like."
            )
        return function(*args, **kwargs)

    def _generator(self, device: torch.device) -> torch.Generator | None:
        if device.type == "meta":
            return None
        if device not in self.generators:
            self.generators[device] = torch.Generator(device).manual_seed(self.seed)
        return self.generators[device]

    def _dropped(
        self,
        n_together: int,
        input: torch.Tensor,
        p: float = 0.5,
        training: bool = True,
        inplace: bool = False,
    ) -> torch.Tensor:
        """Do what torch's dropout does, whose kernel takes no generator."""
        if not training or p == 0:
            return input
        if not 0 < p <= 1:
            raise ValueError(f"The share of dropout must be in [0, 1], got p={p}.")
        is_single = input.ndim == n_together + 1 and n_together in (1, 3)
        n_apart = input.ndim if not n_together else 1 if is_single else 2
        shape = input.shape[:n_apart] + (1,) * (input.ndim - n_apart)
        mask = input.new_empty(shape)
        mask.bernoulli_(1 - p, generator=self._generator(input.device))
        mask.div_(max(1 - p, torch.finfo(mask.dtype).tiny))
        return input.mul_(mask) if inplace else input * mask


class NoDrawing(InterruptibleMode):
    """Within it, nothing is drawn: answers depend on their input alone."""

    def __torch_function__(
        self, function: Callable, types: Any, args: tuple = (), kwargs: Any = None
    ) -> Any:
        name, kwargs = getattr(function, "__name__", ""), kwargs or {}
        draws = name in TAKE_A_GENERATOR
        if name in DRAW_BY_THEMSELVES or name in _MASKED_TOGETHER:
            draws = _is_to_draw(function, args, kwargs)
        if draws:
            raise ValueError(
                f"torch's {name} draws random numbers in the network while windows "
                "are scored: each call would give other scores. Draw only where "
                "self.training is true; or draw once, in make_network, and keep the "
                "numbers by torch.nn.Module.register_buffer."
            )
        return function(*args, **kwargs)


def _device_of(args: Iterable, kwargs: dict) -> torch.device:
    """Return the device on which a function is to draw."""
    for given in chain(args, kwargs.values()):
        if isinstance(given, torch.Tensor):
            return given.device
    device = kwargs.get("device")
    return torch.get_default_device() if device is None else torch.device(device)


def _is_to_draw(function: Callable, args: tuple, kwargs: dict) -> bool:
    """Tell whether a function that can draw is called with a share to be dropped."""
    try:
        named = inspect.signature(function).bind(*args, **kwargs)
    except ValueError:  # it is compiled
        return _is_kernel_to_draw(function, args, kwargs)
    named.apply_defaults()
    share = named.arguments.get("p", named.arguments.get("dropout_p", 1.0))
    return share > 0 and named.arguments.get("training", True)


def _is_kernel_to_draw(function: Callable, args: tuple, kwargs: dict) -> bool:
    if function is torch.nn.functional.scaled_dot_product_attention:
        return kwargs.get("dropout_p", args[4] if len(args) > 4 else 0.0) > 0
    # The first number that is no int is the share; after it stands whether to drop.
    rest = dropwhile(lambda given: not isinstance(given, float), args)
    return next(rest, kwargs.get("p", 1.0)) > 0 and next(rest, True)
