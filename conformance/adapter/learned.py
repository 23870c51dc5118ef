"""Faces of a plate, and what was learned from pictures: the facts of a case, put on record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bottega.model import Detection, Exemplar, FaceTrack, Learned, Role, SealedFile
from bottega.rights import State
from bottega.rights.record import faces_registry, models_registry, registry
from bottega.rights.record.faces import faces_of

from .neutral import digest, record_of, taken
from .world import World

LOOKED_AT = [1001]


def put_faces(world: World, shot: str, values: Mapping[str, Any]) -> None:
    """Tracks, then what a detector found, then somebody's word that these are all."""
    plate = world.digest(world.facts["shots"][shot]["plate"])
    tracks = [_track(world, plate, name, track) for name, track in values.get("tracks", {}).items()]
    if tracks:
        faces_registry.assign_faces(world.ledger, *tracks, by=world.subject("artist-b"))
    if "detected" in values:
        found = values["detected"]
        boxes = [{"frame": b["frame"], **_box(b["box"])} for b in found["boxes"]]
        frames = found.get("frames", LOOKED_AT)
        seen = {"plate": plate, "detector": found["detector"], "detector_version": "1", "frames": frames, "boxes": boxes}
        faces_registry.record_detection(world.ledger, record_of(Detection, seen))
    if "reviewed_by" in values:
        now = faces_of(State.of(world.ledger), plate).digest
        faces_registry.review_faces(world.ledger, plate, faces=now, by=world.subject(values["reviewed_by"]))


def _track(world: World, plate: str, name: str, values: Mapping[str, Any]) -> FaceTrack:
    rest, ((first, last), box, person, replaced_by) = taken(values, "frames", "box", "person", "replaced_by")
    return record_of(
        FaceTrack,
        {
            **rest,
            "track_id": name,
            "plate": plate,
            "frames": {"first": first, "last": last},
            "boxes": [{"frame": first, **_box(box)}],
            "subject_id": person and world.subject(person),
            "replaced_with": replaced_by and world.subject(replaced_by),
        },
    )


def _box(box: list[int]) -> dict[str, int]:
    return dict(zip(("x", "y", "width", "height"), box, strict=True))


def put_model(world: World, name: str, values: Mapping[str, Any]) -> None:
    """Weights: first the file by its hash, then what they are, whose, and how long they may be kept.

    Weights of another show are on that show's record, which is none of this one's.
    """
    if values.get("recorded") is False or values["show"] != world.facts["show"]:
        return
    rest, (text, show, scope, subjects, trained_on, made_by) = taken(values, "bytes", "show", "scope", "subjects", "trained_on", "made_by")
    sealed = SealedFile(path=f"{name}.bin", sha256=digest(text), size_bytes=len(text.encode()))
    licence = world.licence_id("production")
    role = Role.TEMPLATE if values["kind"] == "template" else Role.MODEL
    exemplar = Exemplar(digest=sealed.sha256, role=role, files=(sealed,), licence_id=licence, author_id=world.subject(made_by))
    registry.register_exemplar(world.ledger, exemplar)
    grants = [g for g, c in world.facts["consents"].items() if c["subject"] in subjects]
    learned = {
        **rest,
        **scope,
        "digest": sealed.sha256,
        "show_id": world.show_id(show),
        "subjects": [world.subject(s) for s in subjects],
        "trained_on": [world.digest(p) for p in trained_on],
        "grants": grants,
        "made_by": made_by,
    }
    models_registry.register_model(world.ledger, record_of(Learned, learned))
