"""A small show with one good consent, to be bent by each test in one place."""

from __future__ import annotations

import hashlib
import re
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bottega.model import (
    Approval,
    Consent,
    ContentLimits,
    Exemplar,
    FaceBox,
    FaceKind,
    FaceTrack,
    FrameRange,
    Grantor,
    GrantorRole,
    Input,
    Licence,
    LicenceKind,
    Person,
    PersonKind,
    Purpose,
    Representation,
    Role,
    SealedFile,
    Shot,
    Signature,
    SignatureKind,
    Technique,
    Use,
)
from bottega.rights import (
    Door,
    Gate,
    Ledger,
    State,
    add_consent,
    add_licence,
    add_person,
    assign_faces,
    create_show,
    declare_no_performer,
    register_exemplar,
    register_shot,
    review_faces,
)
from bottega.rights.record.faces import faces_of

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
SHOW = "show-1"
PERFORMER = "p_aaaaaaaaaaaaaaaa"
SECOND = "p_cccccccccccccccc"
ARTIST = "p_bbbbbbbbbbbbbbbb"
GATE_KEY = Ed25519PrivateKey.from_private_bytes(b"gate" * 8)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


PLATE, OTHER_PLATE, KEY, MATTE, SCAN = (digest(t) for t in ("plate", "other plate", "key", "matte", "scan"))


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **span: float) -> None:
        self.at += timedelta(**span)


def good_consent(**changes: Any) -> Consent:
    fields: dict[str, Any] = {
        "grant_id": "g_1",
        "subject_id": PERFORMER,
        "subject_kind": PersonKind.PERFORMER,
        "grantor": Grantor(id=PERFORMER, role=GrantorRole.SELF),
        "representation": Representation.LAWYER,
        "production_id": SHOW,
        "shots": ("sh010",),
        "purpose": Purpose.DEAGE,
        "description": "Make the performer look 30 to 40 years old in the flashback of scene 12.",
        "depicted_content_limits": ContentLimits(),
        "inputs_allowed": ("plate:sh010",),
        "techniques": (Technique.EXEMPLAR_SYNTHESIS,),
        "model_training": False,
        "biometric_template": False,
        "valid_from": NOON - timedelta(days=5),
        "valid_until": NOON + timedelta(days=5),
        "document_sha256": digest("contract"),
        "signature": good_signature(),
        "revocable": True,
        "age_range_out": (30, 40),
        "notice_given_at": NOON - timedelta(days=8),
    }
    return Consent(**(fields | changes))


def good_signature(**changes: Any) -> Signature:
    fields: dict[str, Any] = {
        "kind": SignatureKind.WET_SCAN,
        "signed_at": NOON - timedelta(days=6),
        "separately_signed": True,
        "clear_conspicuous": True,
    }
    return Signature(**(fields | changes))


def good_use(**changes: Any) -> Use:
    fields: dict[str, Any] = {
        "show_id": SHOW,
        "shot": "sh010",
        "job": "deage",
        "inputs": (Input(digest=PLATE, role=Role.PLATE), Input(digest=KEY, role=Role.KEY), Input(digest=MATTE, role=Role.MATTE)),
        "people": (PERFORMER,),
        "touches_performer": True,
        "purpose": Purpose.DEAGE,
        "age_target": 35,
    }
    return Use(**(fields | changes))


def still(content: str, role: Role, *, licence_id: str | None = "production", author_id: str | None = None) -> Exemplar:
    sealed = SealedFile(path=f"{content}.exr", sha256=digest(content), size_bytes=len(content))
    return Exemplar(digest=sealed.sha256, role=role, files=(sealed,), licence_id=licence_id, author_id=author_id)


def approval(role: str, **changes: Any) -> Approval:
    return Approval(**({"role": role, "approver": "p_dddddddd", "at": NOON - timedelta(days=1), "ref": "mail-7"} | changes))


def licence(**changes: Any) -> Licence:
    fields: dict[str, Any] = {"licence_id": "production", "kind": LicenceKind.PRODUCTION, "rightsholder": "studio", "show_id": SHOW}
    return Licence(**(fields | changes))


def shot(code: str, plate: str) -> Shot:
    return Shot(code=code, plate=plate, frames=FrameRange(first=1001, last=1048), colour="lin_rec709_srgb", width=64, height=64)


def face(track_id: str = "hero", kind: FaceKind = FaceKind.PERFORMER, **changes: Any) -> FaceTrack:
    """A face in the middle of the plate for all its frames; the performer's, unless changed."""
    fields: dict[str, Any] = {
        "track_id": track_id,
        "plate": PLATE,
        "kind": kind,
        "frames": FrameRange(first=1001, last=1048),
        "boxes": (FaceBox(frame=1001, x=20, y=20, width=16, height=16),),
        "subject_id": PERFORMER if kind is FaceKind.PERFORMER else None,
    }
    return FaceTrack(**(fields | changes))


def put_faces(ledger: Ledger, *tracks: FaceTrack, reviewed: bool = False) -> None:
    """Assign faces, and have Artist B say that they are all."""
    if tracks:
        assign_faces(ledger, *tracks, by=ARTIST)
    if reviewed:
        plate = tracks[0].plate if tracks else PLATE
        review_faces(ledger, plate, faces=faces_of(State.of(ledger), plate).digest, by=ARTIST)


def declare(stage: Stage, *pictures: str, job: str = "deage") -> None:
    """Artist B says that these pictures touch no performer."""
    declare_no_performer(stage.ledger, "sh010", job=job, inputs=pictures, by=ARTIST)


@dataclass
class Stage:
    """A show on disk, and all that plays on it."""

    path: Path
    clock: Clock
    ledger: Ledger

    def gate(self, **changes: Any) -> Gate:
        return Gate(self.ledger, changes.pop("key", GATE_KEY), **({"show_id": SHOW} | changes))

    def door(self, job_id: str = "job-1", **changes: Any) -> Door:
        given = {"show_id": SHOW, "job_id": job_id} | changes
        return Door(given.pop("ledger", self.ledger), given.pop("key", GATE_KEY.public_key()), **given)

    def state(self) -> State:
        return State.of(self.ledger)


def set_stage(folder: Path, *consents: Consent) -> Stage:
    """Everything a good use needs, and these consents."""
    clock, path = Clock(), folder / "ledger.db"
    path.write_bytes(_empty_stage())
    ledger = Ledger(path, clock=clock)
    for consent in consents:
        add_consent(ledger, consent)
    return Stage(folder, clock, ledger)


def begin_stage(ledger: Ledger, **options: Any) -> None:
    """A show with people, licences, pictures and shots; `options` as for `create_show`."""
    create_show(ledger, GATE_KEY.public_key(), show_id=SHOW, show_code="demo", **options)
    for subject, kind in ((PERFORMER, PersonKind.PERFORMER), (SECOND, PersonKind.PERFORMER), (ARTIST, PersonKind.ARTIST)):
        add_person(ledger, Person(subject_id=subject, kind=kind))
    add_licence(ledger, licence())
    add_licence(ledger, licence(licence_id="for-hire", kind=LicenceKind.WORK_FOR_HIRE, rightsholder=ARTIST))
    register_exemplar(ledger, still("plate", Role.PLATE))
    register_exemplar(ledger, still("other plate", Role.PLATE))
    register_exemplar(ledger, still("scan", Role.REFERENCE))
    register_exemplar(ledger, still("key", Role.KEY, licence_id="for-hire", author_id=ARTIST), paths=("keys/key.1001.png",))
    register_exemplar(ledger, still("matte", Role.MATTE, licence_id="for-hire", author_id=ARTIST))
    register_shot(ledger, shot("sh010", PLATE))
    register_shot(ledger, shot("sh020", OTHER_PLATE))


@cache
def _empty_stage() -> bytes:
    """The ledger of a show with people, licences, pictures and shots, written once: the disk is slow to swear by."""
    with tempfile.TemporaryDirectory() as folder:
        with Ledger.create(Path(folder) / "ledger.db", clock=Clock()) as ledger:
            begin_stage(ledger)
        return (Path(folder) / "ledger.db").read_bytes()


def fill(form: str, answers: dict[str, str]) -> str:
    """Fill in a form's lines: `grantor.id` is the line `id` of the table [grantor]. Values are TOML."""
    table, lines, left = "", [], dict(answers)
    for line in form.splitlines():
        if found := re.fullmatch(r"\[(\w+)\]", line):
            table = f"{found[1]}."
        name = table + line.split(" =")[0]
        if " = " in line and name in left:
            lines.append(f"{line.split(' = ')[0]} = {left.pop(name)}")
        else:
            lines.append(line)
    assert not left, f"the form has no {left}"
    return "\n".join(lines) + "\n"


ANSWERS = {
    "description": '"Make the performer look 30 to 40 years old in the flashback of scene 12."',
    "age_range_out": "[30, 40]",
    "notice_given_at": '"2026-03-02T12:00:00Z"',
    "valid_from": "2026-03-05T13:00:00+01:00",
    "valid_until": '"2026-03-15T12:00:00Z"',
    "representation": '"lawyer"',
    "document_sha256": f'"{digest("contract")}"',
    "grantor.id": f'"{PERFORMER}"',
    "grantor.role": '"self"',
    "signature.kind": '"wet-scan"',
    "signature.signed_at": '"2026-03-04T12:00:00Z"',
    "signature.separately_signed": "true",
    "signature.clear_conspicuous": "true",
}


SMALL_PACK = """
schema = "bottega.pack"
schema_version = 1
id = "small"
title = "Small"
source = "nobody"
dated = 2026-01-02
note = "for tests"

[[row]]
id = "R1"
title = "A key visual"
risk = "stop"
signs = "legal"
when = ["key_visual is yes"]
approvals = ["legal"]
code = "escalate"
"""
