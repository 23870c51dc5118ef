"""How a process beside this one is ended, and how its end is told."""

from __future__ import annotations

import signal
import subprocess
from contextlib import suppress

_PATIENCE_S = 5.0


def end(process: subprocess.Popen[str]) -> None:
    """End a process and wait for it: asked first, then made to."""
    for pipe in (process.stdin, process.stdout):
        if pipe:
            pipe.close()
    for ask in (process.terminate, process.kill):
        if process.poll() is None:
            ask()
            with suppress(subprocess.TimeoutExpired):
                process.wait(_PATIENCE_S)


def how(code: int) -> str:
    """What a process's exit code says: `ended with code 3`, `was ended by SIGKILL`."""
    if code >= 0:
        return f"ended with code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"
