"""Steps in which the production rules: holds resolved, packs adopted and dropped, overrides signed by one or two people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from bottega.model import BottegaError, ConsentError, UsageError

from .world import World


def resolve_hold(world: World, step: Mapping[str, Any]) -> None:
    """The gate is asked, holds the use, and somebody resolves one of its reasons."""
    world.gate.decide(world.use(**step.get("ask", {})), job_id="job-held")
    try:
        world.studio.rulings.approve_hold(
            step["code"], shot=world.ask["shot"], job=world.ask["job"], by=step["person"], role=step["role"], ref="note 1"
        )
    except UsageError as problem:
        world.turned_down.append(str(problem))


def adopt_pack(world: World, step: Mapping[str, Any]) -> None:
    """A policy pack is adopted, as text."""
    file = world.root / "pack.toml"
    file.write_text(step["text"], encoding="utf-8")
    world.studio.rulings.adopt(file, by="Legal L", role="legal", ref="memo 1")


def drop_pack(world: World, step: Mapping[str, Any]) -> None:
    """A policy pack holds no more."""
    world.studio.rulings.drop(step["pack"], by="Legal L", role="legal", ref="memo 2")


def override(world: World, step: Mapping[str, Any]) -> None:
    """The gate is asked and refuses; people sign that it be passed over; the paper is put on record, or turned down there."""
    changes = dict(step.get("ask", {}))
    if "inputs" in step:
        changes["inputs"] = {name: world.ask["inputs"][name] for name in step["inputs"]}
    world.gate.decide(world.use(**changes), job_id="job-refused")
    until = datetime.fromisoformat(step["until"]) if "until" in step else world.now + timedelta(hours=2)
    try:
        sign_and_record(world, step, until)
    except ConsentError as refusal:
        world.override_refused = refusal.codes
    except BottegaError as problem:  # a role that may not sign at all
        world.turned_down.append(str(problem))


def sign_and_record(world: World, step: Mapping[str, Any], until: datetime) -> None:
    """A statement about what the gate last refused is written, signed and put on record."""
    desk, file = world.studio.rulings, world.root / "override.json"
    shot, job = world.ask["shot"], step.get("job", world.ask["job"])
    desk.request_override(shot, job=job, codes=step["codes"], why="The cut is due tonight.", until=until, to=file)
    for signer in step["signers"]:
        desk.new_key(signer["person"], role=signer["role"])
        desk.sign_override(file, person=signer["person"])
    if step.get("tampered"):
        paper = json.loads(file.read_text())
        paper["statement"]["why"] += " And the next one."
        file.write_text(json.dumps(paper))
    desk.record_override(file)


def revoke_key(world: World, step: Mapping[str, Any]) -> None:
    """A person's signing key counts no more."""
    registered = world.studio.rulings.keys()
    for key, owner in registered:
        if owner == step["person"]:
            world.studio.rulings.revoke_key(key.key_id, cause="lost")
