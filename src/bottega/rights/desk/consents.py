"""The consents' desk: forms in, pages and documents out, and what suspends, replaces or transfers a consent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from bottega.model import Consent, Purpose, SignatureKind, UsageError, shown
from bottega.rights.forms.consent_form import documents, read_form
from bottega.rights.forms.consent_page import consent_page
from bottega.rights.forms.consent_template import template
from bottega.rights.forms.filling import read_text
from bottega.rights.ledger import Ledger
from bottega.rights.private.people import PeopleStore, document_key
from bottega.rights.record import people_registry, registry
from bottega.rights.record.consents import Grant
from bottega.rights.records import Records


@dataclass(frozen=True)
class Filled:
    """A form that was read: its consent, and the documents that it names, by sha256."""

    consent: Consent
    documents: dict[str, bytes]


class ConsentDesk:
    """Consents by their numbers and people by their names. Every method reads the log as it stands."""

    def __init__(self, ledger: Ledger, people: PeopleStore, records: Records, *, show_id: str) -> None:
        self._ledger, self._people, self._records, self._show_id = ledger, people, records, show_id

    def template(self, *, purpose: Purpose, person: str, shot: str, amends: str | None = None) -> str:
        """A form for a person to fill in and sign."""
        state = self._records.state()
        subject, known = self._records.find(person), state.shots.get(shot)
        if amends is not None and state.grants[self._grant(amends)].consent.subject_id != subject.subject_id:
            raise UsageError(f"consent {amends} is of another person than {shown(person)}")
        return template(
            purpose,
            subject.subject_id,
            person=person,
            shot=shot,
            show_id=self._show_id,
            kind=subject.kind_at(self._ledger.clock()),
            plate=known.plate if known else None,
            amends=amends,
        )

    def check(self, form: str | Path) -> Consent:
        """Read a filled-in form as `add` would, and record nothing. Raises as `add` does."""
        consent = _read(form).consent
        registry.check_consent(self._records.state(), consent, now=self._ledger.clock())
        return consent

    def add(self, form: str | Path) -> Consent:
        """Put a filled-in form on record: a file, or the form's own text. Raises UsageError that lists everything that is missing.

        A sealed copy is kept of each document that the form names by a path.
        """
        return self._record(_read(form))

    def amend(self, grant_id: str, form: str | Path) -> Consent:
        """Replace a consent by a new one; the old one ends. A form that leaves `supersedes` blank gets it filled in."""
        filled = _read(form)
        consent = filled.consent
        if consent.supersedes is None and consent.signature.kind is not SignatureKind.ED25519:
            filled = replace(filled, consent=replace(consent, supersedes=self._grant(grant_id)))
        elif consent.supersedes != grant_id:
            raise UsageError(
                f"consent {consent.grant_id} supersedes {consent.supersedes or 'nothing'}, asked is {grant_id}; "
                "what a key signed has to say so itself"
            )
        return self._record(filled)

    def all(self, *, now: datetime) -> list[tuple[Consent, str, str]]:
        """All consents, with the person's name and how each stands."""
        found = self._records.state().grants.values()
        return [(g.consent, self._records.name_of(g.consent.subject_id), standing(g, now)) for g in found]

    def suspend(self, grant_id: str, *, cause: str, ref: str) -> None:
        """Suspend a consent; nothing is cleared on it until it is resumed, and what runs stops."""
        people_registry.suspend(self._ledger, grant_id, cause=cause, ref=ref)

    def dispute(self, grant_id: str, *, ref: str) -> None:
        """Record a complaint: it suspends at once, and asks nobody."""
        people_registry.dispute(self._ledger, grant_id, ref=ref)

    def resume(self, grant_id: str, *, ref: str, by: str, cause: str | None = None) -> str:
        """Lift a suspension; gives its cause. `by` is the name of who settled it."""
        causes = self._records.state().grants[self._grant(grant_id)].suspended
        if cause is None and len(causes) != 1:
            raise UsageError(f"consent {grant_id} is suspended for {', '.join(causes) or 'nothing'}; name the cause that is settled")
        settled = cause or next(iter(causes))
        people_registry.resume(self._ledger, grant_id, cause=settled, ref=ref, by=self._records.find(by).subject_id)
        return settled

    def request_transfer(self, grant_id: str, *, to: str, ref: str) -> str:
        """Ask to transfer a consent. Raises ConsentError `transfer` where it does not allow that; the request is recorded anyway."""
        return people_registry.request_transfer(self._ledger, grant_id, to=to, ref=ref)

    def approve_transfer(self, grant_id: str, transfer_id: str, *, by: str, ref: str) -> None:
        """Record the union's approval of a transfer."""
        approver = self._records.find(by).subject_id
        people_registry.approve_transfer(self._ledger, grant_id, transfer_id=transfer_id, by=approver, ref=ref)

    def document(self, grant_id: str, *, authority: bool = False) -> bytes:
        """The signed document, or the one that shows the grantor's authority, out of the sealed store."""
        consent = self._records.state().grants[self._grant(grant_id)].consent
        sha256 = consent.grantor.authority_doc_sha256 if authority else consent.document_sha256
        found = self._people.kept(consent.subject_id, document_key(sha256)) if sha256 else None
        if found is None:
            gone = consent.subject_id in self._records.state().erased
            raise UsageError(
                f"consent {grant_id}: no copy of {'the authority' if authority else 'the document'} {(sha256 or 'none')[:12]} is kept; "
                + ("the person was erased" if gone else "it was recorded by its sha256 alone")
            )
        return found

    def page(self, grant_id: str, *, show_code: str, now: datetime) -> str:
        """The consent as a page to print: what was granted, its limits, who signed, and where it stands in the log."""
        grant = self._records.state().grants[self._grant(grant_id)]
        (entry,) = [e for e in self._ledger.entries(kind="grant.created", after=grant.idx - 1)[:1] if e.idx == grant.idx]
        return consent_page(
            grant,
            person=self._records.name_of(grant.consent.subject_id),
            grantor=self._grantor(grant.consent),
            show_code=show_code,
            standing=standing(grant, now),
            leaf=entry.leaf.hex(),
            recorded_at=entry.at,
            now=now,
        )

    def _grantor(self, consent: Consent) -> str:
        known = consent.grantor.id in self._records.state().people
        return self._records.name_of(consent.grantor.id) if known else consent.grantor.id

    def _record(self, filled: Filled) -> Consent:
        consent = filled.consent
        registry.check_consent(self._records.state(), consent, now=self._ledger.clock())
        for sha256, content in filled.documents.items():
            self._people.keep(consent.subject_id, document_key(sha256), content)
        registry.add_consent(self._ledger, consent)
        return consent

    def _grant(self, grant_id: str) -> str:
        known = self._records.state().grants
        if grant_id not in known:
            raise UsageError(f"consent {shown(grant_id)} is not in the ledger; `bottega consent list` gives the numbers")
        return grant_id


def standing(grant: Grant, now: datetime) -> str:
    """How a consent stands, in one word or two."""
    consent = grant.consent
    if grant.ended:
        return grant.ended
    if now >= consent.valid_until:
        return "expired"
    if grant.suspended:
        return f"suspended ({', '.join(grant.suspended)})"
    return "not yet" if now < consent.valid_from else "active"


def _read(form: str | Path) -> Filled:
    if isinstance(form, str) and "\n" in form:
        text, folder = form, None
    else:
        text, folder = read_text(Path(form), "consent"), Path(form).parent
    consent = read_form(text, folder=folder)
    kept = documents(text, folder=folder)
    named = {consent.document_sha256, consent.grantor.authority_doc_sha256}
    if changed := kept.keys() - named:
        raise UsageError(f"the document {min(changed)[:12]} changed while it was read: wait until it is saved, then add the form again")
    return Filled(consent, kept)
