"""CPU seconds until `bottega --help` has printed, best of several: it must stay under half a second.

python bench/startup.py
"""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys

LIMIT_S = 0.5
RUNS = 7
COMMAND = [sys.executable, "-m", "bottega", "--help"]


def cpu_seconds() -> float:
    """User and system time of one run."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(COMMAND, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> int:
    """Print one line of JSON; end with 1 over the limit."""
    best = min(cpu_seconds() for _ in range(RUNS))
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(json.dumps({"command": "bottega --help", "machine": machine, "best_of": RUNS, "cpu_s": round(best, 3), "limit_s": LIMIT_S}))
    return 0 if best < LIMIT_S else 1


if __name__ == "__main__":
    sys.exit(main())
