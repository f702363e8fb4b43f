"""Run an example as a script, in a process of its own that need not import torch.

Of what a small example takes, nine tenths are the imports. A server imports once and
forks a process for each example, which its own imports then cost nothing.
"""

import os
import runpy
import traceback
import warnings
from contextlib import redirect_stderr, redirect_stdout
from multiprocessing import get_context

SECONDS = 300  # far above what any example takes: a hanging one has to end some time
FORKS = get_context("forkserver")
# torch imports its compiler with the first optimizer.
FORKS.set_forkserver_preload(
    ["matplotlib.pyplot", "sklearn.ensemble", "torch._dynamo", "skad.detectors"]
)


def run_example(script, folder):
    """Run a script in ``folder``; return its exit status, and what it printed."""
    process = FORKS.Process(target=_run_and_save, args=(str(script), str(folder)))
    process.start()
    process.join(SECONDS)
    if process.exitcode is None:
        process.kill()
        process.join()
    return process.exitcode, (folder / "printed.txt").read_text()


def _run_and_save(script, folder):
    """Be the process: figures stay open after the script, and are saved to look at."""
    os.chdir(folder)
    os.environ["SKAD_EXAMPLES_SMALL"] = "1"
    warnings.simplefilter("error")
    import matplotlib.pyplot as plt

    plt.switch_backend("agg")
    with (
        open("printed.txt", "w") as printed,
        redirect_stdout(printed),
        redirect_stderr(printed),  # what is said after it must not meet a closed file
    ):
        try:
            runpy.run_path(script, run_name="__main__")
        except BaseException:
            traceback.print_exc()
            raise
        for number in plt.get_fignums():
            plt.figure(number).savefig(f"figure_{number}.png")
