"""The project's own files, for rules that are about them."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "bottega"
ROOMS = ("model", "rights", "footage", "engine", "attribution", "jobs", "adapters", "studio", "cli")
NOT_OURS = {".git", "build", "dist", "demo_show", "out", "__pycache__"}  # and every other folder that begins with a dot, but .ci

Function = ast.FunctionDef | ast.AsyncFunctionDef


def tracked(*suffixes: str, under: Path = ROOT) -> list[Path]:
    """Files that belong to the project, by suffix; all of them without one."""
    found = []
    for folder, names, files in os.walk(under):
        names[:] = sorted(n for n in names if n not in NOT_OURS and (n == ".ci" or not n.startswith(".")))
        found += [Path(folder, f) for f in sorted(files) if not suffixes or f"/{f}".endswith(suffixes)]
    return found


def python_files() -> list[Path]:
    folders = [ROOT / top for top in ("src", "tests", "bench", "demo", "docs", "conformance")]
    return [p for folder in folders if folder.is_dir() for p in tracked(".py", under=folder)]


def functions(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def lines_of(function: Function) -> int:
    """Lines from `def` to the end, less the docstring: to explain at length is no fault."""
    first = function.body[0]
    said = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    assert function.end_lineno is not None
    assert first.end_lineno is not None
    return function.end_lineno - function.lineno + 1 - (first.end_lineno - first.lineno + 1 if said else 0)


def room_files(room: str) -> list[Path]:
    """A room is a package or a module."""
    folder = SOURCE / room
    return tracked(".py", under=folder) if folder.is_dir() else [SOURCE / f"{room}.py"]
