"""`bottega licence`: on what ground whose works may be used as exemplars."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bottega.model import Licence

from .consent_events import touched, touched_words
from .edge import AsJson, InShow, command, open_studio, pairs, show, table

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Licences of works: template, add, list, show, revoke.")

Number = Annotated[str, typer.Argument(help="The licence's id, from `bottega licence list`.")]


@app.command("template")
@command
def template(
    author: Annotated[str, typer.Option("--author", help="Who made the works, by name.")] = "",
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Print a form to be filled in and signed.

    Example: bottega licence template --author "Artist B" > licence.toml
    """
    form = open_studio(folder).licence_desk.template(author=author)
    show({"form": form}, as_json=as_json, words=lambda: form.removesuffix("\n"))


@app.command("add")
@command
def add(
    form: Annotated[Path, typer.Argument(help="The filled-in form.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what is wrong with it, and record nothing.")] = False,
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Put a licence on record. Register the works with `bottega exemplar add ... --licence NUMBER`.

    Example: bottega licence add licence.toml
    """
    desk = open_studio(folder).licence_desk
    licence = desk.check(form) if dry_run else desk.add(form)
    words = f"It can be added: {licence.licence_id}. Nothing was recorded." if dry_run else f"Recorded licence {licence.licence_id}."
    show(licence.to_json(), as_json=as_json, words=lambda: words)


@app.command("list")
@command
def list_(folder: InShow = None, as_json: AsJson = False) -> None:
    """List all licences, the revoked ones too.

    Example: bottega licence list
    """
    studio = open_studio(folder)
    found = studio.licence_desk.all(now=studio.clock())
    rows = [(k.licence_id, k.kind, holder, _allows(k), len(k.works) or "all", _until(k), state) for k, holder, state in found]
    head = ("licence", "kind", "rightsholder", "allows", "works", "until", "state")
    show([k.to_json() | {"state": state} for k, _, state in found], as_json=as_json, words=lambda: table(head, rows))


@app.command("show")
@command
def show_(licence: Number, folder: InShow = None, as_json: AsJson = False) -> None:
    """Show a licence with all its terms, and the pictures that are registered under it.

    Example: bottega licence show l_5d20
    """
    studio = open_studio(folder)
    known, holder, state, pictures = studio.licence_desk.show(licence, now=studio.clock())
    terms = {
        "licence": known.licence_id,
        "state": state,
        "kind": known.kind,
        "rightsholder": holder,
        "production": known.show_id,
        "allows": _allows(known),
        "until": _until(known),
        "document": known.doc_sha256 or "none",
        "works": " ".join(w[:12] for w in known.works) or "all that are registered under it",
        "registered under it": " ".join(d[:12] for d in pictures) or "none",
    }
    show(known.to_json() | {"state": state, "pictures": pictures}, as_json=as_json, words=lambda: pairs(terms))


@app.command("revoke")
@command
def revoke(
    licence: Number,
    reason: Annotated[str, typer.Option("--reason", help="Why, in a few words; it goes on record.")] = "",
    set_aside: Annotated[bool, typer.Option("--set-aside", help="Set the takes that were made under it aside, too.")] = False,
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Revoke a licence. New jobs are refused at once, running ones stop at their next frame, and what was made is listed.

    Example: bottega licence revoke l_5d20 --reason "sold to another house"
    """
    done = open_studio(folder).withdrawals.licence(licence, reason=reason or "not stated", set_aside=set_aside)
    show({"licence_id": licence} | touched(done), as_json=as_json, words=lambda: f"Revoked {licence}. {touched_words(done)}")


def _allows(licence: Licence) -> str:
    allowed = [word for word, is_so in (("exemplars", licence.exemplar_ok), ("training", licence.train_ok)) if is_so]
    return " and ".join(allowed) or "nothing"


def _until(licence: Licence) -> str:
    return f"{licence.valid_until:%Y-%m-%d}" if licence.valid_until else "no end"
