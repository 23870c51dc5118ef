"""The ledger and the gate at 100,000 entries: whole check, reading the state, decisions, durable appends.

    python bench/ledger.py [--entries 100000] [--samples 300]

On SQLite, and on PostgreSQL where Debian's package is installed. Prints one line of JSON a store; ends with 1 over a limit.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.rights.builders import GATE_KEY, SHOW, Clock, begin_stage, digest, good_consent, good_use
from tests.rights.ledger.server import APP, OWNER, running
from tests.rights.ledger.show import LOG_KEY

from bottega.rights import Database, Gate, Ledger, Mark, Notary, State, add_consent, log_signer

LIMITS = {"verify_s": 5.0, "decide_p99_ms": 50.0, "append_p99_ms": 20.0}


def main() -> int:
    """Measure, print, judge."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--entries", type=int, default=100_000)
    options.add_argument("--samples", type=int, default=300)
    given = options.parse_args()
    over = []
    for name, place in places():
        with tempfile.TemporaryDirectory() as marks:
            found = measure(place, Path(marks), entries=given.entries, samples=given.samples)
        machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
        busy = round(os.getloadavg()[0], 1)
        print(json.dumps({"store": name, "machine": machine, "load": busy, **found, "limits": LIMITS}), flush=True)
        over += [f"{name}: {limit}" for limit, most in LIMITS.items() if found[limit] > most]
    return 1 if over else 0


def places() -> Iterator[tuple[str, Path | Database]]:
    """An empty place of each kind; the disk is that of `$TMPDIR`."""
    with tempfile.TemporaryDirectory() as folder:
        yield "sqlite", Path(folder) / "ledger.db"
    with contextlib.ExitStack() as stack:
        try:
            server = stack.enter_context(running())
        except AssertionError as missing:
            print(json.dumps({"store": "postgresql", "skipped": str(missing)}))
            return
        yield "postgresql", Database.of(server.url(APP), show_id=SHOW, owner_url=server.url(OWNER))


def measure(place: Path | Database, marks: Path, *, entries: int, samples: int) -> dict[str, Any]:
    """Fill a ledger with what a long show writes, and time it."""
    notary = Notary(log_signer(SHOW, LOG_KEY), mark=Mark(marks / "mark.note"), copies=[marks / "latest.note"])
    with Ledger.create(place, clock=Clock(), notary=notary) as ledger:
        filled, _ = timed(lambda: fill(ledger, entries))
        found: dict[str, Any] = {"entries": ledger.head().size, "filled_s": filled}
        found["verify_s"], found["verify_cpu_s"] = timed(ledger.verify)
        found["state_s"], found["state_cpu_s"] = timed(lambda: State.of(ledger))
        gate = Gate(ledger, GATE_KEY, show_id=SHOW)
        use = good_use()
        found |= spread("head", samples, lambda i: ledger.head())
        found |= spread("decide", samples, lambda i: gate.decide(use, job_id=f"job-{i}"))
        found |= spread("append", samples, lambda i: ledger.append(*said(7, {})))
    return found


def fill(ledger: Ledger, entries: int) -> None:
    """A show with its stage, then consents, pictures, answers, clearances and outputs, in the proportions of a run."""
    begin_stage(ledger, log_key=LOG_KEY.public_key())
    add_consent(ledger, good_consent())
    gate = Gate(ledger, GATE_KEY, show_id=SHOW)
    gate.clear(good_use(), job_id="job-0")
    answer = ledger.entries("gate.decided")[0].data
    for block in range(0, entries, 5000):
        with ledger.transaction() as transaction:
            for i in range(block, min(entries, block + 5000)):
                transaction.append(*said(i, answer))


def said(i: int, answer: Any) -> tuple[str, dict[str, Any]]:
    """The i-th entry of a long show."""
    number = i % 10
    if number == 0:
        return "exemplar.registered", {
            "digest": digest(f"picture {i}"), "role": "key", "author_id": None, "licence_id": "production", "first_frame": None,
            "frame_count": 1, "colour": "srgb_tx", "paths": [f"keys/{i}.png"],
        }  # fmt: skip
    if number in (1, 2, 3):
        return "gate.decided", {**answer, "clearance_id": f"{i:032x}", "job_id": f"job-{i // 10}"}
    if number in (4, 5):
        return "clearance.spent", {"clearance_id": f"{i - 3:032x}", "door_id": f"{i:032x}", "job_id": f"job-{i // 10}"}
    if number == 6:
        return "job.started", {"job_id": f"job-{i // 10}", "shot": "sh010"}
    return "output.registered", {"take": f"sh010_deage_v{i // 10:03d}", "sha256": digest(f"output {i}"), "grants": ["g_1"]}


def timed(run: Callable[[], object]) -> tuple[float, float]:
    """Seconds, and seconds of this process alone: on a busy machine they differ."""
    began, cpu = time.perf_counter(), time.process_time()
    run()
    return round(time.perf_counter() - began, 3), round(time.process_time() - cpu, 3)


def spread(name: str, samples: int, run: Callable[[int], object]) -> dict[str, float]:
    """Median and 99th percentile, in milliseconds."""
    took = []
    for i in range(samples):
        began = time.perf_counter()
        run(i)
        took.append((time.perf_counter() - began) * 1000)
    took.sort()
    return {f"{name}_p50_ms": round(took[len(took) // 2], 3), f"{name}_p99_ms": round(took[int(len(took) * 0.99)], 3)}


if __name__ == "__main__":
    sys.exit(main())
