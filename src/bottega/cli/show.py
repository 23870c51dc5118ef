"""`bottega new` and `bottega doctor`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .edge import FAILED, AsJson, InShow, command, show_folder, table
from .edge import show as print_result


@command
def new(
    folder: Annotated[Path, typer.Argument(help="The folder to make.")],
    show: Annotated[str, typer.Option("--show", help="The show's code: a-z, 0-9, '-' and '_'.")],
    fps: Annotated[str, typer.Option("--fps", help="Frames a second: 24, 25, 24000/1001.")] = "24",
    *,
    ledger: Annotated[
        str | None, typer.Option("--ledger", help="A PostgreSQL URL without a password. Default: a file in the show.", show_default=False)
    ] = None,
    ledger_owner: Annotated[
        str | None, typer.Option("--ledger-owner", help="The URL of another role, who shall own the tables.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a show: its settings, its ledger, and the keys of its gate and its log.

    Example: bottega new my_show --show demo --fps 24
    """
    from bottega.studio import Studio

    studio = Studio.create(folder, show=show, fps=fps, ledger=ledger, ledger_owner=ledger_owner)
    result = {"show": show, "show_id": studio.show.show_id, "folder": str(folder), "fps": str(studio.show.fps)}
    words = f"Made {folder}. The private keys of its gate and its log lie outside the show, in {studio.key_folder}."
    print_result(result, as_json=as_json, words=lambda: f"{words}\nNext: bottega person add NAME --role performer")


@command
def doctor(folder: InShow = None, as_json: AsJson = False) -> None:
    """Check this machine and, inside a show, its ledger, keys, space and unfinished takes.

    Example: bottega doctor
    """
    from bottega.studio import examine

    checks = examine(show_folder(folder), named=folder is not None)
    rows = [("ok" if c.ok else "BAD", c.name, c.detail) for c in checks]
    print_result([c.to_json() for c in checks], as_json=as_json, words=lambda: table(("", "check", "what was found"), rows))
    if not all(c.ok for c in checks):
        raise typer.Exit(FAILED)
