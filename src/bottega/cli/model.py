"""`bottega model`: weights and face templates. What was learned from a face may not outlive its consent."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from .edge import AsJson, InShow, command, open_studio, show, table

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Weights and face templates: add, list, destroy.")


@app.command("add")
@command
def add(
    file: Annotated[Path, typer.Argument(help="The weights, or the template: one file.")],
    *,
    kind: Annotated[str, typer.Option("--kind", help="network or template.")] = "network",
    person: Annotated[list[str] | None, typer.Option("--person", help="Whose face it knows, by name; once for each.")] = None,
    shot: Annotated[list[str], typer.Option("--shot", help="For which shots: a code, or a prefix and *.")],
    purpose: Annotated[list[str], typer.Option("--purpose", help="For what: deage, age_up, alteration and so on.")],
    trained_on: Annotated[list[str], typer.Option("--trained-on", help="A picture it was made from, by sha256, or plate:SHOT.")],
    delete_by: Annotated[datetime, typer.Option("--delete-by", formats=["%Y-%m-%d"], help="Gone by this day, 00:00 UTC.")],
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Keep weights or a face template in the show, and say what they may be used for.

    Example: bottega model add sh010.bin --person "Performer A" --shot sh010 --purpose deage --trained-on plate:sh010 --delete-by 2027-01-31
    """
    scope = {"people": person or (), "shots": shot, "purposes": purpose, "trained_on": trained_on}
    learned = open_studio(folder).models.add(file, kind=kind, delete_by=delete_by.replace(tzinfo=UTC), **scope)
    words = f"{learned.kind.value} {learned.digest[:12]}: {', '.join(learned.shots)}, gone by {learned.delete_by:%Y-%m-%d}"
    show(learned.to_json(), as_json=as_json, words=lambda: words)


@app.command("list")
@command
def list_(folder: InShow = None, as_json: AsJson = False) -> None:
    """List weights and templates, and what is overdue.

    Example: bottega model list
    """
    studio = open_studio(folder)
    found = studio.models.rows(now=studio.clock())
    rows = [(m["digest"][:12], m["kind"], ", ".join(m["people"]), " ".join(m["shots"]), m["delete_by"][:10], m["state"]) for m in found]
    show(found, as_json=as_json, words=lambda: table(("digest", "kind", "of", "shots", "delete by", "state"), rows))


@app.command("destroy")
@command
def destroy(
    digest: Annotated[str, typer.Argument(help="The first digits of its digest, from `bottega model list`.")],
    by: Annotated[str, typer.Option("--by", help="Who destroys it.")],
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Destroy the show's copy of weights or a template, then record it. Loading any copy is refused from then on.

    Example: bottega model destroy 3f9a2c --by "Operator D"
    """
    how = open_studio(folder).models.destroy(digest, by=by)
    show({"digest": digest, "how": how, "by": by}, as_json=as_json, words=lambda: f"Destroyed {digest}: {how}.")
