"""Who is in the picture: the plate's recorded faces held against the people of a use, and against what its edit touches.

A face counts as touched unless it was measured that the edit leaves its pixels alone. Where nothing was recorded of a plate,
these policies are silent, and the use stands on what its people declared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from bottega.model import Delivery, Detection, FaceBox, FaceKind, FaceTrack, FrameRange, Reason, Role, Use
from bottega.rights.reasons import reason
from bottega.rights.record.faces import PlateFaces, covers, faces_of
from bottega.rights.record.state import State

from .case import Case
from .policy import policy

OF_PEOPLE = (FaceKind.PERFORMER, FaceKind.DOUBLE)
NONE_RECORDED = "none recorded"
_SHOWN = 5


@dataclass(frozen=True)
class Seen:
    """One plate of a use: its faces in the frames of the use, and which of them the edit may touch."""

    plate: str
    known: PlateFaces
    use: Use

    @property
    def tracks(self) -> tuple[FaceTrack, ...]:
        """The tracks that reach into the frames of the use."""
        return tuple(t for t in self.known.tracks.values() if overlaps(t.frames, self.use.frames))

    @property
    def measured(self) -> bool:
        """Whether it was measured what the edit touches, and on the faces as they are now."""
        return self.use.tracks_touched is not None and self.use.faces_measured in (None, self.known.digest)

    def touches(self, name: str) -> bool:
        """Whether a track, or a detection by its name, is touched; what was not measured is."""
        return not self.measured or name in (self.use.tracks_touched or ())

    def of_kind(self, *kinds: FaceKind, touched: bool | None = None) -> Iterator[FaceTrack]:
        """The tracks of these kinds; with `touched`, only those that are, or are not."""
        return (t for t in self.tracks if t.kind in kinds and touched in (None, self.touches(t.track_id)))

    def unassigned(self) -> Iterator[tuple[str, FaceBox]]:
        """The detections, by name, that lie in the frames of the use and that no track covers."""
        return ((name, box) for name, box in self.known.loose if in_frames(box.frame, self.use.frames))

    @property
    def name(self) -> str:
        """How a refusal calls the plate: with its faces, so that what a human resolved of these is not resolved of others."""
        return f"plate {self.plate[:12]} (faces {self.known.digest[:12]})"

    def says(self, track: FaceTrack) -> str:
        """How a refusal calls a track."""
        how = "" if self.touches(track.track_id) else ", which the edit does not touch,"
        return f"face {track.track_id} of {self.name}{how}"


def plates_seen(use: Use, state: State) -> tuple[Seen, ...]:
    """Every plate that a use names, with its faces; also one that it names as something else.

    Of another shot's plate, under a key that was painted there, nothing is measured: every face on any of its frames counts as touched.
    """
    elsewhere = {i.digest for i in use.inputs if i.shot is not None}
    plates = dict.fromkeys(i.digest for i in use.inputs if i.role is Role.PLATE or i.digest in state.faces)
    unmeasured = replace(use, frames=None, tracks_touched=None, faces_measured=None)
    return tuple(Seen(digest, faces_of(state, digest), unmeasured if digest in elsewhere else use) for digest in plates)


def only_looks(use: Use) -> bool:
    """Whether a use reads plates, makes nothing of them and touches nobody: a hand-out, a contact sheet, a detector's run."""
    return use.touches_performer is False and use.tracks_touched == () and all(i.role is Role.PLATE for i in use.inputs)


def _edited(case: Case) -> tuple[Seen, ...]:
    return () if only_looks(case.use) else plates_seen(case.use, case.state)


@policy
def faces_covered(case: Case) -> Iterator[Reason]:
    """Every performer whose face the edit may touch is among the people asked (cases 23 and 53)."""
    for seen in _edited(case):
        for track in seen.of_kind(FaceKind.PERFORMER, touched=True):
            if track.subject_id not in case.use.people:
                yield reason("uncovered_subject", f"{seen.says(track)} is that of {track.subject_id}, not among the people of the use")


@policy
def bystanders_untouched(case: Case) -> Iterator[Reason]:
    """A bystander may stand in the plate, and is not touched (case 24)."""
    for seen in _edited(case):
        for track in seen.of_kind(FaceKind.BYSTANDER, touched=True):
            yield reason("bystander_touched", f"{seen.says(track)} is a bystander's")


@policy
def faces_shown_are_cleared(case: Case) -> Iterator[Reason]:
    """A face on a poster or screen, a look-alike, a wax figure or mask is a human's to judge, touched or not (25, 29, 30)."""
    holds = {FaceKind.DEPICTION: "face_depicted", FaceKind.LOOKALIKE: "lookalike", FaceKind.OBJECT: "likeness_object"}
    for seen in _edited(case):
        for track in seen.of_kind(*holds):
            yield reason(holds[track.kind], f"{seen.says(track)} is a {track.kind.value}")


@policy
def reflections_known(case: Case) -> Iterator[Reason]:
    """A reflection of somebody who is not among the people of the use is a human's to judge (case 27)."""
    for seen in _edited(case):
        for track in seen.of_kind(FaceKind.REFLECTION):
            if track.subject_id is None or track.subject_id not in case.use.people:
                whose = track.subject_id or "nobody who is named"
                yield reason("reflection", f"{seen.says(track)} is a reflection of {whose}")


@policy
def doubles_granted(case: Case) -> Iterator[Reason]:
    """Where a double's face becomes a performer's, both have consented (case 28)."""
    granted = {a.fit.person.subject_id for a in case.answers if a.fit}
    for seen in _edited(case):
        for track in seen.of_kind(FaceKind.DOUBLE, touched=True):
            missing = [person for person in track.people() if person not in granted]
            if missing:
                yield reason("double", f"{seen.says(track)}: no consent of {' and '.join(missing)} covers it")


@policy
def people_tracked(case: Case) -> Iterator[Reason]:
    """Once a human said that these are all faces, whoever is named has one among them."""
    for seen in _edited(case):
        there = {person for t in seen.tracks for person in t.people()}
        for person in dict.fromkeys(case.use.people):
            if seen.known.reviewed and person not in there:
                yield reason("person_untracked", f"no face of {seen.name} is that of {person}")


@policy
def detectors_agree(case: Case) -> Iterator[Reason]:
    """Where a detector looked for somebody and found nothing at all, a human looks (case 26): silence is no yes."""
    for seen in _edited(case):
        for person in dict.fromkeys(case.use.people):
            looked, found = _looked_for(seen, person)
            if looked and not found:
                yield reason("detector_silent", f"{seen.name}: looked at {looked} frames with {person}, a detector found none")


@policy
def detections_assigned(case: Case) -> Iterator[Reason]:
    """What a detector found belongs to somebody: a human says to whom, before an edit touches it."""
    for seen in _edited(case):
        found = tuple(seen.unassigned())
        for code, boxes in (
            ("face_unassigned", [b for name, b in found if seen.touches(name)]),
            ("face_untracked", [b for name, b in found if not seen.touches(name)]),
        ):
            if boxes:
                at = "; ".join(f"{b.x},{b.y},{b.width},{b.height} at frame {b.frame}" for b in boxes[:_SHOWN])
                yield reason(code, f"{seen.name}: {len(boxes)} detections belong to no face track ({at})")


@policy
def faces_reviewed(case: Case) -> Iterator[Reason]:
    """Before a final delivery that touches a performer, a named human said of this very plate that these are all its faces."""
    if case.use.delivery is not Delivery.FINAL:
        return
    for seen in _edited(case):
        touched = case.use.touches_performer or any(seen.of_kind(*OF_PEOPLE, touched=True))
        if touched and not seen.known.reviewed:
            why = "changed since they were reviewed" if seen.known.review else "were never reviewed"
            yield reason("faces_unreviewed", f"the faces of {seen.name} {why}")


FACE_POLICIES = (
    faces_covered,
    bystanders_untouched,
    faces_shown_are_cleared,
    reflections_known,
    doubles_granted,
    people_tracked,
    detectors_agree,
    detections_assigned,
    faces_reviewed,
)


def faces_on_record(use: Use, state: State) -> dict[str, Any]:
    """What the decision's entry says of the faces in the plates of a use: which it touches, and who stands by."""
    said: dict[str, Any] = {}
    for seen in plates_seen(use, state):
        if not seen.known.tracks and not seen.known.detections:
            said[seen.plate] = NONE_RECORDED
            continue
        said[seen.plate] = {
            "faces": seen.known.digest,
            "measured": seen.measured,
            "reviewed": seen.known.review.idx if seen.known.review and seen.known.reviewed else None,
            "touched": sorted(t.track_id for t in seen.tracks if seen.touches(t.track_id)),
            "untouched": {t.track_id: t.kind.value for t in seen.tracks if not seen.touches(t.track_id)},
            "not_a_face": sorted(t.track_id for t in seen.of_kind(FaceKind.NOTHING)),
        }
    return said


def overlaps(frames: FrameRange, wanted: FrameRange | None) -> bool:
    """Whether two ranges share a frame; None is every frame."""
    return wanted is None or (frames.first <= wanted.last and wanted.first <= frames.last)


def in_frames(frame: int, wanted: FrameRange | None) -> bool:
    """Whether a frame is in a range; None is every frame."""
    return wanted is None or frame in wanted


def _looked_for(seen: Seen, person: str) -> tuple[int, bool]:
    """On how many frames a detector could have found somebody, and whether it found any face there that may be theirs."""
    own = [t for t in seen.tracks if t.kind in OF_PEOPLE and person in t.people()]
    looked: set[int] = set()
    found = False
    for detection in seen.known.detections.values():
        frames = _frames_for(detection, own, seen.use.frames)
        looked |= frames
        found = found or any(b.frame in frames and (not own or any(_covers(t, b) for t in own)) for b in detection.boxes)
    return len(looked), found


def _covers(track: FaceTrack, box: FaceBox) -> bool:
    mine = track.box_at(box.frame)
    return mine is not None and covers(mine, box)


def _frames_for(detection: Detection, own: list[FaceTrack], wanted: FrameRange | None) -> set[int]:
    return {n for n in detection.frames if in_frames(n, wanted) and (not own or any(n in t.frames for t in own))}
