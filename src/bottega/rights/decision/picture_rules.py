"""What the files of a use must be: nothing hidden in them, credentials that hold, no take of elsewhere, no stranger's name."""

from __future__ import annotations

from collections.abc import Iterator

from bottega.model import LayerUse, MarkState, Reason, Role, Technique
from bottega.rights.reasons import reason
from bottega.rights.record.outputs import Delivered
from bottega.rights.record.picture_facts import original
from bottega.rights.record.works import KnownExemplar, KnownLicence

from .case import Case, Fit
from .policy import AllOf, found, policy
from .rules import CONSENT_RULES
from .use_rules import licence_reasons, registered


@policy
def nothing_hidden(case: Case) -> Iterator[Reason]:
    """Every layer of what an artist made is known; a plate may have others, which are not decoded."""
    for item in case.use.inputs:
        known = case.state.exemplars.get(item.digest)
        strange = [layer.name for layer in (known.layers or () if known else ()) if layer.use is LayerUse.UNKNOWN]
        if strange and item.role is not Role.PLATE:
            yield reason("unknown_layer", f"{item.role.value} {item.digest[:12]} also holds {', '.join(strange[:4])}")


@policy
def credentials_hold(case: Case) -> Iterator[Reason]:
    """Credentials that a picture came with hold, and what they forbid its rightsholder has allowed in a document."""
    for known in with_originals(case):
        if known.marks is None:
            continue
        if known.marks.state is MarkState.INVALID:
            faults = ", ".join(known.marks.faults[:4]) or "no reason given"
            yield reason("tampered_credential", f"the credentials of picture {known.digest[:12]} do not hold ({faults})")
        elif known.marks.mining and not _allowed_by_rightsholder(case, known):
            denied = ", ".join(known.marks.mining)
            yield reason("mining_not_allowed", f"picture {known.digest[:12]} says {denied}: not allowed")


@policy
def chain_covered(case: Case) -> Iterator[Reason]:
    """What another take made brings its consents and licences along: each still holds, and covers this use too."""
    for known in with_originals(case):
        if known.made_by is None:
            continue
        picture = f"picture {known.digest[:12]}"
        if known.made_by.show_id != case.state.show_id:
            yield reason("chained", f"{picture} was made in show {known.made_by.show_id}, this is {case.state.show_id}")
        for plan in known.made_by.plans if known.made_by.show_id == case.state.show_id else ():
            yield from _inherited_reasons(case, picture, plan)


@policy
def names_nobody_else(case: Case) -> Iterator[Reason]:
    """The words of a job name only people who are in it with a consent; what resembles a name waits for a human."""
    text = case.use.text
    if text is None:
        return
    agreed = {answer.fit.person.subject_id for answer in case.answers if answer.fit}
    named = [s for s in text.found if s not in agreed]
    near = [s for s in text.near if s not in agreed]
    if named:
        yield reason("named_person", f"words {text.sha256[:12]} name {', '.join(named)}")
    if near:
        yield reason("text_review", f"words {text.sha256[:12]} resemble the name of {', '.join(near)}")
    if text.suspected:
        yield reason("text_review", f"words {text.sha256[:12]} seem to name somebody who is not on record")


def with_originals(case: Case) -> list[KnownExemplar]:
    """The pictures of a use, and those of which they are other encodings: a copy says what its original said."""
    both = [k for known in registered(case) for k in (known, original(case.state, known))]
    return list({k.digest: k for k in both}.values())


def inherited(case: Case) -> tuple[set[str], set[str]]:
    """Consents and licences that come with the takes from which the pictures of a use were made."""
    plans = [plan for known in with_originals(case) if known.made_by for plan in known.made_by.plans]
    takes = [take for plan in plans for take in _takes(case, plan)]
    sources = [case.state.exemplars[d] for take in takes for d in take.exemplars if d in case.state.exemplars]
    licences = {original(case.state, known).licence_id for known in sources}
    return {g for take in takes for g in take.grants}, {k for k in licences if k is not None}


def _takes(case: Case, plan: str) -> tuple[Delivered, ...]:
    return case.state.delivered.get(plan, ())


def _inherited_reasons(case: Case, picture: str, plan: str) -> Iterator[Reason]:
    takes = _takes(case, plan)
    if not takes:
        yield reason("chained", f"{picture} is of plan {plan[:12]}, of which no take was delivered")
    for grant_id in sorted({g for take in takes for g in take.grants}):
        grant = case.state.grants[grant_id]
        subject = grant.consent.subject_id
        if subject not in case.use.people:
            yield reason("chained", f"{picture} was made under consent {grant_id} of {subject}, who is not named in this use")
            continue
        against = found(AllOf(CONSENT_RULES), Fit(case, case.state.people[subject], grant))
        if against:
            codes = ", ".join(dict.fromkeys(r.code for r in against))
            yield reason("chained", f"{picture} was made under consent {grant_id}, which does not cover this use ({codes})")
    for digest in sorted({d for take in takes for d in take.exemplars}):
        if digest in case.state.exemplars:
            yield from licence_reasons(case, case.state.exemplars[digest])
        else:
            yield reason("chained", f"{picture} was made from {digest[:12]}, which is not in the ledger")


def _allowed_by_rightsholder(case: Case, known: KnownExemplar) -> bool:
    """Whether the licence on record is by the picture's own author, in a document, and allows the very use."""
    known = original(case.state, known)
    found_licence: KnownLicence | None = case.state.licences.get(known.licence_id or "")
    if found_licence is None or known.author_id is None:
        return False
    licence = found_licence.licence
    expressly = licence.rightsholder == known.author_id and licence.doc_sha256 is not None and licence.exemplar_ok
    return expressly and (licence.train_ok or case.use.technique != Technique.PER_SHOT_NETWORK)
