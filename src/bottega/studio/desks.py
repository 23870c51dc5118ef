"""The desks of a show, opened when somebody first asks for one: the rights room by the names that its users know."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cached_property

from bottega.jobs.runner.books import open_books, steady_clock
from bottega.jobs.runner.desks import ShowModels
from bottega.jobs.runner.request import digests_at
from bottega.jobs.runner.showfolder import ShowFolder
from bottega.jobs.runner.withdraw import Withdrawals
from bottega.model import Show
from bottega.rights import (
    Ledger,
    PeopleStore,
    Records,
    SubjectKeys,
    subject_keys_path,
)
from bottega.rights.desk.consents import ConsentDesk
from bottega.rights.desk.ledger import LedgerDesk
from bottega.rights.desk.licences import LicenceDesk
from bottega.rights.desk.people import PeopleDesk
from bottega.rights.desk.rulings import RulingsDesk
from bottega.rights.desk.upkeep import UpkeepDesk
from bottega.rights.desk.usage import UsageDesk

Clock = Callable[[], datetime]


class Desks:
    """A show's folder, ledger, names and clock, and the desks over them.

    `clock` gives the present as an aware UTC datetime; tests hand in their own. Without one it is the machine's, watched.
    """

    def __init__(self, folder: ShowFolder, *, clock: Clock | None = None) -> None:
        self.folder, self.clock = folder, clock or steady_clock()
        self.show: Show = folder.settings()
        self.ledger: Ledger = open_books(folder, self.show, clock=self.clock)
        self._people = PeopleStore(folder.people, SubjectKeys(subject_keys_path(self.show.show_id)))
        self.records = Records(self.ledger, self._people, show_id=self.show.show_id)

    @cached_property
    def rulings(self) -> RulingsDesk:
        """What legal, studio and security decide: packs, places, approvals, holds, keys, overrides."""
        return RulingsDesk(self.ledger, self.records, show_id=self.show.show_id, clock=self.clock)

    @cached_property
    def people_desk(self) -> PeopleDesk:
        """Coming of age, deaths, erasures, strikes."""
        return PeopleDesk(self.ledger, self._people, self.records)

    @cached_property
    def consent_desk(self) -> ConsentDesk:
        """Forms, documents, suspensions, amendments, transfers."""
        return ConsentDesk(self.ledger, self._people, self.records, show_id=self.show.show_id)

    @cached_property
    def licence_desk(self) -> LicenceDesk:
        """Licences of works, by form."""
        return LicenceDesk(self.ledger, self._people, self.records, show_id=self.show.show_id, digests_of=digests_at)

    @cached_property
    def usage_desk(self) -> UsageDesk:
        """What was used, for payroll and for the end credits."""
        return UsageDesk(self.ledger, self.records, fps=self.show.fps, credit=self.licence_desk.credit)

    @cached_property
    def withdrawals(self) -> Withdrawals:
        """Revocations, and what they touch."""
        return Withdrawals(self.folder, self.ledger)

    @cached_property
    def upkeep(self) -> UpkeepDesk:
        """Keys, mark and clock."""
        public, log = self.folder.public_key, self.folder.log_key
        return UpkeepDesk(self.ledger, self._people, show_id=self.show.show_id, gate_public=public, log_public=log)

    @cached_property
    def ledger_desk(self) -> LedgerDesk:
        """The ledger as outsiders check it."""
        return LedgerDesk(self.ledger, checkpoints=self.folder.checkpoint.parent)

    @cached_property
    def models(self) -> ShowModels:
        """Weights and face templates: what was learned from the show's pictures."""
        return ShowModels(self.ledger, self.records, self.folder, show_id=self.show.show_id)
