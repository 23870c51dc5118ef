"""Steps with hostile names: what a user types, and what lies on the disk where a file is expected."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from bottega.rights import State
from bottega.rights.record import registry

from .neutral import UnsupportedError
from .painter import COLOUR
from .world import World


def name(world: World, step: Mapping[str, Any]) -> dict[str, Any]:
    """Something gets the name that the step says. What takes it takes it for good: the answer is a yes."""
    if step["what"] not in NAMED:
        raise UnsupportedError(f"nothing called {step['what']} to be named")
    NAMED[step["what"]](world, step["text"])
    return {"decision": "allow", "codes": []}


def _shot(world: World, text: str) -> None:
    world.studio.add_shot(text, world.painting.plates, colour=COLOUR)


def _job(world: World, text: str) -> None:
    world.studio.plan(world.studio._request(text, world.ask["shot"], world.painting.keys, touches_performer=None))


def _people(world: World, text: str) -> None:
    for legal_name in text.split("|"):
        world.studio.add_person(legal_name, role="performer")


def _consent(world: World, text: str) -> None:
    good = State.of(world.ledger).grants["g1"].consent
    for number in text.split("|"):
        registry.add_consent(world.ledger, replace(good, grant_id=number))
    world.gate.decide(world.use(), job_id="job-after")  # what was taken in must not shut the gate either


def _shot_folder(world: World, text: str) -> None:
    outside = world.root / "outside"
    outside.mkdir()
    (world.show_folder / "sh040").symlink_to(outside)
    world.studio.add_shot("sh040", world.painting.plates, colour=COLOUR)


NAMED: Mapping[str, Callable[[World, str], None]] = {
    "shot": _shot,
    "job": _job,
    "person": _people,
    "consent": _consent,
    "shot_folder": _shot_folder,
}
