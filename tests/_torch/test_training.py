import numpy as np
import pytest
import torch
from skorch.callbacks import EarlyStopping
from torch import nn

from skad._torch.batches import WindowBatches
from skad._torch.training import (
    MeanSquaredError,
    StopTraining,
    check_device,
    new_net,
    refuse_to_have_diverged,
    train,
)
from tests.support.checks import in_threads, untouched_random_states


class Scaled(nn.Module):
    """Multiplies each channel by a number to be learnt; the best is 1."""

    def __init__(self, n_channels=1):
        super().__init__()
        self.factors = nn.Parameter(torch.zeros(n_channels))

    def forward(self, windows):
        return windows * self.factors


def unchanged(windows):
    return windows, windows


def numbered(n_windows):
    """Windows of one step that hold their own number."""
    return np.arange(n_windows, dtype=np.float32).reshape(-1, 1, 1)


def batches_of(windows, batch_size=4, **options):
    return WindowBatches(windows, unchanged, batch_size, **options)


def a_net(make_network=Scaled, seed=0, *, lr=0.1, optimizer="sgd", device="cpu"):
    return new_net(make_network, seed, lr=lr, optimizer=optimizer, device=device)


def a_training(windows=None, *, lr=0.1, max_epochs=3, held_back=None, **options):
    windows = np.ones((8, 2, 1), np.float32) if windows is None else windows
    validation = None if held_back is None else batches_of(held_back)
    options = {"patience": 2, "verbose": 0, **options}
    batches = batches_of(windows, seed=0)
    return train(a_net(lr=lr), batches, validation, max_epochs=max_epochs, **options)


# The loss


def test_the_loss_is_the_mean_over_windows_steps_and_channels():
    loss = MeanSquaredError()(torch.zeros(2, 3, 4), 2 * torch.ones(2, 3, 4))
    assert loss.item() == 4.0


def test_a_network_of_the_wrong_output_shape_is_told_so():
    with pytest.raises(
        ValueError, match=r"returned shape \(2, 12\) where its target.*\(2, 3, 4\)"
    ):
        MeanSquaredError()(torch.zeros(2, 12), torch.zeros(2, 3, 4))


# A new net


def test_a_net_is_the_same_for_one_seed_and_another_for_the_next():
    first, second, other = (
        a_net(lambda: nn.Linear(3, 3), seed).module_.weight for seed in (7, 7, 8)
    )
    assert torch.equal(first, second)
    assert not torch.equal(first, other)


def test_building_a_net_leaves_the_global_random_states_alone():
    with untouched_random_states():
        a_net(lambda: nn.Linear(3, 3))


def test_nets_built_at_the_same_moment_do_not_mix_their_seeds():
    def build():
        return a_net(lambda: nn.Linear(30, 30), seed=5).module_.weight

    expected = build()
    assert all(torch.equal(weights, expected) for weights in in_threads(4, build))


def test_a_net_may_be_built_while_another_is_built():
    inner = []

    def build():
        inner.append(a_net(lambda: nn.Linear(3, 3), seed=2).module_.weight)
        return nn.Linear(3, 3)

    outer = a_net(build, seed=1).module_.weight
    for weight, seed in ((inner[0], 2), (outer, 1)):
        alone = a_net(lambda: nn.Linear(3, 3), seed=seed).module_.weight
        assert torch.equal(weight, alone)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("adam", torch.optim.Adam),
        ("adamw", torch.optim.AdamW),
        ("sgd", torch.optim.SGD),
        (torch.optim.RMSprop, torch.optim.RMSprop),
    ],
)
def test_the_optimizer_goes_by_name_or_class(name, kind):
    net = a_net(optimizer=name, lr=0.25)
    assert type(net.optimizer_) is kind
    assert net.optimizer_.param_groups[0]["lr"] == 0.25


def test_a_class_that_is_no_optimizer_is_refused():
    with pytest.raises(ValueError, match=r"optimizer=<class 'int'> is no subclass of"):
        a_net(optimizer=int)


def test_weights_are_single_precision_whatever_the_module_says():
    net = a_net(lambda: nn.Linear(3, 3, dtype=torch.float64))
    assert net.module_.weight.dtype == torch.float32


def test_the_net_is_built_on_the_cpu_whatever_the_default_device():
    with torch.device("meta"):
        assert a_net().module_.factors.device == torch.device("cpu")


# Training


def test_training_learns_and_keeps_one_loss_per_epoch():
    net = a_training(max_epochs=20)
    losses = net.history[:, "train_loss"]
    assert len(losses) == 20
    assert losses[-1] < 1e-3 < losses[0]
    assert net.module_.factors.item() == pytest.approx(1.0, abs=0.05)


def test_the_loss_of_an_epoch_weighs_every_window_alike():
    windows = numbered(10)  # batches of 4, 4 and 2 in their own order
    net = a_net(lr=1e-12)
    train(net, batches_of(windows), None, max_epochs=1, patience=1, verbose=0)
    assert net.history[0, "train_loss"] == pytest.approx(np.mean(windows**2), rel=1e-5)


@pytest.mark.parametrize("held_back", [None, batches_of(numbered(4))])
def test_the_mode_is_training_only_while_learning(held_back):
    class Moody(Scaled):
        def forward(self, windows):
            moods.append(self.training)
            return super().forward(windows)

    moods, net = [], a_net(Moody)
    learnt = batches_of(numbered(4), seed=0)
    train(net, learnt, held_back, max_epochs=2, patience=9, verbose=0)
    assert moods == ([True, True] if held_back is None else [True, False] * 2)
    assert not net.module_.training


def test_training_leaves_the_global_random_states_alone():
    with untouched_random_states():
        a_training(held_back=np.ones((4, 2, 1), np.float32))


def test_a_loss_that_is_not_finite_stops_training():
    with pytest.raises(
        ValueError, match=r"diverged: the loss became .* in epoch \d+\. Scale X.*lower"
    ):
        a_training(lr=1e18, max_epochs=50)


def test_answers_as_large_as_the_values_pass_though_the_series_begins_with_zeros():
    class Shifted(Scaled):
        def forward(self, windows):
            return windows + 5e3

    late = np.repeat([0, 1e5], 8).astype(np.float32).reshape(-1, 1, 1)
    refuse_to_have_diverged(a_net(Shifted), batches_of(late))
    with pytest.raises(ValueError, match="diverged: the mean squared error is 2.5e"):
        refuse_to_have_diverged(a_net(Shifted), batches_of(0 * late))


def test_a_network_that_draws_when_it_answers_is_refused():
    class Drawing(Scaled):
        def forward(self, windows):
            return windows + torch.randn_like(windows)

    net = a_net(Drawing)
    message = "torch's randn_like draws random"
    with untouched_random_states(), pytest.raises(ValueError, match=message):
        refuse_to_have_diverged(net, batches_of(numbered(4)))


class Dropping(Scaled):
    def forward(self, windows):
        return super().forward(nn.functional.dropout(windows + 1, 0.5, self.training))


def test_what_a_network_draws_is_decided_by_the_seed_of_its_batches():
    def losses(seed):
        net, batches = a_net(Dropping), batches_of(numbered(8), seed=seed)
        with untouched_random_states():
            train(net, batches, None, max_epochs=3, patience=1, verbose=0)
        return net.history[:, "train_loss"]

    first, second, other = losses(1), losses(1), losses(2)
    assert first == second
    assert first != other


def test_each_epoch_draws_anew():
    masks, ones = [], np.ones((8, 2, 1), np.float32)

    class Recorded(Scaled):
        def forward(self, windows):
            if self.training:
                masks.append(nn.functional.dropout(windows))
            return super().forward(windows)

    batches = batches_of(ones, batch_size=8, seed=0)
    train(a_net(Recorded), batches, None, max_epochs=2, patience=1, verbose=0)
    assert not torch.equal(*masks)


def test_targets_that_are_drawn_are_decided_by_the_seed_as_well():
    def noisy(windows):
        return windows + torch.rand_like(windows), windows

    def inputs():
        batches = WindowBatches(numbered(8), noisy, 8, seed=3)
        with untouched_random_states():
            return torch.cat([inputs for inputs, _ in batches])

    assert torch.equal(inputs(), inputs())


def test_training_learns_where_the_caller_has_switched_gradients_off():
    expected = a_training().history[:, "train_loss"]
    with torch.no_grad():
        assert a_training().history[:, "train_loss"] == expected
    assert expected[-1] < expected[0]


def test_validation_does_not_train():
    other = np.full((4, 2, 1), 100.0, np.float32)
    plain, validated = a_training(), a_training(held_back=other, patience=100)
    assert plain.history[:, "train_loss"] == validated.history[:, "train_loss"]


def test_training_stops_after_patience_epochs_without_improvement():
    # Learning to multiply by 1 makes nothing better where the truth is 0.
    held_back = np.zeros((4, 2, 1), np.float32)
    net = a_training(held_back=held_back, max_epochs=50, patience=3)
    assert net.history[:, "valid_loss"] == [0.0] * 4


def test_the_best_weights_come_back_even_from_a_hair_of_improvement():
    losses = iter([1.0, 0.99999, 2.0, 3.0])
    seen = []

    class Recorded(Scaled):
        def forward(self, windows):
            if self.training:
                return super().forward(windows)
            seen.append(self.factors.detach().clone())
            return windows + next(losses) ** 0.5

    net = a_net(Recorded)
    train(
        net,
        batches_of(np.ones((4, 1, 1), np.float32), seed=0),
        batches_of(np.ones((4, 1, 1), np.float32)),
        max_epochs=50,
        patience=2,
        verbose=0,
    )
    assert len(net.history) == 4
    assert torch.equal(net.module_.factors, seen[1])
    assert not torch.equal(net.module_.factors, seen[3])


def test_an_interrupt_is_passed_on():
    class Interrupted(Scaled):
        def forward(self, windows):
            raise KeyboardInterrupt("by the user")

    for held_back in (None, batches_of(numbered(4))):
        with pytest.raises(KeyboardInterrupt, match="by the user") as caught:
            train(
                a_net(Interrupted),
                batches_of(numbered(4), seed=0),
                held_back,
                max_epochs=2,
                patience=1,
                verbose=0,
            )
        assert caught.type is not StopTraining


def test_an_interrupt_while_losses_are_compared_is_passed_on(monkeypatch):
    def interrupted(self, net, **kwargs):
        raise KeyboardInterrupt("by the user")

    monkeypatch.setattr(EarlyStopping, "on_epoch_end", interrupted)
    with pytest.raises(KeyboardInterrupt, match="by the user") as caught:
        a_training(held_back=numbered(4))
    assert caught.type is not StopTraining


def test_progress_is_one_plain_line_per_epoch(capsys):
    a_training(verbose=1)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    for epoch, line in enumerate(lines, start=1):
        assert line.startswith(f"epoch {epoch}/3: loss ")
        assert line.endswith(" s left")
        assert line.isprintable()


def test_progress_shows_the_validation_loss(capsys):
    a_training(verbose=1, held_back=np.ones((4, 2, 1), np.float32))
    assert capsys.readouterr().out.count("validation loss ") == 3


def test_silence_is_the_rule(capsys):
    a_training(held_back=np.zeros((4, 2, 1), np.float32))
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""


# The device


def test_the_cpu_is_there():
    check_device("cpu")
    check_device(torch.device("cpu"))


@pytest.mark.parametrize("device", ["cuda:99", "meta", "moon", torch.device("meta")])
def test_a_device_that_torch_cannot_use_is_refused(device):
    with pytest.raises(
        ValueError, match=r'device=.* torch cannot use it here .* device="cpu"'
    ):
        check_device(device)


def test_a_device_without_double_precision_is_refused(monkeypatch):
    def only_single(*shape, dtype, **options):
        raise TypeError("no float64 here")  # as torch says of "mps"

    monkeypatch.setattr(torch, "zeros", only_single)
    with pytest.raises(ValueError, match="device='mps' was .*no float64 here"):
        check_device("mps")


def test_a_network_that_returns_a_tuple_is_told_what_to_return():
    def recurrent():
        return nn.GRU(1, 1, batch_first=True)

    message = r"returned a tuple, as torch\.nn\.GRU .* \(4, 1, 1\) .* output alone"
    with pytest.raises(TypeError, match=message):
        train(
            a_net(recurrent),
            batches_of(numbered(4), seed=0),
            None,
            max_epochs=1,
            patience=1,
            verbose=0,
        )
