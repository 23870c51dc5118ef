"""People, licences and consents of a show, by the names that its users know. The ledger below knows ids only."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from bottega.model import Consent, Licence, LicenceKind, Person, PersonKind, Purpose, UsageError, Use, shown

from .forms.consent_form import read_form
from .forms.consent_template import template
from .ledger import Ledger
from .private.people import PeopleStore
from .record import registry
from .record.state import State

PRODUCTION = "the production"


class Records:
    """What a coordinator does with the ledger. Every method reads the log as it stands."""

    def __init__(self, ledger: Ledger, people: PeopleStore, *, show_id: str) -> None:
        self._ledger, self._people, self._show_id = ledger, people, show_id

    def state(self) -> State:
        """What the ledger says now."""
        return State.of(self._ledger)

    def close(self) -> None:
        """Let go of the names."""
        self._people.close()

    def add_person(self, name: str, *, kind: str) -> Person:
        """Add a person; the name goes to the side store. Raises UsageError for a twin or an unknown kind."""
        if kind not in set(PersonKind):
            raise UsageError(f"role {shown(kind)}: allowed are {', '.join(k.value for k in PersonKind)}")
        person = Person(subject_id=self._people.add(name), kind=PersonKind(kind))
        registry.add_person(self._ledger, person)
        return person

    def people(self) -> list[tuple[Person, str]]:
        """All people with their names."""
        return [(p, self.name_of(p.subject_id)) for p in self.state().people.values()]

    def find(self, name: str) -> Person:
        """The person of that name. Raises UsageError that says how to add one."""
        found = self._people.find(name)
        known = self.state().people
        if found is None or found not in known:
            raise UsageError(f"person {shown(name)} is not in this show: add them with `bottega person add NAME --role performer`")
        return known[found]

    def artist(self, name: str) -> Person:
        """The artist of that name, added when new."""
        found = self._people.find(name)
        known = self.state().people
        return known[found] if found in known else self.add_person(name, kind=PersonKind.ARTIST.value)

    def name_of(self, subject_id: str) -> str:
        """The name behind an id, for people's eyes only."""
        return self._people.name_of(subject_id)

    def licence(self, kind: str, *, author_id: str, works: Sequence[str] = (), document: Path | None = None) -> Licence:
        """The licence under which an artist's works may be used: the one on record, or a new one."""
        if kind not in set(LicenceKind):
            raise UsageError(f"licence {shown(kind)}: allowed are {', '.join(k.value for k in LicenceKind)}")
        ground = LicenceKind(kind)
        own = ground in (LicenceKind.WORK_FOR_HIRE, LicenceKind.PRODUCTION)
        holder = PRODUCTION if own else author_id
        covered = () if ground in (LicenceKind.WORK_FOR_HIRE, LicenceKind.OWN, LicenceKind.PRODUCTION) else tuple(sorted(works))
        proof = _sha256(document) if document else None
        for known in self.state().licences.values():
            there = known.licence
            same = (there.kind, there.rightsholder, there.works, there.doc_sha256) == (ground, holder, covered, proof)
            if same and known.ended_idx is None:
                return there
        made = Licence(
            licence_id=f"l_{secrets.token_hex(8)}",
            kind=ground,
            rightsholder=holder,
            show_id=self._show_id,
            works=covered,
            doc_sha256=proof,
        )
        registry.add_licence(self._ledger, made)
        return made

    def production_licence(self) -> Licence:
        """The ground for the show's own plates and mattes."""
        return self.licence(LicenceKind.PRODUCTION.value, author_id=PRODUCTION)

    def consent_template(self, *, purpose: Purpose, person: str, shot: str) -> str:
        """A form for a person to fill in and sign."""
        subject, known = self.find(person), self.state().shots.get(shot)
        return template(
            purpose,
            subject.subject_id,
            person=person,
            shot=shot,
            show_id=self._show_id,
            kind=subject.kind,
            plate=known.plate if known else None,
        )

    def add_consent(self, form: str | Path) -> Consent:
        """Put a filled-in form on record: a file, or the form's own text. Raises UsageError that lists everything that is missing."""
        if isinstance(form, str) and "\n" in form:
            consent = read_form(form)
        else:
            path = Path(form)
            try:
                text = path.read_text("utf-8")
            except (OSError, ValueError) as problem:
                raise UsageError(f"consent {shown(path.name)} cannot be read: {problem}") from problem
            consent = read_form(text, folder=path.parent)
        registry.add_consent(self._ledger, consent)
        return consent

    def consents(self, *, now: datetime) -> list[tuple[Consent, str, str]]:
        """All consents, with the person's name and how each stands."""
        out = []
        for grant in self.state().grants.values():
            consent = grant.consent
            state = grant.ended or ("expired" if now >= consent.valid_until else "not yet" if now < consent.valid_from else "active")
            out.append((consent, self.name_of(consent.subject_id), state))
        return out

    def revoke_consent(self, grant_id: str, *, reason: str) -> list[str]:
        """End a consent now, and list the takes that were made under it."""
        registry.revoke(self._ledger, grant_id, cause=reason or "not stated")
        return sorted({e.data["take"] for e in self._ledger.entries(kind="output.registered") if grant_id in e.data["grants"]})

    def declare_no_performer(self, use: Use, *, by: str) -> None:
        """Record that a named human says a use touches no performer."""
        named = self.artist(by).subject_id
        registry.declare_no_performer(self._ledger, use.shot, job=use.job, inputs=[i.digest for i in use.inputs], by=named)


def _sha256(document: Path) -> str:
    try:
        return hashlib.sha256(document.read_bytes()).hexdigest()
    except OSError as problem:
        raise UsageError(f"document {shown(document.name)} cannot be read: {problem.strerror}") from problem
