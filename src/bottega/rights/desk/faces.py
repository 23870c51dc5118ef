"""The faces of the plates, by people's names: assign, read from a file, list, review."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bottega.model import FaceBox, FaceDocument, FaceKind, FaceTrack, FrameRange, Shot, UsageError, shown
from bottega.rights.ledger import Ledger
from bottega.rights.record.faces import PlateFaces, faces_of
from bottega.rights.record.faces_registry import assign_faces, review_faces
from bottega.rights.records import Records

LARGEST_DOCUMENT = 16 * 1024 * 1024


class FaceDesk:
    """Whose faces a shot's plate shows. The ledger knows people by pseudonym; this desk knows their names."""

    def __init__(self, ledger: Ledger, records: Records, *, shot_of: Callable[[str], Shot]) -> None:
        self._ledger, self._records, self._shot_of = ledger, records, shot_of

    def known(self, shot: str) -> PlateFaces:
        """What is on record of a shot's plate."""
        return faces_of(self._records.state(), self._shot_of(shot).plate)

    def assign(
        self,
        shot: str,
        *,
        kind: str,
        box: str,
        boxes_at: Sequence[str] = (),
        frames: str | None = None,
        person: str | None = None,
        instead_of: str | None = None,
        track: str | None = None,
        by: str,
    ) -> FaceTrack:
        """Record one face: `box` is X,Y,WIDTH,HEIGHT on its first frame, `boxes_at` are FRAME=X,Y,WIDTH,HEIGHT for others.

        `instead_of` is the performer whose face a double's becomes. Without `track` a new id is made. Raises UsageError.
        """
        if kind not in set(FaceKind):
            raise UsageError(f"a face as {shown(kind)}: allowed are {', '.join(k.value for k in FaceKind)}")
        of = self._shot_of(shot)
        span = FrameRange.parse(frames) if frames else of.frames
        at = {span.first: read_box(box, span.first)} | {b.frame: b for b in map(_box_at, boxes_at)}
        found = FaceTrack(
            track_id=track or self._free_id(shot, kind),
            plate=of.plate,
            kind=FaceKind(kind),
            frames=span,
            boxes=tuple(at[n] for n in sorted(at)),
            subject_id=self._records.find(person).subject_id if person else None,
            replaced_with=self._records.find(instead_of).subject_id if instead_of else None,
        )
        assign_faces(self._ledger, found, by=self._records.artist(by).subject_id)
        return found

    def document(self, shot: str) -> FaceDocument:
        """The shot's faces as a file to fill in: the tracks there are, and the detections that nobody assigned."""
        known = self.known(shot)
        plate = self._shot_of(shot).plate
        return FaceDocument(shot=shot, plate=plate, tracks=tuple(known.tracks.values()), unassigned=self.unassigned(shot))

    def read_document(self, path: Path) -> FaceDocument:
        """A file of faces, checked. Raises UsageError that names what is wrong."""
        try:
            if path.stat().st_size > LARGEST_DOCUMENT:
                raise ValueError(f"it has {path.stat().st_size} bytes, allowed are {LARGEST_DOCUMENT}")
            data = json.loads(path.read_bytes())
            if not isinstance(data, Mapping):
                raise ValueError(f"it holds a {type(data).__name__}, a table is needed")
        except (OSError, ValueError, RecursionError) as problem:
            raise UsageError(f"faces {shown(path.name)} cannot be read: {problem}") from problem
        return FaceDocument.from_json(data)

    def add_document(self, document: FaceDocument, *, by: str) -> tuple[FaceTrack, ...]:
        """Record all tracks of a file that differ from what is there, together or not at all; gives those. Raises UsageError."""
        plate = self._shot_of(document.shot).plate
        if document.plate != plate:
            raise UsageError(f"the faces are of plate {document.plate[:12]}, shot {document.shot} has plate {plate[:12]}: assign them anew")
        there = self.known(document.shot).tracks
        new = tuple(t for t in document.tracks if there.get(t.track_id) != t)
        if new:
            assign_faces(self._ledger, *new, by=self._records.artist(by).subject_id)
        return new

    def review(self, shot: str, *, by: str) -> int:
        """Record that a named human says: the faces on record are all that the plate shows. Gives how many there are."""
        known = self.known(shot)
        review_faces(self._ledger, self._shot_of(shot).plate, faces=known.digest, by=self._records.artist(by).subject_id)
        return len(known.tracks)

    def unassigned(self, shot: str) -> tuple[FaceBox, ...]:
        """What detectors found and no track covers."""
        return tuple(box for _, box in self.known(shot).loose)

    def rows(self, shot: str) -> list[dict[str, Any]]:
        """The tracks of a shot, each with its people's names, for people's eyes."""
        return [
            t.to_json() | {"people": [self._records.name_of(s) for s in t.people()]}
            for t in sorted(self.known(shot).tracks.values(), key=_by_id)
        ]

    def _free_id(self, shot: str, kind: str) -> str:
        """`performer-1`, `performer-2`: the first that is free. What is there is replaced only by naming it."""
        taken = self.known(shot).tracks
        return next(name for n in range(1, len(taken) + 2) if (name := f"{kind}-{n}") not in taken)


def read_box(text: str, frame: int) -> FaceBox:
    """A box as a user writes it, X,Y,WIDTH,HEIGHT in whole pixels. Raises UsageError."""
    try:
        x, y, width, height = (int(part) for part in text.split(","))
    except ValueError as problem:
        raise UsageError(f"box {shown(text)}: write it as X,Y,WIDTH,HEIGHT in whole pixels from the picture's top left") from problem
    return FaceBox(frame=frame, x=x, y=y, width=width, height=height)


def _box_at(text: str) -> FaceBox:
    frame, equals, box = text.partition("=")
    if not equals or not frame.strip().isdecimal() or len(frame) > 8:
        raise UsageError(f"box {shown(text)}: write it as FRAME=X,Y,WIDTH,HEIGHT")
    return read_box(box, int(frame))


def _by_id(track: FaceTrack) -> str:
    return track.track_id
