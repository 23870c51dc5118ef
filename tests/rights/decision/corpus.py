"""Cases that bend one thing each: every field of consent, use and world, over good cases of every kind, and some by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bottega.model import (
    Delivery,
    Representation,
    Use,
)
from bottega.rights import State
from tests.rights.builders import (
    NOON,
    approval,
    good_consent,
    good_use,
)
from tests.rights.naive import World
from tests.rights.worlds import CONSENT, FINAL_ROLES, REPAIR, STATED, USE, WORLD, in_world

DAY = timedelta(days=1)
GOOD_CONSENT = {name: values[0] for name, values in CONSENT.items()}
GOOD_USE = {name: values[0] for name, values in USE.items()}
SAFE = {"environment": "local", "could_pass_as_real": "no", "affects_union_work": "no"}
DESIGN = SAFE | {"prominence": "incidental", "human_input": "yes", "key_visual": "no", "names_real": "no"}

RISKY = (
    DESIGN | {"personal_data": "yes"},
    DESIGN | {"could_pass_as_real": "yes", "fictional_context": "yes"},
    DESIGN | {"affects_union_work": "yes"},
    DESIGN | {"prominence": "story_relevant", "human_input": "no"},
)
PROBED = ("inputs_licensed", "people_consented", "trains_on_inputs", "training_consented", "environment_approved", "exemption_claimed")
PROBED += ("training_environment_approved", "touches_performer")


@dataclass(frozen=True)
class Asked:
    """One case. `held` and `world` are there where the second evaluator can be asked, too."""

    name: str
    use: Use
    state: State
    now: datetime = NOON
    held: tuple[Any, ...] | None = None
    world: World | None = None


def corpus() -> list[Asked]:
    """All cases."""
    return [*_bent(), *_designs()]


def ask(name: str, use: dict[str, Any] | None = None, consent: dict[str, Any] | None = None, world: dict[str, Any] | None = None) -> Asked:
    """A good temp of the performer, bent."""
    stated = (use or {}).pop("stated", SAFE)
    made = good_use(**(GOOD_USE | {"stated": stated} | (use or {})))
    held = (good_consent(**({"grant_id": "g_0"} | GOOD_CONSENT | (consent or {}))),)
    there = World(**({name: values[0] for name, values in WORLD.items()} | (world or {})))
    return Asked(name, made, in_world([*held], there), there.at, held, there)


def _bent() -> Iterator[Asked]:
    repair = dict(REPAIR), {}, {"faces": "none", "job_roles": FINAL_ROLES}
    bases: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
        "temp": ({}, {}, {}),
        "final": ({"delivery": Delivery.FINAL}, {}, {}),
        "final approved for the job": ({"delivery": Delivery.FINAL}, {"approvals": (), "exemption": None}, {"job_roles": FINAL_ROLES}),
        "repair": repair,
        "final repair": (repair[0] | {"delivery": Delivery.FINAL}, *repair[1:]),
        "plain": ({"stated": {}}, {"exemption": None, "approvals": (), "representation": Representation.LAWYER}, {"guidance": False}),
    }
    for base, (use, consent, world) in bases.items():
        yield ask(base, dict(use), consent, world)
        for name, value in _others(USE):
            yield ask(f"{base}, {name} {value}", use | {name: value}, consent, world)
        for name, value in _others(CONSENT) if not base.endswith("repair") else ():
            yield ask(f"{base}, consent {name} {value}", dict(use), consent | {name: value}, world)
        for name, value in _others(WORLD):
            yield ask(f"{base}, world {name} {value}", dict(use), consent, world | {name: value})
        for name, value in _others(STATED):
            stated = {k: v for k, v in (use.get("stated", SAFE) | {name: value}).items() if v is not None}
            yield ask(f"{base}, stated {name} {value}", use | {"stated": stated}, consent, world)


def _others(table: dict[str, tuple[Any, ...]]) -> Iterator[tuple[str, Any]]:
    return ((name, value) for name, values in table.items() for value in values[1:])


def _designs() -> Iterator[Asked]:
    """Jobs that make designs, with the facts that only they are asked for."""
    options: dict[str, tuple[str | None, ...]] = {
        "prominence": ("incidental", "referenced", "read_aloud", "story_relevant", None),
        "human_input": ("yes", "no", None),
        "key_visual": ("no", "yes", None),
        "names_real": ("no", "yes", None),
        "could_pass_as_real": ("no", "yes", None),
        "fictional_context": (None, "yes", "no"),
        "personal_data": (None, "yes"),
    }
    approvals = ((), FINAL_ROLES, ("legal", "studio"), ("vfx_supervisor",), ("legal",), ("studio",), ("security",), ("standards", "legal"))
    for job in ("concept", "variation", "collapse", "deage"):
        for delivery in Delivery:
            for name, values in options.items():
                for value in values:
                    stated = {k: v for k, v in (DESIGN | {name: value}).items() if v is not None}
                    yield ask(f"{job} {delivery} {name} {value}", {"job": job, "delivery": delivery, "stated": stated})
            for roles in approvals:
                for stated in (
                    *RISKY,
                    DESIGN,
                    DESIGN | {"key_visual": "yes"},
                    DESIGN | {"prominence": "read_aloud"},
                    DESIGN | {"names_real": "yes"},
                ):
                    made = ask(
                        f"{job} {delivery} {roles} {stated}", {"job": job, "delivery": delivery, "stated": stated}, {"approvals": ()}
                    )
                    made.state.approvals = {("sh010", job): tuple(approval(role) for role in roles)}
                    yield replace(made, held=None)
