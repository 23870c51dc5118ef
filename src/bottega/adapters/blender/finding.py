"""Which Blender: the one that `$BOTTEGA_BLENDER` names, else the `blender` on the path."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bottega.model import UsageError, shown

VARIABLE = "BOTTEGA_BLENDER"
HOW = (
    f"set {VARIABLE} to a Python that has bpy (python3.11 -m venv bpyenv; bpyenv/bin/pip install bpy==5.0.1 'numpy<2'; "
    f"{VARIABLE}=bpyenv/bin/python), or to Blender's own program"
)


@dataclass(frozen=True, kw_only=True)
class Blender:
    """A program that runs the worker: Blender itself, or a Python with Blender's module."""

    program: Path
    is_python: bool

    def command(self, worker: Path, *arguments: str) -> list[str]:
        """The words that start the worker; nothing goes through a shell."""
        if self.is_python:
            return [str(self.program), "-I", str(worker), *arguments]
        return [
            str(self.program),
            "--background",
            "--factory-startup",
            "--python-exit-code",
            "1",
            "--python",
            str(worker),
            "--",
            *arguments,
        ]


def find_blender(environment: Mapping[str, str] | None = None) -> Blender:
    """The Blender to use. Raises UsageError, which says how to get one, where there is none."""
    said = (os.environ if environment is None else environment).get(VARIABLE, "")
    if said:
        program = shutil.which(said)
        if program is None:
            raise UsageError(f"{VARIABLE} is {shown(said)}, which is no program: {HOW}")
        return Blender(program=Path(program).absolute(), is_python=Path(program).stem.lower().startswith("python"))
    program = shutil.which("blender")
    if program is None:
        raise UsageError(f"no Blender is found: {HOW}")
    return Blender(program=Path(program).absolute(), is_python=False)
