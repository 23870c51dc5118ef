"""The licences' desk: on what ground whose works may be used, and how their authors want to be named."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from bottega.model import Licence, UsageError, shown
from bottega.rights.forms.consent_form import LONGEST_DOCUMENT
from bottega.rights.forms.filling import read_text
from bottega.rights.forms.licence_form import AUTHOR, PRODUCTION, FilledLicence, licence_template, read_licence
from bottega.rights.ledger import Ledger
from bottega.rights.private.people import PeopleStore, document_key, read_document
from bottega.rights.record import registry
from bottega.rights.record.works import KnownLicence
from bottega.rights.records import Records


class LicenceDesk:
    """Licences by their numbers and people by their names. `digests_of` gives the digests of the works at a path."""

    def __init__(
        self, ledger: Ledger, people: PeopleStore, records: Records, *, show_id: str, digests_of: Callable[[Path], list[str]]
    ) -> None:
        self._ledger, self._people, self._records, self._show_id, self._digests_of = ledger, people, records, show_id, digests_of

    def template(self, *, author: str = "") -> str:
        """A form for an author or rightsholder to fill in and sign."""
        return licence_template(show_id=self._show_id, author=author)

    def check(self, form: Path) -> Licence:
        """Read a filled-in form as `add` would, and record nothing: an author who is new stands as `the author`."""
        filled = self._read(form)
        licence = filled.licence(rightsholder=filled.rightsholder)
        registry.check_licence(self._records.state(), licence)
        return licence

    def add(self, form: Path) -> Licence:
        """Put a filled-in form on record. The author is added as an artist when new; their credit and document are kept sealed."""
        filled = self._read(form)
        registry.check_licence(self._records.state(), filled.licence(rightsholder=filled.rightsholder))
        content, sha256 = read_document(filled.document, longest=LONGEST_DOCUMENT) if filled.document else (b"", None)
        if sha256 not in (None, filled.values["doc_sha256"]):
            raise UsageError("the licence's document changed while it was read: wait until it is saved, then add the form again")
        author = self._records.artist(filled.author).subject_id
        holder = {AUTHOR: author, PRODUCTION: PRODUCTION}.get(filled.rightsholder) or self._records.find(filled.rightsholder).subject_id
        licence = filled.licence(rightsholder=holder)
        if filled.attribution_name:
            self._people.keep(author, credit_key(licence.licence_id), filled.attribution_name.encode())
        if sha256:
            self._people.keep(author, document_key(sha256), content)
        registry.add_licence(self._ledger, licence)
        return licence

    def all(self, *, now: datetime) -> list[tuple[Licence, str, str]]:
        """All licences, with the rightsholder's name and how each stands."""
        return [(k.licence, self._holder(k.licence), standing(k, now)) for k in self._records.state().licences.values()]

    def show(self, licence_id: str, *, now: datetime) -> tuple[Licence, str, str, list[str]]:
        """One licence, its rightsholder's name, how it stands, and the pictures that are registered under it."""
        state = self._records.state()
        if licence_id not in state.licences:
            raise UsageError(f"licence {shown(licence_id)} is not in the ledger; `bottega licence list` gives the numbers")
        known = state.licences[licence_id]
        under = [digest for digest, picture in state.exemplars.items() if picture.licence_id == licence_id]
        return known.licence, self._holder(known.licence), standing(known, now), under

    def credit(self, author_id: str, licence_id: str | None) -> str:
        """How an author is named in the credits: as the licence says, else by their name in the show."""
        kept = self._people.kept(author_id, credit_key(licence_id)) if licence_id else None
        return kept.decode() if kept is not None else self._records.name_of(author_id)

    def _holder(self, licence: Licence) -> str:
        known = licence.rightsholder in self._records.state().people
        return self._records.name_of(licence.rightsholder) if known else licence.rightsholder

    def _read(self, form: Path) -> FilledLicence:
        return read_licence(read_text(form, "licence"), folder=form.parent, digests_of=self._digests_of)


def credit_key(licence_id: str) -> str:
    """What an author's credit is kept as."""
    return f"credit {licence_id}"


def standing(known: KnownLicence, now: datetime) -> str:
    """How a licence stands, in one word."""
    until = known.licence.valid_until
    return "revoked" if known.ended_idx is not None else "expired" if until is not None and now >= until else "active"
