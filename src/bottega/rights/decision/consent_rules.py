"""What a consent must be to cover a use. One small policy a rule: it finds a Reason for each thing that does not fit.

The order is that of the refusal: the first reason of the first rule that speaks is the one shown first.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from bottega.model import (
    Approval,
    Content,
    Delivery,
    GrantorRole,
    Input,
    PersonKind,
    Purpose,
    Reason,
    Record,
    Representation,
    Role,
    Technique,
    utc_text,
)
from bottega.rights.reasons import reason
from bottega.rights.record.state import State
from bottega.rights.signing import consent_signature_holds

from .case import Facts, Fit
from .policy import policy

ADULT_YEARS = 18
LONGEST_TERM_YEARS = 10
LONGEST_TERM_YEARS_MINOR = 5
NOTICE = timedelta(hours=48)
SHORTEST_DESCRIPTION = 40
FEWEST_CHARACTERS = 10
VAGUE = ("any use", "any uses", "all uses", "any and all", "any purpose", "all purposes", "any manner", "without limitation", "unlimited")
FINAL_ROLES = frozenset({"legal", "studio"})
NEVER_FOR_MINORS = (Content.NUDITY, Content.SEXUAL)
PICTURES_OF_PEOPLE = (Role.PLATE, Role.REFERENCE)
PLATE_OF = "plate:"

_SHA256 = re.compile(r"[0-9a-f]{64}")


@policy
def ended(fit: Fit) -> Iterator[Reason]:
    """A consent that ended, or that a strike suspends, covers nothing."""
    yield from fit.facts.state.stopped((fit.consent.grant_id,), ())


@policy
def readable(fit: Fit) -> Iterator[Reason]:
    """A record of a newer version may hold limits that we would pass over."""
    if is_newer(fit.consent):
        yield reason("newer_record", f"{fit.name} has schema_version {fit.consent.extra['schema_version']}, known is {fit.consent.version}")


@policy
def complete(fit: Fit) -> Iterator[Reason]:
    """No required field is empty."""
    c = fit.consent
    texts = {"grant_id": c.grant_id, "grantor.id": c.grantor.id, "production_id": c.production_id, "description": c.description}
    lists = {"shots": c.shots, "inputs_allowed": c.inputs_allowed, "techniques": c.techniques}
    empty = [k for k, v in texts.items() if not v.strip()] + [k for k, v in lists.items() if not v]
    if not _SHA256.fullmatch(c.document_sha256):
        empty.append("document_sha256")
    if empty:
        yield reason("empty_field", f"{fit.name} lacks {', '.join(empty)}")


@policy
def same_show(fit: Fit) -> Iterator[Reason]:
    """A consent is for one show."""
    if fit.consent.production_id != fit.facts.use.show_id:
        yield reason("wrong_show", f"{fit.name} is for show {fit.consent.production_id}, asked is {fit.facts.use.show_id}")


@policy
def same_shot(fit: Fit) -> Iterator[Reason]:
    """A consent names its shots, one by one or by a prefix and `*`.

    Where a key or a plate comes from another shot, the consent names that one as well.
    """
    for shot in (fit.facts.use.shot, *lending_shots(fit.facts)):
        if not any(covers(pattern, shot) for pattern in fit.consent.shots):
            from_it = "" if shot == fit.facts.use.shot else f", of which {fit.facts.use.shot} borrows"
            yield reason("wrong_shot", f"{fit.name} is for {', '.join(fit.consent.shots)}, asked is {shot}{from_it}")


@policy
def in_time(fit: Fit) -> Iterator[Reason]:
    """Valid from the first instant on, and over at the last."""
    c, now = fit.consent, fit.facts.now
    if now < c.valid_from:
        yield reason("not_yet_valid", f"{fit.name} holds from {utc_text(c.valid_from)}, it is {utc_text(now)}")
    if now >= c.valid_until:
        yield reason("expired", f"{fit.name} held until {utc_text(c.valid_until)}, it is {utc_text(now)}")


@policy
def for_purpose(fit: Fit) -> Iterator[Reason]:
    """The purpose is the one consented to."""
    if fit.facts.use.purpose is not fit.consent.purpose:
        asked = fit.facts.use.purpose.value if fit.facts.use.purpose else "none stated"
        yield reason("purpose", f"{fit.name} is for {fit.consent.purpose.value}, asked is {asked}")


@policy
def in_age_range(fit: Fit) -> Iterator[Reason]:
    """A changed age stays inside the range, both ends included."""
    use, allowed = fit.facts.use, fit.consent.age_range_out
    if use.age_target is None:
        if use.purpose in (Purpose.DEAGE, Purpose.AGE_UP):
            yield reason("age_range", f"{fit.name}: no target age was stated for {use.purpose.value}")
    elif allowed is None:
        yield reason("age_range", f"{fit.name} allows no change of age, asked is {use.age_target}")
    elif not allowed[0] <= use.age_target <= allowed[1]:
        yield reason("age_range", f"{fit.name} allows {allowed[0]} to {allowed[1]} years, asked is {use.age_target}")


@policy
def by_the_right_person(fit: Fit) -> Iterator[Reason]:
    """Adults grant themselves; guardians for minors, estates for the dead, agents with a document."""
    c, role = fit.consent, fit.consent.grantor.role
    kinds = {fit.kind, c.subject_kind}
    dead = PersonKind.DECEASED in kinds
    outlives = c.survives_death and c.subject_kind is not PersonKind.DECEASED
    if dead and role not in (GrantorRole.ESTATE, GrantorRole.UNION) and not outlives:
        yield reason("deceased_no_estate", f"{fit.name} was granted as {role.value}, and was not to survive death")
        return
    if fit.kind is PersonKind.MINOR and role is not GrantorRole.GUARDIAN:
        yield reason("guardian_missing", f"{fit.name} was granted as {role.value}")
    elif fit.kind not in (PersonKind.MINOR, PersonKind.DECEASED) and (role is GrantorRole.GUARDIAN or c.subject_kind is PersonKind.MINOR):
        yield reason("reconsent", f"{fit.name} was granted as {role.value} for a minor")
    elif not dead and role in (GrantorRole.ESTATE, GrantorRole.UNION):
        yield reason("authority_missing", f"{fit.name} was granted as {role.value} for somebody alive")
    if role is GrantorRole.SELF and c.grantor.id != c.subject_id:
        yield reason("authority_missing", f"{fit.name} was granted as self by {c.grantor.id}, who is somebody else")
    if role is not GrantorRole.SELF and not _SHA256.fullmatch(c.grantor.authority_doc_sha256 or ""):
        yield reason("authority_missing", f"{fit.name} was granted as {role.value} without authority_doc_sha256")


@policy
def not_too_long(fit: Fit) -> Iterator[Reason]:
    """At most ten years for an adult, five for a minor."""
    c = fit.consent
    years = LONGEST_TERM_YEARS_MINOR if c.subject_kind is PersonKind.MINOR else LONGEST_TERM_YEARS
    if c.valid_until > years_after(c.valid_from, years):
        yield reason("term", f"{fit.name} runs from {utc_text(c.valid_from)} to {utc_text(c.valid_until)}, allowed are {years} years")


@policy
def with_notice(fit: Fit) -> Iterator[Reason]:
    """Forty-eight hours lie between notice and validity, and between notice and use."""
    given, first = fit.consent.notice_given_at, min(fit.consent.valid_from, fit.facts.now)
    if given is None:
        yield reason("notice", f"{fit.name} has no notice_given_at")
    elif first - given < NOTICE:
        yield reason("notice", f"{fit.name}: notice of {utc_text(given)}, first use possible {utc_text(first)}")


@policy
def described(fit: Fit) -> Iterator[Reason]:
    """The description is reasonably specific."""
    why = vagueness(fit.consent.description)
    if why and fit.consent.description.strip():
        yield reason("vague_description", f"{fit.name}: the description {why}")


@policy
def signed(fit: Fit) -> Iterator[Reason]:
    """Signed apart from other terms, by now; and where the machine can check the signature, it verifies."""
    signature = fit.consent.signature
    if not (signature.separately_signed and signature.clear_conspicuous):
        yield reason("not_separately_signed", f"{fit.name}: separately_signed and clear_conspicuous have to be true")
    if signature.signed_at > fit.facts.now:
        yield reason("signature_invalid", f"{fit.name} is dated {utc_text(signature.signed_at)}, it is {utc_text(fit.facts.now)}")
    if not consent_signature_holds(fit.consent):
        yield reason("signature_invalid", f"{fit.name}: the ed25519 signature is not by signer_key over this very record")


@policy
def advised(fit: Fit) -> Iterator[Reason]:
    """With neither lawyer nor union, legal has to have approved this consent."""
    if fit.consent.representation is Representation.NONE and "legal" not in approved_roles(fit):
        yield reason("representation_review", f"{fit.name}: representation is none")


@policy
def from_allowed_pictures(fit: Fit) -> Iterator[Reason]:
    """Every plate and reference is among the pictures consented to. Keys and mattes are artists' work: licences cover those."""
    pictures = [i.digest for i in fit.facts.use.inputs if shows_people(i, fit.facts.state)]
    if not pictures:
        yield reason("input_not_allowed", f"{fit.name}: no input is the plate or a reference of the person")
    allowed = {*fit.consent.inputs_allowed, *resolved_plates(fit).values()}
    for digest in pictures:
        if digest not in allowed:
            yield reason("input_not_allowed", f"{fit.name} does not list picture {digest[:12]}")


@policy
def by_technique(fit: Fit) -> Iterator[Reason]:
    """The technique is consented to; a network also needs the consent to training."""
    asked = fit.facts.use.technique
    if asked not in [t.value for t in fit.consent.techniques]:
        yield reason("technique", f"{fit.name} allows {', '.join(t.value for t in fit.consent.techniques)}, asked is {asked}")
    elif asked == Technique.PER_SHOT_NETWORK and not fit.consent.model_training:
        yield reason("technique", f"{fit.name} does not allow training, which {asked} needs")


@policy
def within_limits(fit: Fit) -> Iterator[Reason]:
    """What the result depicts was granted. For minors some of it cannot be."""
    for content in fit.facts.use.content:
        if content in NEVER_FOR_MINORS and fit.consent.subject_kind is PersonKind.MINOR:
            yield reason("minor_content", f"{fit.name} is of a minor, the use states {content.value}")
        if not getattr(fit.consent.depicted_content_limits, content.value):
            yield reason("content", f"{fit.name} does not allow {content.value}")


@policy
def approved(fit: Fit) -> Iterator[Reason]:
    """A final delivery was approved by legal and by the studio, on this consent or for the job."""
    yield from approval_missing(fit.facts, approved_roles(fit))


def is_newer(record: Record) -> bool:
    """Whether a newer Bottega wrote the record."""
    return int(record.extra.get("schema_version", 0)) > record.version


def covers(pattern: str, shot: str) -> bool:
    """`sh010` covers itself; `sh0*` every shot that begins so. `*` alone covers none: a consent says what it is for."""
    prefix = pattern.removesuffix("*")
    return shot.startswith(prefix) if prefix and prefix != pattern else pattern == shot


def lending_shots(facts: Facts) -> tuple[str, ...]:
    """The other shots of which a use takes keys or plates: as it says, and as the plates on record show.

    A plate that is on record as that of two shots is each one's own.
    """
    said = {item.shot for item in facts.use.inputs if item.shot is not None}
    shots, digests = facts.state.shots, {item.digest for item in facts.use.inputs}
    own = shots[facts.use.shot].plate if facts.use.shot in shots else None
    shown = {name for name, shot in shots.items() if shot.plate in digests and shot.plate != own}
    return tuple(sorted((said | shown) - {facts.use.shot}))


def shows_people(item: Input, state: State) -> bool:
    """Whether an input is a picture of people: it is named plate or reference, or was ever registered as one."""
    known = state.exemplars.get(item.digest)
    return any(role in PICTURES_OF_PEOPLE for role in (item.role, *(known.roles if known else ())))


def resolved_plates(fit: Fit) -> dict[str, str]:
    """What each `plate:SHOT` of the consent stands for at this moment: the digest of the plate registered for that shot."""
    shots = fit.facts.state.shots
    named = (entry for entry in fit.consent.inputs_allowed if entry.startswith(PLATE_OF))
    return {entry: shots[entry.removeprefix(PLATE_OF)].plate for entry in named if entry.removeprefix(PLATE_OF) in shots}


def approved_roles(fit: Fit) -> set[str]:
    """The roles that approved the consent by now."""
    return roles_by_now(fit.grant.approvals, fit.facts.now)


def approval_missing(facts: Facts, had: set[str]) -> Iterator[Reason]:
    """What a final delivery lacks beside the approvals `had`; those for the job on the shot count too."""
    use = facts.use
    missing = FINAL_ROLES - had - roles_by_now(facts.state.approvals.get((use.shot, use.job), ()), facts.now)
    if use.delivery is Delivery.FINAL and missing:
        yield reason("approval_missing", f"final delivery of {use.shot} {use.job}: missing {', '.join(sorted(missing))}")


def roles_by_now(made: tuple[Approval, ...], now: datetime) -> set[str]:
    """The roles in which somebody named approved by now, with a reference."""
    return {a.role for a in made if a.at <= now and a.approver.strip() and a.ref.strip()}


def vagueness(description: str) -> str | None:
    """Why a description is too vague, or None. A phrase such as "any use" spoils it wherever it stands."""
    text = description.strip()
    if len(text) < SHORTEST_DESCRIPTION:
        return f"has {len(text)} characters, needed are {SHORTEST_DESCRIPTION}"
    plain = unicodedata.normalize("NFKC", text).casefold()
    if len({c for c in plain if c.isalnum()}) < FEWEST_CHARACTERS:
        return "repeats a few letters"
    words = " " + " ".join(re.findall(r"[^\W_]+", plain)) + " "
    return next((f'says "{phrase}"' for phrase in VAGUE if f" {phrase} " in words), None)


def years_after(start: datetime, years: int) -> datetime:
    """The same date years later; 29 February becomes 1 March where there is none."""
    try:
        return start.replace(year=start.year + years)
    except ValueError:
        if start.year + years > datetime.max.year:
            return datetime.max.replace(tzinfo=UTC)
        return start.replace(year=start.year + years, month=3, day=1)
