"""A program in another process that is interrupted while it works."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
# Signals that may come when the work is done, for each that is to come before.
MOST_LATE = 5
# What Python says when a destructor is interrupted: it drops whatever is raised there,
# the interrupt included. zipfile has one, and skops makes archives by it.
DROPPED = "Exception ignored in: "


class Program:
    """Does the pieces of `interrupted_work`, in a session as a terminal opens one."""

    def __init__(self, folder):
        self.n_dropped, self.n_turned = 0, 0
        self.errors = folder / "errors.txt"
        with self.errors.open("w") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.interrupted_work", folder],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                cwd=ROOT,
                start_new_session=True,
                env={**os.environ, "TMPDIR": str(folder)},
            )

    def ask(self, **request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return self

    def answer(self):
        line = self.process.stdout.readline()
        assert line, f"the program has ended: {self.said()}"
        return json.loads(line)

    def interrupt(self, work, seconds, *, catch):
        """Press Ctrl-C some seconds after the work has begun."""
        assert self.ask(work=work, catch=catch).answer() == {"begun": True}
        time.sleep(seconds)
        os.killpg(self.process.pid, signal.SIGINT)

    def states_after(self, n_times, work, rng):
        """Interrupt as often, at moments drawn over the whole length of the work.

        Moments that turned out to be after its end do not count, and neither do those
        within a destructor, or in a start of joblib's, which raises another error then;
        these are counted for themselves.
        """
        seconds, states = self.ask(work=work).answer()["seconds"], []
        for _ in range(MOST_LATE * n_times):
            self.interrupt(work, rng.uniform(0, seconds), catch=True)
            state = self.answer()["state"]
            if state == "swallowed" and self.said().count(DROPPED) > self.n_dropped:
                self.n_dropped += 1
            elif state == "old, by another error":
                self.n_turned += 1
            elif state not in ("late", "new"):
                states.append(state)
            if len(states) == n_times:
                break
        return states

    def others(self):
        """List the processes in its session besides it."""
        found = []
        for process in psutil.process_iter(["status"]):
            is_alive = process.info["status"] != psutil.STATUS_ZOMBIE
            if is_alive and session_of(process.pid) == self.process.pid:
                found.append(process)
        return [process for process in found if process.pid != self.process.pid]

    def left_over(self, patience):
        """List what is still running some seconds after the end."""
        return psutil.wait_procs(self.others(), timeout=patience)[1]

    def said(self):
        return self.errors.read_text()

    def end(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def session_of(number):
    try:
        return os.getsid(number)
    except ProcessLookupError:
        return None
