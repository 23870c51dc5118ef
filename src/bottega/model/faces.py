"""Whose faces a plate shows: tracks that a human assigned, what a detector found, and a human's word that these are all."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from operator import attrgetter
from typing import ClassVar

from .errors import UsageError
from .frames import HIGHEST_FRAME, FrameRange
from .names import code, label, sha256_text, shown
from .people import subject_id
from .record import Record, canonical_json

FURTHEST_PX = 65536
MOST_KEY_BOXES = 10_000
DETECTED = "detected-"


class FaceKind(StrEnum):
    """What a face in the picture is. `nothing` answers a detector's mistake: a human says that no face is there."""

    PERFORMER = "performer"
    BYSTANDER = "bystander"
    DOUBLE = "double"
    REFLECTION = "reflection"
    DEPICTION = "depiction"
    LOOKALIKE = "lookalike"
    OBJECT = "object"
    NOTHING = "nothing"


@dataclass(frozen=True, kw_only=True)
class FaceBox(Record):
    """A rectangle of pixels on one frame: columns `x` up to but not at `x + width`, rows `y` up to but not at `y + height`.

    Counted from the top left of the plate's display window. A box may reach beyond the picture.
    """

    frame: int
    x: int
    y: int
    width: int
    height: int

    def __post_init__(self) -> None:
        if not 0 <= self.frame <= HIGHEST_FRAME:
            raise UsageError(f"box at frame {self.frame}: allowed is 0 to {HIGHEST_FRAME}")
        within = all(-FURTHEST_PX <= v <= FURTHEST_PX for v in (self.x, self.y, self.width, self.height))
        if not within or self.width < 1 or self.height < 1:
            raise UsageError(
                f"box {self.x},{self.y},{self.width},{self.height} at frame {self.frame}: allowed are whole pixels X,Y,WIDTH,HEIGHT "
                f"from -{FURTHEST_PX} to {FURTHEST_PX}, width and height at least 1"
            )

    def shared_px(self, other: FaceBox) -> int:
        """How many pixels lie in both, whatever the frames."""
        width = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        height = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        return max(0, width) * max(0, height)

    def grown(self, by_px: int) -> FaceBox:
        """The box with a margin on every side."""
        return FaceBox(frame=self.frame, x=self.x - by_px, y=self.y - by_px, width=self.width + 2 * by_px, height=self.height + 2 * by_px)


@dataclass(frozen=True, kw_only=True)
class FaceTrack(Record):
    """One face over some frames of a plate, and whose it is.

    `subject_id` is the person whose face it is: needed for a performer and a double, allowed for a bystander, reflection,
    depiction and lookalike. `replaced_with` is the performer whose face a double gets. `boxes` are key boxes in the order of their
    frames; between two of them the box moves in a straight line, before the first and after the last it stands.
    """

    schema: ClassVar[str] = "bottega.face_track"

    track_id: str
    plate: str
    kind: FaceKind
    frames: FrameRange
    boxes: tuple[FaceBox, ...]
    subject_id: str | None = None
    replaced_with: str | None = None

    def __post_init__(self) -> None:
        if code(self.track_id, "face track").startswith(DETECTED):
            raise UsageError(f"face track {shown(self.track_id)}: names that begin with {DETECTED} are those of what a detector found")
        sha256_text(self.plate, "face track's plate")
        self._check_people()
        self._check_boxes()

    def _check_people(self) -> None:
        needed = self.kind in (FaceKind.PERFORMER, FaceKind.DOUBLE)
        forbidden = self.kind in (FaceKind.OBJECT, FaceKind.NOTHING)
        if (needed and self.subject_id is None) or (forbidden and self.subject_id is not None):
            wanted = "a person is needed" if needed else "nobody may be named: it is no person's own face"
            raise UsageError(f"face track {self.track_id} is a {self.kind.value}: {wanted}")
        if (self.kind is FaceKind.DOUBLE) != (self.replaced_with is not None):
            raise UsageError(
                f"face track {self.track_id}: a double, and nobody else, has a replaced_with: the performer whose face it gets"
            )
        for name in ("subject_id", "replaced_with"):
            if (value := getattr(self, name)) is not None:
                subject_id(value, f"face track {self.track_id} {name}")
        if self.subject_id is not None and self.subject_id == self.replaced_with:
            raise UsageError(f"face track {self.track_id}: the double and the performer are one person; make it a performer")

    def _check_boxes(self) -> None:
        at = [box.frame for box in self.boxes]
        if not at or len(at) > MOST_KEY_BOXES or at != sorted(set(at)):
            raise UsageError(f"face track {self.track_id}: needed are 1 to {MOST_KEY_BOXES} boxes, one a frame, in order; given {len(at)}")
        outside = [n for n in at if n not in self.frames]
        if outside:
            raise UsageError(f"face track {self.track_id}: the box at frame {outside[0]} lies outside its frames {self.frames}")

    def box_at(self, frame: int) -> FaceBox | None:
        """The box on a frame, or None outside the track. Between keys each edge moves linearly and is rounded outwards."""
        if frame not in self.frames:
            return None
        after = bisect_left(self.boxes, frame, key=attrgetter("frame"))
        if after == len(self.boxes) or after == 0 or self.boxes[after].frame == frame:
            b = self.boxes[min(after, len(self.boxes) - 1)]
            return FaceBox(frame=frame, x=b.x, y=b.y, width=b.width, height=b.height)
        a, b = self.boxes[after - 1], self.boxes[after]
        span, step = b.frame - a.frame, frame - a.frame
        x, y = (p + (q - p) * step // span for p, q in ((a.x, b.x), (a.y, b.y)))
        right, bottom = (
            -((-p * span - (q - p) * step) // span) for p, q in ((a.x + a.width, b.x + b.width), (a.y + a.height, b.y + b.height))
        )
        return FaceBox(frame=frame, x=x, y=y, width=right - x, height=bottom - y)

    def people(self) -> tuple[str, ...]:
        """Everybody whose face it is or becomes."""
        return tuple(s for s in (self.subject_id, self.replaced_with) if s is not None)


@dataclass(frozen=True, kw_only=True)
class Detection(Record):
    """What one detector found on the frames of a plate that it looked at. It can only make the gate ask; no box is a yes."""

    schema: ClassVar[str] = "bottega.face_detection"

    plate: str
    detector: str
    detector_version: str
    frames: tuple[int, ...]
    boxes: tuple[FaceBox, ...]
    settings: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        sha256_text(self.plate, "detection's plate")
        code(self.detector, "detector")
        label(self.detector_version, "detector version")
        if not self.frames or list(self.frames) != sorted(set(self.frames)):
            raise UsageError(f"detection by {self.detector}: the frames it looked at are needed, each once and in order")
        stray = sorted({box.frame for box in self.boxes} - set(self.frames))
        if stray:
            raise UsageError(f"detection by {self.detector}: a box at frame {stray[0]}, at which it did not look")


@dataclass(frozen=True, kw_only=True)
class FaceDocument(Record):
    """The faces of a shot as a file: what a page or a person fills in, and what is read back.

    `unassigned` are detections that no track covers yet, to look at; read back, they say nothing.
    """

    schema: ClassVar[str] = "bottega.faces"

    shot: str
    plate: str
    tracks: tuple[FaceTrack, ...] = ()
    unassigned: tuple[FaceBox, ...] = ()

    def __post_init__(self) -> None:
        code(self.shot, "shot code")
        sha256_text(self.plate, "plate of the faces")
        strangers = [t.track_id for t in self.tracks if t.plate != self.plate]
        if strangers:
            raise UsageError(f"face track {strangers[0]} is of another plate than the document, {self.plate[:12]}")


def faces_digest(tracks: Iterable[FaceTrack], detections: Iterable[Detection]) -> str:
    """The sha256 of all that is known of a plate's faces: a review and a measurement hold for exactly this."""
    rows = [t.to_json() for t in sorted(tracks, key=lambda t: t.track_id)]
    found = sorted(hashlib.sha256(canonical_json(d.to_json())).hexdigest() for d in detections)
    return hashlib.sha256(canonical_json({"tracks": rows, "detections": found})).hexdigest()
