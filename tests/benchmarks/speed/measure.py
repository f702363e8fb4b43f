"""CPU seconds of contenders that take turns, and when to believe them.

Other work on the machine slows a process down for a while. So the contenders run one
after the other, round after round, and are compared within a round; and the plain loop
runs twice in every round, as if it were two contenders: where that control does not
come out equal, nothing else that was measured with it counts.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

PLAIN, CONTROL = "plain", "plain again"
SETTLED = (0.97, 1.03)
MOST_TRIES = 5
FEW_EPOCHS, MANY_EPOCHS = 2, 6


def cpu_seconds(task: Callable, *args, **kwargs) -> float:
    """Return the CPU seconds, of all threads and of the kernel, that a call takes."""
    started = time.process_time()
    task(*args, **kwargs)
    return time.process_time() - started


def seconds_of_epochs(fit: Callable) -> float:
    """Return the CPU seconds of the epochs by which a long and a short fit differ.

    What a fit does besides its epochs, such as scoring for a threshold, drops out.
    """
    seconds_of_few = cpu_seconds(fit, FEW_EPOCHS)
    return cpu_seconds(fit, MANY_EPOCHS) - seconds_of_few


@dataclass(frozen=True)
class Comparison:
    """The CPU seconds of each contender in each round."""

    seconds: dict[str, np.ndarray]
    n_tries: int = 1

    @property
    def control(self) -> float:
        """The plain loop over itself, which should be 1."""
        return float(np.median(self.seconds[CONTROL] / self.seconds[PLAIN]))

    @property
    def is_settled(self) -> bool:
        return SETTLED[0] <= self.control <= SETTLED[1]

    def ratio(self, name: str, over: str = PLAIN) -> float:
        """Return the median over the rounds of one contender over another."""
        seconds = self.seconds[over]
        if over == PLAIN:
            seconds = (seconds + self.seconds[CONTROL]) / 2
        return float(np.median(self.seconds[name] / seconds))

    def median(self, name: str) -> float:
        return float(np.median(self.seconds[name]))


def compare(
    tasks: dict[str, Callable[[], float]], *, n_rounds: int, n_tries: int = MOST_TRIES
) -> Comparison:
    """Let tasks, which return their seconds, take turns until the control is settled.

    ``tasks`` hold the plain loop; it is run once more in each round as the control.
    """
    for task in tasks.values():
        task()  # the first run of all pays for what is set up once
    tasks = {PLAIN: tasks[PLAIN], CONTROL: tasks[PLAIN], **tasks}
    for n_tried in range(1, n_tries + 1):
        comparison = Comparison(_take_turns(tasks, n_rounds), n_tried)
        if comparison.is_settled:
            break
        report(f"    try {n_tried}: control {comparison.control:.3f}")
    return comparison


def _take_turns(tasks, n_rounds):
    names = list(tasks)
    seconds = {name: np.empty(n_rounds) for name in names}
    for index in range(n_rounds):
        first = index % len(names)  # nobody always comes after the same one
        for name in names[first:] + names[:first]:
            seconds[name][index] = tasks[name]()
    return seconds


def report(line: str) -> None:
    """Say on the terminal what is going on."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201
