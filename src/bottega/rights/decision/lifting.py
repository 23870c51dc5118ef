"""What sets a reason aside: a named human's resolution of a hold, or an override that two people signed. Nothing else does.

A resolution covers the one reason that was shown, word by word, for the pictures and facts it was about. An override covers one
use, to the last fact. Neither reaches what only a person, a licensor or the law can give.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bottega.model import Reason
from bottega.rights.overrides import ASKS_THE_PERSON, LIFTABLE, LONGEST_OVERRIDE, SIGNERS
from bottega.rights.reasons import HOLDS
from bottega.rights.record.rulings import Override, Resolution
from bottega.rights.record.state import State
from bottega.rights.signing import key_holds

from .case import Facts

RESOLVERS: Mapping[str, tuple[str, ...]] = MappingProxyType({"escalate": ("legal", "studio"), "environment": ("security",)})
"""The roles that resolve a hold, each of them; where none is listed, legal does."""
BY_LEGAL = ("legal",)


@dataclass(frozen=True)
class Lifting:
    """What may be set aside in one case."""

    resolutions: tuple[Resolution, ...]
    override: Override | None

    @classmethod
    def of(cls, facts: Facts) -> Lifting:
        """The resolutions about these pictures and facts, and the newest override for this very use that holds now."""
        use, pictures = facts.use, {item.digest for item in facts.use.inputs}
        made = facts.state.resolutions.get((use.shot, use.job), ())
        told = use.facts_digest() if made else ""
        holding = [o for o in facts.state.overrides.values() if _is_for(o, facts) and override_holds(o, facts.state)]
        return cls(tuple(r for r in made if pictures <= r.inputs and r.facts == told), holding[-1] if holding else None)

    def split(self, reasons: tuple[Reason, ...]) -> tuple[tuple[Reason, ...], tuple[Reason, ...]]:
        """The reasons that stand, and those that were set aside."""
        aside = tuple(r for r in reasons if self._resolved(r) or self.overrides(r))
        return tuple(r for r in reasons if r not in aside), aside

    def overrides(self, reason: Reason) -> bool:
        """Whether it is the override that sets the reason aside, and no resolution."""
        asked = self.override is not None and reason.code in self.override.signed.statement.codes
        return asked and reason.code in LIFTABLE and not self._resolved(reason)

    def _resolved(self, reason: Reason) -> bool:
        roles = {r.role for r in self.resolutions if r.code == reason.code and reason.detail in r.details}
        return may_be_resolved(reason.code) and roles.issuperset(resolvers(reason.code))


def may_be_resolved(code: str) -> bool:
    """Whether a human of the production may resolve a reason of that code."""
    return code in HOLDS and code not in ASKS_THE_PERSON


def resolvers(code: str) -> tuple[str, ...]:
    """The roles that have to resolve a hold."""
    return RESOLVERS.get(code, BY_LEGAL)


def override_holds(override: Override, state: State) -> bool:
    """Whether two different people signed it, in the roles that it takes, with keys that count now."""
    statement = override.signed.statement
    if any(code not in LIFTABLE for code in statement.codes) or statement.until > override.at + LONGEST_OVERRIDE:
        return False
    signed_by: dict[str, set[str]] = {}
    for signature in override.signed.signatures:
        key = state.keys.get(signature.key_id)
        if key is not None and key.revoked_idx is None and key_holds(key.public_key, signature.signature, statement.to_bytes()):
            signed_by.setdefault(key.role, set()).add(key.subject_id)
    first, second = (signed_by.get(role, set()) for role in SIGNERS)
    return any(a != b for a in first for b in second)


def _is_for(override: Override, facts: Facts) -> bool:
    """Whether it is for this very use, now. Its other fields repeat the use for the eyes of whoever signs; they have to agree."""
    said, use = override.signed.statement, facts.use
    place = (said.show_id, said.shot, said.job) == (use.show_id, use.shot, use.job)
    pictures = set(said.inputs) == {item.digest for item in use.inputs}
    return place and pictures and said.use_digest == use.digest() and facts.now < said.until
