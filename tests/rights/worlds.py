"""Random uses, consents and worlds of the small show, field by field, for tests that want many of them."""

from __future__ import annotations

import copy
import random
import tempfile
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

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
    ScriptRef,
    Technique,
    Use,
)
from bottega.rights import Entry, Grant, State
from bottega.rights.packs import read_pack, shipped
from bottega.rights.record.answers import Declaration
from bottega.rights.record.rulings import AdoptedPack, ApprovedEnvironment

from .builders import ARTIST, KEY, NOON, PERFORMER, PLATE, SCAN, SECOND, SHOW, approval, digest, face, good_consent, good_use, set_stage
from .builders import good_signature as signature
from .naive import DOCUMENT, HOUR, World

FINAL_ROLES = ("legal", "studio", "vfx_supervisor")
plate, key, scan = Input(digest=PLATE, role=Role.PLATE), Input(digest=KEY, role=Role.KEY), Input(digest=SCAN, role=Role.REFERENCE)

# For every field the good value first. It is drawn nearly always, or else a random consent would never allow anything.
GRANTORS = [Grantor(id="somebody", role=role, authority_doc_sha256=document) for role in GrantorRole for document in (None, DOCUMENT)]
SCRIPTS = [
    ScriptRef(sha256=digest("script"), dated=NOON - days * timedelta(days=1), existed_before_performance=told)
    for days in (40, 20, -1)
    for told in (True, False)
]
CONSENT: dict[str, tuple[Any, ...]] = {
    "grantor": (Grantor(id=PERFORMER, role=GrantorRole.SELF), *GRANTORS),
    "subject_kind": (PersonKind.PERFORMER, *PersonKind),
    "representation": (Representation.NONE, *Representation),
    "production_id": (SHOW, "show-2", ""),
    "shots": (("sh010",), ("sh0*",), ("sh020",), ("*",), ()),
    "purpose": (Purpose.DEAGE, *Purpose),
    "description": (good_consent().description, "", "short", "For any use that the studio may think of, at its own discretion."),
    "depicted_content_limits": (ContentLimits(), ContentLimits(violence=True), ContentLimits(nudity=True)),
    "inputs_allowed": (("plate:sh010",), (PLATE, SCAN), ("plate:sh020",), ("plate:sh099",), ()),
    "techniques": ((Technique.EXEMPLAR_SYNTHESIS,), (), (Technique.RENDER,)),
    "valid_from": (NOON - 48 * HOUR, NOON, NOON + HOUR, NOON - 90000 * HOUR),
    "valid_until": (NOON + HOUR, NOON, NOON - HOUR, NOON + 9999 * HOUR),
    "document_sha256": (DOCUMENT, "", "scan.pdf"),
    "signature": (
        signature(),
        signature(separately_signed=False),
        signature(clear_conspicuous=False),
        signature(signed_at=NOON),
        signature(signed_at=NOON + HOUR),
    ),
    "age_range_out": ((30, 40), None, (35, 35), (10, 20)),
    "notice_given_at": (NOON - 96 * HOUR, None, NOON - 47 * HOUR, NOON - 95 * HOUR),
    "survives_death": (False, True, True),
    "strike_suspends": (True, False, False),
    "territories": ((), ("IT",), ("US", "IT")),
    "media": (("feature",), (), ("trailer", "feature"), ("trailer",)),
    "languages": (("it",), (), ("fr", "it"), ("fr",)),
    "dub_consent": ((), ("it",), ("fr",)),
    "episodes": (("ep101",), (), ("ep1*",), ("ep2*",), ("*",)),
    "scenes": (("12*",), (), ("12a",), ("14",)),
    "exemption": ("as_scripted", None, "none", "unsafe", "artistic"),
    "exemption_decided_by": ("p_dddddddd", None),
    "script_ref": (SCRIPTS[0], None, *SCRIPTS),
    "approvals": (
        tuple(approval(role) for role in FINAL_ROLES),
        (),
        (approval("legal"),),
        (approval("studio"), approval("vfx_supervisor")),
        (approval("legal", at=NOON + HOUR), approval("studio")),
    ),
}
USE: dict[str, tuple[Any, ...]] = {
    "inputs": (
        (plate, key),
        (key,),
        (),
        (plate, scan),
        (Input(digest=digest("?"), role=Role.PLATE),),
        (Input(digest=PLATE, role=Role.KEY),),
    ),
    "show_id": (SHOW, "show-2"),
    "shot": ("sh010", "sh020"),
    "people": ((PERFORMER,), (), (PERFORMER, SECOND), ("p_00000000",)),
    "touches_performer": (True, False, None),
    "purpose": (Purpose.DEAGE, None, Purpose.ALTERATION, Purpose.DUB),
    "age_target": (35, None, 17, 18, 29, 30, 40, 41),
    "technique": ("exemplar_synthesis", "render", "per_shot_network", "prompt"),
    "territory": (None, "IT", "FR"),
    "medium": ("feature", None, "trailer", "game"),
    "language": ("it", None, "fr", "en"),
    "episode": (None, "ep101", "ep202"),
    "scene": (None, "12a", "14"),
    "content": ((), (Content.VIOLENCE,), (Content.NUDITY,), (Content.SEXUAL, Content.VIOLENCE)),
}
STATED: dict[str, tuple[Any, ...]] = {
    "environment": ("local", "farm", None),
    "could_pass_as_real": ("no", "yes", None, "perhaps"),
    "affects_union_work": ("no", "yes", None),
    "fictional_context": (None, "yes", "no"),
    "personal_data": (None, "no", "yes", "YES"),
    "names_real": (None, "no", "yes"),
    "key_visual": (None, "no", "yes"),
    "human_input": (None, "no", "yes"),
    "weather": (None, "fine"),
}
WORLD: dict[str, tuple[Any, ...]] = {
    "kind": (PersonKind.PERFORMER, *PersonKind),
    "revoked": (False, True),
    "strike": (False, True),
    "at": (NOON, NOON + HOUR),
    "faces": ("reviewed", "assigned", "none"),
    "episode": ("ep101", None, "ep202"),
    "scene": ("12a", None, "14"),
    "performed_at": (None, NOON - timedelta(days=30), NOON + timedelta(days=30)),
    "guidance": (True, False),
    "farm": (None, "approved"),
    "job_roles": ((), FINAL_ROLES, ("legal", "standards", "production", "guild", "security"), ("security",)),
    "declared": ((PLATE,), (), (SCAN,), (PLATE, SCAN)),
}
REPAIR = {"job": "repair", "touches_performer": False, "people": (), "purpose": None, "age_target": None}


class Chance:
    """Draws of one kind: by a seed here, by hypothesis below."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.below = self._random.randrange

    def mostly(self, fields: dict[str, tuple[Any, ...]]) -> dict[str, Any]:
        """The good values, and now and then another one."""
        return {name: values[self.below(len(values))] if self.below(22) == 0 else values[0] for name, values in fields.items()}

    def case(self) -> tuple[Use, list[Consent], World]:
        """One use, one or two consents, one world."""
        stated = {name: value for name, value in self.mostly(STATED).items() if value is not None}
        delivery = Delivery.FINAL if self.below(3) == 0 else Delivery.TEMP
        world = World(**self.mostly(WORLD))
        fields = self.mostly(USE)
        if self.below(8) == 0:
            fields |= {name: value for name, value in REPAIR.items() if self.below(22)}
            world = replace(world, faces="none", job_roles=world.job_roles or FINAL_ROLES)
        held = [good_consent(grant_id=f"g_{i}", **self.mostly(CONSENT)) for i in range(1 + self.below(2))]
        return good_use(stated=stated, delivery=delivery, **fields), held, world


def fake(state: State, kind: str, data: dict[str, Any]) -> Entry:
    return Entry(state.head.size, NOON, kind, data, b"")


@cache
def stages() -> dict[str, State]:
    """The show's state with no faces, with faces assigned, and with them reviewed."""
    with tempfile.TemporaryDirectory() as folder, set_stage(Path(folder)).ledger as ledger:
        state, found = State.of(ledger), {}
        found["none"] = copy.deepcopy(state)
        state.apply(fake(state, "faces.assigned", {"tracks": [face().to_json()], "by": PERFORMER}))
        found["assigned"] = copy.deepcopy(state)
        state.apply(fake(state, "faces.reviewed", {"plate": PLATE, "faces": state.faces[PLATE].digest, "by": PERFORMER}))
        return found | {"reviewed": state}


PACK = AdoptedPack(read_pack(shipped()), shipped(), digest(shipped()), 1)


def in_world(held: list[Consent], world: World) -> State:
    """The state of the ledger, put together without a log: what entries do to it is tested elsewhere."""
    state = copy.copy(stages()[world.faces])
    state.strike = world.strike
    state.people = state.people | {PERFORMER: Person(subject_id=PERFORMER, kind=world.kind)}
    told = {"episode": world.episode, "scene": world.scene, "performed_at": world.performed_at}
    state.shots = state.shots | {"sh010": replace(state.shots["sh010"], **told)}
    state.grants = {c.grant_id: Grant(c, 50 + i, approvals=c.approvals) for i, c in enumerate(held)}
    if world.revoked:
        first = held[0].grant_id
        state.grants[first] = replace(state.grants[first], ended="revoked", ended_idx=60)
    state._by_subject = {PERFORMER: tuple(state.grants)}
    state.packs = {PACK.pack.id: PACK} if world.guidance else {}
    state.environments = {"farm": ApprovedEnvironment("farm", False, 3)} if world.farm else {}
    made = tuple(approval(role) for role in world.job_roles)
    state.approvals = {("sh010", job): made for job in ("deage", "repair")} | {("sh020", "deage"): made}
    said = Declaration(shot="sh010", job="repair", inputs=frozenset(world.declared), by=ARTIST, idx=4)
    state.declarations = {("sh010", "repair"): (said,)}
    return state
