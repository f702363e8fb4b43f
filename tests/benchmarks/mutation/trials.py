"""One mutant in one process: whether the tests notice."""

import gc
import importlib
import importlib.util
import os
import resource
import signal
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path

import pytest
from hypothesis import Phase, settings

# What tests lean on, imported once: a trial is a fork that finds it there.
PRELOADED = (
    "pandas",
    "scipy.stats",
    "sklearn.covariance",
    "sklearn.ensemble",
    "sklearn.model_selection",
    "sklearn.neighbors",
    "sklearn.svm",
    "skorch",
    "torch",
)
BYTES_AT_MOST = 6 * 2**30
_OPTIONS = ("-x", "-q", "--assert=plain", "-p", "no:cacheprovider")


def preload() -> None:
    """Import what all trials need, and have hypothesis try the same cases each time."""
    os.environ.setdefault("SCIPY_ARRAY_API", "1")  # as tests/conftest.py, before SciPy
    for name in PRELOADED:
        importlib.import_module(name)
    phases = [Phase.explicit, Phase.generate]  # which case it was does not matter
    settings.register_profile(
        "mutation", database=None, derandomize=True, phases=phases
    )
    settings.load_profile("mutation")
    # No test needs a plugin of others, and the largest imports half of zarr.
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    gc.freeze()  # or each trial looks through all that was imported here


def passes(path: Path, source: str, tests, seconds: float) -> tuple[bool, float]:
    """Tell whether the tests pass with this source, and what CPU time they took."""
    child = os.fork()
    if child == 0:
        _try(path, source, tests, seconds)
    _, status, usage = os.wait4(child, 0)
    return status == 0, usage.ru_utime + usage.ru_stime


class _Changed(SourceFileLoader):
    """Find one module, and give it another source than that of its file."""

    def __init__(self, name, path, source):
        super().__init__(name, str(path))
        self.source = source

    def find_spec(self, name, path=None, target=None):
        if name != self.name:
            return None
        return importlib.util.spec_from_file_location(name, self.path, loader=self)

    def get_code(self, fullname):
        return compile(self.source, self.path, "exec")


def _try(path, source, tests, seconds):
    """Run the tests, and end this process with what they say."""
    status = 1
    try:
        _limit(seconds)
        silence = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(silence, stream)
        name = ".".join(path.with_suffix("").parts)
        sys.meta_path.insert(0, _Changed(name, path.absolute(), source))
        status = int(pytest.main([*_OPTIONS, *tests, str(path)]))
    finally:
        os._exit(status)


def _limit(seconds):
    """Let endless loops end, whether they compute or wait."""
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1,) * 2)
    resource.setrlimit(resource.RLIMIT_DATA, (BYTES_AT_MOST,) * 2)
    signal.alarm(10 * int(seconds) + 10)
