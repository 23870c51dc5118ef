"""`bottega person`: who is in the show. The ledger knows people by a pseudonym; their names lie sealed beside it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated

import typer

from bottega.model import UsageError

from .edge import AsJson, InShow, command, open_studio, show, table

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="People of the show: performers, artists, those who approve.")
strikes = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Strikes: while one is on, consents that it suspends do not hold.")

Name = Annotated[str, typer.Argument(help="Name as it is known on the show.")]
Ref = Annotated[str, typer.Option("--ref", help="Where it is written: the notice, the certificate. Kept for good, so no names.")]


@app.command("add")
@command
def add(
    name: Name,
    role: Annotated[str, typer.Option("--role", help="performer, background, minor, deceased, voice or artist.")],
    of_age_at: Annotated[
        str | None, typer.Option("--of-age-at", help="For a minor: the day on which they come of age, such as 2027-05-01.")
    ] = None,
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Add a person. Names that look alike, in whatever script, are one name.

    Example: bottega person add "Performer A" --role performer
    """
    person = open_studio(folder).add_person(name, role=role, of_age_at=_midnight(of_age_at) if of_age_at else None)
    show(person.to_json(), as_json=as_json, words=lambda: f"{name}: {person.subject_id} ({person.kind})")


@app.command("list")
@command
def list_(folder: InShow = None, as_json: AsJson = False) -> None:
    """List people.

    Example: bottega person list
    """
    people = open_studio(folder).people()
    rows = [(p.subject_id, name, p.kind, f"{p.of_age_at:%Y-%m-%d}" if p.of_age_at else "") for p, name in people]
    head = ("id", "name", "role", "of age")
    show([p.to_json() | {"name": name} for p, name in people], as_json=as_json, words=lambda: table(head, rows))


@app.command("of-age")
@command
def of_age(
    name: Name,
    at: Annotated[str, typer.Option("--at", help="The day on which they come of age, such as 2027-05-01.")],
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Record when a minor comes of age. From then on a guardian's consent waits for the person's own.

    Example: bottega person of-age "Performer D" --at 2027-05-01
    """
    person = open_studio(folder).people_desk.comes_of_age(name, at=_midnight(at))
    show(person.to_json(), as_json=as_json, words=lambda: f"{name} is of age from {at}, 00:00 UTC.")


@app.command("died")
@command
def died(
    name: Name,
    on: Annotated[str, typer.Option("--on", help="The day, such as 2026-11-02.")],
    ref: Ref = "not stated",
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Record a death. Consents that were not to survive it end; new ones are the estate's to give.

    Example: bottega person died "Performer A" --on 2026-11-02 --ref certificate-1
    """
    ended = open_studio(folder).people_desk.died(name, on=_day(on), ref=ref)
    words = f"Recorded. Consents that end: {', '.join(ended) or 'none'}."
    show({"ended": ended}, as_json=as_json, words=lambda: words)


@app.command("erase")
@command
def erase(
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False,
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Delete a person's key, and with it their name and documents, in backups too. It cannot be undone; the log stays valid.

    Example: bottega person erase "Performer A" --yes
    """
    studio = open_studio(folder)
    if not yes:
        if as_json:
            raise UsageError("erasing cannot be undone: add --yes")
        typer.confirm(f"Erase {name} for good, with all documents? Their consents end", abort=True, err=True)
    known_as = studio.people_desk.erase(name)
    words = f"Erased. The log knows {known_as}, and nobody can say any more who that was. Papers outside the show are yours to destroy."
    show({"subject_id": known_as}, as_json=as_json, words=lambda: words)


@strikes.command("on")
@command
def on(ref: Ref, folder: InShow = None, as_json: AsJson = False) -> None:
    """Begin a strike: consents that it suspends do not hold, and jobs under them stop.

    Example: bottega strike on --ref notice-1
    """
    entry = open_studio(folder).people_desk.strike(on=True, ref=ref)
    show({"strike": True, "entry": entry.idx}, as_json=as_json, words=lambda: "A strike is on: consents that it suspends do not hold.")


@strikes.command("off")
@command
def off(ref: Ref, folder: InShow = None, as_json: AsJson = False) -> None:
    """End a strike.

    Example: bottega strike off --ref notice-2
    """
    entry = open_studio(folder).people_desk.strike(on=False, ref=ref)
    show({"strike": False, "entry": entry.idx}, as_json=as_json, words=lambda: "The strike is over.")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"day {text!r}: write it as 2027-05-01") from None


def _midnight(text: str) -> datetime:
    day = _day(text)
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
