"""`bottega faces`: whose faces a plate shows. A human says so; a detector can only make the gate ask."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .edge import AsJson, InShow, command, open_studio, operator, show, table

if TYPE_CHECKING:
    from bottega.model import FaceTrack

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Faces of the plates: assign, list, review, look.")

Shot = Annotated[str, typer.Argument(help="The shot's code.")]
By = Annotated[str | None, typer.Option("--by", help="Who says so. Default: the login, or $BOTTEGA_USER.", show_default=False)]


@app.command("assign")
@command
def assign(
    shot: Shot,
    *,
    kind: Annotated[
        str, typer.Option("--as", help="performer, bystander, double, reflection, depiction, lookalike, object, or nothing (no face).")
    ],
    box: Annotated[str, typer.Option("--box", help="X,Y,WIDTH,HEIGHT in pixels from the picture's top left, on the first frame.")],
    box_at: Annotated[
        list[str] | None, typer.Option("--box-at", help="FRAME=X,Y,WIDTH,HEIGHT on another frame; in between it moves in a straight line.")
    ] = None,
    frames: Annotated[str | None, typer.Option("--frames", help="Over these frames, as 1001-1048. Default: the whole shot.")] = None,
    person: Annotated[str | None, typer.Option("--person", help="Whose face it is, by name.")] = None,
    instead_of: Annotated[str | None, typer.Option("--instead-of", help="For a double: the performer whose face it becomes.")] = None,
    track: Annotated[str | None, typer.Option("--track", help="An id of its own; one that is there is replaced.")] = None,
    by: By = None,
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Say whose face is in a part of the plate.

    Example: bottega faces assign sh010 --person "Performer A" --as performer --box 180,90,150,190 --box-at 1048=210,90,150,190
    """
    found = open_studio(folder).faces.assign(
        shot,
        kind=kind,
        box=box,
        boxes_at=box_at or (),
        frames=frames,
        person=person,
        instead_of=instead_of,
        track=track,
        by=by or operator(),
    )
    show(found.to_json(), as_json=as_json, words=lambda: f"{shot}: {_line(found)}")


@app.command("template")
@command
def template(shot: Shot, folder: InShow = None, as_json: AsJson = False) -> None:
    """Print the shot's faces as JSON, to be filled in and read back with `faces import`.

    Example: bottega faces template sh010 --json > faces.json
    """
    document = open_studio(folder).faces.document(shot)
    count = f"{shot}: {len(document.tracks)} tracks, {len(document.unassigned)} detections unassigned; --json prints the document"
    show(document.to_json(), as_json=as_json, words=lambda: count)


@app.command("import")
@command
def import_(
    document: Annotated[Path, typer.Argument(help="The JSON document.")], by: By = None, folder: InShow = None, as_json: AsJson = False
) -> None:
    """Read tracks from a JSON document: all that are new or changed, together or not at all.

    Example: bottega faces import faces.json
    """
    studio = open_studio(folder)
    found = studio.faces.read_document(document)
    added = studio.faces.add_document(found, by=by or operator())
    words = "\n".join(_line(t) for t in added) or "nothing new"
    show([t.to_json() for t in added], as_json=as_json, words=lambda: f"{found.shot}: {words}")


@app.command("list")
@command
def list_(shot: Shot, folder: InShow = None, as_json: AsJson = False) -> None:
    """List the faces of a shot, and the detections that nobody assigned.

    Example: bottega faces list sh010
    """
    faces = open_studio(folder).faces
    tracks, loose = faces.rows(shot), faces.unassigned(shot)
    reviewed = faces.known(shot).reviewed
    rows = [(t["track_id"], t["kind"], ", ".join(t["people"]), _span(t["frames"]), str(len(t["boxes"]))) for t in tracks]
    rows += [("(detected)", "unassigned", "", str(b.frame), f"{b.x},{b.y},{b.width},{b.height}") for b in loose]
    head = ("track", "kind", "people", "frames", "boxes")
    end = "reviewed: these are all" if reviewed else "not reviewed"
    result = {"tracks": tracks, "unassigned": [b.to_json() for b in loose], "reviewed": reviewed}
    show(result, as_json=as_json, words=lambda: f"{table(head, rows)}\n{end}")


@app.command("review")
@command
def review(
    shot: Shot,
    by: Annotated[str, typer.Option("--by", help="Who looked at the plate and answers for it.")],
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Say that the faces on record are all that the plate shows. It holds until a face or a detection is added.

    Example: bottega faces review sh010 --by "Supervisor C"
    """
    count = open_studio(folder).faces.review(shot, by=by)
    show({"shot": shot, "tracks": count, "by": by}, as_json=as_json, words=lambda: f"{shot}: {count} faces, all there are, says {by}.")


@app.command("sheet")
@command
def sheet(
    shot: Shot,
    out: Annotated[Path, typer.Option("--out", help="The PNG to write.")],
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Draw frames of the plate with the boxes on them. Ids and kinds stand there, no names.

    Example: bottega faces sheet sh010 --out faces.png
    """
    numbers = open_studio(folder).faces.sheet(shot, to=out)
    result = {"file": str(out), "frames": numbers}
    show(result, as_json=as_json, words=lambda: f"{out}: frames {', '.join(map(str, numbers))}")


@app.command("detect")
@command
def detect(
    shot: Shot,
    detector: Annotated[str, typer.Option("--detector", help="haar (needs $BOTTEGA_FACE_PYTHON), or a plug-in's.")] = "haar",
    every: Annotated[int, typer.Option("--every", min=1, help="Look at every n-th frame, and the last.")] = 1,
    folder: InShow = None,
    as_json: AsJson = False,
) -> None:
    """Let a face detector look at the plate. What it finds has to be assigned; that it finds nothing proves nothing.

    Example: bottega faces detect sh010 --every 4
    """
    found = open_studio(folder).faces.detect(shot, detector=detector, every=every)
    rows = [(b.frame, b.x, b.y, b.width, b.height) for b in found.boxes]
    words = f"{detector} ({found.detector_version}) looked at {len(found.frames)} frames and found {len(rows)} boxes"
    show(found.to_json(), as_json=as_json, words=lambda: "\n".join([words, table(("frame", "x", "y", "width", "height"), rows)]))


def _line(track: FaceTrack) -> str:
    who = " for ".join(track.people())
    return f"{track.track_id} is a {track.kind.value}{f' ({who})' if who else ''}, frames {track.frames}"


def _span(frames: dict[str, int]) -> str:
    return f"{frames['first']}-{frames['last']}"
