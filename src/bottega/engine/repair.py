"""Keyed repair: carry an artist's painted key frames over a shot.

The order of work, streamed by the caller so that memory does not grow with the shot:

1. `prepare_key` once for each painted key frame: its residual, split into bands.
2. `guide` and `look` once for each frame: the light-robust picture that flow runs on, and the picture that maps are fitted to.
3. `start_walk` at a key, then `step_walk` frame by frame outwards: where each pixel comes from.
4. `render` for each frame, with the walks that `time_weights` names and `by_motion` weighs: the repaired picture, its delta, who made it.
5. `steady` for each frame, with its neighbours' changes (`change_of`) and the `step_flow` between them, put together: less flicker.

A key that was painted in another shot comes in by `sight`, `align` and `lend_key` instead of `prepare_key`.

Set ``cv2.setNumThreads(1)`` once in each process: the bits must not depend on the machine, and every entry point checks it.
"""

from __future__ import annotations

from bottega.engine.budget import Estimate, estimate
from bottega.engine.candidates import Candidate, Repaired, Strength, away, by_motion, time_weights
from bottega.engine.correspondence import Walk, carry, start_walk, step_walk
from bottega.engine.cuts import cut_guide, find_cuts, likeness
from bottega.engine.guides import guide, look
from bottega.engine.keys import Key, matte_from_keys, prepare_key
from bottega.engine.lending import Alignment, Laid, Sight, align, lay_pair, lend_key, sight
from bottega.engine.rendering import render
from bottega.engine.settings import RepairSettings
from bottega.engine.steadying import Change, Neighbour, chain, change_of, in_order, steady, step_flow

__all__ = [
    "Alignment",
    "Candidate",
    "Change",
    "Estimate",
    "Key",
    "Laid",
    "Neighbour",
    "RepairSettings",
    "Repaired",
    "Sight",
    "Strength",
    "Walk",
    "align",
    "away",
    "by_motion",
    "carry",
    "chain",
    "change_of",
    "cut_guide",
    "estimate",
    "find_cuts",
    "guide",
    "in_order",
    "lay_pair",
    "lend_key",
    "likeness",
    "look",
    "matte_from_keys",
    "prepare_key",
    "render",
    "sight",
    "start_walk",
    "steady",
    "step_flow",
    "step_walk",
    "time_weights",
]
