"""What the ledger says, as tables to decide on. Rebuilt from the log whenever wanted; never the source of truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from bottega.model import Approval, BottegaError, Person, Reason, Shot
from bottega.rights.ledger import Entry, Frontier, Head, Ledger
from bottega.rights.reasons import reason, refusal

from . import answers, consents, faces, models, outputs, rulings, trust, works
from .answers import Answered, Declaration
from .consents import SUSPENSIONS, Grant
from .faces import PlateFaces
from .models import KnownModel
from .outputs import Delivered
from .rulings import AdoptedPack, ApprovedEnvironment, Override, PersonsKey, Resolution
from .works import KnownExemplar, KnownLicence


class State:
    """The projection. `refresh` reads only what is new, and checks that it follows from what was read before."""

    def __init__(self) -> None:
        self._tree = Frontier()
        self.at: datetime | None = None
        self.show_id: str | None = None
        self.gate_key_id: str | None = None
        self.log_key_id: str | None = None
        self.strike = False
        self.people: dict[str, Person] = {}
        self.licences: dict[str, KnownLicence] = {}
        self.exemplars: dict[str, KnownExemplar] = {}
        self.shots: dict[str, Shot] = {}
        self.grants: dict[str, Grant] = {}
        self.died: dict[str, int] = {}
        self.erased: dict[str, int] = {}
        self.declarations: dict[tuple[str, str], tuple[Declaration, ...]] = {}
        self.approvals: dict[tuple[str, str], tuple[Approval, ...]] = {}
        self.faces: dict[str, PlateFaces] = {}
        self.models: dict[str, KnownModel] = {}
        self.cleared: dict[int, Answered] = {}
        self.spent: dict[str, str] = {}
        self.packs: dict[str, AdoptedPack] = {}
        self.environments: dict[str, ApprovedEnvironment] = {}
        self.resolutions: dict[tuple[str, str], tuple[Resolution, ...]] = {}
        self.keys: dict[str, PersonsKey] = {}
        self.overrides: dict[str, Override] = {}
        self.refused: dict[tuple[str, str], Answered] = {}
        self.delivered: dict[str, tuple[Delivered, ...]] = {}
        self.delivered_files: dict[str, str] = {}
        self._by_subject: dict[str, tuple[str, ...]] = {}

    @classmethod
    def of(cls, ledger: Ledger) -> State:
        """Read the whole ledger."""
        state = cls()
        state.refresh(ledger)
        return state

    @property
    def head(self) -> Head:
        """How far the log was read, and the root over what was read."""
        return Head(self._tree.size, self._tree.root)

    def refresh(self, ledger: Ledger) -> None:
        """Read the entries written since. Raises ConsentError `ledger_invalid`, `ledger_unreachable`."""
        for entry in ledger.follow(self.head):
            self.apply(entry)

    def apply(self, entry: Entry) -> None:
        """Take one entry in. One that cannot be read stops the gate rather than being passed over."""
        take_in = _KINDS.get(entry.kind)
        try:
            if take_in is not None:
                take_in(self, entry)
            elif not entry.kind.startswith(_PASSED_OVER):
                raise ValueError(f"kind {entry.kind!r} is unknown to this version")
        except (BottegaError, ValueError, TypeError, KeyError, AttributeError) as problem:
            raise refusal("ledger_invalid", f"entry {entry.idx} ({entry.kind}) cannot be read: {problem}") from problem
        self._tree.add(entry.leaf)
        self.at = entry.at

    def grants_of(self, subject_id: str) -> tuple[Grant, ...]:
        """All consents of a person, oldest first, also those that ended."""
        return tuple(self.grants[g] for g in self._by_subject.get(subject_id, ()))

    def stopped(self, grants: tuple[str, ...], licences: tuple[str, ...]) -> list[Reason]:
        """Why what was allowed on these grants and licences has to stop now; empty while it may go on."""
        found = []
        for g in grants:
            grant = self.grants[g]
            if grant.ended:
                found.append(reason(grant.ended, f"consent {g} ended by entry {grant.ended_idx}"))
            found += [
                reason(SUSPENSIONS[cause], f"consent {g} was suspended by entry {idx} ({cause})") for cause, idx in grant.suspended.items()
            ]
            if self.strike and grant.consent.strike_suspends:
                found.append(reason("strike", f"consent {g} is suspended by a strike"))
        for k in licences:
            if self.licences[k].ended_idx is not None:
                found.append(reason("licence_revoked", f"licence {k} was revoked by entry {self.licences[k].ended_idx}"))
        return found


_KINDS: Mapping[str, Callable[[State, Entry], None]] = {
    **answers.KINDS,
    **consents.KINDS,
    **faces.KINDS,
    **models.KINDS,
    **outputs.KINDS,
    **rulings.KINDS,
    **trust.KINDS,
    **works.KINDS,
}
_PASSED_OVER = ("job.", "note.", "review.")
