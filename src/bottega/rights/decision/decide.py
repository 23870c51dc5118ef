"""The decision: may this use be made? Pure: the same use, state and instant give the same answer. The default is no."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from bottega.model import PersonKind, Reason, Technique, Use, utc_text
from bottega.rights.reasons import HOLDS, reason
from bottega.rights.record.state import State
from bottega.rights.record.works import KnownExemplar

from .consent_rules import (
    ADULT_YEARS,
    CONSENT_RULES,
    NEVER_FOR_MINORS,
    Facts,
    Fit,
    Rule,
    approval_missing,
    is_newer,
    resolved_plates,
    shows_people,
)


@dataclass(frozen=True)
class Decision:
    """Yes or no, and why. `grants` and `licences` are those that a yes rests on; it holds until `valid_until` at the longest.

    `resolved` says for which digest each `plate:SHOT` stood. `idx` is the ledger entry, once it is recorded.
    """

    allow: bool
    reasons: tuple[Reason, ...]
    grants: tuple[str, ...] = ()
    licences: tuple[str, ...] = ()
    resolved: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    valid_until: datetime | None = None
    idx: int | None = None

    @property
    def held(self) -> bool:
        """Whether it is a no only until a named human has looked: every reason is one of `HOLDS`."""
        return not self.allow and bool(self.reasons) and all(r.code in HOLDS for r in self.reasons)

    @property
    def answer(self) -> str:
        """`allow`, `hold` or `deny`."""
        return "allow" if self.allow else "hold" if self.held else "deny"

    @property
    def codes(self) -> tuple[str, ...]:
        """The reason codes, the decisive one first."""
        return tuple(r.code for r in self.reasons)


@dataclass(frozen=True)
class Answer:
    """What was found for one person: a consent that fits wholly, or the reasons of the one that came closest."""

    fit: Fit | None
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class Case(Facts):
    """The facts, and what was found for each of the people."""

    answers: tuple[Answer, ...] = ()


Policy = Callable[[Case], Iterator[Reason]]


def right_show(case: Case) -> Iterator[Reason]:
    """1. The use is of this ledger's show."""
    if case.state.show_id is None or case.use.show_id != case.state.show_id:
        yield reason("wrong_show", f"the use is for show {case.use.show_id}, the ledger is that of {case.state.show_id}")


def known_inputs(case: Case) -> Iterator[Reason]:
    """2. It names its pictures, and each is registered, in that role."""
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


def licensed_inputs(case: Case) -> Iterator[Reason]:
    """3. Each has a licence that holds now and covers this use."""
    for known in _registered(case):
        yield from _licence_reasons(case, known)


def declared(case: Case) -> Iterator[Reason]:
    """4. Somebody has said whether a performer is touched; a no is somebody's recorded word on these very pictures."""
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


def named_people(case: Case) -> Iterator[Reason]:
    """5. Whoever is touched is named, and so is the purpose."""
    if case.use.touches_performer and not case.use.people:
        yield reason("empty_subjects", "touches_performer is true, people is empty")
    if case.use.touches_performer and case.use.purpose is None:
        yield reason("purpose", "no purpose is stated")


def never_minors(case: Case) -> Iterator[Reason]:
    """6. Nobody is made to look under 18, and no minor is shown in what no consent can allow."""
    target = case.use.age_target
    if target is not None and target < ADULT_YEARS:
        yield reason("minor_depicted", f"the target age is {target}, allowed is {ADULT_YEARS} or more, whoever consented")
    minors = [s for s in case.use.people if s in case.state.people and case.state.people[s].kind is PersonKind.MINOR]
    for content in case.use.content:
        if minors and content in NEVER_FOR_MINORS:
            yield reason("minor_content", f"{', '.join(minors)}: the use states {content.value}")


def known_technique(case: Case) -> Iterator[Reason]:
    """7. The technique is one that consents and licences can speak of."""
    allowed = [t.value for t in Technique]
    if case.use.technique not in allowed:
        yield reason("technique", f"technique {case.use.technique!r} is unknown, allowed are {', '.join(allowed)}")


def consented(case: Case) -> Iterator[Reason]:
    """8. For each person one consent fits wholly. Consents are never mixed."""
    for answer in case.answers:
        yield from answer.reasons


def approved_final(case: Case) -> Iterator[Reason]:
    """9. A final delivery that touches nobody was approved for the job; where it touches people, each consent is asked."""
    if not case.answers:
        yield from approval_missing(case, set())


POLICIES: tuple[Policy, ...] = (
    right_show,
    known_inputs,
    licensed_inputs,
    declared,
    named_people,
    never_minors,
    known_technique,
    consented,
    approved_final,
)


def decide(
    use: Use, state: State, *, now: datetime, policies: Sequence[Policy] = POLICIES, consent_rules: Sequence[Rule] = CONSENT_RULES
) -> Decision:
    """Hold a use against the state at an instant. Every reason is reported; where no policy or rule is asked, the answer is no."""
    if not policies or not consent_rules:
        return Decision(False, (reason("no_policies", "the list of policies or of consent rules is empty"),))
    facts = Facts(use, state, now)
    answers = tuple(_ask(facts, subject_id, consent_rules) for subject_id in dict.fromkeys(use.people))
    case = Case(use, state, now, answers)
    reasons = tuple(dict.fromkeys(r for policy in policies for r in policy(case)))
    reasons += tuple(r for a in answers for r in a.reasons if r not in reasons)  # whatever the policies, a person's no is a no
    if reasons:
        return Decision(False, reasons)
    fits = [a.fit for a in answers if a.fit]
    licences = sorted({k.licence_id for k in _registered(case) if k.licence_id is not None})
    ends = [f.consent.valid_until for f in fits]
    ends += [until for k in licences if k in state.licences and (until := state.licences[k].licence.valid_until) is not None]
    return Decision(
        True,
        (),
        grants=tuple(sorted(f.consent.grant_id for f in fits)),
        licences=tuple(licences),
        resolved=MappingProxyType({name: plate for f in fits for name, plate in resolved_plates(f).items()}),
        valid_until=min(ends, default=None),
    )


def _ask(facts: Facts, subject_id: str, rules: Sequence[Rule]) -> Answer:
    """One person's consents: any one that fits wholly, the newest first; else the reasons of the one with the fewest."""
    person = facts.state.people.get(subject_id)
    if person is None:
        return Answer(None, (reason("unknown_person", f"{subject_id} is not in the ledger"),))
    closest: tuple[Reason, ...] = ()
    for grant in reversed(facts.state.grants_of(subject_id)):
        fit = Fit(facts, person, grant)
        found = tuple(r for rule in rules for r in rule(fit))
        if not found:
            return Answer(fit)
        if not closest or len(found) < len(closest):
            closest = found
    return Answer(None, closest or (reason("no_consent", f"{subject_id} has no consent in the ledger"),))


def _registered(case: Case) -> list[KnownExemplar]:
    digests = dict.fromkeys(item.digest for item in case.use.inputs)
    return [case.state.exemplars[d] for d in digests if d in case.state.exemplars]


def _licence_reasons(case: Case, known: KnownExemplar) -> Iterator[Reason]:
    picture = f"picture {known.digest[:12]}"
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
