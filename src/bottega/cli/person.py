"""`bottega person`: who is in the show. The ledger knows people by a pseudonym; their names stay beside it."""

from __future__ import annotations

from typing import Annotated

import typer

from .edge import AsJson, InShow, command, open_studio, show, table

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="People of the show: performers and artists.")


@app.command("add")
@command
def add(
    name: Annotated[str, typer.Argument(help="Name as it is known on the show.")],
    role: Annotated[str, typer.Option("--role", help="performer, background, minor, deceased, voice or artist.")],
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Add a person.

    Example: bottega person add "Performer A" --role performer
    """
    person = open_studio(folder).add_person(name, role=role)
    show(person.to_json(), as_json=as_json, words=lambda: f"{name}: {person.subject_id} ({person.kind})")


@app.command("list")
@command
def list_(folder: InShow = None, as_json: AsJson = False) -> None:
    """List people.

    Example: bottega person list
    """
    people = open_studio(folder).people()
    rows = [(p.subject_id, name, p.kind) for p, name in people]
    show([p.to_json() | {"name": name} for p, name in people], as_json=as_json, words=lambda: table(("id", "name", "role"), rows))
