"""The tables of a set board and of a painting to be re-framed, and what all sheets are read with."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bottega.jobs.runner.table import Table

from .stated import (
    NEAREST,
    REFUSE,
    AngleSheet,
    FrameSheet,
    PaintingSheet,
    PictureName,
    Rgb,
    SetSheet,
)

MOST_ANGLES, MOST_FRAMES, LARGEST_SIDE_PX = 32, 32, 16384


def bounded(t: Table, key: str, most: int, least: int = 0) -> tuple[Table, ...]:
    """Tables of a name, no more and no fewer than allowed. Raises UsageError."""
    found = t.tables(key, least=least)
    if len(found) > most:
        raise t.error(key, f"there {len(found)} times", f"{least} to {most} of them")
    return found


def each_once(t: Table, key: str, names: Sequence[str]) -> None:
    """Raise UsageError for a name that is there twice."""
    twice = [n for i, n in enumerate(names) if n in names[:i]]
    if twice:
        raise t.error(key, f"{twice[0]} twice", "each name once")


def known(t: Table, there: Sequence[str]) -> tuple[str, ...]:
    """The keys of a table, which are all among these. Raises UsageError."""
    for name in t.names():
        if name not in there:
            raise t.error(name, "there", f"only {', '.join(there) or 'none'}")
    return t.names()


def picture(t: Table, key: str) -> PictureName:
    """A picture's path, or a layer of one. Raises UsageError."""
    text = t.text(key)
    file, _, layer = text.partition("#")
    if not file or (layer and not file.lower().endswith((".psd", ".ora"))) or ("#" in text and not layer):
        raise t.error(key, text, "a picture's path, or one of a PSD or ORA file with a layer's name behind #")
    return PictureName(file=file, layer=layer or None)


def maybe(t: Table, key: str) -> PictureName | None:
    """The same, None where the key is not there."""
    return picture(t, key) if t.has(key) else None


def read_room(top: Table, labels_in: Callable[[Table], dict[str, Rgb]]) -> SetSheet:
    """The [set] table and its angles. Raises UsageError."""
    t = top.table("set")
    angles = tuple(_angle(a) for a in bounded(top, "angle", MOST_ANGLES, least=2))
    painted = [a.name for a in angles if a.painted]
    if len(painted) != 1:
        raise top.error("angle", f"painted in {len(painted)} of {len(angles)}", "one angle with a painted picture, and others without")
    each_once(top, "angle", [a.name for a in angles])
    labels, stands = labels_in(t), t.table("stand_ins")
    like = {n: stands.text(n, one_of=tuple(labels)) for n in known(stands, tuple(labels))}
    stands.done()
    missing = t.text("missing", NEAREST, one_of=(NEAREST, REFUSE))
    return t.made(SetSheet, labels=labels, angles=angles, stand_ins=like, missing=missing)


def _angle(t: Table) -> AngleSheet:
    rows = t.numbers("to_world", 9) if t.has("to_world") else None
    return t.made(
        AngleSheet,
        name=t.text("name"),
        **{key: picture(t, key) for key in ("line", "flats", "shade", "normal", "depth")},
        depth_m=t.number("depth_m", 16.0, above=0),
        to_world=(rows[:3], rows[3:6], rows[6:]) if rows else None,
        painted=maybe(t, "painted"),
    )


def read_painting(top: Table, labels_in: Callable[[Table], dict[str, Rgb]]) -> PaintingSheet:
    """The [painting] table and its frames. Raises UsageError."""
    t = top.table("painting")
    frames = tuple(_frame(f) for f in bounded(top, "frame", MOST_FRAMES, least=1))
    each_once(top, "frame", [f.name for f in frames])
    flats = maybe(t, "flats")
    bare = [f.name for f in frames if f.flats is not None and flats is None]
    if bare:
        raise t.error("flats", ..., f"the painting's own flats, as frame {bare[0]} has some")
    labels = labels_in(t) if flats is not None else {}
    return t.made(PaintingSheet, picture=picture(t, "file"), avoid=maybe(t, "avoid"), flats=flats, labels=labels, frames=frames)


def _frame(t: Table) -> FrameSheet:
    width, height = (t.whole(side, low=32, high=LARGEST_SIDE_PX) for side in ("width", "height"))
    place = t.numbers("place", 2, low=-LARGEST_SIDE_PX, high=LARGEST_SIDE_PX) if t.has("place") else None
    at = (round(place[0]), round(place[1])) if place is not None else None
    numbers, flats = t.truth("by_numbers", default=False), maybe(t, "flats")
    if numbers and flats is None:
        raise t.error("flats", ..., "the frame's flats, as it is painted by numbers")
    if numbers and at is not None:
        raise t.error("place", list(at), "no place: by numbers the painting itself does not lie in the frame")
    return t.made(FrameSheet, name=t.text("name"), width=width, height=height, place=at, flats=flats, by_numbers=numbers)
