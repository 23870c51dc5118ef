"""The edge of the command line: which show, how to print, and how every error becomes words and an exit code."""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec

import typer

from bottega.model import BottegaError, ConsentError, UsageError

if TYPE_CHECKING:
    from bottega.studio import Studio

P = ParamSpec("P")

DONE, FAILED, WRONG_USAGE, REFUSED, STOPPED = 0, 1, 2, 3, 130

InShow = Annotated[
    Path | None, typer.Option("--in", help="The show's folder. Default: the one you are in, or $BOTTEGA_SHOW.", show_default=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of words.")]


def open_studio(folder: Path | None) -> Studio:
    """The studio of the show that the user stands in, or names."""
    from bottega.studio import Studio

    named = folder or (Path(os.environ["BOTTEGA_SHOW"]) if "BOTTEGA_SHOW" in os.environ else None)
    if named is not None:
        return Studio.open(named)
    here = Path.cwd()
    if not any((f / "bottega.toml").is_file() for f in (here, *here.parents)):
        below = [p.parent for p in sorted(here.glob("*/bottega.toml"))]
        if len(below) == 1:
            say(f"show: {below[0].name}")
            return Studio.open(below[0])
        if below:
            raise UsageError(f"there are {len(below)} shows here ({', '.join(p.name for p in below)}): go into one, or name it with --in")
    return Studio.open(here)


def command(run: Callable[P, None]) -> Callable[P, None]:
    """Turn our errors into a message on standard error and an exit code: 1 failed, 2 wrong usage, 3 refused by the gate."""

    @functools.wraps(run)
    def guarded(*args: P.args, **options: P.kwargs) -> None:
        as_json = bool(options.get("as_json"))
        try:
            run(*args, **options)
        except BottegaError as problem:
            _report(problem, as_json=as_json)
            raise typer.Exit(problem.exit_code) from None
        except KeyboardInterrupt:
            say("stopped; what is finished is kept. Run the same command again to go on.")
            raise typer.Exit(STOPPED) from None
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(FAILED) from None

    return guarded


def say(text: str) -> None:
    """A line for people, on standard error so that standard output stays a result."""
    sys.stderr.write(_safe(text) + "\n")


def show(result: Any, *, as_json: bool, words: Callable[[], str]) -> None:
    """Print a result: one JSON document, or words."""
    text = json.dumps(result, ensure_ascii=False, indent=1, default=str) if as_json else _safe(words())
    sys.stdout.write(text + "\n")


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A plain table that a terminal, a mail and a log all show alike."""
    cells = [[str(c) for c in row] for row in (head, *rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in cells]
    return "\n".join([lines[0], "  ".join("-" * w for w in widths), *lines[1:]])


def pairs(values: Mapping[str, object]) -> str:
    """Name and value, a line each."""
    width = max(len(k) for k in values)
    return "\n".join(f"{k.ljust(width)}  {v}" for k, v in values.items())


def _report(problem: BottegaError, *, as_json: bool) -> None:
    reasons = [{"code": r.code, "detail": r.detail} for r in problem.reasons] if isinstance(problem, ConsentError) else []
    if as_json:
        document = {"error": type(problem).__name__, "message": str(problem), "reasons": reasons, "exit_code": problem.exit_code}
        sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=1) + "\n")
        return
    if isinstance(problem, ConsentError):
        say("Refused by the gate:")
        for reason in problem.reasons:
            say(f"  {reason.code}: {reason.detail}")
        return
    say(f"Error: {problem}")


def _safe(text: str) -> str:
    """Nothing that a name holds may move a terminal's cursor or colour it."""
    return "".join(c if c == "\n" or c.isprintable() else f"\\u{ord(c):04x}" for c in text)
