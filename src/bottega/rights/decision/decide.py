"""The decision: may this use be made? Pure: the same use, state and instant give the same answer. The default is no."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from bottega.model import Reason, Use
from bottega.rights.reasons import HOLDS, reason, refusal
from bottega.rights.record.picture_facts import original
from bottega.rights.record.state import State

from .case import Answer, Case, Facts, Fit
from .consent_rules import resolved_plates
from .picture_rules import inherited
from .policies import POLICIES
from .policy import AllOf, Checks, found
from .rules import CONSENT_RULES
from .use_rules import registered


@dataclass(frozen=True)
class Decision:
    """Yes or no, and why. `grants` and `licences` are those that a yes rests on; it holds until `valid_until` at the longest.

    `resolved` says for which digest each `plate:SHOT` stood. `idx` is the ledger entry, once it is recorded.
    """

    allow: bool
    reasons: tuple[Reason, ...]
    grants: tuple[str, ...] = ()
    licences: tuple[str, ...] = ()
    resolved: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    valid_until: datetime | None = None
    idx: int | None = None

    @property
    def held(self) -> bool:
        """Whether it is a no only until a named human has looked: every reason is one of `HOLDS`."""
        return not self.allow and bool(self.reasons) and all(r.code in HOLDS for r in self.reasons)

    @property
    def answer(self) -> str:
        """`allow`, `hold` or `deny`."""
        return "allow" if self.allow else "hold" if self.held else "deny"

    @property
    def codes(self) -> tuple[str, ...]:
        """The reason codes, the decisive one first."""
        return tuple(r.code for r in self.reasons)


def decide(
    use: Use,
    state: State,
    *,
    now: datetime,
    policies: Sequence[Checks[Case]] = POLICIES,
    consent_rules: Sequence[Checks[Fit]] = CONSENT_RULES,
) -> Decision:
    """Hold a use against the state at an instant. Every reason is reported; where no policy or rule is asked, the answer is no."""
    if not policies or not consent_rules:
        return Decision(False, refusal("no_policies", "the list of policies or of consent rules is empty").reasons)
    facts = Facts(use, state, now)
    answers = tuple(_ask(facts, subject_id, AllOf(consent_rules)) for subject_id in dict.fromkeys(use.people))
    case = Case(use, state, now, answers)
    reasons = found(AllOf(policies), case)
    reasons += tuple(r for a in answers for r in a.reasons if r not in reasons)  # whatever the policies, a person's no is a no
    return Decision(False, reasons) if reasons else _yes(case)


def _yes(case: Case) -> Decision:
    """The yes, with all that it rests on."""
    fits = [a.fit for a in case.answers if a.fit]
    grants, licences = inherited(case)
    ends = [case.state.grants[g].consent.valid_until for g in grants] + [f.ends_at for f in fits]
    grants |= {f.consent.grant_id for f in fits}
    licences |= {k for known in registered(case) if (k := original(case.state, known).licence_id) is not None}
    ends += [until for k in licences if (until := case.state.licences[k].licence.valid_until) is not None]
    return Decision(
        True,
        (),
        grants=tuple(sorted(grants)),
        licences=tuple(sorted(licences)),
        resolved=MappingProxyType({name: plate for f in fits for name, plate in resolved_plates(f).items()}),
        valid_until=min(ends, default=None),
    )


def _ask(facts: Facts, subject_id: str, rules: AllOf[Fit]) -> Answer:
    """One person's consents: any one that fits wholly, the newest first; else the reasons of the one with the fewest."""
    person = facts.state.people.get(subject_id)
    if person is None:
        return Answer(None, (reason("unknown_person", f"{subject_id} is not in the ledger"),))
    closest: tuple[Reason, ...] = ()
    for grant in reversed(facts.state.grants_of(subject_id)):
        fit = Fit(facts, person, grant)
        against = found(rules, fit)
        if not against:
            return Answer(fit)
        if not closest or len(against) < len(closest):
            closest = against
    return Answer(None, closest or (reason("no_consent", f"{subject_id} has no consent in the ledger"),))
