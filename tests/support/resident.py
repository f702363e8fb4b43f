"""How much memory a process holds, and measurements in a process of their own."""

import json
import re
import resource
import subprocess
import sys
from pathlib import Path

MIB = 2**20


def resident():
    """Count the bytes of this process that lie in memory."""
    n_pages = Path("/proc/self/statm").read_text().split()[1]
    return int(n_pages) * resource.getpagesize()


def most_resident():
    """Return the most bytes of this process that ever lay in memory at once."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024


def forget_most_resident():
    """Let `most_resident` begin anew, from what lies in memory now."""
    Path("/proc/self/clear_refs").write_text("5")


def measured(module, *arguments):
    """Run ``python -m tests.support.MODULE``; return the JSON that it prints."""
    command = [sys.executable, "-m", f"tests.support.{module}"]
    command += map(str, arguments)
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
