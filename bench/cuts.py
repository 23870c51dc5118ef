"""Cuts planted in variations of the shot that ships, and those variations without any: what is found, what is a false alarm, what it costs.

    OMP_NUM_THREADS=1 python bench/cuts.py

Every variation of bench/variations.py is looked over as it is (no cut in it), and spliced in its middle with its mirror image, another
region of the same footage, itself turned by a quarter, and itself much later. Prints machine and command, then a row a
variation: false alarms, the most that two neighbours are unlike, found of planted, the least that a splice is unlike, CPU ms a frame and
CPU seconds a megapixel-frame without decoding.
"""

from __future__ import annotations

import platform
import sys
import time
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from bottega.engine import cut_guide, find_cuts, likeness
from variations import SHOTS, Variation

Float = NDArray[np.float32]
NAMES = ("plain", "fast", "camera", "light", "blur", "prop", "grain", "double")


def region(plate: Float) -> Float:
    """The lower right three fifths, at full size."""
    height, width = plate.shape[:2]
    return np.ascontiguousarray(cv2.resize(plate[height * 2 // 5 :, width * 2 // 5 :], (width, height), interpolation=cv2.INTER_LINEAR))


def splices(shot: Variation, plates: dict[int, Float]) -> dict[str, list[Float]]:
    """The second half as another picture; the first half stays."""
    half = len(shot.frames) // 2
    first, second = [plates[n] for n in shot.frames[:half]], [plates[n] for n in shot.frames[half:]]
    return {
        "mirror": first + [np.ascontiguousarray(p[:, ::-1]) for p in second],
        "region": first + [region(p) for p in second],
        "turned": first + [np.ascontiguousarray(np.rot90(p)) for p in second],
        "jump": first[: half // 2 + 2] + second[half // 2 :],
    }


def main() -> None:
    cv2.setNumThreads(1)
    print("command:", " ".join(sys.argv), "| machine:", platform.machine(), platform.processor() or platform.system())
    print(f"{'shot':8} {'false':>5} {'most':>6}  {'found':>7} {'least':>6}  missed      {'ms':>6} {'s/MPf':>6}")
    for name in NAMES:
        shot = SHOTS[name]
        plates = {n: shot.picture("plate", n) for n in shot.frames}
        began = time.process_time()
        false = list(find_cuts(map(cut_guide, plates.values())))
        spent = (time.process_time() - began) / len(plates)
        guides = [cut_guide(p) for p in plates.values()]
        most = max(1 - likeness(a, b) for a, b in pairwise(guides))
        missed, least = [], 1.0
        planted = {what: frames for what, frames in splices(shot, plates).items() if what != "jump" or len(frames) > 20}
        for what, frames in planted.items():
            at = len(shot.frames) // 2 if what != "jump" else len(shot.frames) // 4 + 2
            seen = [cut_guide(p) for p in frames]
            least = min(least, 1 - likeness(seen[at - 1], seen[at]))
            if list(find_cuts(seen)) != [at]:
                missed.append(what)
        megapixels = plates[shot.frames[0]].size / 3e6
        found = f"{len(planted) - len(missed)} of {len(planted)}"
        row = f"{name:8} {len(false):5} {most:6.3f}  {found:>7} {least:6.3f}  {','.join(missed):10}"
        print(f"{row} {1000 * spent:6.1f} {spent / megapixels:6.3f}", flush=True)


if __name__ == "__main__":
    main()
