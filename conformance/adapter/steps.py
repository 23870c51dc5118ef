"""What happens in a case after its facts are on record, step by step. A step that gives an answer is what the case asks about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from bottega.model import ConsentError
from bottega.rights.reasons import HOLDS
from bottega.rights.record import models_registry, people_registry, registry

from . import clearances, naming, pictures, rulings, tampering
from .facts import put_on_record
from .neutral import UnsupportedError, digest
from .world import World

Answer = dict[str, Any]
Step = Callable[[World, Mapping[str, Any]], Answer | None]


def allowed(**outcome: Any) -> Answer:
    """A yes."""
    return {"decision": "allow", "codes": [], "outcome": outcome}


def refused(refusal: ConsentError, **outcome: Any) -> Answer:
    """A refusal with its codes: a hold when every reason is one that a human may lift."""
    held = all(code in HOLDS for code in refusal.codes)
    return {"decision": "hold" if held else "deny", "codes": list(refusal.codes), "outcome": outcome}


def decided(world: World, **changes: Any) -> Answer:
    """The gate's recorded answer to the ask, and why an override was turned down before."""
    decision = world.gate.decide(world.use(**changes), job_id="job-ask")
    codes = [*decision.codes, *world.override_refused]
    used = world.ledger.entries("override.used")
    outcome = {"watermark": decision.watermark, "override_on_record": bool(used)}
    return {"decision": decision.answer, "codes": codes, "outcome": outcome, "note": "; ".join(world.turned_down)}


def revoke(world: World, step: Mapping[str, Any]) -> None:
    """A consent or a licence ends."""
    if "consent" in step:
        registry.revoke(world.ledger, step["consent"], cause="asked for")
    else:
        registry.revoke_licence(world.ledger, world.licence_id(step["licence"]), cause="asked for")


def record(world: World, step: Mapping[str, Any]) -> None:
    """More facts come on record."""
    put_on_record(world, step["facts"])


def strike(world: World, step: Mapping[str, Any]) -> None:
    """A strike begins or ends."""
    registry.declare_strike(world.ledger, on=step["on"], ref="notice 1")


def died(world: World, step: Mapping[str, Any]) -> None:
    """A person's death comes on record."""
    on = datetime.fromisoformat(step["on"]).date()
    people_registry.record_death(world.ledger, world.subject(step["person"]), on=on, ref="certificate 1")


def suspend(world: World, step: Mapping[str, Any]) -> None:
    """A consent does not hold for the time being."""
    people_registry.suspend(world.ledger, step["consent"], cause=step["cause"], ref="letter 1")


def resume(world: World, step: Mapping[str, Any]) -> None:
    """What suspended a consent is settled."""
    settled_by = world.subject("artist-b")
    people_registry.resume(world.ledger, step["consent"], cause=step["cause"], ref="letter 2", by=settled_by)


def erase(world: World, step: Mapping[str, Any]) -> None:
    """A person's key and name are gone for good."""
    world.studio.people_desk.erase(world.facts["people"][step["person"]]["name"])


def request_transfer(world: World, step: Mapping[str, Any]) -> Answer:
    """Somebody asks to take a consent along to another production."""
    people_registry.request_transfer(world.ledger, step["consent"], to=step["to"], ref="letter 3")
    return allowed()


def destroy_model(world: World, step: Mapping[str, Any]) -> None:
    """Weights are gone, on record."""
    models_registry.register_destruction(world.ledger, world.digest(step["model"]), how="overwritten", by=world.subject("artist-b"))


def swap_file(world: World, step: Mapping[str, Any]) -> None:
    """The file of a picture now holds something else."""
    world.swapped[step["picture"]] = digest(step["bytes"])


def ask(world: World, step: Mapping[str, Any]) -> Answer | None:
    """The ask, put in between. Only an answer that the case does not take for granted ends it."""
    answer = decided(world, **step.get("ask", {}))
    return None if answer["decision"] == step["expect"] else answer | {"note": f"before the end it was to be {step['expect']}"}


def note(world: World, step: Mapping[str, Any]) -> None:
    """Something harmless is written into the ledger."""
    world.ledger.append("note.added", {"text": step["text"]})


STEPS: dict[str, Step] = {
    "resolve_hold": rulings.resolve_hold,
    "adopt_pack": rulings.adopt_pack,
    "drop_pack": rulings.drop_pack,
    "override": rulings.override,
    "revoke_key": rulings.revoke_key,
    "revoke": revoke,
    "record": record,
    "strike": strike,
    "died": died,
    "suspend": suspend,
    "resume": resume,
    "erase": erase,
    "request_transfer": request_transfer,
    "destroy_model": destroy_model,
    "swap_file": swap_file,
    "set_clock": tampering.set_clock,
    "ask": ask,
    "note": note,
    "start_job": clearances.start_job,
    "read": pictures.read,
    "make": pictures.make,
    "alter_file": pictures.alter_file,
    "export": pictures.export,
    "hand_out": pictures.hand_out,
    "reuse_in_other_show": pictures.reuse_in_other_show,
    "check_attribution": pictures.check_attribution,
    "name": naming.name,
    "use_clearance": clearances.use_clearance,
    "race": clearances.race,
    "edit_database": tampering.edit_database,
    "copy_database": tampering.copy_database,
    "restore_database": tampering.restore_database,
    "copy_mark": tampering.copy_mark,
    "restore_mark": tampering.restore_mark,
    "remove_mark": tampering.remove_mark,
    "sign_checkpoint": tampering.sign_checkpoint,
    "append_unknown_entry": tampering.append_unknown_entry,
    "change_gate_key": tampering.change_gate_key,
    "make_database_unreachable": tampering.make_database_unreachable,
    "fill_disk": tampering.fill_disk,
}


def play(world: World, steps: list[Mapping[str, Any]]) -> Answer:
    """All steps in order. The last answer counts; without any, the ask is put."""
    return happened(world, steps) or decided(world)


def happened(world: World, steps: list[Mapping[str, Any]]) -> Answer | None:
    """All steps in order, and the last answer that one of them gave."""
    answer: Answer | None = None
    for step in steps:
        if step["do"] not in STEPS:
            raise UnsupportedError(f"no step {step['do']}")
        answer = STEPS[step["do"]](world, step) or answer
    return answer
