"""Section: whose faces each plate shows, what detectors found there, and who said that these are all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from bottega.model import Detection, FaceTrack, faces_digest, sha256_text
from bottega.model.faces import DETECTED
from bottega.rights.ledger import Entry

from .reading import text

if TYPE_CHECKING:
    from .state import State


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

    @property
    def reviewed(self) -> bool:
        """Whether somebody said of these very tracks and detections that they are all."""
        return self.review is not None and self.review.digest == self.digest


NO_FACES = PlateFaces()


def faces_of(state: State, plate: str) -> PlateFaces:
    """What is known of a plate's faces; nothing, as a rule, until somebody assigned some."""
    return state.faces.get(plate, NO_FACES)


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
