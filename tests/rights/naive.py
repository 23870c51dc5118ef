"""A second evaluator of the gate's question, written apart from the first: one flat list of conditions, and no reasons.

It knows the small show of `builders.py` by heart, and of the rest only what the requirements say.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bottega.model import Consent, Content, Delivery, GrantorRole, PersonKind, Purpose, Representation, Role, Use

from .builders import KEY, NOON, OTHER_PLATE, PERFORMER, PLATE, SCAN, SHOW, digest, good_consent

HOUR = timedelta(hours=1)
DOCUMENT = digest("authority")
PLATES = {"sh010": PLATE, "sh020": OTHER_PLATE}
REGISTERED = {(PLATE, Role.PLATE), (KEY, Role.KEY), (SCAN, Role.REFERENCE)}
KNOWN_STATEMENTS = {
    **dict.fromkeys(("could_pass_as_real", "affects_union_work", "personal_data", "names_real"), ("yes", "no")),
    "prominence": ("incidental", "referenced", "read_aloud", "story_relevant"),
    **dict.fromkeys(("fictional_context", "human_input", "key_visual"), ("yes", "no")),
}


@dataclass(frozen=True)
class World:
    """What the ledger says beside the consents."""

    kind: PersonKind = PersonKind.PERFORMER
    revoked: bool = False
    strike: bool = False
    at: datetime = NOON
    faces: str = "reviewed"
    episode: str | None = "ep101"
    scene: str | None = "12a"
    performed_at: datetime | None = None
    guidance: bool = True
    farm: str | None = None
    job_roles: tuple[str, ...] = ()
    declared: tuple[str, ...] = (PLATE,)


def allows(use: Use, held: list[Consent], world: World) -> bool:
    """Yes or no. `held` are the performer's consents, the oldest first; the first of them may be revoked."""
    if use.touches_performer is True:
        chosen = _chosen(use, held, world)
        if chosen is None or use.people != (PERFORMER,) or use.purpose is None:
            return False
        if use.delivery == Delivery.FINAL and world.faces != "reviewed":
            return False
    else:
        chosen = None
        if use.touches_performer is None or use.people or use.purpose is not None or use.age_target is not None:
            return False
        if world.faces != "none" or (use.shot, use.job) != ("sh010", "repair") or not _pictures(use) <= set(world.declared):
            return False
        if use.delivery == Delivery.FINAL and not {"legal", "studio"} <= set(world.job_roles):
            return False
    return _use_is_right(use, world) and _statements_are_read(use) and (not world.guidance or _guided(use, chosen, world))


def _use_is_right(use: Use, world: World) -> bool:
    place = {"sh010": (world.episode, world.scene), "sh020": (None, None)}[use.shot]
    return (
        use.show_id == SHOW
        and len(use.inputs) > 0
        and all((i.digest, i.role) in REGISTERED for i in use.inputs)
        and (use.age_target is None or use.age_target >= 18)
        and not (use.people and world.kind == PersonKind.MINOR and {Content.NUDITY, Content.SEXUAL} & set(use.content))
        and use.technique in ("exemplar_synthesis", "render")
        and use.episode in (None, place[0])
        and use.scene in (None, place[1])
    )


def _statements_are_read(use: Use) -> bool:
    return all(name == "environment" or value in KNOWN_STATEMENTS.get(name, ()) for name, value in use.stated.items())


def _guided(use: Use, chosen: Consent | None, world: World) -> bool:
    """The studio's guidance, by hand."""
    say, final = use.stated.get, use.delivery == Delivery.FINAL
    roles = set(world.job_roles) | (_roles(chosen, world.at) if chosen else set())
    needed: set[str] = set()
    if say("environment") != "local" and not (say("environment") == "farm" and world.farm):
        return False
    if final and None in (say("could_pass_as_real"), say("affects_union_work")):
        return False
    if final:
        needed |= {"legal", "studio"} | ({"vfx_supervisor"} if chosen else set())
    if say("could_pass_as_real") == "yes":
        needed |= {"legal", "standards"}
        if say("fictional_context") != "yes":
            return False
    if say("affects_union_work") == "yes":
        needed |= {"production", "guild"}
    if say("personal_data") == "yes":
        needed |= {"legal", "security"}
    if say("names_real") == "yes" or (chosen and chosen.exemption not in (None, "none")):
        needed |= {"legal"}
    if say("key_visual") == "yes" and final and say("human_input") != "yes":
        return False
    return needed <= roles


def _chosen(use: Use, held: list[Consent], world: World) -> Consent | None:
    """The newest consent that meets all of its own conditions."""
    good = [c for i, c in enumerate(held) if not (world.revoked and i == 0) and _covers(c, use, world)]
    return good[-1] if good else None


def _covers(c: Consent, use: Use, world: World) -> bool:
    final = use.delivery == Delivery.FINAL
    roles = _roles(c, world.at) | set(world.job_roles)
    episode, scene = (world.episode, world.scene) if use.shot == "sh010" else (None, None)
    return (
        not (world.strike and c.strike_suspends)
        and c.production_id == SHOW
        and all(any(s in (shot, "sh0*") for s in c.shots) for shot in _shots(use))
        and c.valid_from <= world.at < c.valid_until
        and c.valid_until - c.valid_from < timedelta(days=365 * 5)
        and c.purpose == use.purpose
        and _age(use, c)
        and _granted_by_the_right_one(c, world.kind)
        and c.notice_given_at is not None
        and c.valid_from - c.notice_given_at >= 48 * HOUR
        and c.description == good_consent().description
        and c.document_sha256 == DOCUMENT
        and c.signature.separately_signed
        and c.signature.clear_conspicuous
        and c.signature.signed_at <= world.at
        and (c.representation != Representation.NONE or "legal" in _roles(c, world.at))
        and _pictures(use) != set()
        and _pictures(use) <= {PLATES.get(a[6:], "") if a[:6] == "plate:" else a for a in c.inputs_allowed}
        and use.technique in c.techniques
        and all(getattr(c.depicted_content_limits, content.value) for content in use.content)
        and not (c.subject_kind == PersonKind.MINOR and {Content.NUDITY, Content.SEXUAL} & set(use.content))
        and _listed(c.territories, use.territory, final=final)
        and _listed(c.media, use.medium, final=final)
        and _listed(c.languages, use.language, final=final)
        and (use.purpose != Purpose.DUB or _listed(c.dub_consent, use.language, final=final))
        and _listed(c.episodes, use.episode or episode, final=final)
        and _listed(c.scenes, use.scene or scene, final=final)
        and _exempt(c, world)
        and (not final or {"legal", "studio"} <= roles)
    )


def _shots(use: Use) -> set[str]:
    """The shot of the use, and those whose plates it takes."""
    digests = {i.digest for i in use.inputs}
    return {use.shot} | {i.shot for i in use.inputs if i.shot} | {shot for shot, plate in PLATES.items() if plate in digests}


def _exempt(c: Consent, world: World) -> bool:
    if c.exemption in (None, "none"):
        return True
    decided = (
        c.exemption in ("as_scripted", "unsafe", "unrecognisable", "customary")
        and c.exemption_decided_by
        and "legal" in _roles(c, world.at)
    )
    if c.exemption != "as_scripted":
        return bool(decided)
    played = world.performed_at if world.performed_at and world.performed_at < world.at else world.at
    return bool(decided and c.script_ref and c.script_ref.existed_before_performance and c.script_ref.dated < played)


def _listed(allowed: tuple[str, ...], asked: str | None, *, final: bool) -> bool:
    if allowed == ():
        return True
    if asked is None:
        return not final
    return any(asked == a or (a[-1:] == "*" and len(a) > 1 and asked[: len(a) - 1] == a[:-1]) for a in allowed)


def _pictures(use: Use) -> set[str]:
    return {i.digest for i in use.inputs if i.digest != KEY or i.role != Role.KEY}


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
        return role == GrantorRole.GUARDIAN and not dead
    if kind != PersonKind.DECEASED and c.subject_kind == PersonKind.MINOR:
        return False
    if dead:
        lives_on = c.survives_death and c.subject_kind != PersonKind.DECEASED
        heirs = role in (GrantorRole.ESTATE, GrantorRole.UNION)
        return (heirs or lives_on) and not (role == GrantorRole.GUARDIAN and kind != PersonKind.DECEASED)
    return role in (GrantorRole.SELF, GrantorRole.AGENT)
