"""`bottega concept`: boards of costumes and sets in the designer's own hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bottega.model import UsageError

from .edge import REFUSED, AsJson, InShow, command, open_studio, show
from .takes import Class, Depicts, DryRun, Language, Medium, State, Territory, Threads, told
from .watch import watching
from .words import plan_words, take_words

if TYPE_CHECKING:
    from bottega.studio import Studio


@command
def concept(
    sheet: Annotated[Path | None, typer.Argument(help="The sheet, board.toml: drawing, swatches, what is worn where, what varies.")] = None,
    *,
    template: Annotated[
        str | None, typer.Option("--template", help="Print a commented sheet to start from, costume, set or painting, and end.")
    ] = None,
    no_performer: Annotated[bool, typer.Option("--no-performer", help="Declare, on record, that it shows no performer.")] = False,
    delivery: Class = "temp",
    territory: Territory = None,
    language: Language = None,
    medium: Medium = None,
    depicts: Depicts = None,
    state: State = None,
    seed: Annotated[int, typer.Option("--seed", help="Decides the variations.")] = 0,
    like: Annotated[
        str | None, typer.Option("--like", help="TAKE/CARD, for example consul/concept/v001/7: vary from that card, and near it.")
    ] = None,
    compare: Annotated[
        list[str] | None, typer.Option("--compare", help="TAKE/CARD, twice: write the two and where they differ to --to, and end.")
    ] = None,
    to: Annotated[Path | None, typer.Option("--to", help="The PNG that --compare writes.")] = None,
    threads: Threads = 2,
    dry_run: DryRun = False,
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Make a board of looks from a designer's drawing and swatches: cards, PSD, OpenRaster, a look book, with the credit on every card.

    Example: bottega concept board.toml --no-performer
    """
    if template is not None:
        from bottega.studio import board_template

        typer.echo(board_template(template), nl=False)
    elif compare:
        _compare(open_studio(folder), compare, to, as_json=as_json)
    elif sheet is None:
        raise UsageError("which sheet? `bottega concept --template costume > board.toml` prints one to start from")
    else:
        studio = open_studio(folder)
        options: dict[str, Any] = {"delivery": delivery, "seed": seed, "like": like} | told(territory, language, medium, depicts, state)
        request = studio.boards.request(sheet, no_performer=no_performer, **options)
        _make(studio, request, threads=threads, dry_run=dry_run, as_json=as_json)


def _make(studio: Studio, request: Any, *, threads: int, dry_run: bool, as_json: bool) -> None:
    if dry_run:
        plan = studio.boards.plan(request, threads=threads)
        show(plan.to_json(), as_json=as_json, words=lambda: plan_words(plan))
        if not plan.allowed:
            raise typer.Exit(REFUSED)
        return
    with watching(quiet=as_json) as watch:
        take = studio.boards.make(request, threads=threads, watch=watch)
    found = studio.report(take.folder)
    show(found, as_json=as_json, words=lambda: take_words(found))


def _compare(studio: Studio, cards: list[str], to: Path | None, *, as_json: bool) -> None:
    if len(cards) != 2 or to is None:
        raise UsageError("--compare takes two cards and --to a PNG: --compare TAKE/3 --compare TAKE/7 --to both.png")
    written = str(studio.boards.compare(cards[0], cards[1], to=to))
    show({"comparison": written}, as_json=as_json, words=lambda: f"comparison: {written}")
