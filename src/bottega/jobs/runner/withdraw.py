"""A consent or licence ends: say which takes were made from it, and set aside those that the consent says so of."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bottega.model import JobError, RevocationEffect, TakeState, UsageError
from bottega.rights import Ledger
from bottega.rights.record import registry
from bottega.rights.record.affected import AffectedTake, affected

from .showfolder import ShowFolder
from .takefolder import named, record_sha256

WITHDRAWN = "revoked"


@dataclass(frozen=True)
class Withdrawn:
    """What a revocation touched: the takes made from it, and those of them that were set aside now."""

    takes: tuple[AffectedTake, ...]
    set_aside: tuple[str, ...]


class Withdrawals:
    """Ends what was granted. Stopping is always allowed, and done again it finishes what was cut off."""

    def __init__(self, folder: ShowFolder, ledger: Ledger) -> None:
        self._folder, self._ledger = folder, ledger

    def affected(self, of: str) -> list[AffectedTake]:
        """The takes made from a consent, a licence or a picture, also through models and takes in between."""
        return affected(self._ledger, of)

    def consent(self, grant_id: str, *, reason: str) -> Withdrawn:
        """Revoke a consent. Where it says so, unreleased takes are set aside; without a record of release every take is unreleased."""
        registry.revoke(self._ledger, grant_id, cause=reason)
        (granted,) = [e for e in self._ledger.entries(kind="grant.created", mentioning=grant_id) if e.data["grant_id"] == grant_id]
        also_results = granted.data["revocation_effect"] == RevocationEffect.UNRELEASED_OUTPUTS
        return self._touched(grant_id, set_aside=also_results, code=WITHDRAWN)

    def licence(self, licence_id: str, *, reason: str, set_aside: bool = False) -> Withdrawn:
        """Revoke a licence; with `set_aside` its takes are set aside, too."""
        registry.revoke_licence(self._ledger, licence_id, cause=reason)
        return self._touched(licence_id, set_aside=set_aside, code="licence_revoked")

    def _touched(self, of: str, *, set_aside: bool, code: str) -> Withdrawn:
        takes = self.affected(of)
        return Withdrawn(tuple(takes), tuple(t.take for t in takes if set_aside and self._set_aside(t, code)))

    def _set_aside(self, made: AffectedTake, code: str) -> bool:
        """Take a finished take out of the open and mark it; one that is being made stops by itself.

        One whose folder is gone is on record all the same.
        """
        try:
            folder = named(self._folder.root, made.take)
            take = folder.read()
        except (UsageError, JobError):
            gone = {"take_id": made.take_id, "take": made.take, "reasons": [code], "record_sha256": None}
            self._ledger.append("job.quarantined", gone)
            return True
        if take.take_id != made.take_id or take.state is not TakeState.DONE:
            return False
        aside = replace(take, state=TakeState.QUARANTINED, stopped=(f"{code}: what it rests on was revoked after it was finished",))
        entry = {"take_id": take.take_id, "take": take.name, "reasons": [code], "record_sha256": record_sha256(aside)}
        with folder.held():
            folder.set_aside()
            self._ledger.append("job.quarantined", entry)
            folder.write(aside)  # last: until then the same revocation, asked for again, finishes what was cut off
        return True
