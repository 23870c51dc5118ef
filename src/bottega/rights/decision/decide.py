"""The decision: may this use be made? Pure: the same use, state and instant give the same answer. The default is no."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from bottega.model import Reason, Use
from bottega.rights.overrides import OverrideStatement
from bottega.rights.reasons import HOLDS, reason, refusal
from bottega.rights.record.picture_facts import original
from bottega.rights.record.state import State

from .case import Answer, Case, Facts, Fit
from .consent_rules import resolved_plates
from .lifting import Lifting
from .picture_rules import inherited
from .policies import POLICIES
from .policy import AllOf, Checks, found
from .rules import CONSENT_RULES
from .use_rules import registered


@dataclass(frozen=True)
class Decision:
    """Yes or no, and why. `grants` and `licences` are those that a yes rests on; it holds until `valid_until` at the longest.

    `resolved` says for which digest each `plate:SHOT` stood. `idx` is the ledger entry, once it is recorded. `lifted` are reasons
    that humans set aside; `override_id` is the override without which it would be a no.
    """

    allow: bool
    reasons: tuple[Reason, ...]
    grants: tuple[str, ...] = ()
    licences: tuple[str, ...] = ()
    resolved: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    valid_until: datetime | None = None
    idx: int | None = None
    lifted: tuple[Reason, ...] = ()
    override_id: str | None = None

    @property
    def watermark(self) -> bool:
        """Whether the result has to carry a watermark: the yes rests on an override."""
        return self.override_id is not None

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
    case, lifting = examine(use, state, now=now, consent_rules=consent_rules)
    answers = case.answers
    reasons, aside = lifting.split(found(AllOf(policies), case))
    reasons += tuple(r for a in answers for r in a.reasons if r not in reasons)  # whatever the policies, a person's no is a no
    lifted = tuple(dict.fromkeys((*aside, *(r for a in answers for r in a.lifted))))
    if reasons:
        return Decision(False, reasons, lifted=lifted)
    override = lifting.override.signed.statement if lifting.override and any(map(lifting.overrides, lifted)) else None
    return _yes(case, lifted, override)


def examine(use: Use, state: State, *, now: datetime, consent_rules: Sequence[Checks[Fit]] = CONSENT_RULES) -> tuple[Case, Lifting]:
    """What is decided on: the facts with everybody's consents held against them, and what may be set aside."""
    facts = Facts(use, state, now)
    lifting = Lifting.of(facts)
    answers = tuple(_ask(facts, subject_id, AllOf(consent_rules), lifting) for subject_id in dict.fromkeys(use.people))
    return Case(use, state, now, answers), lifting


def _yes(case: Case, lifted: tuple[Reason, ...], override: OverrideStatement | None) -> Decision:
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
        valid_until=min([*ends, *([override.until] if override else [])], default=None),
        lifted=lifted,
        override_id=override.override_id if override else None,
    )


def _ask(facts: Facts, subject_id: str, rules: AllOf[Fit], lifting: Lifting) -> Answer:
    """One person's consents: the one with the fewest reasons against it that stand, then with the fewest set aside, then the newest."""
    person = facts.state.people.get(subject_id)
    if person is None:
        return Answer(None, (reason("unknown_person", f"{subject_id} is not in the ledger"),))
    answers = []
    for grant in reversed(facts.state.grants_of(subject_id)):
        fit = Fit(facts, person, grant)
        against, aside = lifting.split(found(rules, fit))
        answers.append(Answer(fit, against, aside))
    nothing = Answer(None, (reason("no_consent", f"{subject_id} has no consent in the ledger"),))
    return min(answers, key=lambda a: (len(a.reasons), len(a.lifted)), default=nothing)
