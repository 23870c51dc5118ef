"""Start the worker, pass on what it says, and end it: when it is done, when it fails, or when nobody listens any more."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from bottega.adapters.blender.finding import Blender
from bottega.model import JobError, UsageError

WORKER = Path(__file__).with_name("worker.py")
_SAYS = "bottega: "
_KEPT_LINES = 12  # of what Blender said last
_PATIENCE_S = 5.0
_PASSED_ON = ("SYSTEMROOT", "LD_LIBRARY_PATH")


def talk(blender: Blender, what: str, folder: Path) -> Generator[dict[str, Any]]:
    """Have the worker do something with a folder; what it says, one by one.

    Raises UsageError for what a person can mend, JobError where it fails or is ended from outside. Closing the iterator ends the worker.
    It leads a process group of its own: Ctrl-C reaches this side, which then ends the other.
    """
    said = (folder / "blender.log").open("w+b")
    process = _started(blender, what, folder, said)
    frame, other, failed = None, list[str](), ""
    try:
        for line in process.stdout or ():
            if not line.startswith(_SAYS):
                other = [*other[1 - _KEPT_LINES :], line.rstrip()] if line.strip() else other
                continue
            word = json.loads(line.removeprefix(_SAYS))
            frame, failed = word.get("frame", frame), word.get("failed", "")
            if not failed:
                yield word
        code = process.wait()
    finally:
        _end(process)
        said.seek(0)
        last = said.read().decode("utf-8", "replace").splitlines()[-_KEPT_LINES:]
        said.close()
    if failed:
        raise UsageError(failed)
    if code:
        raise JobError(f"Blender {_how(code)} {_where(frame)}. It said: {' | '.join([*other, *last]) or 'nothing'}")


def _started(blender: Blender, what: str, folder: Path, said: IO[bytes]) -> subprocess.Popen[str]:
    try:
        return subprocess.Popen(
            blender.command(WORKER, what, str(folder)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said,
            cwd=folder, env=_environment(folder), start_new_session=True, text=True, encoding="utf-8", errors="replace",
        )  # fmt: skip
    except OSError as problem:
        said.close()
        raise JobError(f"{blender.program.name} cannot be started as Blender: {problem.strerror}") from problem


def _environment(folder: Path) -> dict[str, str]:
    """Next to nothing: no settings, add-ons or paths of whoever runs it; one thread, so that the same fall is the same bits."""
    own = {"HOME": str(folder), "TMPDIR": str(folder), "LANG": "C.UTF-8", "PATH": os.defpath}
    own |= {f"BLENDER_USER_{name}": str(folder) for name in ("RESOURCES", "CONFIG", "SCRIPTS")} | {"OMP_NUM_THREADS": "1"}
    return own | {name: os.environ[name] for name in _PASSED_ON if name in os.environ}


def _how(code: int) -> str:
    if code >= 0:
        return f"ended with code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"


def _where(frame: int | None) -> str:
    return "before the first frame" if frame is None else f"after frame {frame}"


def _end(process: subprocess.Popen[str]) -> None:
    """End the worker and wait for it: asked first, then made to."""
    if process.stdout:
        process.stdout.close()
    for ask in (process.terminate, process.kill):
        if process.poll() is None:
            ask()
            with suppress(subprocess.TimeoutExpired):
                process.wait(_PATIENCE_S)
