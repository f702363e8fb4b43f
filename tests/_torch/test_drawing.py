import inspect
import os
import threading
import time
import warnings

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from skad._torch.drawing import (
    DRAW_BY_THEMSELVES,
    TAKE_A_GENERATOR,
    Drawing,
    NoDrawing,
)
from tests.support.checks import in_threads, untouched_random_states

LAYERS = {
    "Linear": lambda: nn.Linear(5, 7),
    "Conv1d": lambda: nn.Conv1d(3, 4, 3),
    "ConvTranspose1d": lambda: nn.ConvTranspose1d(3, 4, 3),
    "LSTM": lambda: nn.LSTM(3, 8, 2),
    "GRU": lambda: nn.GRU(3, 4),
    "Transformer": lambda: nn.TransformerEncoderLayer(8, 2, 16),
    "Embedding": lambda: nn.Embedding(5, 3),
    "Bilinear": lambda: nn.Bilinear(2, 3, 4),
}
ROWS = torch.linspace(-1, 1, 2 * 3 * 4).reshape(2, 3, 4)
# Only the exporter calls these, or nobody.
NOT_CALLED = {
    *("_no_grad_normal_", "_no_grad_uniform_", "normal_functional"),
    *("cauchy", "exponential", "geometric", "log_normal", "random", "uniform"),
    "rrelu_with_noise_functional",
}


def drawn(draw, seed=3):
    with Drawing(seed):
        return draw()


def of_the_global_generator(draw, seed=3):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return draw()


# What takes a generator


@pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS)
def test_a_layer_has_the_bits_that_the_seeded_global_generator_gives(make):
    with untouched_random_states():
        weights = drawn(make).state_dict()
    expected = of_the_global_generator(make).state_dict()
    assert all(torch.equal(weights[name], expected[name]) for name in expected)


@pytest.mark.parametrize(
    "draw",
    [
        lambda: torch.rand(3),
        lambda: torch.randn(3, dtype=torch.float64),
        lambda: torch.randint(0, 99, (3,)),
        lambda: torch.randperm(9),
        lambda: torch.randn_like(ROWS),
        lambda: torch.rand_like(ROWS),
        lambda: torch.normal(ROWS, 1.0),
        lambda: torch.bernoulli(ROWS.abs()),
        lambda: torch.multinomial(ROWS.abs().flatten(), 4),
        lambda: torch.empty(4).cauchy_(),
        lambda: torch.distributions.Normal(ROWS, 1.0).rsample(),
        lambda: torch.distributions.Gamma(torch.ones(3), 1.0).sample(),
        lambda: torch.distributions.Dirichlet(torch.ones(3)).sample(),
        lambda: nn.init.trunc_normal_(torch.empty(4, 5)),
        lambda: nn.init.orthogonal_(torch.empty(4, 5)),
        lambda: nn.init.sparse_(torch.empty(4, 5), 0.5),
        lambda: nn.init.xavier_normal_(torch.empty(4, 5)),
    ],
)
def test_a_draw_has_the_bits_of_the_seeded_global_generator_and_leaves_it(draw):
    with untouched_random_states():
        assert torch.equal(drawn(draw), drawn(draw))
    assert torch.equal(drawn(draw), of_the_global_generator(draw))


def test_everything_of_torch_that_takes_a_generator_is_known():
    takers = {
        schema.name.removeprefix("aten::")
        for schema in torch._C._jit_get_all_schemas()
        if schema.name.startswith("aten::")
        and any(argument.name == "generator" for argument in schema.arguments)
    }
    takers |= {
        name
        for name, function in inspect.getmembers(nn.init, inspect.isfunction)
        if not name.startswith("_")
        and "generator" in inspect.signature(function).parameters
    }
    assert {"normal_", "kaiming_uniform_"} <= takers
    assert takers - NOT_CALLED - TAKE_A_GENERATOR - DRAW_BY_THEMSELVES == set()


def test_a_generator_that_is_given_is_kept():
    own = torch.Generator().manual_seed(7)
    expected = torch.rand(3, generator=torch.Generator().manual_seed(7))
    assert torch.equal(drawn(lambda: torch.rand(3, generator=own)), expected)


def test_draws_follow_one_another():
    with Drawing(0):
        assert not torch.equal(torch.rand(3), torch.rand(3))


def test_what_has_no_memory_needs_no_generator():
    with Drawing(0):
        assert torch.rand(3, device="meta").device.type == "meta"


def test_modes_within_modes_draw_from_the_innermost():
    with Drawing(1):
        first = torch.rand(1)
        with Drawing(2):
            inner = torch.rand(1)
        second = torch.rand(1)
    assert inner == drawn(lambda: torch.rand(1), 2)
    assert torch.equal(torch.cat([first, second]), drawn(lambda: torch.rand(2), 1))


# Threads and forks


def test_draws_in_threads_do_not_mix():
    expected = drawn(LAYERS["LSTM"]).state_dict()["weight_hh_l1"]
    for layer in in_threads(4, lambda: drawn(LAYERS["LSTM"])):
        assert torch.equal(layer.state_dict()["weight_hh_l1"], expected)


def test_the_draws_of_the_user_in_another_thread_go_on_undisturbed():
    alone = of_the_global_generator(lambda: torch.cat(one()))
    is_over = threading.Event()

    def build():
        while not is_over.is_set():
            drawn(LAYERS["Linear"])

    thread = threading.Thread(target=build)
    thread.start()
    beside = of_the_global_generator(lambda: torch.cat(one()))
    is_over.set()
    thread.join()
    assert torch.equal(beside, alone)


def one():
    return [torch.rand(1) for _ in range(5000)]


def test_a_process_forked_while_another_thread_draws_draws_as_well():
    is_drawing, is_over = threading.Event(), threading.Event()

    def build():
        with Drawing(0):
            is_drawing.set()
            is_over.wait(20)

    thread = threading.Thread(target=build)
    thread.start()
    is_drawing.wait(20)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 on threads
        child = os.fork()
    if child == 0:
        drawn(LAYERS["Linear"])
        os._exit(0)
    ended = patiently_waited_for(child)
    is_over.set()
    thread.join()
    assert ended


def patiently_waited_for(child):
    for _ in range(100):
        if os.waitpid(child, os.WNOHANG)[0]:
            return True
        time.sleep(0.1)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return False


# Dropout


@pytest.mark.parametrize("dropout", [nn.Dropout(0.4), nn.Dropout1d(0.4)])
def test_dropout_draws_from_the_seed_alone(dropout):
    with untouched_random_states():
        first, second, other = (
            drawn(lambda: dropout(ROWS + 2), seed) for seed in (1, 1, 5)
        )
    assert torch.equal(first, second)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("p", [0.1, 0.75])
def test_dropout_keeps_its_share_and_the_mean(p):
    ones = torch.ones(200_000)
    left = drawn(lambda: F.dropout(ones, p))
    assert (left == 0).double().mean().item() == pytest.approx(p, abs=0.005)
    assert left.max().item() == pytest.approx(1 / (1 - p))


def test_dropout_passes_gradients_where_it_passed_values():
    values = torch.ones(50, requires_grad=True)
    left = drawn(lambda: F.dropout(values))
    left.sum().backward()
    assert torch.equal(values.grad, left.detach())


@pytest.mark.parametrize(("p", "expected"), [(0.0, 1.0), (1.0, 0.0)])
def test_dropout_of_nothing_and_of_everything(p, expected):
    assert (drawn(lambda: F.dropout(torch.ones(9), p)) == expected).all()


def test_dropout_in_place_changes_its_input():
    values = torch.ones(90)
    assert drawn(lambda: F.dropout(values, inplace=True)) is values
    assert set(values.tolist()) == {0.0, 2.0}


def test_dropout_is_the_identity_where_nothing_is_trained():
    assert drawn(lambda: nn.Dropout(0.5).eval()(ROWS)) is ROWS


def test_a_share_beyond_one_is_refused():
    with pytest.raises(ValueError, match=r"share of dropout must be .*p=1\.5"):
        drawn(lambda: F.dropout(ROWS, 1.5))


@pytest.mark.parametrize(
    ("dropout", "shape"),
    [
        (F.dropout1d, (30, 4, 6)),
        (F.dropout1d, (30, 6)),
        (F.dropout2d, (30, 4, 6, 2)),
        (F.dropout2d, (30, 4, 6)),
        (F.dropout3d, (30, 4, 6, 2, 3)),
        (F.dropout3d, (30, 6, 2, 3)),
    ],
)
def test_dropout_of_channels_drops_them_whole_as_torch_does(dropout, shape):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # on three dimensions for 2d
        of_torch = of_the_global_generator(lambda: dropout(torch.ones(shape)))
    ours = drawn(lambda: dropout(torch.ones(shape)))
    for left in (of_torch, ours):
        n_apart = 1 if shape[1] == 6 else 2
        channels = left.flatten(n_apart)
        assert (channels == channels[..., :1]).all()
        assert set(channels[..., 0].flatten().tolist()) == {0.0, 2.0}


# Kernels that draw by themselves

QUERY = torch.ones(1, 2, 3, 4)


def attention(p):
    layer = nn.MultiheadAttention(4, 2, dropout=p)
    return lambda rows: layer(rows, rows, rows)


def scaled_attention(p):
    return lambda rows: F.scaled_dot_product_attention(rows, rows, rows, None, p)


KERNELS = {
    "lstm": lambda p: nn.LSTM(4, 5, 2, dropout=p),
    "gru": lambda p: nn.GRU(4, 5, 2, dropout=p),
    "rnn_tanh": lambda p: nn.RNN(4, 5, 2, dropout=p),
    "rnn_relu": lambda p: nn.RNN(4, 5, 2, "relu", dropout=p),
    "multi_head_attention_forward": attention,
    "scaled_dot_product_attention": scaled_attention,
    "alpha_dropout": nn.AlphaDropout,
    "feature_alpha_dropout": nn.FeatureAlphaDropout,
    "native_dropout": lambda p: lambda rows: torch.native_dropout(rows, p, p > 0),
    "feature_dropout": lambda p: lambda rows: torch.feature_dropout(rows, p, p > 0),
}


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("mode", [Drawing(0), NoDrawing()], ids=["train", "score"])
def test_a_kernel_that_draws_by_itself_is_refused_by_name(kernel, mode):
    layer = KERNELS[kernel](0.3)
    with pytest.raises(ValueError, match=rf"torch's {kernel} "), mode:
        layer(ROWS)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("mode", [Drawing(0), NoDrawing()], ids=["train", "score"])
def test_a_kernel_that_is_not_to_draw_passes(kernel, mode):
    layer = KERNELS[kernel](0.0)
    with mode, untouched_random_states():
        layer(ROWS)


@pytest.mark.parametrize("make", [nn.LSTM, nn.GRU, nn.RNN])
def test_a_recurrent_layer_with_dropout_passes_where_nothing_is_trained(make):
    layer = make(4, 5, 2, dropout=0.5).eval()
    with NoDrawing():
        layer(ROWS)


@pytest.mark.parametrize(
    "draw",
    [
        lambda: nn.RReLU()(ROWS),
        lambda: F.gumbel_softmax(ROWS),
        lambda: F.fractional_max_pool2d(QUERY, 1, output_size=2),
    ],
)
def test_other_kernels_that_draw_are_refused(draw):
    with pytest.raises(ValueError, match="draws random numbers by itself, which"):
        drawn(draw)


# Where nothing may be drawn


@pytest.mark.parametrize(
    "draw",
    [
        lambda: torch.randn_like(ROWS),
        lambda: torch.empty(3).uniform_(),
        lambda: F.dropout(ROWS),
        lambda: nn.Linear(2, 2),
    ],
)
def test_what_answers_may_not_draw(draw):
    message = "torch's .* draws random numbers in the network while windows are scored"
    with pytest.raises(ValueError, match=message), NoDrawing():
        draw()


def test_what_draws_nothing_answers():
    with NoDrawing():
        assert torch.equal(nn.Dropout(0.5).eval()(ROWS), ROWS)
        assert (ROWS + 1).shape == ROWS.shape
