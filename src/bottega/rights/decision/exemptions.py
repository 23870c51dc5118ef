"""Exemptions that a consent claims. One never stands in for a consent: it is a claim more, and so a check more."""

from __future__ import annotations

from collections.abc import Iterator

from bottega.model import Reason
from bottega.rights.reasons import reason

from .case import Fit
from .consent_rules import approved_roles
from .policy import policy

AS_SCRIPTED = "as_scripted"
EXEMPTIONS = (AS_SCRIPTED, "unsafe", "unrecognisable", "customary")
NOT_CLAIMED = (None, "", "none")


@policy
def exemption_decided(fit: Fit) -> Iterator[Reason]:
    """Whoever claims an exemption says who decided it, and legal approved."""
    claimed, by = fit.consent.exemption, (fit.consent.exemption_decided_by or "").strip()
    if claimed in NOT_CLAIMED:
        return
    if claimed not in EXEMPTIONS:
        yield reason("exemption_undecided", f"{fit.name} claims an unknown exemption, allowed are {', '.join(EXEMPTIONS)}")
    if not by:
        yield reason("exemption_undecided", f"{fit.name} claims an exemption, but nobody is named who decided it")
    if "legal" not in approved_roles(fit):
        yield reason("exemption_undecided", f"{fit.name} claims an exemption that legal has not approved")


@policy
def script_before_performance(fit: Fit) -> Iterator[Reason]:
    """An exemption as scripted needs a script that existed before the performance."""
    if fit.consent.exemption != AS_SCRIPTED:
        return
    script, shot = fit.consent.script_ref, fit.facts.state.shots.get(fit.facts.use.shot)
    played = min(fit.facts.now, shot.performed_at) if shot and shot.performed_at else fit.facts.now
    if script is None or not script.existed_before_performance:
        yield reason("script_after_performance", f"{fit.name} claims {AS_SCRIPTED}, but names no script that existed before")
    elif script.dated >= played:
        yield reason("script_after_performance", f"{fit.name}: the script is dated {script.dated:%Y-%m-%d}, played was {played:%Y-%m-%d}")
