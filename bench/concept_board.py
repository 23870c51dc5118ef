"""A costume board as a job: twelve cards with their layers, credit, PSD, OpenRaster, look book, on disk.

    OMP_NUM_THREADS=1 python bench/concept_board.py [threads] [seconds allowed]

Makes a show in a temporary folder from demo/concept, the croquis enlarged to 1200x1800, and prints machine and command, then seconds by
stage. The first board pays for compiling and is not counted. Ends with 1 where the second took more wall seconds than allowed.
"""

from __future__ import annotations

import os
import platform
import resource
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

DEMO = Path(__file__).resolve().parents[1] / "demo" / "concept"
ALLOWED_S = 120.0
SAID = {"no_performer": True, "stated": {"names_real": "no"}}


def enlarged(folder: Path) -> Path:
    """The demo's board with a drawing twice as large; flats stay exact."""
    for name in ("croquis", "swatches"):
        (folder / name).mkdir(parents=True)
    for path in DEMO.glob("*/*.png"):
        picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        if path.parent.name == "croquis":
            how = cv2.INTER_NEAREST if path.stem == "flats" else cv2.INTER_CUBIC
            picture = cv2.resize(picture, None, fx=2, fy=2, interpolation=how)
        cv2.imwrite(str(folder / path.parent.name / path.name), picture)
    (folder / "croquis" / "labels.json").write_bytes((DEMO / "croquis" / "labels.json").read_bytes())
    (folder / "board.toml").write_bytes((DEMO / "board.toml").read_bytes())
    return folder / "board.toml"


def main() -> int:
    threads = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    allowed = float(sys.argv[2]) if len(sys.argv) > 2 else ALLOWED_S
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, numpy {np.__version__}")
    print("OMP_NUM_THREADS=1 python bench/concept_board.py", *sys.argv[1:])
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        os.environ["BOTTEGA_HOME"] = str(root / "home")
        from bottega import Studio

        sheet = enlarged(root / "art")
        studio = Studio.create(root / "show", show="bench", fps=24)
        studio.add_exemplars([root / "art" / "croquis"], by="Designer D", licence="work-for-hire")
        studio.add_exemplars([root / "art" / "swatches"], by="Weaver E", licence="work-for-hire")
        wall = 0.0
        for seed in (1, 2):
            began, cpu = time.monotonic(), time.process_time()
            take = studio.boards.make(studio.boards.request(sheet, seed=seed, **SAID), threads=threads)
            wall = time.monotonic() - began
            made = time.process_time() - cpu
        cards = len(take.frames)
        size = sum(f.stat().st_size for f in (studio.folder.root / take.folder).rglob("*") if f.is_file()) / 1e6
        gib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(f"{cards} cards: {wall:.1f} s, {made:.1f} CPU s ({made / cards:.2f} a card), {size:.0f} MB on disk, {gib:.2f} GiB at most")
    return int(wall > allowed)


if __name__ == "__main__":
    sys.exit(main())
