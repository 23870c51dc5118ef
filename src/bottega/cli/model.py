"""`bottega model`: weights, face templates, models from outside. What was learned from a face may not outlive its consent."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bottega.model import UsageError

from .edge import AsJson, InShow, command, open_studio, show, table

EXTERNAL = "external"

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Weights, face templates, models from outside: add, list, destroy.")


@app.command("add")
@command
def add(
    file: Annotated[Path, typer.Argument(help="The weights, or the template: one file. Of a model from outside its folder.")],
    *,
    kind: Annotated[str, typer.Option("--kind", help="network, template or external.")] = "network",
    person: Annotated[list[str] | None, typer.Option("--person", help="Whose face it knows, by name; once for each.")] = None,
    shot: Annotated[list[str], typer.Option("--shot", help="For which shots: a code, or a prefix and *.")],
    purpose: Annotated[list[str] | None, typer.Option("--purpose", help="For what: deage, age_up, alteration and so on.")] = None,
    trained_on: Annotated[
        list[str] | None, typer.Option("--trained-on", help="A picture it was made from, by sha256, or plate:SHOT.")
    ] = None,
    by: Annotated[str | None, typer.Option("--by", help="Of a model from outside: whose it is.")] = None,
    licence: Annotated[str | None, typer.Option("--licence", help="Of a model from outside: as for an exemplar.")] = None,
    delete_by: Annotated[datetime, typer.Option("--delete-by", formats=["%Y-%m-%d"], help="Gone by this day, 00:00 UTC.")],
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Keep weights or a face template in the show, and say what they may be used for.

    Example: bottega model add sh010.bin --person "Performer A" --shot sh010 --purpose deage --trained-on plate:sh010 --delete-by 2027-01-31
    """
    models, last = open_studio(folder).models, delete_by.replace(tzinfo=UTC)
    if kind == EXTERNAL:
        if by is None or licence is None or person or purpose or trained_on:
            raise UsageError(
                "--kind external takes --by and --licence, --shot and --delete-by; it is of nobody and of no picture of the show"
            )
        learned = models.add_external(file, by=by, licence=licence, shots=shot, delete_by=last)
    else:
        scope = {"people": person or (), "shots": shot, "purposes": purpose or (), "trained_on": trained_on or ()}
        learned = models.add(file, kind=kind, delete_by=last, **scope)
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
