"""Cases that bend one thing each: every field of consent, use and world, over good cases of every kind, and some by hand."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bottega.model import (
    Content,
    ContentLimits,
    Delivery,
    Grantor,
    GrantorRole,
    Input,
    LicenceKind,
    Person,
    PersonKind,
    Purpose,
    Representation,
    Role,
    SignatureKind,
    Technique,
    Use,
)
from bottega.rights import Grant, State, decide
from bottega.rights.packs import read_pack
from bottega.rights.record.rulings import AdoptedPack, ApprovedEnvironment, Override, PersonsKey, Resolution
from bottega.rights.record.works import KnownLicence
from tests.rights.builders import (
    KEY,
    MATTE,
    NOON,
    PERFORMER,
    PLATE,
    SCAN,
    SECOND,
    SMALL_PACK,
    approval,
    digest,
    good_consent,
    good_use,
    licence,
)
from tests.rights.builders import good_signature as signature
from tests.rights.naive import HOUR, World
from tests.rights.worlds import CONSENT, FINAL_ROLES, PACK, REPAIR, STATED, USE, WORLD, in_world, key, plate, scan

from .test_overrides import LEGAL, LEGAL_B, STUDIO, STUDIO_C, key_id, signed, statement

DAY = timedelta(days=1)
GOOD_CONSENT = {name: values[0] for name, values in CONSENT.items()}
GOOD_USE = {name: values[0] for name, values in USE.items()}
SAFE = {"environment": "local", "could_pass_as_real": "no", "affects_union_work": "no"}
DESIGN = SAFE | {"prominence": "incidental", "human_input": "yes", "key_visual": "no", "names_real": "no"}

RISKY = (
    DESIGN | {"personal_data": "yes"},
    DESIGN | {"could_pass_as_real": "yes", "fictional_context": "yes"},
    DESIGN | {"affects_union_work": "yes"},
    DESIGN | {"prominence": "story_relevant", "human_input": "no"},
)
PROBED = ("inputs_licensed", "people_consented", "trains_on_inputs", "training_consented", "environment_approved", "exemption_claimed")
PROBED += ("training_environment_approved", "touches_performer")


@dataclass(frozen=True)
class Asked:
    """One case. `held` and `world` are there where the second evaluator can be asked, too."""

    name: str
    use: Use
    state: State
    now: datetime = NOON
    held: tuple[Any, ...] | None = None
    world: World | None = None


def corpus() -> list[Asked]:
    """All cases."""
    return [*_bent(), *_designs(), *_consents(), *_pictures(), *_people(), *_packs(), *_lifted()]


def ask(name: str, use: dict[str, Any] | None = None, consent: dict[str, Any] | None = None, world: dict[str, Any] | None = None) -> Asked:
    """A good temp of the performer, bent."""
    stated = (use or {}).pop("stated", SAFE)
    made = good_use(**(GOOD_USE | {"stated": stated} | (use or {})))
    held = (good_consent(**({"grant_id": "g_0"} | GOOD_CONSENT | (consent or {}))),)
    there = World(**({name: values[0] for name, values in WORLD.items()} | (world or {})))
    return Asked(name, made, in_world([*held], there), there.at, held, there)


def _bent() -> Iterator[Asked]:
    repair = dict(REPAIR), {}, {"faces": "none", "job_roles": FINAL_ROLES}
    bases: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
        "temp": ({}, {}, {}),
        "final": ({"delivery": Delivery.FINAL}, {}, {}),
        "final approved for the job": ({"delivery": Delivery.FINAL}, {"approvals": (), "exemption": None}, {"job_roles": FINAL_ROLES}),
        "repair": repair,
        "final repair": (repair[0] | {"delivery": Delivery.FINAL}, *repair[1:]),
        "plain": ({"stated": {}}, {"exemption": None, "approvals": (), "representation": Representation.LAWYER}, {"guidance": False}),
    }
    for base, (use, consent, world) in bases.items():
        yield ask(base, dict(use), consent, world)
        for name, value in _others(USE):
            yield ask(f"{base}, {name} {value}", use | {name: value}, consent, world)
        for name, value in _others(CONSENT) if not base.endswith("repair") else ():
            yield ask(f"{base}, consent {name} {value}", dict(use), consent | {name: value}, world)
        for name, value in _others(WORLD):
            yield ask(f"{base}, world {name} {value}", dict(use), consent, world | {name: value})
        for name, value in _others(STATED):
            stated = {k: v for k, v in (use.get("stated", SAFE) | {name: value}).items() if v is not None}
            yield ask(f"{base}, stated {name} {value}", use | {"stated": stated}, consent, world)


def _others(table: dict[str, tuple[Any, ...]]) -> Iterator[tuple[str, Any]]:
    return ((name, value) for name, values in table.items() for value in values[1:])


def _designs() -> Iterator[Asked]:
    """Jobs that make designs, with the facts that only they are asked for."""
    options: dict[str, tuple[str | None, ...]] = {
        "prominence": ("incidental", "referenced", "read_aloud", "story_relevant", None),
        "human_input": ("yes", "no", None),
        "key_visual": ("no", "yes", None),
        "names_real": ("no", "yes", None),
        "could_pass_as_real": ("no", "yes", None),
        "fictional_context": (None, "yes", "no"),
        "personal_data": (None, "yes"),
    }
    approvals = ((), FINAL_ROLES, ("legal", "studio"), ("vfx_supervisor",), ("legal",), ("studio",), ("security",), ("standards", "legal"))
    for job in ("concept", "variation", "collapse", "deage"):
        for delivery in Delivery:
            for name, values in options.items():
                for value in values:
                    stated = {k: v for k, v in (DESIGN | {name: value}).items() if v is not None}
                    yield ask(f"{job} {delivery} {name} {value}", {"job": job, "delivery": delivery, "stated": stated})
            for roles in approvals:
                for stated in (
                    *RISKY,
                    DESIGN,
                    DESIGN | {"key_visual": "yes"},
                    DESIGN | {"prominence": "read_aloud"},
                    DESIGN | {"names_real": "yes"},
                ):
                    made = ask(
                        f"{job} {delivery} {roles} {stated}", {"job": job, "delivery": delivery, "stated": stated}, {"approvals": ()}
                    )
                    made.state.approvals = {("sh010", job): tuple(approval(role) for role in roles)}
                    yield replace(made, held=None)


def _consents() -> Iterator[Asked]:
    """A consent, bent in ways that the tables do not have."""
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
    for name, use, consent, world in listed:
        for delivery in Delivery:
            yield replace(ask(f"{name}, {delivery}", use | {"delivery": delivery}, consent, world), held=None)


def _pictures() -> Iterator[Asked]:
    """Pictures and their licences."""
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
    inputs = {
        "replaced": (Input(digest=digest("new"), role=Role.PLATE, replaces=PLATE), key),
        "replaces nothing known": (Input(digest=digest("new"), role=Role.PLATE, replaces=digest("old")),),
        "known, and replaces another": (Input(digest=PLATE, role=Role.PLATE, replaces=KEY), key),
        "twice": (plate, plate, key),
        "a matte": (plate, key, Input(digest=MATTE, role=Role.MATTE)),
        "a reference": (scan, key),
        "a plate as a matte": (Input(digest=PLATE, role=Role.MATTE),),
    }
    for name, given in inputs.items():
        for base in ({}, REPAIR):
            made = ask(f"{name} {sorted(base)}", base | {"inputs": given}, {"inputs_allowed": ("plate:sh010",)}, {"faces": "none"})
            yield replace(made, held=None)
    both = ask("a key that was a reference once", {"inputs": (plate, key)})
    both.state.exemplars = both.state.exemplars | {KEY: replace(both.state.exemplars[KEY], roles=frozenset({Role.KEY, Role.REFERENCE}))}
    yield replace(both, held=None)
    lost = ask("an empty ledger")
    yield replace(lost, state=State(), held=None)
    for fact in ("episode", "scene"):
        bare = ask(f"no shot, but a {fact}", {fact: "x1"})
        bare.state.shots = {}
        yield replace(bare, held=None)


def _people() -> Iterator[Asked]:
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


def _packs() -> Iterator[Asked]:
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


def _lifted() -> Iterator[Asked]:
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
    yield from _overridden(base)


def _overridden(base: Asked) -> Iterator[Asked]:
    said = statement(base.use)
    keys = {
        key_id(private.public_key()): PersonsKey(
            key_id(private.public_key()), private.public_key().public_bytes_raw().hex(), person, role, 7
        )
        for private, person, role in ((LEGAL, LEGAL_B, "legal"), (STUDIO, STUDIO_C, "studio"))
    }
    one_person = {name: replace(known, subject_id=LEGAL_B) for name, known in keys.items()}
    one_role = {name: replace(known, role="legal") for name, known in keys.items()}
    gone = {name: replace(known, revoked_idx=9) for name, known in keys.items()}
    no_keys: dict[str, PersonsKey] = {}
    cases: dict[str, tuple[Any, dict[str, PersonsKey], datetime]] = {
        "rightly": (signed(said, LEGAL, STUDIO), keys, NOON),
        "by one": (signed(said, LEGAL), keys, NOON),
        "by one person": (signed(said, LEGAL, STUDIO), one_person, NOON),
        "by one role": (signed(said, LEGAL, STUDIO), one_role, NOON),
        "with revoked keys": (signed(said, LEGAL, STUDIO), gone, NOON),
        "with no keys": (signed(said, LEGAL, STUDIO), no_keys, NOON),
        "of an earlier week": (signed(said, LEGAL, STUDIO), keys, NOON - 8 * DAY),
        "beyond": (signed(statement(base.use, codes=("escalate", "no_consent")), LEGAL, STUDIO), keys, NOON),
        "for another code": (signed(statement(base.use, codes=("unsure",)), LEGAL, STUDIO), keys, NOON),
        "over": (signed(statement(base.use, until=NOON), LEGAL, STUDIO), keys, NOON - DAY),
        "forged": (replace(signed(said, LEGAL, STUDIO), statement=replace(said, why="other")), keys, NOON),
        "for another place": (signed(statement(base.use, shot="sh020"), LEGAL, STUDIO), keys, NOON),
        "for other pictures": (signed(statement(base.use, inputs=(PLATE,)), LEGAL, STUDIO), keys, NOON),
        "for another use": (signed(statement(base.use, use_digest="0" * 64), LEGAL, STUDIO), keys, NOON),
    }
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
