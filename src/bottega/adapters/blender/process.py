"""Start the worker, pass on what it says, and end it: when it is done, when it fails, or when nobody listens any more."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Generator
from pathlib import Path
from typing import IO, Any

from bottega.adapters.blender.finding import Blender
from bottega.adapters.ending import end, how
from bottega.model import JobError, UsageError

WORKER = Path(__file__).with_name("worker.py")
_SAYS = "bottega: "
_KEPT_LINES = 12  # of what Blender said last
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
        end(process)
        said.seek(0)
        last = said.read().decode("utf-8", "replace").splitlines()[-_KEPT_LINES:]
        said.close()
    if failed:
        raise UsageError(failed)
    if code:
        raise JobError(f"Blender {how(code)} {_where(frame)}. It said: {' | '.join([*other, *last]) or 'nothing'}")


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


def _where(frame: int | None) -> str:
    return "before the first frame" if frame is None else f"after frame {frame}"
