"""People and licences of a show, by the names that its users know. The ledger below knows ids only."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from bottega.model import Licence, LicenceKind, Person, PersonKind, UsageError, Use, shown

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

    def add_person(self, name: str, *, kind: str, of_age_at: datetime | None = None) -> Person:
        """Add a person; the name goes to the sealed store. Raises UsageError for a twin or an unknown kind."""
        if kind not in set(PersonKind):
            raise UsageError(f"role {shown(kind)}: allowed are {', '.join(k.value for k in PersonKind)}")
        begun = self._people.find(name)  # an adding that was cut off: a name that the ledger has never heard of
        known_as = begun if begun is not None and begun not in self.state().people else f"p_{secrets.token_hex(8)}"
        person = Person(subject_id=known_as, kind=PersonKind(kind), of_age_at=of_age_at)
        if known_as != begun:
            self._people.add(name, known_as=known_as)
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
        """The licence under which an artist's works may be used: the one of that number, the same one on record, or a new one."""
        known = self.state().licences
        if kind in known:
            return known[kind].licence
        if kind not in set(LicenceKind):
            allowed = ", ".join(k.value for k in LicenceKind)
            raise UsageError(f"licence {shown(kind)}: allowed are {allowed}, or the number of a licence on record")
        ground = LicenceKind(kind)
        own = ground in (LicenceKind.WORK_FOR_HIRE, LicenceKind.PRODUCTION)
        holder = PRODUCTION if own else author_id
        covered = () if ground in (LicenceKind.WORK_FOR_HIRE, LicenceKind.OWN, LicenceKind.PRODUCTION) else tuple(sorted(works))
        proof = _sha256(document) if document else None
        for one in known.values():
            there = one.licence
            same = (there.kind, there.rightsholder, there.works, there.doc_sha256) == (ground, holder, covered, proof)
            if same and one.ended_idx is None:
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

    def training_licence(self, *, now: datetime) -> Licence | None:
        """The newest ground of the production's own that holds and lets a network be trained on what stands on it; None without one."""
        found = [known.licence for known in self.state().licences.values() if known.ended_idx is None]
        fit = [k for k in found if k.kind is LicenceKind.PRODUCTION and k.rightsholder == PRODUCTION and not k.works]
        return next((k for k in reversed(fit) if k.train_ok and k.exemplar_ok and (k.valid_until is None or now < k.valid_until)), None)

    def licence_on_record(self, licence_id: str) -> Licence:
        """The licence of that number. Raises UsageError."""
        known = self.state().licences
        if licence_id not in known:
            raise UsageError(f"licence {shown(licence_id)} is not in the ledger; `bottega licence list` gives the numbers")
        return known[licence_id].licence

    def declare_no_performer(self, use: Use, *, by: str) -> None:
        """Record that a named human says a use touches no performer."""
        named = self.artist(by).subject_id
        registry.declare_no_performer(self._ledger, use.shot, job=use.job, inputs=[i.digest for i in use.inputs], by=named)


def _sha256(document: Path) -> str:
    try:
        return hashlib.sha256(document.read_bytes()).hexdigest()
    except OSError as problem:
        raise UsageError(f"document {shown(document.name)} cannot be read: {problem.strerror}") from problem
