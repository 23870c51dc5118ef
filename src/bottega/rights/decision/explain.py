"""A decision in plain words: what would be needed for a yes, from whom, and with which command."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from bottega.model import Reason, Use
from bottega.rights.reasons import REASONS
from bottega.rights.record.state import State

from .decide import Decision, examine
from .lifting import may_be_resolved, resolvers
from .table import Line, lines

CONSENT = 'bottega consent template --purpose {purpose} --person "NAME" --shot {shot} > consent.toml'
HOLD = 'bottega approve hold {code} --shot {shot} --job {job} --by "NAME" --role {role} --ref REF'
JOB = 'bottega approve job {shot} --job {job} --role {role} --by "NAME" --ref REF'
REGISTER = "bottega exemplar add FILE --by NAME --licence KIND"
NOBODY = "nobody"
PERSON = "the person, or who may speak for them"
PRODUCTION = "the production"

NEEDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(("minor_depicted", "minor_content"), (NOBODY, "")),
        **dict.fromkeys(("unknown_exemplar", "hash_changed", "no_licence", "licence_revoked", "licence_expired"), (PRODUCTION, REGISTER)),
        **dict.fromkeys(
            ("no_consent", "expired", "wrong_shot", "age_range", "technique", "input_not_allowed", "content"), (PERSON, CONSENT)
        ),
        **dict.fromkeys(("episode", "scene", "territory", "medium", "language", "purpose", "superseded", "term"), (PERSON, CONSENT)),
        **dict.fromkeys(("revoked", "reconsent", "suspended", "script_after_performance"), (PERSON, CONSENT)),
        "unknown_person": (PRODUCTION, 'bottega person add "NAME" --role performer'),
        "unsure": ("whoever answers for the job, or legal", "--state FACT=VALUE on the job, or " + HOLD),
        "environment": ("security", "bottega environment approve NAME --by NAME --role security --ref REF"),
        "approval_missing": ("the roles named", JOB),
        "escalate": ("the roles named", JOB),
        "exemption_undecided": ("legal", 'bottega approve consent GRANT --role legal --by "NAME" --ref REF'),
        "representation_review": ("legal", 'bottega approve consent GRANT --role legal --by "NAME" --ref REF'),
        "declaration_missing": (PRODUCTION, "name the people with --person, or state --no-performer"),
        "ledger_invalid": ("whoever looks after the ledger", "bottega doctor"),
    }
)
"""For a code: who can do something about it, and the command. What is not listed is up to the production, as the reason says."""


@dataclass(frozen=True)
class Step:
    """One reason, and the way out of it."""

    code: str
    found: str
    means: str
    who: str
    command: str


@dataclass(frozen=True)
class Explanation:
    """The answer, a step for each reason against it, what was set aside, and each pack's questions and rows."""

    answer: str
    entry: int | None
    steps: tuple[Step, ...]
    lifted: tuple[str, ...]
    grants: tuple[str, ...]
    watermark: bool
    packs: Mapping[str, tuple[Line, ...]]

    @property
    def allowed(self) -> bool:
        """Whether it is a yes."""
        return self.answer == "allow"

    def to_json(self) -> dict[str, Any]:
        """The explanation as JSON values."""
        packs = {name: [asdict(line) | {"answer": line.answer.value} for line in found] for name, found in self.packs.items()}
        return {
            "answer": self.answer,
            "entry": self.entry,
            "needed": [asdict(step) for step in self.steps],
            "lifted": list(self.lifted),
            "grants": list(self.grants),
            "watermark": self.watermark,
            "packs": packs,
        }


def explain(use: Use, decision: Decision, state: State, *, now: datetime) -> Explanation:
    """Say what a decision on this use, state and instant rests on, and what a yes would need."""
    case, _ = examine(use, state, now=now)
    return Explanation(
        answer=decision.answer,
        entry=decision.idx,
        steps=tuple(_step(r, use) for r in decision.reasons),
        lifted=tuple(str(r) for r in decision.lifted),
        grants=decision.grants,
        watermark=decision.watermark,
        packs={name: lines(case, adopted.pack) for name, adopted in state.packs.items()},
    )


def _step(reason: Reason, use: Use) -> Step:
    means, do = REASONS[reason.code]
    held = may_be_resolved(reason.code)
    roles = resolvers(reason.code) if held else ()
    who, command = NEEDS.get(reason.code, (" and ".join(roles), HOLD) if held else (PRODUCTION, ""))
    purpose = use.purpose.value if use.purpose else "PURPOSE"
    filled = command.format(shot=use.shot, job=use.job, code=reason.code, role=" and ".join(roles) or "ROLE", purpose=purpose)
    return Step(reason.code, reason.detail.removesuffix(f"; {do}"), means, who, filled or do)
