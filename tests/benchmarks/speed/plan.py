"""How much is measured: the whole of it, or a quick look while working on it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """Sizes of what is timed; the rules of the comparison stay the same."""

    n_rounds: int
    n_peer_rounds: int
    n_tries: int
    train_batches: dict[int, int]  # by timesteps of a window
    peer_batches: int
    peer_windows: int  # scored; skad pads blocks of at most 2048
    score_windows: dict[int, int]  # by timesteps of a window
    memory_windows: int
    long_rows: int  # of the long series, of 10 channels, whose memory is taken
    growth: tuple[int, ...]  # lengths of series, the first being what others refer to
    n_latencies: int


FULL = Plan(
    n_rounds=9,
    n_peer_rounds=5,
    n_tries=5,
    train_batches={10: 40, 60: 10},
    peer_batches=4,
    peer_windows=4096,
    score_windows={10: 20_000, 60: 20_000},
    memory_windows=2_048,
    long_rows=1_000_000,
    growth=(100_000, 1_000_000, 10_000_000),
    n_latencies=50,
)
QUICK = Plan(
    n_rounds=3,
    n_peer_rounds=1,
    n_tries=2,
    train_batches={10: 8, 60: 2},
    peer_batches=1,
    peer_windows=2048,
    score_windows={10: 20_000, 60: 10_000},
    memory_windows=512,
    long_rows=100_000,
    growth=(10_000, 100_000, 1_000_000),
    n_latencies=10,
)
