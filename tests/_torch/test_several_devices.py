"""The recipe of the guide for several devices, run by two processes of one."""

import os
import subprocess
import sys
from pathlib import Path

import torch

RECIPE = Path(__file__).parents[2] / "docs" / "user_guide" / "several_devices.py"


def test_two_processes_train_one_network(tmp_path):
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [sys.executable, *launcher, str(RECIPE)],
        cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    one, other = (torch.load(tmp_path / f"weights_{rank}.pt") for rank in (0, 1))
    assert one.keys() == other.keys()
    # They have seen other windows: without the exchange nothing would be equal.
    assert all(torch.equal(one[name], other[name]) for name in one)
