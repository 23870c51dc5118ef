"""`bottega collapse`: bring a building down in a plate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bottega.model import UsageError

from .edge import REFUSED, AsJson, InShow, command, open_studio, show
from .takes import Also, Class, Depicts, DryRun, Frames, Language, Medium, Shot, State, Territory, Threads, told
from .watch import watching
from .words import plan_words, take_words

if TYPE_CHECKING:
    from bottega.studio import Studio


@command
def collapse(
    shot: Shot,
    sheet: Annotated[Path | None, typer.Argument(help="The sheet, collapse.toml: corners, floors, what fails where and when.")] = None,
    *,
    template: Annotated[bool, typer.Option("--template", help="Print a commented sheet to start from, and end.")] = False,
    no_performer: Annotated[bool, typer.Option("--no-performer", help="Declare, on record, that it touches no performer.")] = False,
    preview: Annotated[bool, typer.Option("--preview", help="Stop after a quick look at the fall; the same without it goes on.")] = False,
    control: Annotated[bool, typer.Option("--control", help="Write a control pack for depth- and motion-guided generators.")] = False,
    usd: Annotated[bool, typer.Option("--usd", help="Write pieces, their fall and the camera as collapse.usdc.")] = False,
    blend: Annotated[bool, typer.Option("--blend", help="Write the same as collapse.blend; needs Blender.")] = False,
    alembic: Annotated[bool, typer.Option("--alembic", help="Write the same as collapse.abc; needs Blender.")] = False,
    vdb: Annotated[bool, typer.Option("--vdb", help="Write each frame's dust as OpenVDB and its small debris as PLY.")] = False,
    frames: Frames = None,
    delivery: Class = "temp",
    territory: Territory = None,
    language: Language = None,
    medium: Medium = None,
    depicts: Depicts = None,
    state: State = None,
    also: Also = None,
    seed: Annotated[int, typer.Option("--seed", help="Decides how it breaks, and all that is left to chance.")] = 0,
    threads: Threads = 2,
    dry_run: DryRun = False,
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Bring a building down in a plate, as a sheet directs it: pieces, dust and shadow in layers, of the plate's own pixels.

    Example: bottega collapse sh020 collapse.toml --no-performer
    """
    if template:
        _template()
        return
    if sheet is None:
        raise UsageError("which sheet? `bottega collapse SHOT --template > collapse.toml` prints one to start from")
    studio = open_studio(folder)
    asked = [name for name, on in (("control", control), ("usd", usd), ("blend", blend), ("alembic", alembic), ("vdb", vdb)) if on]
    options: dict[str, Any] = {"frames": frames, "delivery": delivery, "also": (*(also or ()), *asked), "seed": seed}
    options |= told(territory, language, medium, depicts, state)
    request = studio.collapse_request(shot, sheet, no_performer=no_performer, **options)
    if dry_run:
        _plan(studio, request, threads=threads, as_json=as_json)
        return
    _make(studio, request, threads=threads, preview=preview, as_json=as_json)


def _template() -> None:
    from bottega.studio import collapse_template

    typer.echo(collapse_template(), nl=False)


def _plan(studio: Studio, request: Any, *, threads: int, as_json: bool) -> None:
    plan = studio.plan_collapse(request, threads=threads)
    show(plan.to_json(), as_json=as_json, words=lambda: plan_words(plan))
    if not plan.allowed:
        raise typer.Exit(REFUSED)


def _make(studio: Studio, request: Any, *, threads: int, preview: bool, as_json: bool) -> None:
    with watching(quiet=as_json) as watch:
        take = studio.collapse(request, threads=threads, watch=watch, preview_only=preview)
    found = studio.report(take.folder)
    if not preview:
        show(found, as_json=as_json, words=lambda: take_words(found))
        return
    place = str(Path(found["folder"]) / "preview.mp4")
    show({"preview": place}, as_json=as_json, words=lambda: f"preview: {place}\nthe same command without --preview goes on from here")
