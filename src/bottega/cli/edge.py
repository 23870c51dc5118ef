"""The edge of the command line: which show, how to print, and how every error becomes words and an exit code."""

from __future__ import annotations

import functools
import io
import json
import os
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec

import typer

from bottega.model import BottegaError, ConsentError, Reason, UsageError, shown, utc_instant

if TYPE_CHECKING:
    from bottega.studio import Studio

P = ParamSpec("P")

DONE, FAILED, WRONG_USAGE, REFUSED, STOPPED = 0, 1, 2, 3, 130
JSON_FLAG = "--json"
HALTED = "stopped; what is finished is kept. Run the same command again to go on."

InShow = Annotated[
    Path | None, typer.Option("--in", help="The show's folder. Default: the one you are in, or $BOTTEGA_SHOW.", show_default=False)
]
AsJson = Annotated[bool, typer.Option(JSON_FLAG, help="Print one JSON document instead of words.")]

By = Annotated[str, typer.Option("--by", help="Who says so, by name.")]
RoleOf = Annotated[str, typer.Option("--role", help="In which role: legal, studio, vfx_supervisor, security ...")]
Ref = Annotated[str, typer.Option("--ref", help="Where it is written down: a mail, a ticket, a document.")]


def open_studio(folder: Path | None) -> Studio:
    """The studio of the show that the user stands in, or names."""
    from bottega.studio import Studio

    return Studio.open(show_folder(folder))


def operator() -> str:
    """Who answers for what is said on this machine."""
    from bottega.studio import operator as found

    return found()


def show_folder(folder: Path | None) -> Path:
    """Where to look for the show: what the user names, $BOTTEGA_SHOW, here and above, or the only show below. Raises UsageError."""
    if folder is not None or "BOTTEGA_SHOW" in os.environ:
        return folder or Path(os.environ["BOTTEGA_SHOW"])
    here = Path.cwd()
    if any((f / "bottega.toml").is_file() for f in (here, *here.parents)):
        return here
    below = [p.parent for p in sorted(here.glob("*/bottega.toml"))]
    if len(below) > 1:
        raise UsageError(f"there are {len(below)} shows here ({', '.join(p.name for p in below)}): go into one, or name it with --in")
    if below:
        say(f"show: {below[0].name}")
    return below[0] if below else here


def command(run: Callable[P, None]) -> Callable[P, None]:
    """Turn errors into a message on standard error and an exit code: 1 failed, 2 wrong usage, 3 refused by the gate."""

    @functools.wraps(run)
    def guarded(*args: P.args, **options: P.kwargs) -> None:
        as_json = bool(options.get("as_json"))
        try:
            run(*args, **options)
        except (typer.Exit, typer.Abort):
            raise
        except BottegaError as problem:
            reasons = problem.reasons if isinstance(problem, ConsentError) else ()
            tell(type(problem).__name__, str(problem), code=problem.exit_code, as_json=as_json, reasons=reasons)
            raise typer.Exit(problem.exit_code) from None
        except KeyboardInterrupt:
            tell("Stopped", HALTED, code=STOPPED, as_json=as_json)
            raise typer.Exit(STOPPED) from None
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(FAILED) from None
        except OSError as problem:
            where = f"{problem.filename}: " if problem.filename else ""
            tell("OSError", f"{where}{problem.strerror or problem}; correct that, then run it again", code=FAILED, as_json=as_json)
            raise typer.Exit(FAILED) from None
        except Exception as problem:  # the edge: a person gets words, and a developer the traceback on request
            if os.environ.get("BOTTEGA_TRACEBACK"):
                raise
            tell("Fault", _fault(problem), code=FAILED, as_json=as_json)
            raise typer.Exit(FAILED) from None

    return guarded


def ready_streams() -> None:
    """A terminal that lacks a letter shows its code; output never fails for a name or a bar."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def tell(kind: str, message: str, *, code: int, as_json: bool, reasons: Sequence[Reason] = ()) -> None:
    """Say what went wrong: words on standard error, or one JSON document on standard output."""
    if as_json:
        said = [{"code": r.code, "detail": r.detail} for r in reasons]
        sys.stdout.write(_json({"error": kind, "message": message, "reasons": said, "exit_code": code}))
    elif reasons:
        say("Refused by the gate:")
        for reason in reasons:
            say(f"  {reason.code}: {reason.detail}")
    else:
        say(message if code == STOPPED else f"Error: {message}")


def say(text: str) -> None:
    """A line for people, on standard error so that standard output stays a result."""
    sys.stderr.write(_safe(text) + "\n")


def show(result: Any, *, as_json: bool, words: Callable[[], str]) -> None:
    """Print a result: one JSON document, or words."""
    sys.stdout.write(_json(result) if as_json else _safe(words()) + "\n")
    sys.stdout.flush()  # a pipe that closed early is noticed here and not when Python ends


def instant(text: str, option: str) -> datetime:
    """An instant with its zone, as an option gives it. Raises UsageError."""
    try:
        return utc_instant(text)
    except ValueError as problem:
        raise UsageError(f"{option} {shown(text)}: write it as 2026-03-01T12:00:00Z") from problem


def put(content: bytes) -> None:
    """Print a result that a program reads: byte for byte, whatever the terminal's letters."""
    sys.stdout.buffer.write(content)
    sys.stdout.flush()


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A plain table that a terminal, a mail and a log all show alike."""
    cells = [[_line(str(c)) for c in row] for row in (head, *rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in cells]
    return "\n".join([lines[0], "  ".join("-" * w for w in widths), *lines[1:]])


def pairs(values: Mapping[str, object]) -> str:
    """Name and value, a line each."""
    width = max(len(k) for k in values)
    return "\n".join(f"{k.ljust(width)}  {_line(str(v))}" for k, v in values.items())


def _fault(problem: Exception) -> str:
    """An error that nobody foresaw, with the place where it arose: no traceback, but enough to report it."""
    frames = traceback.extract_tb(problem.__traceback__)
    place = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return f"a fault in Bottega: {type(problem).__name__}: {problem}{place}. Run it with BOTTEGA_TRACEBACK=1 and report what it prints"


def _json(result: Any) -> str:
    """One JSON document, with everything escaped that could move a terminal's cursor."""
    text = json.dumps(result, ensure_ascii=not _unicode(sys.stdout.encoding), indent=1, default=str)
    return "".join(c if c == "\n" or c.isprintable() else json.dumps(c)[1:-1] for c in text) + "\n"


def _unicode(encoding: str | None) -> bool:
    return (encoding or "").lower().replace("-", "").startswith("utf")


def _line(text: str) -> str:
    return text.replace("\n", "\\n")


def _safe(text: str) -> str:
    """Nothing that a name holds may move a terminal's cursor or colour it."""
    return "".join(c if c == "\n" or c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
