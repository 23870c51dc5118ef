"""Which weights and face templates may be loaded: those of this show, of these people, for this use, that still have to be there."""

from __future__ import annotations

from collections.abc import Iterator

from bottega.model import Learned, LearnedKind, Reason, Role, Technique, utc_text
from bottega.rights.reasons import reason
from bottega.rights.record.consents import Grant
from bottega.rights.record.models import KnownModel
from bottega.rights.record.models_registry import keeping_ends

from .case import Case
from .consent_rules import covers
from .policy import policy

ROLES = {Role.MODEL: (LearnedKind.NETWORK, LearnedKind.EXTERNAL), Role.TEMPLATE: (LearnedKind.TEMPLATE,)}
TECHNIQUES = {LearnedKind.NETWORK: Technique.PER_SHOT_NETWORK, LearnedKind.EXTERNAL: Technique.EXTERNAL_MODEL}


def _inputs(case: Case) -> Iterator[tuple[Role, str, KnownModel | None]]:
    """Whatever is loaded as weights or a template, or is registered as such and loaded as something else."""
    for item in case.use.inputs:
        known = case.state.models.get(item.digest)
        if item.role in ROLES or known is not None:
            yield item.role, item.digest, known


def _models(case: Case) -> Iterator[tuple[str, Learned]]:
    for _, digest, known in _inputs(case):
        if known is not None:
            yield f"{known.learned.kind.value} {digest[:12]}", known.learned


@policy
def models_registered(case: Case) -> Iterator[Reason]:
    """Weights and templates are registered as what they are, and weights are used by the technique that goes with them."""
    for role, digest, known in _inputs(case):
        if known is None:
            yield reason("model_scope", f"{role.value} {digest[:12]} is not in the registry of models")
        elif known.learned.kind not in ROLES.get(role, ()):
            yield reason("model_scope", f"{digest[:12]} is used as {role.value}, registered as {known.learned.kind.value}")
        wanted = TECHNIQUES.get(known.learned.kind if known else LearnedKind.NETWORK, Technique.PER_SHOT_NETWORK)
        if role is Role.MODEL and case.use.technique != wanted:
            yield reason("technique", f"weights are named, the technique is {case.use.technique}; allowed is {wanted}")


@policy
def models_in_scope(case: Case) -> Iterator[Reason]:
    """Of this show, for this shot and purpose, and nobody's weights without that person (case 38)."""
    use = case.use
    for name, learned in _models(case):
        if learned.show_id != use.show_id:
            yield reason("model_scope", f"{name} is of show {learned.show_id}, asked is {use.show_id}")
        if not any(covers(pattern, use.shot) for pattern in learned.shots):
            yield reason("model_scope", f"{name} is for {', '.join(learned.shots)}, asked is {use.shot}")
        of_nobody = use.purpose is None and not (learned.purposes or learned.subjects)
        if use.purpose not in learned.purposes and not of_nobody:
            asked = use.purpose.value if use.purpose else "none stated"
            yield reason("model_scope", f"{name} is for {', '.join(learned.purposes) or 'no purpose'}, asked is {asked}")
        absent = [person for person in learned.subjects if person not in use.people]
        if absent or (use.people and not learned.subjects):
            of = ", ".join(learned.subjects) or "nobody"
            yield reason("model_scope", f"{name} is of {of}, the use is of {', '.join(use.people) or 'nobody'}")


@policy
def models_still_there(case: Case) -> Iterator[Reason]:
    """Neither destroyed nor due to be."""
    for _, digest, known in _inputs(case):
        if known is None:
            continue
        name, until = f"{known.learned.kind.value} {digest[:12]}", known.learned.delete_by
        if known.destroyed_idx is not None:
            yield reason("model_destroyed", f"{name} was destroyed by entry {known.destroyed_idx}")
        if case.now >= until:
            yield reason("model_overdue", f"{name} had to be deleted by {utc_text(until)}, it is {utc_text(case.now)}")


@policy
def models_on_living_ground(case: Case) -> Iterator[Reason]:
    """All that weights were trained on still holds: every picture's licence, every person's consent (case 38)."""
    for name, learned in _models(case):
        for digest in learned.trained_on:
            known = case.state.exemplars.get(digest)
            found = case.state.licences.get(known.licence_id) if known and known.licence_id else None
            until = found.licence.valid_until if found else None
            if found is None or found.ended_idx is not None or (until is not None and case.now >= until):
                yield reason("model_scope", f"{name} was trained on picture {digest[:12]}, whose licence has ended or is missing")
            elif learned.kind is LearnedKind.NETWORK and not found.licence.train_ok:
                yield reason("model_scope", f"{name} was trained on picture {digest[:12]}, whose licence does not allow training")
        for person in learned.subjects:
            if not any(
                _lives(case, case.state.grants[g], learned) for g in learned.grants if case.state.grants[g].consent.subject_id == person
            ):
                yield reason("model_scope", f"{name}: the consent of {person} that it stands on has ended")


MODEL_POLICIES = (models_registered, models_in_scope, models_still_there, models_on_living_ground)


def _lives(case: Case, grant: Grant, learned: Learned) -> bool:
    """Whether the consent holds now and lets weights be kept; where it was replaced, the one that replaced it does."""
    consent = grant.consent
    if grant.ended == "superseded":
        later = [g for g in case.state.grants_of(consent.subject_id) if g.consent.supersedes == consent.grant_id]
        return any(_lives(case, g, learned) for g in later)
    ends = keeping_ends(consent, learned.kind)
    stopped = case.state.stopped((consent.grant_id,), ())
    return not stopped and ends is not None and case.now < min(ends, consent.valid_until)
