"""Pictures with their licences, and several people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bottega.model import (
    Content,
    Delivery,
    Grantor,
    GrantorRole,
    Input,
    LicenceKind,
    Person,
    PersonKind,
    Representation,
    Role,
    Technique,
)
from bottega.rights import Grant, State
from bottega.rights.record.rulings import ApprovedEnvironment
from bottega.rights.record.works import KnownLicence
from tests.rights.builders import (
    KEY,
    MATTE,
    NOON,
    PERFORMER,
    PLATE,
    SECOND,
    approval,
    digest,
    good_consent,
    licence,
)
from tests.rights.worlds import FINAL_ROLES, REPAIR, key, plate, scan

from .corpus import GOOD_CONSENT, Asked, ask


def licences() -> Iterator[Asked]:
    """Licences of the pictures."""
    changes: dict[str, dict[str, Any]] = {
        "train": {"train_ok": True},
        "expired": {"valid_until": NOON},
        "runs": {"valid_until": NOON + timedelta(minutes=1)},
        "other show": {"show_id": "show-2"},
        "other works": {"works": (digest("other"),)},
        "these works": {"works": (PLATE, KEY)},
        "no exemplars": {"exemplar_ok": False},
        "newer": {"extra": {"schema_version": 2}},
        "own": {"kind": LicenceKind.OWN},
    }
    network = {"technique": "per_shot_network"}, {"techniques": (Technique.PER_SHOT_NETWORK,), "model_training": True}
    for name, change in changes.items():
        for how, (use, consent) in {"": ({}, {}), " for training": network}.items():
            made = ask(f"licence {name}{how}", dict(use), consent)
            made.state.licences = {k: KnownLicence(licence(licence_id=k, **change), 3) for k in made.state.licences}
            made.state.environments = {"local": ApprovedEnvironment("local", True, 5)} if how else {}
            yield replace(made, held=None)
    gone = ask("licence revoked")
    gone.state.licences = {k: replace(known, ended_idx=9) for k, known in gone.state.licences.items()}
    yield replace(gone, held=None)
    for name, licence_id in (("no licence", None), ("an unknown licence", "?")):
        made = ask(name)
        made.state.exemplars = {d: replace(known, licence_id=licence_id) for d, known in made.state.exemplars.items()}
        yield replace(made, held=None)


def inputs() -> Iterator[Asked]:
    """Which pictures a job names, and as what."""
    named = {
        "replaced": (Input(digest=digest("new"), role=Role.PLATE, replaces=PLATE), key),
        "replaces nothing known": (Input(digest=digest("new"), role=Role.PLATE, replaces=digest("old")),),
        "known, and replaces another": (Input(digest=PLATE, role=Role.PLATE, replaces=KEY), key),
        "twice": (plate, plate, key),
        "a matte": (plate, key, Input(digest=MATTE, role=Role.MATTE)),
        "a reference": (scan, key),
        "a plate as a matte": (Input(digest=PLATE, role=Role.MATTE),),
    }
    for name, given in named.items():
        for base in ({}, REPAIR):
            made = ask(f"{name} {sorted(base)}", base | {"inputs": given}, {"inputs_allowed": ("plate:sh010",)}, {"faces": "none"})
            yield replace(made, held=None)


def odd_ledgers() -> Iterator[Asked]:
    """Ledgers that know a picture, a show or a shot otherwise."""
    both = ask("a key that was a reference once", {"inputs": (plate, key)})
    both.state.exemplars = both.state.exemplars | {KEY: replace(both.state.exemplars[KEY], roles=frozenset({Role.KEY, Role.REFERENCE}))}
    yield replace(both, held=None)
    double = ask("a plate that two shots have")
    double.state.shots = double.state.shots | {"sh090": replace(double.state.shots["sh010"], code="sh090")}
    yield replace(double, held=None)
    lost = ask("an empty ledger")
    yield replace(lost, state=State(), held=None)
    for fact in ("episode", "scene"):
        bare = ask(f"no shot, but a {fact}", {fact: "x1"})
        bare.state.shots = {}
        yield replace(bare, held=None)


def people() -> Iterator[Asked]:
    """Several consents, several people."""
    for roles in ((), ("legal",), FINAL_ROLES):
        for delivery in Delivery:
            made = ask(f"two people, {roles}, {delivery}", {"people": (PERFORMER, SECOND), "delivery": delivery})
            grantor = Grantor(id=SECOND, role=GrantorRole.SELF)
            theirs = good_consent(**(GOOD_CONSENT | {"grant_id": "g_9", "subject_id": SECOND, "grantor": grantor, "exemption": None}))
            theirs = replace(theirs, representation=Representation.UNION, approvals=tuple(approval(r) for r in roles))
            made.state.grants = made.state.grants | {"g_9": Grant(theirs, 70, approvals=theirs.approvals)}
            made.state._by_subject = made.state._by_subject | {SECOND: ("g_9",)}
            made.state.faces = {}
            yield replace(made, held=None)
    for name, older, newer in (
        ("the older fits", {}, {"shots": ("sh020",)}),
        ("the newer fits", {"shots": ("sh020",)}, {}),
        ("both fit", {}, {}),
    ):
        made = ask(name, {}, older)
        late = good_consent(**(GOOD_CONSENT | {"grant_id": "g_1"} | newer))
        made.state.grants = made.state.grants | {"g_1": Grant(late, 71, approvals=late.approvals)}
        made.state._by_subject = {PERFORMER: ("g_0", "g_1")}
        yield replace(made, held=None)
    for kind in (PersonKind.MINOR, PersonKind.PERFORMER):
        made = ask(f"a minor among others, {kind}", {"people": (PERFORMER, SECOND), "content": (Content.SEXUAL,)})
        made.state.people = made.state.people | {SECOND: Person(subject_id=SECOND, kind=kind)}
        yield replace(made, held=None)
    nobody = ask("nobody named", {"people": ()})
    yield replace(nobody, held=None)
