"""Where Blender's own Python begins, started by `process`: `worker.py WHAT FOLDER`, or after `--` under Blender's program.

What is done reads arrays and numbers from the folder, writes arrays there, and says on its standard output, one line each, what is done.
Blender's errors end it with a trace; what a person can mend is said in words.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

OLDEST = (4, 4)
TASKS = {
    "version": "host",
    "simulate": "fall",
    "scene": "scene",
    "back": "back",
    "render": "render",
    "light": "light",
}  # each a function of its module in `inside`


def main(arguments: list[str]) -> int:
    """Do what is asked; the exit code."""
    what, folder = arguments[-2:]
    sys.path.insert(0, str(Path(__file__).parent))
    host: Any = import_module("inside.host")
    try:
        try:
            host.bpy = import_module("bpy")
        except ImportError as problem:
            raise host.CannotError(f"this Python has no Blender in it: {problem}") from problem
        if host.bpy.app.version < OLDEST:
            raise host.CannotError(f"Blender {OLDEST[0]}.{OLDEST[1]} or later is needed, this is {host.bpy.app.version_string}")
        getattr(import_module(f"inside.{TASKS[what]}"), what)(Path(folder))
    except host.CannotError as problem:
        host.say(failed=str(problem))
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
