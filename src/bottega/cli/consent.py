"""`bottega consent`: what people allowed. A consent is a form that the person signs; the gate reads it, nobody else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .edge import AsJson, InShow, command, open_studio, show, table

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Consents: template, add, list, revoke.")


@app.command("template")
@command
def template(
    purpose: Annotated[str, typer.Option("--purpose", help="deage, age_up, alteration, replica_new_scene, stunt, dub or background_fill.")],
    person: Annotated[str, typer.Option("--person", help="Whose consent, by name.")],
    shot: Annotated[str, typer.Option("--shot", help="For which shot.")],
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Print a form to be filled in and signed.

    Example: bottega consent template --purpose deage --person "Performer A" --shot sh010 > consent.toml
    """
    form = open_studio(folder).consent_template(purpose=purpose, person=person, shot=shot)
    show({"form": form}, as_json=as_json, words=lambda: form.removesuffix("\n"))


@app.command("add")
@command
def add(form: Annotated[Path, typer.Argument(help="The filled-in form.")], folder: InShow = None, as_json: AsJson = False) -> None:
    """Put a filled-in and signed consent on record.

    Example: bottega consent add consent.toml
    """
    consent = open_studio(folder).add_consent(form)
    until = f"{consent.valid_until:%Y-%m-%d %H:%M} UTC"
    words = f"Recorded grant {consent.grant_id}: {consent.purpose} in {', '.join(consent.shots)}, until {until}."
    show(consent.to_json(), as_json=as_json, words=lambda: words)


@app.command("list")
@command
def list_(folder: InShow = None, as_json: AsJson = False) -> None:
    """List all consents, the revoked ones too.

    Example: bottega consent list
    """
    found = open_studio(folder).consents()
    rows = [(c.grant_id, name, c.purpose, " ".join(c.shots), f"{c.valid_until:%Y-%m-%d}", state) for c, name, state in found]
    head = ("grant", "person", "purpose", "shots", "until", "state")
    show([c.to_json() | {"state": state} for c, _, state in found], as_json=as_json, words=lambda: table(head, rows))


@app.command("revoke")
@command
def revoke(
    grant: Annotated[str, typer.Argument(help="The grant's id, from `bottega consent list`.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, in a few words; it goes on record.")] = "",
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Revoke a consent. New jobs are refused at once, running ones stop.

    Example: bottega consent revoke g_3f9a --reason "withdrawn by the performer"
    """
    affected = open_studio(folder).revoke_consent(grant, reason=reason)
    words = f"Revoked {grant}. Takes made under it: {', '.join(affected) or 'none'}."
    show({"grant_id": grant, "takes": affected}, as_json=as_json, words=lambda: words)
