"""What a use must be, whoever is in the picture: this show, known and licensed pictures, people named, no minors.

One small policy a rule; `policies.py` says in which order they are asked.
"""

from __future__ import annotations

from collections.abc import Iterator

from bottega.model import PersonKind, Reason, Technique, utc_text
from bottega.rights.reasons import reason
from bottega.rights.record.picture_facts import original
from bottega.rights.record.works import KnownExemplar

from .case import Case, Facts
from .consent_rules import ADULT_YEARS, NEVER_FOR_MINORS, approval_missing, is_newer, shows_people
from .policy import policy


@policy
def right_show(case: Case) -> Iterator[Reason]:
    """The use is of this ledger's show."""
    if case.use.show_id != case.state.show_id:
        yield reason("wrong_show", f"the use is for show {case.use.show_id}, the ledger is that of {case.state.show_id}")


@policy
def known_inputs(case: Case) -> Iterator[Reason]:
    """It names its pictures, and each is registered, in that role."""
    if not case.use.inputs:
        yield reason("no_inputs", "the use names no input")
    for item in case.use.inputs:
        known = case.state.exemplars.get(item.digest)
        if known is None and item.replaces in case.state.exemplars:
            before, now = str(item.replaces)[:12], item.digest[:12]
            yield reason("hash_changed", f"{item.role.value} {now} lies where {before} was registered")
        elif known is None:
            yield reason("unknown_exemplar", f"{item.role.value} {item.digest[:12]} is not in the ledger")
        elif item.role not in known.roles:
            registered = ", ".join(sorted(r.value for r in known.roles))
            yield reason("wrong_role", f"picture {item.digest[:12]} is used as {item.role.value}, registered as {registered}")


@policy
def licensed_inputs(case: Case) -> Iterator[Reason]:
    """Each has a licence that holds now and covers this use."""
    for known in registered(case):
        yield from licence_reasons(case, known)


@policy
def declared(case: Case) -> Iterator[Reason]:
    """Somebody has said whether a performer is touched; a no is somebody's recorded word on these very pictures."""
    use = case.use
    if use.touches_performer is None:
        yield reason("declaration_missing", "touches_performer is not stated")
    elif use.touches_performer is False:
        if use.people or use.purpose is not None or use.age_target is not None:
            yield reason("contradiction", "touches_performer is false, but people, a purpose or a target age are named")
        pictures = {item.digest for item in use.inputs if shows_people(item, case.state)}
        made = case.state.declarations.get((use.shot, use.job), ())
        if not any(pictures <= declaration.inputs for declaration in made):
            yield reason("declaration_missing", f"nobody declared that the pictures of {use.shot}, job {use.job}, touch no performer")


@policy
def named_people(case: Case) -> Iterator[Reason]:
    """Whoever is touched is named, and so is the purpose."""
    if case.use.touches_performer and not case.use.people:
        yield reason("empty_subjects", "touches_performer is true, people is empty")
    if case.use.touches_performer and case.use.purpose is None:
        yield reason("purpose", "no purpose is stated")


@policy
def never_minors(case: Case) -> Iterator[Reason]:
    """Nobody is made to look under 18, and no minor is shown in what no consent can allow."""
    target = case.use.age_target
    if target is not None and target < ADULT_YEARS:
        yield reason("minor_depicted", f"the target age is {target}, allowed is {ADULT_YEARS} or more, whoever consented")
    minors = [s for s in case.use.people if s in case.state.people and case.state.people[s].kind_at(case.now) is PersonKind.MINOR]
    for content in case.use.content:
        if minors and content in NEVER_FOR_MINORS:
            yield reason("minor_content", f"{', '.join(minors)}: the use states {content.value}")


@policy
def known_technique(case: Case) -> Iterator[Reason]:
    """The technique is one that consents and licences can speak of."""
    allowed = [t.value for t in Technique]
    if case.use.technique not in allowed:
        yield reason("technique", f"technique {case.use.technique!r} is unknown, allowed are {', '.join(allowed)}")


@policy
def consented(case: Case) -> Iterator[Reason]:
    """For each person one consent fits wholly. Consents are never mixed."""
    for answer in case.answers:
        yield from answer.reasons


@policy
def approved_final(case: Case) -> Iterator[Reason]:
    """A final delivery that touches nobody was approved for the job; where it touches people, each consent is asked."""
    if not case.answers:
        yield from approval_missing(case, set())


def registered(case: Case) -> list[KnownExemplar]:
    """The pictures of the use that are on record, each once."""
    digests = dict.fromkeys(item.digest for item in case.use.inputs)
    return [case.state.exemplars[d] for d in digests if d in case.state.exemplars]


def licence_reasons(case: Facts, known: KnownExemplar) -> Iterator[Reason]:
    """Why a picture's licence does not cover a use. Another encoding stands on the licence of its original, and ends with it."""
    picture, known = f"picture {known.digest[:12]}", original(case.state, known)
    found = case.state.licences.get(known.licence_id) if known.licence_id is not None else None
    if found is None:
        yield reason("no_licence", f"{picture} is registered {'without' if known.licence_id is None else 'with an unknown'} licence")
        return
    licence, name = found.licence, f"licence {found.licence.licence_id} of {picture}"
    if found.ended_idx is not None:
        yield reason("licence_revoked", f"{name} was revoked by entry {found.ended_idx}")
    if is_newer(licence):
        yield reason("newer_record", f"{name} has schema_version {licence.extra['schema_version']}, known is {licence.version}")
    if licence.valid_until is not None and case.now >= licence.valid_until:
        yield reason("licence_expired", f"{name} held until {utc_text(licence.valid_until)}, it is {utc_text(case.now)}")
    if licence.show_id != case.use.show_id:
        yield reason("licence_scope", f"{name} is for show {licence.show_id}, asked is {case.use.show_id}")
    if licence.works and known.digest not in licence.works:
        yield reason("licence_scope", f"{name} lists other works only")
    if not licence.exemplar_ok:
        yield reason("licence_scope", f"{name} does not allow use as an exemplar")
    if case.use.technique == Technique.PER_SHOT_NETWORK and not licence.train_ok:
        yield reason("licence_scope", f"{name} does not allow training")
