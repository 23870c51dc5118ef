"""`bottega override`: two people of different roles sign that a refusal of the production's own may be passed over."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .approve import Job
from .edge import AsJson, InShow, command, instant, open_studio, show

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Overrides by two people: request, sign, record.")

File = Annotated[Path, typer.Argument(help="The file that travels from desk to desk.")]


@app.command("request")
@command
def request(
    shot: Annotated[str, typer.Argument(help="The shot's code.")],
    *,
    job: Job,
    code: Annotated[list[str], typer.Option("--code", help="A reason's code to pass over. May be given again.")],
    why: Annotated[str, typer.Option("--why", help="Why, in a sentence; it goes on record.")],
    until: Annotated[str, typer.Option("--until", help="Until when, at most seven days: 2026-03-01T12:00:00Z.")],
    to: Annotated[Path, typer.Option("--to", help="The file to write.")],
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Write down what two people are to sign: the use that the gate last refused. No minor rule and no person's no can be passed over.

    Example: bottega override request sh010 --job deage --code unsure --why "screening" --until 2026-03-02T12:00:00Z --to override.json
    """
    end = instant(until, "--until")
    signed = open_studio(folder).rulings.request_override(shot, job=job, codes=code, why=why, until=end, to=to)
    words = f"Wrote {to}. Next: bottega override sign {to} --person NAME, by legal and by the studio."
    show(signed.to_json(), as_json=as_json, words=lambda: words)


@app.command("sign")
@command
def sign(
    file: File,
    person: Annotated[str, typer.Option("--person", help="Who signs, by name; their key has to lie on this machine.")],
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Add a person's signature to the file.

    Example: bottega override sign override.json --person "Legal B"
    """
    signed = open_studio(folder).rulings.sign_override(file, person=person)
    show(signed.to_json(), as_json=as_json, words=lambda: f"{person} signed {file}; signatures so far: {len(signed.signatures)}.")


@app.command("record")
@command
def record(file: File, folder: InShow = None, as_json: AsJson = False) -> None:
    """Put a signed override on record. What is made under it carries a watermark.

    Example: bottega override record override.json
    """
    name = open_studio(folder).rulings.record_override(file)
    show({"override_id": name}, as_json=as_json, words=lambda: f"Recorded override {name}.")
