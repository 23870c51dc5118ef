"""Putting faces into the ledger: who is in a plate, what a detector found, and a human's word that these are all."""

from __future__ import annotations

from bottega.model import Detection, FaceTrack, Role, UsageError, sha256_text, subject_id
from bottega.rights.ledger import Entry, Ledger

from .faces import faces_of
from .registry import _need, _record
from .state import State


def assign_faces(ledger: Ledger, *tracks: FaceTrack, by: str) -> Entry:
    """Record whose faces these are, all or none. A later track with the same id on the same plate replaces the earlier one.

    Raises UsageError for a plate, person or frame that is not on record.
    """

    def check(state: State) -> None:
        _need(by, state.people, "person")
        for track in tracks:
            _check_plate(state, track.plate)
            for person in track.people():
                _need(person, state.people, "person")
            _check_frames(state, track)

    ids = [(t.plate, t.track_id) for t in tracks]
    twice = sorted({track for plate, track in ids if ids.count((plate, track)) > 1})
    if not tracks or twice:
        raise UsageError(f"face tracks {', '.join(twice) or 'none'}: allowed is one or more, each id once")
    newer = [t.track_id for t in tracks if t.extra]
    if newer:
        raise UsageError(f"face track {newer[0]}: it has fields that this version does not know; update Bottega")
    data = {"tracks": [t.to_json() for t in tracks], "by": subject_id(by, "assigned by")}
    return _record(ledger, "faces.assigned", data, check)


def record_detection(ledger: Ledger, detection: Detection) -> Entry:
    """Record what a detector found. It stays: a later run adds to it, and only a human's assignment answers it."""
    return _record(ledger, "faces.detected", detection.to_json(), lambda state: _check_plate(state, detection.plate))


def review_faces(ledger: Ledger, plate: str, *, faces: str, by: str) -> Entry:
    """Record that a human says: the faces with this digest are all that the plate shows.

    Raises UsageError when they have changed since the human looked.
    """

    def check(state: State) -> None:
        _need(by, state.people, "person")
        _check_plate(state, plate)
        if faces_of(state, plate).digest != faces:
            raise UsageError(f"the faces of plate {plate[:12]} changed since they were looked at: look again, then review them")

    data = {"plate": plate, "faces": sha256_text(faces, "faces' digest"), "by": subject_id(by, "reviewed by")}
    return _record(ledger, "faces.reviewed", data, check)


def _check_plate(state: State, plate: str) -> None:
    known = _need(sha256_text(plate, "plate"), state.exemplars, "plate")
    if Role.PLATE not in known.roles:
        raise UsageError(f"picture {plate[:12]} is registered as {', '.join(sorted(known.roles))}: faces are assigned on plates")


def _check_frames(state: State, track: FaceTrack) -> None:
    """Inside a shot of that plate, and with every key box at least partly in the picture."""
    for shot in (s for s in state.shots.values() if s.plate == track.plate):
        if track.frames.first not in shot.frames or track.frames.last not in shot.frames:
            raise UsageError(f"face track {track.track_id}: its frames are {track.frames}, shot {shot.code} has {shot.frames}")
        for b in track.boxes:
            if b.x >= shot.width or b.y >= shot.height or b.x + b.width <= 0 or b.y + b.height <= 0:
                raise UsageError(
                    f"face track {track.track_id}: box {b.x},{b.y},{b.width},{b.height} at frame {b.frame} lies outside the picture, "
                    f"{shot.width}x{shot.height}"
                )
