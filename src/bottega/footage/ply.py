"""Points with numbers as a PLY file: what 3D programs read as a cloud of points with attributes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt


def ply_bytes(columns: Mapping[str, npt.NDArray[np.float32]], *, mark: Mapping[str, str] | None = None) -> bytes:
    """Points as the bytes of a binary .ply: columns (N,) float32 by name, of which x, y and z are needed. Raises ValueError."""
    count = {len(values) for values in columns.values()}
    missing = [axis for axis in "xyz" if axis not in columns]
    if missing or len(count) != 1:
        raise ValueError(f"points: columns {', '.join(columns)} of {sorted(count)} rows, allowed are x, y, z and more of as many each")
    lines = ["ply", "format binary_little_endian 1.0", *(f"comment {name} {value}" for name, value in sorted((mark or {}).items()))]
    lines += [f"element vertex {count.pop()}", *(f"property float {name}" for name in columns), "end_header", ""]
    table = np.stack([np.asarray(values, "<f4") for values in columns.values()], 1)
    return "\n".join(lines).encode("ascii") + table.tobytes()
