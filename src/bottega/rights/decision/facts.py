"""The facts of a case, as packs ask for them. What nobody knows is None, and counts for nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from bottega.model import Reason, Technique
from bottega.rights.packs import FACTS, Pack
from bottega.rights.reasons import reason

from .case import Case
from .exemptions import NOT_CLAIMED
from .policy import found, policy
from .use_rules import licensed_inputs, registered

ENVIRONMENT = "environment"


def fact(case: Case, pack: Pack, name: str) -> str | None:
    """One fact for one pack: computed where it can be, else as it was stated, None where it is missing or cannot be read."""
    if name in COMPUTED:
        return COMPUTED[name](case, pack)
    value = case.use.stated.get(name)
    return value if value is not None and pack.facts[name].allows(value) else None


@policy
def stated_facts(case: Case) -> Iterator[Reason]:
    """What is stated is a fact that somebody asks for, with a value that it may have."""
    for name, value in sorted(case.use.stated.items()):
        asked = [FACTS[name]] if name in FACTS else [p.pack.facts[name] for p in case.state.packs.values() if name in p.pack.facts]
        if not asked:
            yield reason("unsure", f"{name} is stated, but no adopted pack knows such a fact")
        for one in asked:
            if one.computed:
                yield reason("unsure", f"{name} is stated, but it is worked out from the job and nobody can state it")
            elif not one.allows(value):
                yield reason("unsure", f"{name} is stated as {value!r}, allowed are {', '.join(one.values)}")


def _yes_no(value: bool | None) -> str | None:
    return None if value is None else "yes" if value else "no"


def _licensed(case: Case, _: Pack) -> str | None:
    known = {item.digest for item in case.use.inputs} <= case.state.exemplars.keys()
    return _yes_no(bool(case.use.inputs) and known and not found(licensed_inputs, case))


def _consented(case: Case, _: Pack) -> str | None:
    return _yes_no(bool(case.answers) and all(a.fit for a in case.answers))


def _trains(case: Case, _: Pack) -> str | None:
    return _yes_no(case.use.technique == Technique.PER_SHOT_NETWORK if case.use.technique in set(Technique) else None)


def _training_consented(case: Case, _: Pack) -> str | None:
    consents = [a.fit.consent.model_training for a in case.answers if a.fit]
    licences = [case.state.licences.get(k.licence_id or "") for k in registered(case)]
    people = len(consents) == len(case.answers) and all(consents)
    return _yes_no(people and all(known is not None and known.licence.train_ok for known in licences))


def _environment_approved(case: Case, pack: Pack) -> str | None:
    place = case.use.stated.get(ENVIRONMENT)
    return _yes_no(None if place is None else place in pack.environments or place in case.state.environments)


def _training_environment(case: Case, _: Pack) -> str | None:
    place = case.state.environments.get(case.use.stated.get(ENVIRONMENT, ""))
    return _yes_no(place is not None and place.training)


def _exemption(case: Case, _: Pack) -> str | None:
    return _yes_no(any(a.fit and a.fit.consent.exemption not in NOT_CLAIMED for a in case.answers))


COMPUTED: Mapping[str, Callable[[Case, Pack], str | None]] = MappingProxyType(
    {
        "job": lambda case, _: case.use.job,
        "delivery": lambda case, _: case.use.delivery.value,
        "technique": lambda case, _: case.use.technique,
        "touches_performer": lambda case, _: _yes_no(case.use.touches_performer),
        "inputs_licensed": _licensed,
        "people_consented": _consented,
        "trains_on_inputs": _trains,
        "training_consented": _training_consented,
        "environment_approved": _environment_approved,
        "training_environment_approved": _training_environment,
        "exemption_claimed": _exemption,
    }
)
