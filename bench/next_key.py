"""Is the advised key worth more than the one in the middle of the longest gap? On five shots made by bench/variations.py.

    OMP_NUM_THREADS=1 python bench/next_key.py

Prints machine and command, then a row a shot: PSNR with the keys it has, with the key in the middle of the longest gap added, with the
advised key added; frames that are a key in any of the three are left out of all three.
"""

from __future__ import annotations

import platform
import sys
from dataclasses import replace

import cv2
import numpy as np
import score
from engine_performer import repaired
from variations import SHOTS, Bench, Variation

from bottega.engine import RepairSettings, guide
from bottega.engine.advice import next_key

SETTINGS = RepairSettings()
TRIED = {
    "plain": (range(1024, 1049), (1024, 1048)),
    "light": (range(1001, 1025), (1001, 1024)),
    "camera": (range(1018, 1049), (1018, 1048)),
    "blur": (range(1008, 1032), (1008,)),
    "grain": (range(1012, 1046), (1012, 1034, 1045)),
}


def psnr(shot: Variation, keys: tuple[int, ...], left_out: set[int]) -> float:
    found = []
    for frame, rgb, matte in repaired(Bench(shot), list(shot.frames), sorted(keys), SETTINGS, {}):
        if frame not in left_out:
            error = score.encoded(rgb) - score.encoded(shot.picture("truth", frame))
            found.append(-10 * np.log10((error[matte > 0.5] ** 2).mean()))
    return float(np.mean(found))


def middle(frames: tuple[int, ...], keys: tuple[int, ...]) -> int:
    """The frame in the middle of the longest run between two keys, or between a key and the shot's end, that counts twice."""
    ends = [(2 * (keys[0] - frames[0]), frames[0])] if keys[0] > frames[0] else []
    ends += [(2 * (frames[-1] - keys[-1]), frames[-1])] if keys[-1] < frames[-1] else []
    gaps = [(b - a, (a + b) // 2) for a, b in zip(keys, keys[1:], strict=False)]
    wanted = max(ends + gaps)[1]
    return min(frames, key=lambda f: abs(f - wanted))


def main() -> None:
    cv2.setNumThreads(1)
    print("command:", " ".join(sys.argv), "| machine:", platform.machine(), platform.processor() or platform.system())
    for name, (numbers, keys) in TRIED.items():
        shot = replace(SHOTS[name], frames=tuple(numbers), keys=keys)
        guides = [guide(shot.picture("plate", n), settings=SETTINGS) for n in shot.frames]
        advice = next_key(guides, [shot.picture("matte", n) for n in shot.frames], frames=shot.frames, keys=keys)[0]
        between = middle(shot.frames, keys)
        out = {*keys, between, advice.frame}
        had, plain, advised = (psnr(shot, k, out) for k in (keys, (*keys, between), (*keys, advice.frame)))
        print(
            f"{name:8} {len(shot.frames)} frames, keys {keys}: {had:.2f} dB; middle {between}: {plain - had:+.2f}; "
            f"advised {advice.frame} ({advice.reason}, expected {advice.gain_db:+.2f}): {advised - had:+.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
