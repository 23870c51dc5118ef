"""Section: whose faces each plate shows, what detectors found there, and who said that these are all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from bottega.model import Detection, FaceBox, FaceTrack, faces_digest, sha256_text
from bottega.model.faces import DETECTED
from bottega.rights.ledger import Entry

from .reading import text

if TYPE_CHECKING:
    from .state import State

COVERED_SHARE = 2  # a track covers a detection when half of it lies inside the track's box
LARGEST_COVER = 16  # and the box is at most this many times as large: one drawn round everybody covers nobody


@dataclass(frozen=True)
class FaceReview:
    """A named human's word that the faces with this digest are all that the plate shows."""

    digest: str
    by: str
    idx: int


@dataclass(frozen=True)
class PlateFaces:
    """What is known of one plate: the tracks by id, every detection with its entry, and the latest review."""

    tracks: Mapping[str, FaceTrack] = field(default_factory=dict)
    detections: Mapping[int, Detection] = field(default_factory=dict)
    review: FaceReview | None = None

    @cached_property
    def digest(self) -> str:
        """The sha256 of tracks and detections."""
        return faces_digest(self.tracks.values(), self.detections.values())

    @cached_property
    def loose(self) -> tuple[tuple[str, FaceBox], ...]:
        """The detections that no track covers, by name."""
        there: dict[int, list[FaceBox]] = {}
        found = []
        for idx, detection in self.detections.items():
            for number, box in enumerate(detection.boxes):
                if box.frame not in there:
                    there[box.frame] = [mine for t in self.tracks.values() if (mine := t.box_at(box.frame)) is not None]
                if not any(covers(mine, box) for mine in there[box.frame]):
                    found.append((detected_name(idx, number), box))
        return tuple(found)

    @property
    def reviewed(self) -> bool:
        """Whether somebody said of these very tracks and detections that they are all."""
        return self.review is not None and self.review.digest == self.digest


NO_FACES = PlateFaces()


def faces_of(state: State, plate: str) -> PlateFaces:
    """What is known of a plate's faces; nothing, as a rule, until somebody assigned some."""
    return state.faces.get(plate, NO_FACES)


def covers(mine: FaceBox, box: FaceBox) -> bool:
    """Whether a track's box is that of a detection on the same frame: half of it inside, and the box not of another size."""
    area = box.width * box.height
    return mine.width * mine.height <= LARGEST_COVER * area and COVERED_SHARE * mine.shared_px(box) >= area


def detected_name(idx: int, number: int) -> str:
    """How a detection is called among the faces that an edit touches: by the ledger's entry and its place there."""
    return f"{DETECTED}{idx}-{number}"


def _assigned(state: State, entry: Entry) -> None:
    text(entry, "by")
    for said in entry.data["tracks"]:
        track = FaceTrack.from_json(said)
        if track.extra:
            raise ValueError(f"face track {track.track_id} has the unknown fields {', '.join(sorted(track.extra))}")
        before = faces_of(state, track.plate)
        state.faces[track.plate] = replace(before, tracks={**before.tracks, track.track_id: track})


def _detected(state: State, entry: Entry) -> None:
    found = Detection.from_json(entry.data)
    before = faces_of(state, found.plate)
    state.faces[found.plate] = replace(before, detections={**before.detections, entry.idx: found})


def _reviewed(state: State, entry: Entry) -> None:
    plate = sha256_text(text(entry, "plate"), "plate")
    review = FaceReview(sha256_text(text(entry, "faces"), "faces"), text(entry, "by"), entry.idx)
    state.faces[plate] = replace(faces_of(state, plate), review=review)


KINDS: Mapping[str, Callable[[State, Entry], None]] = {
    "faces.assigned": _assigned,
    "faces.detected": _detected,
    "faces.reviewed": _reviewed,
}
