"""`bottega report` and `bottega affected`: what was made, of whom and from whose work; for payroll and for the end credits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from bottega.model import UsageError

from .edge import AsJson, InShow, command, open_studio, show, table
from .words import report_words

if TYPE_CHECKING:
    from bottega.studio import Usage

DEFAULT = "take"


class OneOrAll(TyperGroup):
    """A group whose first word may also be a take, or nothing: `bottega report` and `bottega report sh010/deage/v003`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the words, putting in the default command where none of ours is named."""
        if args[:1] not in ([], ["--help"], ["-h"]) and args[0] not in self.commands:
            args = [DEFAULT, *args]
        return super().parse_args(ctx, args or [DEFAULT])


app = typer.Typer(
    cls=OneOrAll,
    rich_markup_mode=None,
    help="Reports. `bottega report` is the whole show, `bottega report SHOT/JOB/vNNN` one take.",
)


@app.command(DEFAULT)
@command
def take(
    take: Annotated[str | None, typer.Argument(help="One take; without, the whole show.")] = None,
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Say what was made, from whose work, under whose consent, and what the gate refused. The word `take` may be left out.

    Example: bottega report take sh010/deage/v003
    """
    found = open_studio(folder).report(take)
    show(found, as_json=as_json, words=lambda: report_words(found))


@app.command("usage")
@command
def usage(
    person: Annotated[str | None, typer.Option("--person", help="One person, by name; without, everybody.")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV for a spreadsheet.")] = False,
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Count the use of likenesses per performer, for payroll and residuals: days, shots, frames, seconds, purpose.

    Example: bottega report usage --person "Performer A" --csv
    """
    if as_csv and as_json:
        raise UsageError("--csv and --json: allowed is one of them")
    studio = open_studio(folder)
    rows = studio.usage_desk.usage(person)
    if as_csv:
        show(None, as_json=False, words=lambda: studio.usage_desk.csv(rows).removesuffix("\n"))
        return
    show([row.to_json() for row in rows], as_json=as_json, words=lambda: _usage_words(rows))


@app.command("disclosure")
@command
def disclosure(
    out: Annotated[Path | None, typer.Option("--out", help="The text file to write; without, it is printed.")] = None,
    title: Annotated[str | None, typer.Option("--title", help="The production's title; without, the show's code.")] = None,
    final: Annotated[bool, typer.Option("--final", help="Final deliveries only.")] = False,
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Write the words for the end credits: whose likeness was altered, and from whose work pictures were made by example.

    Example: bottega report disclosure --title "The Film" --final --out credits.txt
    """
    studio = open_studio(folder)
    found = studio.usage_desk.disclosure(title=title or studio.show.code, final_only=final)
    if out is not None:
        try:
            with out.open("x", encoding="utf-8") as file:
                file.write(found.text())
        except FileExistsError:
            raise UsageError(f"{out.name} is there already; name another file") from None
    words = f"Wrote {out}." if out else found.text().removesuffix("\n")
    show(found.to_json(), as_json=as_json, words=lambda: words)


@command
def affected(
    of: Annotated[
        str,
        typer.Argument(help="A grant's or licence's id, or 8 digits or more of a picture's digest.", metavar="GRANT|LICENCE|DIGEST"),
    ],
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """List the takes made from a consent, a licence or a picture, also through models and takes in between.

    Example: bottega affected g_3f9a
    """
    found = open_studio(folder).withdrawals.affected(of)
    rows = [(t.take, t.idx, t.by) for t in found]
    said = [{"take": t.take, "take_id": t.take_id, "entry": t.idx, "by": t.by} for t in found]
    show(said, as_json=as_json, words=lambda: table(("take", "entry", "by"), rows) if rows else "No take was made from it.")


def _usage_words(rows: list[Usage]) -> str:
    if not rows:
        return "No take on record touches a performer."
    head = ("person", "shot", "purpose", "class", "takes", "frames", "seconds", "days made", "days agreed", "grants", "payroll")
    cells = [
        (
            r.person,
            r.shot,
            r.purpose,
            r.delivery,
            f"{r.takes} ({r.set_aside} set aside)" if r.set_aside else r.takes,
            r.frames,
            f"{r.seconds} ({float(r.seconds):.3f})" if r.seconds.denominator > 1 else r.seconds,
            r.days_worked_on,
            "not stated" if r.days_agreed is None else r.days_agreed,
            " ".join(r.grants),
            " ".join(r.payroll_refs) or "not stated",
        )
        for r in rows
    ]
    return table(head, cells)
