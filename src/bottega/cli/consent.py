"""`bottega consent`: what people allowed. A consent is a form that the person signs; the gate reads it, nobody else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bottega.model import Consent, UsageError

from .edge import AsJson, InShow, command, open_studio, show, table

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Consents: forms in, pages out, and what ends, suspends, replaces or transfers them.",
)

Grant = Annotated[str, typer.Argument(help="The grant's id, from `bottega consent list`.")]
Form = Annotated[Path, typer.Argument(help="The filled-in form.")]


@app.command("template")
@command
def template(
    *,
    purpose: Annotated[str, typer.Option("--purpose", help="deage, age_up, alteration, replica_new_scene, stunt, dub or background_fill.")],
    person: Annotated[str, typer.Option("--person", help="Whose consent, by name.")],
    shot: Annotated[str, typer.Option("--shot", help="For which shot.")],
    amends: Annotated[str | None, typer.Option("--amends", help="The grant that the new form is to replace.")] = None,
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Print a form to be filled in and signed. For a minor or a dead person it is the guardian's or the estate's.

    Example: bottega consent template --purpose deage --person "Performer A" --shot sh010 > consent.toml
    """
    form = open_studio(folder).consent_template(purpose=purpose, person=person, shot=shot, amends=amends)
    show({"form": form}, as_json=as_json, words=lambda: form.removesuffix("\n"))


@app.command("check")
@command
def check(form: Form, folder: InShow = None, as_json: AsJson = False) -> None:
    """Read a filled-in form as `add` would, say everything that is wrong with it, and record nothing.

    Example: bottega consent check consent.toml
    """
    consent = open_studio(folder).consent_desk.check(form)
    show(consent.to_json(), as_json=as_json, words=lambda: f"It can be added: {_said(consent)}. Nothing was recorded.")


@app.command("add")
@command
def add(form: Form, folder: InShow = None, as_json: AsJson = False) -> None:
    """Put a filled-in and signed consent on record. A sealed copy of the document at document_path is kept.

    Example: bottega consent add consent.toml
    """
    consent = open_studio(folder).add_consent(form)
    show(consent.to_json(), as_json=as_json, words=lambda: f"Recorded {_said(consent)}.")


@app.command("amend")
@command
def amend(grant: Grant, form: Form, folder: InShow = None, as_json: AsJson = False) -> None:
    """Replace a consent by a new one that the person signed; the old one ends.

    Example: bottega consent amend g_3f9a amended.toml
    """
    consent = open_studio(folder).consent_desk.amend(grant, form)
    show(consent.to_json(), as_json=as_json, words=lambda: f"Recorded {_said(consent)}. It replaces {grant}.")


@app.command("list")
@command
def list_(folder: InShow = None, as_json: AsJson = False) -> None:
    """List all consents, those that ended too.

    Example: bottega consent list
    """
    found = open_studio(folder).consents()
    rows = [(c.grant_id, name, c.purpose, " ".join(c.shots), f"{c.valid_until:%Y-%m-%d}", state) for c, name, state in found]
    head = ("grant", "person", "purpose", "shots", "until", "state")
    show([c.to_json() | {"state": state} for c, _, state in found], as_json=as_json, words=lambda: table(head, rows))


@app.command("print")
@command
def print_(
    grant: Grant,
    out: Annotated[Path | None, typer.Option("--out", help="The file to write; without, the page is printed.")] = None,
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Make a page to print, A4, of what was granted, its limits in plain words, who signed, and what stays refused.

    Example: bottega consent print g_3f9a --out grant.html
    """
    page = open_studio(folder).consent_page(grant)
    if out is None:
        show({"grant_id": grant, "page": page}, as_json=as_json, words=lambda: page.removesuffix("\n"))
        return
    _write_new(out, page.encode())
    words = f"Wrote {out}. The person's name is on it: keep it as you keep the signed document."
    show({"grant_id": grant, "file": str(out)}, as_json=as_json, words=lambda: words)


@app.command("document")
@command
def document(
    grant: Grant,
    out: Annotated[Path, typer.Option("--out", help="The file to write; one that is there is left alone.")],
    authority: Annotated[bool, typer.Option("--authority", help="The document that shows the grantor's authority instead.")] = False,
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Give back the signed document out of the sealed store.

    Example: bottega consent document g_3f9a --out contract.pdf
    """
    content = open_studio(folder).consent_desk.document(grant, authority=authority)
    _write_new(out, content)
    show({"grant_id": grant, "file": str(out), "bytes": len(content)}, as_json=as_json, words=lambda: f"Wrote {out}, {len(content)} bytes.")


def _write_new(out: Path, content: bytes) -> None:
    try:
        with out.open("xb") as file:
            file.write(content)
        out.chmod(0o600)
    except FileExistsError:
        raise UsageError(f"{out.name} is there already; name another file") from None


def _said(consent: Consent) -> str:
    until = f"{consent.valid_until:%Y-%m-%d %H:%M} UTC"
    return f"grant {consent.grant_id}: {consent.purpose} in {', '.join(consent.shots)}, until {until}"
