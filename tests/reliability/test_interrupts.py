"""Ctrl-C at any moment is heard, and leaves everything as it was."""

import signal

import pytest

from tests.support.interrupted_work import FITS
from tests.support.interrupting import Program
from tests.support.shares import share

pytestmark = pytest.mark.interrupts

# Seconds within which all that an interrupted program has started has to end.
PATIENCE = 30


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    program = Program(tmp_path_factory.mktemp("program"))
    yield program
    program.end()
    assert program.left_over(PATIENCE) == []


ALONE = share([*FITS], [*FITS][::2])
ALONE += ["save", "write", "search, n_jobs=1"]


@pytest.mark.parametrize("work", ALONE)
def test_an_interrupt_at_any_moment_is_raised_and_the_old_state_kept(
    program, rng, work, record_property
):
    n_times, n_dropped = share(20, 1), program.n_dropped
    states = program.states_after(n_times, work, rng)
    n_dropped = program.n_dropped - n_dropped
    record_property("interrupts sent", n_times + n_dropped)
    record_property("interrupts dropped by Python in a destructor", n_dropped)
    record_property("raised", sum("swallowed" not in state for state in states))
    record_property("old state kept", states.count("old"))
    assert states == ["old"] * n_times, program.said()


SHARED = "search, n_jobs=2"


def test_an_interrupted_program_ends_with_all_that_it_has_started(
    tmp_path, rng, record_property
):
    program, n_times = Program(tmp_path), share(19, 0)
    states = program.states_after(n_times, SHARED, rng)
    # By then the workers have been started, and import torch.
    program.interrupt(SHARED, rng.uniform(0.3, 0.6), catch=False)
    record_property("interrupts sent", n_times + program.n_turned + 1)
    record_property("interrupts raised by joblib as another error", program.n_turned)
    record_property("raised", len(states) - states.count("swallowed") + 1)
    record_property("old state kept", states.count("old"))
    assert states == ["old"] * n_times, program.said()
    assert program.process.wait(PATIENCE) == -signal.SIGINT
    assert program.said().splitlines()[-1] == "KeyboardInterrupt"
    record_property("interrupts that ended the program", 1)
    left = program.left_over(PATIENCE)
    record_property("orphans", len(left))
    assert left == []
    # Its resource tracker, which takes them away, may be interrupted as well.
    folders = list(tmp_path.glob("joblib*"))
    record_property("temporary folders left by joblib", len(folders))
    program.end()
