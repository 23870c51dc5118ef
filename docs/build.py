"""Render the help text of every command into docs/commands.md.

    python docs/build.py           write the page
    python docs/build.py --check   end with 1 when the page is not what the commands say now
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from typer.testing import CliRunner

PAGE = Path(__file__).resolve().parent / "commands.md"
WIDTH = 100
HEAD = """# Commands

What `bottega COMMAND --help` prints, for every command. This page is made by `make docs`, and `make check` fails when it is stale.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 refused by the gate.
"""


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of every command and group, the root first."""
    yield path
    for name, inner in sorted(getattr(command, "commands", {}).items()):
        if not inner.hidden:
            yield from commands(inner, (*path, name))


def help_text(app: typer.Typer, path: tuple[str, ...]) -> str:
    """What `--help` prints for one command. Raises RuntimeError when it fails."""
    result = CliRunner().invoke(app, [*path, "--help"], prog_name="bottega", terminal_width=WIDTH, max_content_width=WIDTH, color=False)
    if result.exit_code != 0:
        raise RuntimeError(f"bottega {' '.join(path)} --help ended with {result.exit_code}: {result.output}")
    return "\n".join(line.rstrip() for line in result.output.strip("\n").splitlines())


def render(app: typer.Typer) -> str:
    """The whole page."""
    parts = [HEAD]
    for path in commands(typer.main.get_command(app)):
        parts.append(f"## {' '.join(('bottega', *path))}\n\n```text\n{help_text(app, path)}\n```\n")
    return "\n".join(parts)


def main(arguments: list[str]) -> int:
    """Write or check the page."""
    from bottega.cli import app

    made = render(app)
    if arguments == ["--check"]:
        found = PAGE.read_text() if PAGE.exists() else ""
        difference = list(difflib.unified_diff(found.splitlines(), made.splitlines(), "docs/commands.md", "the commands", lineterm=""))
        if difference:
            print("\n".join(difference[:40]), "\ndocs/commands.md is stale: run `make docs` and commit it", sep="\n", file=sys.stderr)
        return 1 if difference else 0
    if arguments:
        print(__doc__, file=sys.stderr)
        return 2
    PAGE.write_text(made)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
