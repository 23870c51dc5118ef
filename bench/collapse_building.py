"""A corner building laid out and broken: what it costs, and how much comes out.

    OMP_NUM_THREADS=1 python bench/collapse_building.py [seconds allowed] [GiB allowed]

Prints machine and command, then a row a size of piece: parts, pieces, bonds, panels, triangles, CPU seconds, the most memory so far. The
first run pays for compiling and is not counted. Ends with 1 where the first row took more CPU seconds, or the last more memory, than
allowed.
"""

from __future__ import annotations

import platform
import resource
import sys
import time

import numpy as np

from bottega.engine.collapse.building import Building, FractureSettings, elements, fracture

ALLOWED_S, ALLOWED_GIB = 8.0, 3.0
STOREYS = (4.7, *(3.3,) * 7)
CORNER = Building(((0, 0), (18.5, 0), (18.5, 22.2), (0, 22.2)), (5, 0, 0, 6), STOREYS, material="reinforced concrete")
SMALL = Building(((0, 0), (8, 0), (8, 6), (0, 6)), (2, 0, 0, 0), (3.0, 3.0), material="reinforced concrete")
SIZES_M = (2.2, 1.5, 0.75)


def main() -> int:
    allowed_s, allowed_gib = (float(a) for a in (*sys.argv[1:], *(ALLOWED_S, ALLOWED_GIB)[len(sys.argv) - 1 :]))
    print(f"{platform.machine()}, {platform.processor() or platform.system()}, Python {platform.python_version()}, numpy {np.__version__}")
    print("OMP_NUM_THREADS=1 python bench/collapse_building.py", *sys.argv[1:])
    fracture(elements(SMALL), seed=0)
    print("piece m   parts  pieces   bonds  panels  triangles  CPU s    GiB")
    seconds, gib = [], 0.0
    for size in SIZES_M:
        start = time.process_time()
        parts = elements(CORNER)
        pieces, bonds = fracture(parts, FractureSettings(piece_m=size), seed=1)
        seconds.append(time.process_time() - start)
        gib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        panels = len(np.unique(pieces.cluster))
        counts = f"{len(parts):7d} {len(pieces):7d} {len(bonds):7d} {panels:7d} {len(pieces.triangles):10d}"
        print(f"{size:7.2f} {counts} {seconds[-1]:6.2f} {gib:6.2f}")
    return int(seconds[0] > allowed_s or gib > allowed_gib)


if __name__ == "__main__":
    sys.exit(main())
