"""`bottega shot`: the plates, and the pictures handed out to be painted on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from .edge import AsJson, InShow, command, instant, open_studio, say, show, table

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Shots: register a plate, list, hand frames out.")


@app.command("add")
@command
def add(
    name: Annotated[str, typer.Argument(help="The shot's code, for example sh010.")],
    plate: Annotated[Path, typer.Argument(help="Pattern (####, %04d, $F4), folder, movie or still.")],
    *,
    colour: Annotated[str | None, typer.Option("--colour", help="The plate's colour space; not needed when the files say it.")] = None,
    first_frame: Annotated[
        int | None, typer.Option("--first-frame", help="Number of a movie's first frame (default: the show's, 1001).")
    ] = None,
    licence: Annotated[
        str | None, typer.Option("--licence", help="Number of the plate's licence (`bottega licence list`). Default: the production's own.")
    ] = None,
    allow_holes: Annotated[bool, typer.Option("--allow-holes", help="Accept missing frames; they stay missing.")] = False,
    handles: Annotated[int, typer.Option("--handles", min=0, help="How many frames at each end are handles.")] = 0,
    episode: Annotated[str | None, typer.Option("--episode", help="Its episode, for consents that list episodes.")] = None,
    scene: Annotated[str | None, typer.Option("--scene", help="Its scene, for consents that list scenes.")] = None,
    performed_at: Annotated[
        str | None, typer.Option("--performed-at", help="When it was played, with a zone: 2026-03-01T12:00:00Z.")
    ] = None,
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Register a shot by its plate: every frame is hashed, none is decoded.

    Example: bottega shot add sh010 "plates/####.exr" --colour lin_rec709_srgb
    """
    told: dict[str, Any] = {"episode": episode, "scene": scene, "performed_at": performed_at and instant(performed_at, "--performed-at")}
    told |= {"first_frame": first_frame, "allow_holes": allow_holes, "handles": handles, "licence": licence}
    shot = open_studio(folder).add_shot(name, plate, colour=colour, **told)
    if shot.holes:
        say(f"holes: {', '.join(map(str, shot.holes))}")
    without = f" ({shot.without_handles} without handles)" if shot.handle_frames else ""
    words = f"{shot.code}: frames {shot.frames}{without}, {shot.width}x{shot.height}, {shot.colour}, plate {shot.plate[:12]}"
    show(shot.to_json(), as_json=as_json, words=lambda: words)


@app.command("list")
@command
def list_(folder: InShow = None, as_json: AsJson = False) -> None:
    """List the shots.

    Example: bottega shot list
    """
    shots = open_studio(folder).shots()
    rows = [(s.code, s.frames, f"{s.width}x{s.height}", s.colour, len(s.holes), s.handle_frames) for s in shots]
    head = ("shot", "frames", "size", "colour", "holes", "handles")
    show([s.to_json() for s in shots], as_json=as_json, words=lambda: table(head, rows))


@app.command("handout")
@command
def handout(
    name: Annotated[str, typer.Argument(help="The shot's code.")],
    frames: Annotated[list[int], typer.Argument(help="Frame numbers.")],
    to: Annotated[Path, typer.Option("--to", help="Folder for the pictures.")],
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Write plate frames as 16-bit sRGB PNG to paint on. What is left unpainted comes back as the plate's own pixels.

    Example: bottega shot handout sh010 1001 1024 1048 --to paint/
    """
    written = open_studio(folder).hand_out(name, frames, to=to)
    show([str(p) for p in written], as_json=as_json, words=lambda: "\n".join(str(p) for p in written))


@app.command("cuts")
@command
def cuts(name: Annotated[str, typer.Argument(help="The shot's code.")], folder: InShow = None, as_json: AsJson = False) -> None:
    """Look for cuts inside a shot's plate, and for frames that only repeat the one before. A job looks for itself.

    Example: bottega shot cuts sh010
    """
    found = open_studio(folder).cuts(name)
    said = [f"cut before {n}" for n in found.cuts] or ["no cut found"]
    said += [f"frames {first}-{last} show the same plate" for first, last in found.runs]
    show({"cuts": list(found.cuts), "repeats": [list(run) for run in found.runs]}, as_json=as_json, words=lambda: "\n".join(said))
