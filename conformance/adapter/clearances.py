"""Steps about clearances: the honest way, and every crooked one. The pictures stay texts: what is asked is whether the door opens."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bottega.model import ConsentError
from bottega.rights import Clearance, Gate, load_gate_key
from bottega.rights.clearance import sign_clearance
from bottega.rights.record import registry

from .neutral import UnsupportedError, digest
from .world import World

Answer = dict[str, Any]
JOB, OTHER_JOB = "job-1", "job-2"
ALTERED: Mapping[str, Callable[[Clearance], Clearance]] = {
    "expires_at": lambda c: replace(c, expires_at=c.expires_at + timedelta(hours=1)),
    "inputs": lambda c: replace(c, inputs=(*c.inputs, digest("another picture"))),
    "job_id": lambda c: replace(c, job_id=OTHER_JOB),
    "grants": lambda c: replace(c, grants=(*c.grants, "g9")),
    "use_digest": lambda c: replace(c, use_digest=digest("another use")),
}


def start_job(world: World, step: Mapping[str, Any]) -> None:
    """The gate clears the ask, and a worker opens its door with the clearance."""
    job = step["as"]
    world.doors[job] = (world.door(job), world.gate.clear(world.use(), job_id=job))


def read(world: World, step: Mapping[str, Any]) -> Answer:
    """A worker asks its door for a picture."""
    door, clearance = world.doors[step["job"]]
    door.admit(clearance, world.digest(step["picture"]))
    return {"decision": "allow", "codes": []}


def use_clearance(world: World, step: Mapping[str, Any]) -> Answer:
    """A clearance is used as the step says: `how` is the honest or crooked way."""
    how = step["how"]
    if how not in WAYS:
        raise UnsupportedError(f"no way {how} to use a clearance")
    WAYS[how](world, step)
    return {"decision": "allow", "codes": []}


def _plate(world: World) -> str:
    return world.digest("plate")


def _cleared(world: World) -> Clearance:
    return world.gate.clear(world.use(), job_id=JOB)


def _none(world: World, step: Mapping[str, Any]) -> None:
    nothing: Any = None
    world.door(JOB).admit(nothing, _plate(world))


def _own_key(world: World, step: Mapping[str, Any]) -> None:
    world.door(JOB).admit(sign_clearance(_cleared(world), Ed25519PrivateKey.generate()), _plate(world))


def _altered(world: World, step: Mapping[str, Any]) -> None:
    changed = ALTERED[step["field"]](_cleared(world))
    world.door(changed.job_id).admit(changed, _plate(world))


def _late(world: World, step: Mapping[str, Any]) -> None:
    clearance, door = _cleared(world), world.door(JOB)
    world.pass_time(timedelta(seconds=step["seconds"]))
    door.admit(clearance, _plate(world))


def _replay(world: World, step: Mapping[str, Any]) -> None:
    clearance = _cleared(world)
    world.door(JOB).admit(clearance, _plate(world))
    world.door(JOB).admit(clearance, _plate(world))


def _stolen_key(world: World, step: Mapping[str, Any]) -> None:
    made_up = replace(_cleared(world), clearance_id="0" * 32)
    world.door(JOB).admit(sign_clearance(made_up, load_gate_key(world.show_id(None))), _plate(world))


def _stolen_key_after_no(world: World, step: Mapping[str, Any]) -> None:
    use = world.use()
    denied = world.gate.decide(use, job_id=JOB)
    if denied.allow or denied.idx is None:
        raise ValueError("the case needs an ask that is refused")
    made_up = Clearance(
        clearance_id="0" * 32,
        show_id=world.show_id(None),
        job_id=JOB,
        use_digest=use.digest(),
        inputs=tuple(sorted(i.digest for i in use.inputs)),
        grants=(),
        decision_idx=denied.idx,
        issued_at=world.now,
        expires_at=world.now + timedelta(minutes=5),
        key_id=world.gate_key_id,
    )
    world.door(JOB).admit(sign_clearance(made_up, load_gate_key(world.show_id(None))), _plate(world))


def _other_job(world: World, step: Mapping[str, Any]) -> None:
    world.door(OTHER_JOB).admit(_cleared(world), _plate(world))


def _other_show(world: World, step: Mapping[str, Any]) -> None:
    with world.neighbour() as other:
        foreign = _cleared(other)
    world.door(JOB).admit(foreign, _plate(world))


WAYS: Mapping[str, Callable[[World, Mapping[str, Any]], None]] = {
    "none": _none,
    "own_key": _own_key,
    "altered": _altered,
    "late": _late,
    "replay": _replay,
    "stolen_key": _stolen_key,
    "stolen_key_after_no": _stolen_key_after_no,
    "other_job": _other_job,
    "other_show": _other_show,
}


def race(world: World, step: Mapping[str, Any]) -> Answer:
    """Two workers with ledgers of their own clear without pause while somebody revokes; then one is asked once more."""
    use, stop = world.use(), threading.Event()
    cleared: list[int] = []
    enough = threading.Semaphore(0)

    def start_all_the_time() -> None:
        with world.opened_again() as ledger:
            gate = Gate(ledger, load_gate_key(world.show_id(None)), show_id=world.show_id(None), clock=world.clock)
            while not stop.is_set():
                with suppress(ConsentError):
                    cleared.append(gate.clear(use, job_id=JOB).decision_idx)
                enough.release()

    workers = [threading.Thread(target=start_all_the_time) for _ in range(2)]
    for worker in workers:
        worker.start()
    for _ in range(step["rounds"] * len(workers)):
        enough.acquire(timeout=30)
    revoked = registry.revoke(world.ledger, step["revoke"], cause="asked for")
    for _ in range(step["rounds"] * len(workers)):
        enough.acquire(timeout=30)
    stop.set()
    for worker in workers:
        worker.join()
    outcome = {"started_after_revocation": sum(idx > revoked.idx for idx in cleared)}
    if not cleared:
        return {"decision": "broken", "codes": [], "note": "nothing was cleared before the revocation: this was no race"}
    decision = world.gate.decide(use, job_id=JOB)
    return {"decision": decision.answer, "codes": list(decision.codes), "outcome": outcome}
