"""`bottega exemplar`: the pictures that artists made or that were licensed, and whose they are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bottega.model import UsageError

from .edge import AsJson, InShow, command, open_studio, show, table

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Exemplars: the painted and licensed pictures.")


@app.command("add")
@command
def add(
    pictures: Annotated[list[Path], typer.Argument(help="Picture files, or a folder of them.")],
    *,
    by: Annotated[str | None, typer.Option("--by", help="Who made them.")] = None,
    licence: Annotated[str | None, typer.Option("--licence", help="work-for-hire, own, cc0 or licensed.")] = None,
    same_as: Annotated[
        str | None, typer.Option("--same-as", help="Digest of the picture on record that this is a re-saved, scaled or graded copy of.")
    ] = None,
    document: Annotated[
        Path | None, typer.Option("--document", help="The contract or licence (needed for 'licensed'); only its sha256 is kept.")
    ] = None,
    colour: Annotated[str | None, typer.Option("--colour", help="Their colour space, when the files do not say it themselves.")] = None,
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Seal pictures, keep a copy of them, and record whose they are: by whom and under which licence, or the copy of what.

    Example: bottega exemplar add keys/*.png --by "Artist B" --licence work-for-hire
    """
    if same_as is not None and by is None and licence is None and document is None:
        found = open_studio(folder).add_copies(pictures, same_as=same_as, colour=colour)
    elif same_as is None and by is not None and licence is not None:
        found = open_studio(folder).add_exemplars(pictures, by=by, licence=licence, document=document, colour=colour)
    else:
        raise UsageError("say whose the pictures are: --by and --licence, or --same-as alone (a copy has those of its original)")
    rows = [(e.digest[:12], Path(e.came_from or "").name) for e in found]
    show([e.to_json() for e in found], as_json=as_json, words=lambda: table(("digest", "file"), rows))


@app.command("list")
@command
def list_(folder: InShow = None, as_json: AsJson = False) -> None:
    """List what is on record.

    Example: bottega exemplar list
    """
    found = open_studio(folder).exemplars()
    rows = [(e.digest[:12], e.role.value, len(e.files), name, e.licence_id) for e, name in found]
    head = ("digest", "role", "files", "by", "licence")
    show([e.to_json() | {"by": name} for e, name in found], as_json=as_json, words=lambda: table(head, rows))
