"""Consents, bent in ways that the tables of worlds.py do not have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bottega.model import (
    Content,
    ContentLimits,
    Delivery,
    Grantor,
    GrantorRole,
    PersonKind,
    Purpose,
    SignatureKind,
    Technique,
)
from tests.rights.builders import (
    NOON,
    PERFORMER,
    approval,
    digest,
)
from tests.rights.builders import good_signature as signature
from tests.rights.naive import HOUR
from tests.rights.worlds import FINAL_ROLES

from .corpus import DAY, GOOD_CONSENT, SAFE, Asked, ask

parent = Grantor(id="parent", role=GrantorRole.GUARDIAN, authority_doc_sha256=digest("authority"))
estate = Grantor(id="estate", role=GrantorRole.ESTATE, authority_doc_sha256=digest("authority"))
minor = {"subject_kind": PersonKind.MINOR, "grantor": parent, "purpose": Purpose.ALTERATION, "age_range_out": None}
child, dead = {"kind": PersonKind.MINOR}, {"kind": PersonKind.DECEASED}
alteration = {"purpose": Purpose.ALTERATION, "age_target": None}
bare, rough = {"depicted_content_limits": ContentLimits(nudity=True)}, {"depicted_content_limits": ContentLimits(violence=True)}
network = {"techniques": (Technique.PER_SHOT_NETWORK,)}
elsewhere = {"shots": ("sh020",), "inputs_allowed": ("plate:sh020",), "episodes": (), "scenes": ()}
listed: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ("newer", {}, {"extra": {"schema_version": 2}}, {}),
    ("as new as we are", {}, {"extra": {"schema_version": 1}}, {}),
    ("no grant id", {}, {"grant_id": " "}, {}),
    ("no grantor", {}, {"grantor": Grantor(id="", role=GrantorRole.SELF)}, {}),
    ("unsigned by machine", {}, {"signature": signature(kind=SignatureKind.ED25519)}, {}),
    ("eleven years", {}, {"valid_from": NOON, "valid_until": datetime(2037, 3, 10, 12, tzinfo=UTC)}, {}),
    ("ten years to the day", {}, {"valid_from": NOON, "valid_until": datetime(2036, 3, 10, 12, tzinfo=UTC)}, {}),
    ("from a leap day", {}, {"valid_from": datetime(2024, 2, 29, tzinfo=UTC), "valid_until": datetime(2034, 3, 1, tzinfo=UTC)}, {}),
    ("past a leap day", {}, {"valid_from": datetime(2024, 2, 29, tzinfo=UTC), "valid_until": datetime(2034, 3, 2, tzinfo=UTC)}, {}),
    ("six years of a minor", alteration, minor | {"valid_from": NOON, "valid_until": NOON + 6 * 365 * DAY}, child),
    ("a minor, with a guardian", alteration, minor, child),
    ("a minor, alone", alteration, minor | {"grantor": Grantor(id=PERFORMER, role=GrantorRole.SELF)}, child),
    ("a guardian, for somebody of age", {}, {"grantor": parent}, {}),
    ("a minor's, of age now", alteration, minor | {"grantor": GOOD_CONSENT["grantor"]}, {}),
    ("a minor's, by a guardian, dead", alteration, minor | {"survives_death": True}, dead),
    ("an estate", {}, {"grantor": estate, "subject_kind": PersonKind.DECEASED}, dead),
    ("dead when it was granted, by themself", {}, {"subject_kind": PersonKind.DECEASED, "survives_death": True}, dead),
    ("an estate, for somebody alive", {}, {"grantor": estate}, {}),
    ("a union, for the dead", {}, {"grantor": replace(estate, role=GrantorRole.UNION)}, dead),
    ("goes on after death", {}, {"survives_death": True}, dead),
    ("nudity of a minor", alteration | {"content": (Content.NUDITY,)}, minor | bare, child),
    ("violence of a minor", alteration | {"content": (Content.VIOLENCE,)}, minor | rough, child),
    ("nudity once a minor", alteration | {"content": (Content.NUDITY,)}, minor | bare, {}),
    ("nudity granted", {"content": (Content.NUDITY,)}, bare, {}),
    ("an alteration without an age", alteration, {"purpose": Purpose.ALTERATION}, {}),
    ("older without an age", {"purpose": Purpose.AGE_UP, "age_target": None}, {"purpose": Purpose.AGE_UP}, {}),
    ("a network without training", {"technique": "per_shot_network"}, network, {}),
    ("a network with training", {"technique": "per_shot_network"}, network | {"model_training": True}, {}),
    ("notice after its start", {}, {"notice_given_at": NOON - 40 * HOUR, "valid_from": NOON - 1 * HOUR}, {}),
    ("notice between use and start", {}, {"notice_given_at": NOON - 40 * HOUR, "valid_from": NOON + 10 * HOUR}, {}),
    ("a star after a star", {}, {"shots": ("s**",)}, {}),
    ("a beginning without a star", {}, {"shots": ("sh01",)}, {}),
    ("a shot where a picture stands", {}, {"inputs_allowed": ("sh010",)}, {}),
    ("signs for letters", {}, {"description": "young ;:,.-_!?()[]{}<>+=&%$# young young young younger"}, {}),
    ("at the end of time", {}, {"valid_from": datetime(9992, 2, 29, tzinfo=UTC), "valid_until": datetime(9999, 1, 1, tzinfo=UTC)}, {}),
    ("in a shot without an episode", {"shot": "sh020", "episode": "ep101"}, {"shots": ("sh020",)}, {}),
    ("in a shot without a scene", {"shot": "sh020", "scene": "12a"}, {"shots": ("sh020",)}, {}),
    ("on an approved farm", {"stated": SAFE | {"environment": "farm"}}, {}, {"farm": "approved"}),
    ("repeats", {}, {"description": "young " * 20}, {}),
    ("any, use", {}, {"description": "Any  use! of this likeness, as it may please somebody later on."}, {}),
    ("wide letters", {}, {"description": "Ａｎｙ ｕｓｅ of this likeness, as it may please somebody later on."}, {}),
    ("company uses", {}, {"description": "Many uses were discussed, and this one makes the person ten years younger."}, {}),
    ("nobody advised, legal later", {}, {"approvals": tuple(replace(a, at=NOON + DAY) for a in GOOD_CONSENT["approvals"])}, {}),
    ("approved by nobody", {}, {"approvals": tuple(approval(r, approver=" ") for r in FINAL_ROLES)}, {}),
    ("approved nowhere", {}, {"approvals": tuple(approval(r, ref=" ") for r in FINAL_ROLES)}, {}),
    ("a blank decided", {}, {"exemption_decided_by": "  "}, {}),
    ("a dub into it", {"purpose": Purpose.DUB, "age_target": None}, {"purpose": Purpose.DUB, "dub_consent": ("it",)}, {}),
    ("a dub into another", {"purpose": Purpose.DUB, "age_target": None}, {"purpose": Purpose.DUB, "dub_consent": ("fr",)}, {}),
    ("stars inside", {}, {"shots": ("s*0*", "sh*1")}, {}),
    ("played later than the script", {}, {}, {"performed_at": NOON - 41 * DAY}),
    ("no plate of that shot", {"shot": "sh020"}, elsewhere, {}),
]  # fmt: skip


def consents() -> Iterator[Asked]:
    """Every one of them, for a temp and for a final."""
    for name, use, consent, world in listed:
        for delivery in Delivery:
            yield replace(ask(f"{name}, {delivery}", use | {"delivery": delivery}, consent, world), held=None)
