"""What is in the air as volumes and points for other programs: a frame's dust as OpenVDB, its small debris as PLY."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bottega.footage import Delivery, ply_bytes, vdb_bytes
from bottega.jobs.recipes.collapse import Made
from bottega.model import Output

DUST, DEBRIS = "dust", "debris"
_NOTHING, _NO_CHIPS = np.zeros((1, 1, 1), np.float32), dict.fromkeys(("x", "y", "z", "vx", "vy", "vz", "size"), np.zeros(0, np.float32))


def dust_file(take: str, frame: int) -> str:
    """A frame's dust in the take's folder."""
    return f"{DUST}/{take}.{frame:04d}.vdb"


@dataclass(frozen=True, eq=False)
class AirOut:
    """Delivers each frame's air; a frame without any has files of nothing, so that the sequence is whole."""

    delivery: Delivery

    def frame(self, number: int, made: Made) -> list[Output]:
        """A frame's two files. Raises FootageError."""
        send, take, mark = self.delivery, self.delivery.take.name, self.delivery.mark.fields()
        density, origin, cell = (_NOTHING, (0.0, 0.0, 0.0), 1.0) if made.dust is None else made.dust.volume()
        points = _NO_CHIPS if made.chips is None else made.chips.points()
        volume = vdb_bytes(density, origin_m=origin, cell_m=cell, mark=mark)
        return [
            send.other(dust_file(take, number), volume, frame=number),
            send.other(f"{DEBRIS}/{take}.{number:04d}.ply", ply_bytes(points, mark=mark), frame=number),
        ]
