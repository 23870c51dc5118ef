"""Packs beside each other, holds that somebody resolved, and overrides."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from bottega.model import (
    Grantor,
    GrantorRole,
    Input,
    Role,
    Technique,
    Use,
)
from bottega.rights import decide
from bottega.rights.packs import read_pack
from bottega.rights.record.rulings import AdoptedPack, ApprovedEnvironment, Override, PersonsKey, Resolution
from bottega.rights.record.works import KnownLicence
from tests.rights.builders import (
    KEY,
    NOON,
    PERFORMER,
    PLATE,
    SCAN,
    SMALL_PACK,
    digest,
    licence,
)
from tests.rights.worlds import PACK, REPAIR

from .corpus import DAY, PROBED, SAFE, Asked, ask
from .test_overrides import LEGAL, LEGAL_B, STUDIO, STUDIO_C, key_id, signed, statement


def packs() -> Iterator[Asked]:
    """Packs beside each other, and facts that only one of them knows."""
    own = SMALL_PACK.replace("[[row]]", '[[fact]]\nname = "stunt_wire"\nasks = "Is a wire painted out?"\n\n[[row]]', 1)
    second = own.replace("key_visual is yes", "stunt_wire is yes").replace('id = "small"', 'id = "own"')
    for value in (None, "yes", "no", "YES"):
        made = ask(f"stunt_wire {value}", {"stated": SAFE | ({"stunt_wire": value} if value else {})})
        made.state.packs = {PACK.pack.id: PACK, "own": AdoptedPack(read_pack(second), second, digest(second), 2)}
        yield replace(made, held=None)
    yield from _probed()
    computed = ("touches_performer", "delivery", "environment_approved")
    for name in computed:
        yield replace(ask(f"stated {name}", {"stated": SAFE | {name: "yes"}}), held=None)
    for name in ("deage", ""):
        yield replace(ask(f"place {name!r}", {"stated": SAFE | {"environment": name or "Farm A"}}), held=None)
    for training in (True, False):
        for granted in (True, False):
            for train_ok in (True, False):
                consent = {"techniques": (Technique.PER_SHOT_NETWORK,), "model_training": granted}
                made = ask(f"network {training} {granted} {train_ok}", {"technique": "per_shot_network"}, consent)
                made.state.environments = {"local": ApprovedEnvironment("local", training, 5)}
                made.state.licences = {k: KnownLicence(licence(licence_id=k, train_ok=train_ok), 3) for k in made.state.licences}
                yield replace(made, held=None)


def _probed() -> Iterator[Asked]:
    """A pack that tells every computed fact by the rows that apply."""
    text = SMALL_PACK[: SMALL_PACK.index("[[row]]")].replace('"small"', '"probe"')
    rows = ['[[row]]\nid = "S"\ntitle = "x"\nrisk = "low"\nsigns = "x"\nwhen = ["delivery is temp"]\napprovals = ["x"]\ncode = "gate"\n']
    for i, name in enumerate(PROBED):
        rows.append(f'[[row]]\nid = "R{i}"\ntitle = "x"\nrisk = "low"\nsigns = "x"\nwhen = ["{name} is yes"]\napprovals = ["nobody"]\n')
    probe = AdoptedPack(read_pack(text + "".join(rows)), text, digest(text), 3)
    trained = {"techniques": (*Technique,), "model_training": True}
    bends: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = [
        ("nothing", {}, {}, {}),
        ("trained", {}, trained, {}),
        ("trained, network", {"technique": "per_shot_network"}, trained, {}),
        ("an unknown technique", {"technique": "prompt"}, {}, {}),
        ("no exemption", {}, {"exemption": None}, {}),
        ("no inputs", {"inputs": ()}, {}, {}),
        ("an unknown input", {"inputs": (Input(digest=digest("?"), role=Role.PLATE),)}, {}, {}),
        ("another age", {"age_target": 60}, {}, {}),
        ("a farm", {"stated": SAFE | {"environment": "farm"}}, {}, {"farm": "approved"}),
        ("a repair", dict(REPAIR), {}, {"faces": "none"}),
        ("nobody", {"people": ()}, {}, {}),
    ]
    for name, use, consent, world in bends:
        for licences in ("", "trainable", "expired", "unknown"):
            made = ask(f"probed {name}, licences {licences}", dict(use), consent, world)
            change: dict[str, Any] = (
                {"train_ok": True} if licences == "trainable" else {"valid_until": NOON} if licences == "expired" else {}
            )
            made.state.licences = {
                k: KnownLicence(licence(licence_id=k, **change), 3) for k in made.state.licences if licences != "unknown"
            }
            made.state.packs = made.state.packs | {"probe": probe}
            yield replace(made, held=None)


def lifted() -> Iterator[Asked]:
    """Holds that somebody resolved, and overrides."""
    escalated = {"stated": SAFE | {"personal_data": "yes"}}
    words = frozenset({"studio-guidance A1: not yet approved by security; have the roles named approve it, and record that"})
    base = ask("escalated", dict(escalated))
    right = {"inputs": frozenset(i.digest for i in base.use.inputs), "details": words, "facts": base.use.facts_digest(), "code": "escalate"}
    wrong: dict[str, dict[str, Any]] = {
        "rightly": {},
        "for more pictures": {"inputs": frozenset({PLATE, KEY, SCAN})},
        "for other pictures": {"inputs": frozenset({PLATE})},
        "in other words": {"details": frozenset({"?"})},
        "for other facts": {"facts": "0" * 64},
        "of another code": {"code": "unsure"},
    }
    for name, change in wrong.items():
        for roles in (("legal", "studio"), ("legal",)):
            made = copy.copy(base)
            object.__setattr__(made, "state", copy.copy(base.state))
            said = [Resolution(shot="sh010", job="deage", by=PERFORMER, role=role, idx=80, **(right | change)) for role in roles]
            made.state.resolutions = {("sh010", "deage"): tuple(said)}
            yield replace(made, name=f"resolved {name} by {roles}", held=None)
    yield from _not_to_be_resolved()
    yield from _overridden(base)


def _not_to_be_resolved() -> Iterator[Asked]:
    """What no human of the production can resolve, resolved all the same."""
    parent = Grantor(id="parent", role=GrantorRole.GUARDIAN, authority_doc_sha256=digest("authority"))
    bent: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {"reconsent": ({}, {"grantor": parent}), "age_range": ({"age_target": 60}, {})}
    for code, (use, consent) in bent.items():
        made = ask(f"{code}, resolved by legal", use, consent)
        refused = decide(made.use, made.state, now=NOON).reasons
        said = Resolution(
            shot="sh010",
            job="deage",
            code=code,
            inputs=frozenset(i.digest for i in made.use.inputs),
            details=frozenset(r.detail for r in refused),
            facts=made.use.facts_digest(),
            by=PERFORMER,
            role="legal",
            idx=80,
        )
        made.state.resolutions = {("sh010", "deage"): (said,)}
        yield replace(made, held=None)


def _overridden(base: Asked) -> Iterator[Asked]:
    said = statement(base.use)
    keys = {
        key_id(private.public_key()): PersonsKey(
            key_id(private.public_key()), private.public_key().public_bytes_raw().hex(), person, role, 7
        )
        for private, person, role in ((LEGAL, LEGAL_B, "legal"), (STUDIO, STUDIO_C, "studio"))
    }
    cases = _overrides(said, keys, base.use)
    for name, (given, known, at) in cases.items():
        state = copy.copy(base.state)
        state.keys, state.overrides = known, {"o_1": Override(given, at, 81)}
        yield Asked(f"overridden {name}", base.use, state)
    both = copy.copy(base.state)
    both.keys, both.overrides = keys, {"o_1": Override(cases["rightly"][0], NOON, 81)}
    words = frozenset(r.detail for r in decide(base.use, base.state, now=NOON).reasons)
    about: dict[str, Any] = {"shot": "sh010", "job": "deage", "code": "escalate", "facts": base.use.facts_digest(), "details": words}
    both.resolutions = {
        ("sh010", "deage"): tuple(
            Resolution(inputs=frozenset(said.inputs), by=PERFORMER, role=role, idx=80, **about) for role in ("legal", "studio")
        )
    }
    yield Asked("resolved and overridden", base.use, both)
    minor = replace(base.use, age_target=17)
    state = copy.copy(base.state)
    state.keys, state.overrides = keys, {"o_1": Override(signed(statement(minor, codes=("escalate",)), LEGAL, STUDIO), NOON, 81)}
    yield Asked("overridden, and a minor", minor, state)


def _overrides(said: Any, keys: dict[str, PersonsKey], use: Use) -> dict[str, tuple[Any, dict[str, PersonsKey], datetime]]:
    one_person = {name: replace(known, subject_id=LEGAL_B) for name, known in keys.items()}
    one_role = {name: replace(known, role="legal") for name, known in keys.items()}
    gone = {name: replace(known, revoked_idx=9) for name, known in keys.items()}
    no_keys: dict[str, PersonsKey] = {}
    return {
        "rightly": (signed(said, LEGAL, STUDIO), keys, NOON),
        "by one": (signed(said, LEGAL), keys, NOON),
        "by one person": (signed(said, LEGAL, STUDIO), one_person, NOON),
        "by one role": (signed(said, LEGAL, STUDIO), one_role, NOON),
        "with revoked keys": (signed(said, LEGAL, STUDIO), gone, NOON),
        "with no keys": (signed(said, LEGAL, STUDIO), no_keys, NOON),
        "of an earlier week": (signed(said, LEGAL, STUDIO), keys, NOON - 8 * DAY),
        "beyond": (signed(statement(use, codes=("escalate", "no_consent")), LEGAL, STUDIO), keys, NOON),
        "for another code": (signed(statement(use, codes=("unsure",)), LEGAL, STUDIO), keys, NOON),
        "over": (signed(statement(use, until=NOON), LEGAL, STUDIO), keys, NOON - DAY),
        "forged": (replace(signed(said, LEGAL, STUDIO), statement=replace(said, why="other")), keys, NOON),
        "for another place": (signed(statement(use, shot="sh020"), LEGAL, STUDIO), keys, NOON),
        "for other pictures": (signed(statement(use, inputs=(PLATE,)), LEGAL, STUDIO), keys, NOON),
        "for another use": (signed(statement(use, use_digest="0" * 64), LEGAL, STUDIO), keys, NOON),
    }
