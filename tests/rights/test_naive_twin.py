"""The decision against a second evaluator, written apart from it as one flat list of conditions."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from bottega.model import (
    Consent,
    Content,
    ContentLimits,
    Delivery,
    Grantor,
    GrantorRole,
    Input,
    Person,
    PersonKind,
    Purpose,
    Representation,
    Role,
    Technique,
    Use,
)
from bottega.rights import Entry, State, decide

from .builders import (
    KEY,
    NOON,
    OTHER_PLATE,
    PERFORMER,
    PLATE,
    SCAN,
    SECOND,
    SHOW,
    approval,
    digest,
    face,
    good_consent,
    good_use,
    set_stage,
)
from .builders import good_signature as signature

HOUR = timedelta(hours=1)
PLATES = {"sh010": PLATE, "sh020": OTHER_PLATE}
DOCUMENT = digest("authority")


def mostly(good: Any, *bad: Any) -> st.SearchStrategy[Any]:
    """Good nineteen times in twenty, or else random consents would never allow anything."""
    return st.integers(0, 19).flatmap(lambda n: st.just(good) if n < 19 else st.sampled_from(bad))


def fake(state: State, kind: str, data: dict[str, Any]) -> Entry:
    return Entry(state.head.size, NOON, kind, data, b"")


GRANTORS = [Grantor(id="somebody", role=role, authority_doc_sha256=document) for role in GrantorRole for document in (None, DOCUMENT)]
consents = st.builds(
    good_consent,
    grantor=mostly(Grantor(id=PERFORMER, role=GrantorRole.SELF), *GRANTORS),
    subject_kind=mostly(PersonKind.PERFORMER, *PersonKind),
    representation=mostly(Representation.UNION, *Representation),
    production_id=mostly(SHOW, "show-2", ""),
    shots=mostly(("sh010",), ("sh0*",), ("sh020",), ("*",), ()),
    purpose=mostly(Purpose.DEAGE, *Purpose),
    description=mostly(good_consent().description, "", "short", "For any use that the studio may think of, at its own discretion."),
    depicted_content_limits=mostly(ContentLimits(), ContentLimits(violence=True), ContentLimits(nudity=True)),
    inputs_allowed=mostly(("plate:sh010",), (PLATE, SCAN), ("plate:sh020",), ("plate:sh099",), ()),
    techniques=mostly((Technique.EXEMPLAR_SYNTHESIS,), (), (Technique.RENDER,)),
    valid_from=mostly(NOON - 48 * HOUR, NOON, NOON + HOUR, NOON - 90000 * HOUR),
    valid_until=mostly(NOON + HOUR, NOON, NOON - HOUR, NOON + 9999 * HOUR),
    document_sha256=mostly(DOCUMENT, "", "scan.pdf"),
    signature=mostly(
        signature(),
        signature(separately_signed=False),
        signature(clear_conspicuous=False),
        signature(signed_at=NOON),
        signature(signed_at=NOON + HOUR),
    ),
    age_range_out=mostly((30, 40), None, (35, 35), (10, 20)),
    notice_given_at=mostly(NOON - 96 * HOUR, None, NOON - 47 * HOUR, NOON - 95 * HOUR),
    survives_death=st.booleans(),
    strike_suspends=st.booleans(),
    territories=mostly((), ("IT",), ("US", "IT")),
    approvals=mostly(
        (approval("legal"), approval("studio")), (), (approval("legal"),), (approval("legal", at=NOON + HOUR), approval("studio"))
    ),
)
plate, key, scan = Input(digest=PLATE, role=Role.PLATE), Input(digest=KEY, role=Role.KEY), Input(digest=SCAN, role=Role.REFERENCE)
uses = st.builds(
    good_use,
    inputs=mostly(
        (plate, key), (key,), (), (plate, scan), (Input(digest=digest("?"), role=Role.PLATE),), (Input(digest=PLATE, role=Role.KEY),)
    ),
    show_id=mostly(SHOW, "show-2"),
    shot=mostly("sh010", "sh020"),
    people=mostly((PERFORMER,), (), (PERFORMER, SECOND), ("p_00000000",)),
    touches_performer=mostly(True, False, None),
    purpose=mostly(Purpose.DEAGE, None, Purpose.ALTERATION),
    age_target=mostly(35, None, 17, 29, 30, 40, 41),
    delivery=mostly(Delivery.TEMP, Delivery.FINAL),
    technique=mostly("exemplar_synthesis", "render", "per_shot_network", "prompt"),
    territory=mostly(None, "IT", "FR"),
    content=mostly((), (Content.VIOLENCE,), (Content.NUDITY,)),
)
worlds = st.fixed_dictionaries(
    {
        "revoked": mostly(False, True),
        "strike": mostly(False, True),
        "reviewed": mostly(True, False),
        "kind": mostly(PersonKind.PERFORMER, *PersonKind),
        "at": mostly(NOON, NOON + HOUR),
    }
)


def naive(use: Use, held: list[tuple[Consent, bool]], *, kind: PersonKind, strike: bool, reviewed: bool, now: datetime) -> bool:
    """Everything at once: all conditions of a use, and one consent that meets all of its own."""
    registered = {(PLATE, Role.PLATE), (KEY, Role.KEY), (SCAN, Role.REFERENCE)}
    minor = kind == PersonKind.MINOR
    return (
        use.show_id == SHOW
        and len(use.inputs) > 0
        and all((i.digest, i.role) in registered for i in use.inputs)
        and use.touches_performer is True
        and use.people == (PERFORMER,)
        and use.purpose is not None
        and (reviewed or use.delivery != Delivery.FINAL)
        and (use.age_target is None or use.age_target >= 18)
        and not (minor and Content.NUDITY in use.content)
        and any(not gone and _covers(c, use, kind=kind, strike=strike, now=now) for c, gone in held)
    )


def _covers(c: Consent, use: Use, *, kind: PersonKind, strike: bool, now: datetime) -> bool:
    final = use.delivery == Delivery.FINAL
    pictures = {i.digest for i in use.inputs if i.digest != KEY}
    return (
        not (strike and c.strike_suspends)
        and c.production_id == SHOW
        and any(s in (use.shot, "sh0*") for s in c.shots)
        and c.valid_from <= now < c.valid_until
        and c.valid_until - c.valid_from < timedelta(days=365 * 5)
        and c.purpose == use.purpose
        and _age(use, c)
        and _granted_by_the_right_one(c, kind)
        and c.notice_given_at is not None
        and c.valid_from - c.notice_given_at >= 48 * HOUR
        and c.description == good_consent().description
        and c.document_sha256 == DOCUMENT
        and c.signature.separately_signed
        and c.signature.clear_conspicuous
        and c.signature.signed_at <= now
        and (c.representation != Representation.NONE or "legal" in _roles(c, now))
        and pictures != set()
        and pictures <= {PLATES.get(a[6:], "") if a[:6] == "plate:" else a for a in c.inputs_allowed}
        and use.technique in c.techniques
        and use.technique in ("exemplar_synthesis", "render")
        and (Content.VIOLENCE not in use.content or c.depicted_content_limits.violence)
        and (Content.NUDITY not in use.content or (c.depicted_content_limits.nudity and c.subject_kind != PersonKind.MINOR))
        and (not c.territories or use.territory in c.territories or (use.territory is None and not final))
        and (not final or {"legal", "studio"} <= _roles(c, now))
    )


def _roles(c: Consent, now: datetime) -> set[str]:
    return {a.role for a in c.approvals if a.at <= now}


def _age(use: Use, c: Consent) -> bool:
    if use.age_target is None:
        return use.purpose not in (Purpose.DEAGE, Purpose.AGE_UP)
    return c.age_range_out is not None and use.age_target in range(c.age_range_out[0], c.age_range_out[1] + 1)


def _granted_by_the_right_one(c: Consent, kind: PersonKind) -> bool:
    role, document = c.grantor.role, c.grantor.authority_doc_sha256
    if role == GrantorRole.SELF and c.grantor.id != PERFORMER:
        return False
    if role != GrantorRole.SELF and document is None:
        return False
    dead = PersonKind.DECEASED in (kind, c.subject_kind)
    if kind == PersonKind.MINOR:
        return role == GrantorRole.GUARDIAN and not (dead)
    if kind != PersonKind.DECEASED and c.subject_kind == PersonKind.MINOR:
        return False
    if dead:
        lives_on = c.survives_death and c.subject_kind != PersonKind.DECEASED
        heirs = role in (GrantorRole.ESTATE, GrantorRole.UNION)
        return (heirs or lives_on) and not (role == GrantorRole.GUARDIAN and kind != PersonKind.DECEASED)
    return role in (GrantorRole.SELF, GrantorRole.AGENT)


@pytest.fixture(scope="module")
def base() -> Any:
    with tempfile.TemporaryDirectory() as folder, set_stage(Path(folder)).ledger as ledger:
        yield ledger.entries()


@settings(max_examples=700, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(held=st.lists(consents, min_size=1, max_size=2), use=uses, world=worlds)
def test_no_disagreement_with_the_naive_evaluator(base: Any, held: list[Consent], use: Use, world: dict[str, Any]) -> None:
    state = State()
    for entry in base:
        state.apply(entry)
    fixed: list[tuple[Consent, bool]] = []
    for i, consent in enumerate(held):
        numbered = replace(consent, grant_id=f"g_{i}")
        state.apply(fake(state, "grant.created", numbered.to_json()))
        gone = world["revoked"] and i == 0
        if gone:
            state.apply(fake(state, "grant.revoked", {"grant_id": f"g_{i}"}))
        fixed.append((numbered, gone))
    state.apply(fake(state, "person.added", Person(subject_id=PERFORMER, kind=world["kind"]).to_json()))
    if world["strike"]:
        state.apply(fake(state, "strike.declared", {}))
    state.apply(fake(state, "faces.assigned", {"tracks": [face().to_json()], "by": PERFORMER}))
    if world["reviewed"]:
        state.apply(fake(state, "faces.reviewed", {"plate": PLATE, "faces": state.faces[PLATE].digest, "by": PERFORMER}))
    expected = naive(use, fixed, kind=world["kind"], strike=world["strike"], reviewed=world["reviewed"], now=world["at"])
    decision = decide(use, state, now=world["at"])
    assert decision.allow == expected, decision.reasons
    assert decision.allow == (not decision.reasons)
    event(f"allowed: {decision.allow}")
