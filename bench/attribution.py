"""CPU seconds that credit costs for a frame of 1920 x 1080 with a plate and three keys.

python bench/attribution.py
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from bottega.attribution import CreditMap, CreditSource, Tally, credit_frame, picture, regather
from bottega.model import Role

HEIGHT, WIDTH, KEYS = 1080, 1920, 3


def frame() -> tuple[np.ndarray, np.ndarray, list[CreditSource]]:
    """Random weights; five eighths of the frame the plate's own, a patch copied from the first key."""
    rng = np.random.default_rng(0)
    cuts = np.sort(rng.integers(0, 65537, (KEYS, HEIGHT, WIDTH), dtype=np.int32), axis=0)
    edges = np.concatenate([np.zeros((1, HEIGHT, WIDTH), np.int32), cuts, np.full((1, HEIGHT, WIDTH), 65536, np.int32)])
    weights = np.diff(edges, axis=0).astype(np.uint32)
    copied = np.zeros((HEIGHT, WIDTH), np.uint8)
    copied[:, : WIDTH * 5 // 8], copied[400:600, 1300:1500] = 1, 2
    for i in range(KEYS + 1):
        weights[:, copied == i + 1] = 0
        weights[i, copied == i + 1] = 65536
    keys = [CreditSource(id=2 + i, exemplar=f"{i + 2:064x}", role=Role.KEY, frame=1001 + i) for i in range(KEYS)]
    return weights, copied, [CreditSource(id=1, exemplar=f"{1:064x}", role=Role.PLATE), *keys]


def main() -> None:
    """Print one line of JSON."""
    weights, copied, sources = frame()
    credit = credit_frame(weights, copied, sources)
    channels, manifest = credit.channels(), credit.manifest()
    pictures = {s.id: np.zeros((HEIGHT, WIDTH, 3), np.float32) for s in sources}
    steps: dict[str, Callable[[], Any]] = {
        "credit_frame": lambda: credit_frame(weights, copied, sources),
        "channels": credit.channels,
        "manifest": credit.manifest,
        "tally": lambda: Tally().add(credit),
        "picture": lambda: picture(credit),
        "from_channels": lambda: CreditMap.from_channels(channels, manifest),
        "regather": lambda: regather(credit, pictures),
    }
    found = {}
    for name, step in steps.items():
        runs = []
        for _ in range(3):
            began = time.process_time()
            step()
            runs.append(time.process_time() - began)
        found[name] = round(min(runs), 3)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, numpy {np.__version__}"
    print(json.dumps({"frame": f"{WIDTH}x{HEIGHT}, plate and {KEYS} keys", "machine": machine, "best_of": 3, "cpu_s": found}))


if __name__ == "__main__":
    main()
