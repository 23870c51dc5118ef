"""Where a consent holds: episode, scene, territory, medium, language.

A list in a consent limits; an empty one sets no limit. A final has to state the fact that a list limits. A temp is refused only where
the stated fact contradicts the list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bottega.model import Delivery, Purpose, Reason, Shot
from bottega.rights.reasons import reason

from .case import Case, Facts, Fit
from .consent_rules import covers
from .policy import policy


@policy
def placed(case: Case) -> Iterator[Reason]:
    """The shot is on record, and the episode and scene of the use are its own."""
    shot = case.state.shots.get(case.use.shot)
    if shot is None:
        yield reason("unknown_shot", f"shot {case.use.shot} is not in the ledger")
    for fact in ("episode", "scene"):
        stated, known = getattr(case.use, fact), getattr(shot, fact, None)
        if shot is not None and stated is not None and stated != known:
            yield reason(fact, f"shot {case.use.shot} is registered with {fact} {known or 'none'}, the use states {stated}")


@policy
def in_episode(fit: Fit) -> Iterator[Reason]:
    """Where episodes are listed, the shot is in one; a name and `*` covers all that begin so."""
    yield from _listed(fit, "episode", fit.consent.episodes, of_shot(fit.facts, "episode"), covers)


@policy
def in_scene(fit: Fit) -> Iterator[Reason]:
    """Where scenes are listed, the shot is in one; a name and `*` covers all that begin so."""
    yield from _listed(fit, "scene", fit.consent.scenes, of_shot(fit.facts, "scene"), covers)


@policy
def in_territory(fit: Fit) -> Iterator[Reason]:
    """Where territories are listed, the use is in one."""
    yield from _listed(fit, "territory", fit.consent.territories, fit.facts.use.territory, str.__eq__)


@policy
def in_medium(fit: Fit) -> Iterator[Reason]:
    """Where media are listed, the use is in one."""
    yield from _listed(fit, "medium", fit.consent.media, fit.facts.use.medium, str.__eq__)


@policy
def in_language(fit: Fit) -> Iterator[Reason]:
    """Where languages are listed, the use is in one."""
    yield from _listed(fit, "language", fit.consent.languages, fit.facts.use.language, str.__eq__)


@policy
def dubbed(fit: Fit) -> Iterator[Reason]:
    """A dub is into one of the languages to which dubbing was consented."""
    if fit.facts.use.purpose is Purpose.DUB:
        yield from _listed(fit, "language", fit.consent.dub_consent, fit.facts.use.language, str.__eq__)


def of_shot(facts: Facts, fact: str) -> str | None:
    """Episode or scene: as the use states it, else as the shot was registered."""
    shot: Shot | None = facts.state.shots.get(facts.use.shot)
    stated: str | None = getattr(facts.use, fact)
    return stated if stated is not None else getattr(shot, fact, None)


def _listed(fit: Fit, code: str, allowed: tuple[str, ...], asked: str | None, covers: Callable[[str, str], bool]) -> Iterator[Reason]:
    if not allowed or (asked is None and fit.facts.use.delivery is not Delivery.FINAL):
        return
    if asked is None or not any(covers(entry, asked) for entry in allowed):
        yield reason(code, f"{fit.name} is for {code} {', '.join(allowed)}, asked is {asked or 'none stated'}")
