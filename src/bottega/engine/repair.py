"""Keyed repair: carry an artist's painted key frames over a shot.

The order of work, streamed by the caller so that memory does not grow with the shot:

1. `prepare_key` once for each painted key frame: its residual, split into bands.
2. `guide` once for each frame: the light-robust picture that flow runs on.
3. `start_walk` at a key, then `step_walk` frame by frame outwards: where each pixel comes from.
4. `render` for each frame, with the walks that `time_weights` names and `by_motion` weighs: the repaired picture, its delta, who made it.
5. `steady` for each frame, with its neighbours' repairs and the `step_flow` between them, put together by `chain`: less flicker.

Set ``cv2.setNumThreads(1)`` once in each process: the bits must not depend on the machine, and every entry point checks it.
"""

from __future__ import annotations

from bottega.engine.budget import Estimate, estimate
from bottega.engine.candidates import Candidate, Repaired, by_motion, time_weights
from bottega.engine.correspondence import Walk, carry, start_walk, step_walk
from bottega.engine.guides import guide
from bottega.engine.keys import Key, matte_from_keys, prepare_key
from bottega.engine.rendering import render
from bottega.engine.settings import RepairSettings
from bottega.engine.steadying import Neighbour, chain, in_order, steady, step_flow

__all__ = [
    "Candidate",
    "Estimate",
    "Key",
    "Neighbour",
    "RepairSettings",
    "Repaired",
    "Walk",
    "by_motion",
    "carry",
    "chain",
    "estimate",
    "guide",
    "in_order",
    "matte_from_keys",
    "prepare_key",
    "render",
    "start_walk",
    "steady",
    "step_flow",
    "step_walk",
    "time_weights",
]
