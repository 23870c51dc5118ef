from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bottega.model import ConsentError
from bottega.rights import Clearance, verify_clearance
from bottega.rights.clearance import CLEARANCE_PREFIX, sign_clearance

from .builders import GATE_KEY, PLATE, SCAN, Stage, digest, good_consent, good_use, set_stage

STRANGER = Ed25519PrivateKey.from_private_bytes(b"evil" * 8)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = set_stage(tmp_path, good_consent())
    yield made
    made.ledger.close()


@pytest.fixture
def clearance(stage: Stage) -> Clearance:
    return stage.gate().clear(good_use(), job_id="job-1")


def refused(code: str) -> Any:
    return pytest.raises(ConsentError, match=f"^{code}:")


def flipped(text: str) -> str:
    """One bit of the first character, so that the text stays of its kind where it can."""
    return chr(ord(text[0]) ^ 1) + text[1:]


MICROSECOND = timedelta(microseconds=1)
ALTERATIONS: dict[str, Callable[[Clearance], Clearance]] = {
    "clearance_id": lambda c: replace(c, clearance_id=flipped(c.clearance_id)),
    "show_id": lambda c: replace(c, show_id="show-2"),
    "job_id": lambda c: replace(c, job_id="job-2"),
    "use_digest": lambda c: replace(c, use_digest=flipped(c.use_digest)),
    "inputs more": lambda c: replace(c, inputs=(*c.inputs, SCAN)),
    "inputs less": lambda c: replace(c, inputs=c.inputs[:-1]),
    "inputs order": lambda c: replace(c, inputs=c.inputs[::-1]),
    "grants": lambda c: replace(c, grants=()),
    "decision_idx": lambda c: replace(c, decision_idx=c.decision_idx - 1),
    "issued_at": lambda c: replace(c, issued_at=c.issued_at - MICROSECOND),
    "expires_at": lambda c: replace(c, expires_at=c.expires_at + MICROSECOND),
    "key_id": lambda c: replace(c, key_id=flipped(c.key_id)),
    "extra": lambda c: replace(c, extra={"note": "harmless"}),
    "no signature": lambda c: replace(c, signature=""),
    "signature in capitals": lambda c: replace(c, signature=c.signature.upper()),
    "signature with spaces": lambda c: replace(c, signature=" " + c.signature),
    "signature of another type": lambda c: replace(c, signature=bytes.fromhex(c.signature)),  # type: ignore[arg-type]
    "impossible field": lambda c: replace(c, decision_idx=1.5),  # type: ignore[arg-type]
    "by a stranger": lambda c: sign_clearance(c, STRANGER),
    "by a stranger who says so": lambda c: sign_clearance(replace(c, key_id=digest("evil")), STRANGER),
}


@pytest.mark.parametrize("name", ALTERATIONS)
@pytest.mark.parametrize("used_before", [False, True])
def test_an_altered_clearance_is_forged(stage: Stage, clearance: Clearance, name: str, used_before: bool) -> None:
    door = stage.door()
    if used_before:
        door.admit(clearance, PLATE)
    altered = ALTERATIONS[name](clearance)
    with refused("forged"):
        door.admit(altered, PLATE)
    with refused("forged"):
        verify_clearance(altered, GATE_KEY.public_key())
    if not used_before:
        assert stage.ledger.entries("clearance.spent") == []


def test_every_bit_of_the_signature_counts(clearance: Clearance) -> None:
    signature = bytes.fromhex(clearance.signature)
    for i in range(512):
        bent = bytearray(signature)
        bent[i // 8] ^= 1 << (i % 8)
        with refused("forged"):
            verify_clearance(replace(clearance, signature=bent.hex()), GATE_KEY.public_key())
    order = 2**252 + 27742317777372353535851937790883648493
    s = int.from_bytes(signature[32:], "little") + order  # the same equation, another signature: RFC 8032 forbids it
    with refused("forged"):
        verify_clearance(replace(clearance, signature=(signature[:32] + s.to_bytes(32, "little")).hex()), GATE_KEY.public_key())


def test_altered_in_place_after_the_first_admission(stage: Stage, clearance: Clearance) -> None:
    door = stage.door()
    door.admit(clearance, PLATE)
    object.__setattr__(clearance, "inputs", (*clearance.inputs, SCAN))
    with refused("forged"):
        door.admit(clearance, SCAN)


def test_what_only_looks_like_a_clearance(stage: Stage, clearance: Clearance) -> None:
    class Agreeable(Clearance):
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = None  # type: ignore[assignment]

    door = stage.door()
    door.admit(clearance, PLATE)
    fields = {k: getattr(clearance, k) for k in (f.name for f in dataclasses.fields(clearance))}
    for false in (Agreeable(**fields | {"inputs": (SCAN,)}), None, "yes", clearance.to_json()):
        with refused("forged"):
            door.admit(false, SCAN)  # type: ignore[arg-type]


def test_a_signature_over_another_kind_of_statement_is_none(stage: Stage, clearance: Clearance) -> None:
    body = clearance.statement().removeprefix(CLEARANCE_PREFIX)
    for statement in (body, b"bottega.consent/1\n" + body):
        with refused("forged"):
            stage.door().admit(replace(clearance, signature=GATE_KEY.sign(statement).hex()), PLATE)


def test_no_mutation_of_its_bytes_is_ever_admitted(stage: Stage, clearance: Clearance) -> None:
    chance = random.Random(20260310)
    text = clearance.to_bytes()
    assert Clearance.from_bytes(text) == clearance
    admitted = 0
    for _ in range(1500):
        bent = bytearray(text)
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(len(bent))
            how = chance.randrange(4)
            if how == 0:
                bent[at] ^= 1 << chance.randrange(8)
            elif how == 1:
                del bent[at]
            elif how == 2:
                bent.insert(at, chance.choice(b' 0",:[]{}ea'))
            else:
                bent = bent[:at]
                break
        if bytes(bent) == text:
            continue
        try:
            stage.door().admit(Clearance.from_bytes(bytes(bent)), PLATE)
            admitted += 1
        except ConsentError as refusal:
            assert refusal.codes[0] in ("forged", "newer_record")
    assert admitted == 0
    assert stage.ledger.entries("clearance.spent") == []


@pytest.mark.parametrize(
    "text", [b"", b"{}", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"schema":"bottega.clearance","schema_version":1}']
)
def test_rubbish_is_no_clearance(text: bytes) -> None:
    with refused("forged"):
        Clearance.from_bytes(text)
