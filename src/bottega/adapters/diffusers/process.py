"""Start the process that runs a model, pass on what it says, and end it: when it is done or fails, or when nobody listens any more."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

from bottega.adapters.ending import end, how
from bottega.model import JobError, UsageError

WORKER = Path(__file__).with_name("worker.py")
_SAYS = "bottega: "
_KEPT_LINES = 6  # of what it said last
_PASSED_ON = ("SYSTEMROOT", "LD_LIBRARY_PATH")
_OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1"}
_QUIET = {"TRANSFORMERS_VERBOSITY": "error", "DIFFUSERS_VERBOSITY": "error", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}


def talk(folder: Path) -> Generator[dict[str, Any]]:
    """Have the worker do what `asked.json` in a folder says; what it says of that, one by one.

    Raises UsageError for what a person can mend, JobError where it fails or is ended from outside. Closing the iterator ends the worker.
    It leads a process group of its own, and ends by itself when this side is gone.
    """
    said = (folder / "model.log").open("w+b")
    process = subprocess.Popen(
        [sys.executable, "-I", "-B", "-W", "ignore", str(WORKER), str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said,
        cwd=folder, env=environment(folder), start_new_session=True, text=True, encoding="utf-8", errors="replace",
    )  # fmt: skip
    step, failed = 0, ""
    try:
        for line in process.stdout or ():
            if line.startswith(_SAYS):
                word = json.loads(line.removeprefix(_SAYS))
                step, failed = word.get("step", step), word.get("failed", "")
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
        raise JobError(f"the model's process {how(code)} after step {step}. It said: {' | '.join(last) or 'nothing'}")


def environment(folder: Path) -> dict[str, str]:
    """Next to nothing: no settings, tokens, caches or paths of whoever runs it; offline; one thread, for the same bits."""
    own = {"HOME": str(folder), "TMPDIR": str(folder), "HF_HOME": str(folder), "LANG": "C.UTF-8", "PATH": os.defpath}
    own |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"} | _OFFLINE | _QUIET
    return own | {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
