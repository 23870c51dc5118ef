"""Seconds to list the takes that a revoked consent, licence or picture touches, in a ledger of 100,000 entries.

    python bench/affected.py [TAKES]

TAKES of the entries are finished takes, 25,000 unless given: a take has a decision, a clearance, a beginning and an end on record.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
import tempfile
import time
from pathlib import Path

from bottega.rights import Ledger
from bottega.rights.record.affected import affected

ENTRIES, GRANTS, LICENCES, KEYS = 100_000, 1_000, 50, 5_000
REPEATS = 5


def digest(text: str) -> str:
    """Some sha256."""
    return hashlib.sha256(text.encode()).hexdigest()


def take(i: int) -> dict[str, object]:
    """What a finished take of 100 frames and six pictures has on record."""
    return {
        "job_id": f"sh{i % 500:03d}-deage-{i:016x}", "take_id": f"{i:032x}", "take": f"sh{i % 500:03d}_deage_v{i // 500:03d}",
        "record_sha256": digest(f"record {i}"), "plan": digest(f"plan {i}"), "outputs": 403,
        "grants": [f"g_{i % GRANTS:016x}"], "licences": [f"l_{i % LICENCES:016x}"], "shot": f"sh{i % 500:03d}", "job": "deage",
        "exemplars": [digest(f"key {(i + k * LICENCES) % KEYS}") for k in range(6)], "frames": "1001-1100",
        "people": ["p_0123456789abcdef"],
        "purpose": "deage", "age_target": 35, "delivery": "temp", "technique": "exemplar_synthesis",
    }  # fmt: skip


def fill(ledger: Ledger, takes: int) -> None:
    """Consents, licences and pictures first; then the takes, with as many other entries between them as it needs."""
    first = [("grant.created", {"grant_id": f"g_{i:016x}"}) for i in range(GRANTS)]
    first += [("licence.added", {"licence_id": f"l_{i:016x}"}) for i in range(LICENCES)]
    first += [
        (
            "exemplar.registered",
            {"digest": digest(f"key {i}"), "licence_id": f"l_{i % LICENCES:016x}", "made_by": None, "derived_from": None},
        )
        for i in range(KEYS)
    ]
    takes = min(takes, ENTRIES - len(first))
    every = (ENTRIES - len(first)) // takes
    with ledger.transaction() as transaction:
        for kind, data in first:
            transaction.append(kind, data)
        for i in range(ENTRIES - len(first)):
            if i % every == 0:
                transaction.append("output.registered", take(i // every))
            else:
                transaction.append(
                    "job.started", {"job_id": f"sh010-deage-{i:016x}", "plan": digest(f"plan {i}"), "take": "sh010_deage_v001"}
                )


def main(takes: int) -> None:
    """Print one line of JSON: the shortest and longest of five runs for each question, and their mean CPU time."""
    found: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as folder, Ledger.create(Path(folder) / "ledger.db") as ledger:
        fill(ledger, takes)
        for name, asked in {"consent": f"g_{7:016x}", "licence": f"l_{7:016x}", "picture": digest("key 7")}.items():
            spans, busy, hits = [], time.process_time(), 0
            for _ in range(REPEATS):
                began = time.perf_counter()
                hits = len(affected(ledger, asked))
                spans.append(time.perf_counter() - began)
            busy = (time.process_time() - busy) / REPEATS
            found[name] = {"seconds": round(min(spans), 3), "longest": round(max(spans), 3), "cpu_seconds": round(busy, 3), "takes": hits}
        entries = ledger.head().size
    machine = {"cpus": os.cpu_count(), "python": platform.python_version(), "machine": platform.machine()}
    print(json.dumps({"entries": entries, "takes": takes, **found, **machine}))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 25_000)
