from __future__ import annotations

import json
import multiprocessing
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bottega.model import ConsentError, Input, Role
from bottega.rights import (
    Clearance,
    Door,
    Gate,
    Ledger,
    add_consent,
    add_licence,
    declare_strike,
    register_exemplar,
    register_shot,
    revoke,
    revoke_licence,
    verify_clearance,
)
from bottega.rights.clearance import sign_clearance

from .builders import (
    GATE_KEY,
    KEY,
    MATTE,
    NOON,
    PLATE,
    SCAN,
    SECOND,
    SHOW,
    Clock,
    Stage,
    digest,
    face,
    good_consent,
    good_use,
    licence,
    put_faces,
    set_stage,
    shot,
    still,
)

STRANGER = Ed25519PrivateKey.from_private_bytes(b"evil" * 8)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = set_stage(tmp_path, good_consent())
    yield made
    made.ledger.close()


@pytest.fixture
def clearance(stage: Stage) -> Clearance:
    return stage.gate().clear(good_use(), job_id="job-1")


def refused(code: str) -> Any:
    return pytest.raises(ConsentError, match=f"^{code}:")


def test_a_clearance_names_the_pictures_and_opens_them(stage: Stage, clearance: Clearance) -> None:
    assert clearance.inputs == tuple(sorted((PLATE, KEY, MATTE)))
    assert clearance.grants == ("g_1",)
    assert clearance.use_digest == good_use().digest()
    assert clearance.expires_at - clearance.issued_at == timedelta(minutes=10)
    verify_clearance(clearance, GATE_KEY.public_key())
    door = stage.door()
    for picture in (PLATE, KEY, MATTE, PLATE):
        door.admit(clearance, picture)
    spent = stage.ledger.entries("clearance.spent")
    assert [e.data["clearance_id"] for e in spent] == [clearance.clearance_id], "spent once, however many pictures are read"


def test_every_answer_is_recorded(stage: Stage) -> None:
    gate = stage.gate()
    dry = gate.decide(good_use(), job_id="job-1", dry_run=True)
    denied = gate.decide(good_use(age_target=20), job_id="job-2")
    with refused("age_range"):
        gate.clear(good_use(age_target=20), job_id="job-3")
    cleared = gate.clear(good_use(), job_id="job-4")
    entries = stage.ledger.entries("gate.decided")
    assert [(e.data["job_id"], e.data["allow"], e.data["dry_run"]) for e in entries] == [
        ("job-1", True, True),
        ("job-2", False, False),
        ("job-3", False, False),
        ("job-4", True, False),
    ]
    assert [e.idx for e in entries] == [dry.idx, denied.idx, entries[2].idx, cleared.decision_idx]
    assert [r["code"] for r in entries[1].data["reasons"]] == ["age_range"]
    assert entries[0].data["clearance_id"] is None
    assert entries[3].data["use"] == json.loads(json.dumps(good_use().to_json()))
    assert entries[3].data["resolved"] == {"plate:sh010": PLATE}


def test_a_refusal_carries_every_reason(stage: Stage) -> None:
    with pytest.raises(ConsentError) as caught:
        stage.gate().clear(good_use(age_target=20, technique="render"), job_id="job-1")
    assert caught.value.codes == ("age_range", "technique")


def test_a_clearance_never_outlives_what_it_rests_on(stage: Stage) -> None:
    stage.clock.at = NOON + timedelta(days=5) - timedelta(minutes=2)
    clearance = stage.gate().clear(good_use(), job_id="job-1")
    assert clearance.expires_at == NOON + timedelta(days=5)
    door = stage.door()
    door.admit(clearance, PLATE)
    stage.clock.forward(minutes=2)
    with refused("clearance_expired"):
        door.admit(clearance, PLATE)


def test_spent_by_one_door_it_opens_no_other(stage: Stage, clearance: Clearance) -> None:
    first, second = stage.door(), stage.door()
    first.admit(clearance, PLATE)
    with refused("replayed"):
        second.admit(clearance, PLATE)
    first.admit(Clearance.from_bytes(clearance.to_bytes()), KEY)
    with Ledger(stage.ledger.path, clock=stage.clock) as again, refused("replayed"):
        stage.door(ledger=again).admit(clearance, PLATE)


def _admit(path: Path, text: bytes, results: Any) -> None:
    with Ledger(path, clock=Clock()) as ledger:
        try:
            Door(ledger, GATE_KEY.public_key(), show_id=SHOW, job_id="job-1").admit(Clearance.from_bytes(text), PLATE)
            results.put("admitted")
        except ConsentError as refusal:
            results.put(refusal.codes[0])


def test_of_three_processes_that_race_for_it_one_gets_it(stage: Stage, clearance: Clearance) -> None:
    spawn = multiprocessing.get_context("spawn")
    results = spawn.Queue()
    workers = [spawn.Process(target=_admit, args=(stage.ledger.path, clearance.to_bytes(), results)) for _ in range(3)]
    for worker in workers:
        worker.start()
    found = sorted(results.get(timeout=60) for _ in workers)
    for worker in workers:
        worker.join(60)
    assert found == ["admitted", "replayed", "replayed"]


def test_for_another_job_other_pictures_or_another_show(stage: Stage, clearance: Clearance) -> None:
    with refused("wrong_job"):
        stage.door("job-2").admit(clearance, PLATE)
    door = stage.door()
    for other in (SCAN, digest("?"), "", PLATE.upper(), clearance.inputs):
        with refused("not_listed"):
            door.admit(clearance, other)  # type: ignore[arg-type]
    assert stage.ledger.entries("clearance.spent") == []
    elsewhere = sign_clearance(replace(clearance, show_id="show-2"), GATE_KEY)
    with refused("wrong_show"):
        door.admit(elsewhere, PLATE)
    with refused("wrong_show"):
        stage.door(show_id="show-2")
    with refused("wrong_show"):
        stage.gate(show_id="show-2")


def test_an_expired_one_at_the_exact_instant(stage: Stage, clearance: Clearance) -> None:
    door = stage.door()
    door.admit(clearance, PLATE)
    stage.clock.forward(minutes=10, microseconds=-1)
    door.admit(clearance, PLATE)
    stage.clock.forward(microseconds=1)
    with refused("clearance_expired"):
        door.admit(clearance, PLATE)
    stage.clock.forward(minutes=-13)
    with refused("clock"):
        door.admit(clearance, PLATE)


def test_one_that_expires_while_the_door_waits_to_spend_it(stage: Stage, clearance: Clearance) -> None:
    times = iter([NOON, NOON + timedelta(minutes=10), NOON + timedelta(minutes=10)])
    with refused("clearance_expired"):
        stage.door(clock=lambda: next(times)).admit(clearance, PLATE)
    assert stage.ledger.entries("clearance.spent") == []


def test_a_door_with_a_slow_clock_goes_by_the_ledger(stage: Stage, clearance: Clearance) -> None:
    slow = Clock(NOON)
    door = stage.door(clock=slow)
    door.admit(clearance, PLATE)
    stage.clock.forward(minutes=10)
    stage.ledger.append("note.a", {})
    slow.at = NOON + timedelta(minutes=9)
    with refused("clearance_expired"):
        door.admit(clearance, PLATE)


def test_signed_by_the_gates_key_but_not_as_recorded(stage: Stage, clearance: Clearance) -> None:
    """Whoever steals the key still has to write into the ledger what was cleared."""
    never = sign_clearance(replace(clearance, clearance_id="0" * 32), GATE_KEY)
    wider = sign_clearance(replace(clearance, inputs=(*clearance.inputs, SCAN)), GATE_KEY)
    dry = stage.gate().decide(good_use(), job_id="job-1", dry_run=True)
    assert dry.idx is not None
    from_dry_run = sign_clearance(replace(clearance, decision_idx=dry.idx), GATE_KEY)
    later = sign_clearance(replace(clearance, issued_at=clearance.issued_at + timedelta(seconds=1)), GATE_KEY)
    stage.clock.forward(seconds=2)
    for false, picture in ((never, PLATE), (wider, SCAN), (from_dry_run, PLATE), (later, PLATE)):
        with refused("not_recorded"):
            stage.door().admit(false, picture)


def test_one_that_runs_too_long_even_if_signed_and_recorded(stage: Stage, clearance: Clearance) -> None:
    long = sign_clearance(replace(clearance, expires_at=clearance.issued_at + timedelta(minutes=10, microseconds=1)), GATE_KEY)
    with refused("clearance_expired"):
        stage.door().admit(long, PLATE)


def test_one_that_names_another_key_though_ours_signed_it(stage: Stage, clearance: Clearance) -> None:
    with refused("unknown_key"):
        stage.door().admit(sign_clearance(replace(clearance, key_id=digest("other")), GATE_KEY), PLATE)


def test_a_swapped_gate_key_is_refused(stage: Stage) -> None:
    with refused("unknown_key"):
        stage.door(key=STRANGER.public_key())
    with refused("unknown_key"):
        stage.gate(key=STRANGER)


def turn_over(stage: Stage) -> None:
    """Another plate comes in for the shot that the consent is about."""
    register_exemplar(stage.ledger, still("new plate", Role.PLATE))
    register_shot(stage.ledger, shot("sh010", digest("new plate")))


STOPS: dict[str, tuple[str, Callable[[Stage], Any]]] = {
    "revoked": ("revoked", lambda s: revoke(s.ledger, "g_1", cause="asked")),
    "replaced": ("superseded", lambda s: add_consent(s.ledger, good_consent(grant_id="g_2", supersedes="g_1"))),
    "strike": ("strike", lambda s: declare_strike(s.ledger, on=True, ref="notice")),
    "licence": ("licence_revoked", lambda s: revoke_licence(s.ledger, "for-hire", cause="dispute")),
    "a face": ("uncovered_subject", lambda s: put_faces(s.ledger, face("second", subject_id=SECOND))),
    "new plate": ("input_not_allowed", turn_over),
}


@pytest.mark.parametrize("how", STOPS)
@pytest.mark.parametrize("used_before", [False, True])
def test_what_it_rests_on_ends_while_it_runs(stage: Stage, clearance: Clearance, how: str, used_before: bool) -> None:
    door = stage.door()
    if used_before:
        door.admit(clearance, PLATE)
    code, stop = STOPS[how]
    with Ledger(stage.ledger.path, clock=stage.clock) as other:
        stop(replace(stage, ledger=other))
    with refused(code):
        door.admit(clearance, PLATE)


def test_other_peoples_revocations_do_not_matter(stage: Stage, clearance: Clearance) -> None:
    add_consent(stage.ledger, good_consent(grant_id="g_2"))
    add_licence(stage.ledger, licence(licence_id="x"))
    door = stage.door()
    revoke(stage.ledger, "g_2", cause="asked")
    revoke_licence(stage.ledger, "x", cause="over")
    door.admit(clearance, PLATE)
    assert stage.ledger.entries("clearance.spent")[0].data["clearance_id"] == clearance.clearance_id


def test_the_plate_is_the_one_registered_when_it_was_asked(stage: Stage) -> None:
    gate = stage.gate()
    register_exemplar(stage.ledger, still("new plate", Role.PLATE))
    stage.ledger.append("shot.registered", shot("sh010", digest("new plate")).to_json())
    with refused("input_not_allowed"):
        gate.clear(good_use(), job_id="job-1")
    fresh = good_use(inputs=(Input(digest=digest("new plate"), role=Role.PLATE),))
    assert gate.decide(fresh, job_id="job-1").resolved == {"plate:sh010": digest("new plate")}


def test_after_a_revocation_is_acknowledged_nothing_is_cleared(stage: Stage) -> None:
    """Two gates clear as fast as they can; the instant revoke returns, every clearance that comes is too late."""
    cleared: list[tuple[float, int]] = []
    go_on = True

    def clear_all_the_time() -> None:
        with Ledger(stage.ledger.path, clock=stage.clock) as ledger:
            gate = Gate(ledger, GATE_KEY, show_id=SHOW)
            while go_on:
                began = time.monotonic()
                try:
                    cleared.append((began, gate.clear(good_use(), job_id="job-1").decision_idx))
                except ConsentError as refusal:
                    assert refusal.codes == ("revoked",)

    threads = [threading.Thread(target=clear_all_the_time) for _ in range(2)]
    for thread in threads:
        thread.start()
    while len(cleared) < 10:
        time.sleep(0.005)
    entry = revoke(stage.ledger, "g_1", cause="asked")
    acknowledged = time.monotonic()
    time.sleep(0.1)
    go_on = False
    for thread in threads:
        thread.join()
    assert all(idx < entry.idx for _, idx in cleared)
    assert not [began for began, _ in cleared if began > acknowledged]
    denied = [e for e in stage.ledger.entries("gate.decided", after=entry.idx) if e.data["allow"]]
    assert denied == []


def test_no_ledger_no_answer(stage: Stage, clearance: Clearance) -> None:
    gate, door = stage.gate(), stage.door()
    stage.ledger.close()
    with refused("ledger_unreachable"):
        gate.decide(good_use(), job_id="job-1")
    with refused("ledger_unreachable"):
        gate.clear(good_use(), job_id="job-1")
    with refused("ledger_unreachable"):
        door.admit(clearance, PLATE)


def test_an_edited_ledger_shuts_the_gate(stage: Stage, clearance: Clearance) -> None:
    door = stage.door()
    db = sqlite3.connect(stage.ledger.path, isolation_level=None)
    db.execute("DROP TRIGGER entry_no_update")
    db.execute("UPDATE entry SET body = CAST(replace(body, 'p_a', 'p_b') AS BLOB) WHERE kind = 'grant.created'")
    db.close()
    with refused("ledger_invalid"):
        stage.gate()
    with refused("ledger_invalid"):
        stage.door()
    with refused("ledger_invalid"):
        Ledger(stage.ledger.path)
    door.admit(clearance, PLATE)  # it read the ledger while that was whole, and goes by what it read
    assert stage.ledger.head().size == clearance.decision_idx + 2


def test_threads_share_a_door(stage: Stage, clearance: Clearance) -> None:
    door, refusals = stage.door(), []

    def read() -> None:
        try:
            for _ in range(50):
                door.admit(clearance, PLATE)
        except ConsentError as refusal:
            refusals.append(refusal)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refusals == []
    assert len(stage.ledger.entries("clearance.spent")) == 1
