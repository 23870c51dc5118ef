"""Arrays in, arrays out: correspondence, split bands, blending; guided synthesis by example. No files, no network, no logging, no globals.

The names below are imported when first used, so that ``import bottega.engine`` stays quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bottega.engine.repair import (
        Alignment,
        Candidate,
        Change,
        Estimate,
        Key,
        Laid,
        Neighbour,
        Repaired,
        RepairSettings,
        Sight,
        Strength,
        Walk,
        align,
        away,
        by_motion,
        carry,
        chain,
        change_of,
        cut_guide,
        estimate,
        find_cuts,
        guide,
        in_order,
        lay_pair,
        lend_key,
        likeness,
        look,
        matte_from_keys,
        prepare_key,
        render,
        sight,
        start_walk,
        steady,
        step_flow,
        step_walk,
        time_weights,
    )
    from bottega.engine.synthesis import (
        Cancelled,
        Energy,
        Plan,
        Source,
        Synthesis,
        SynthesisSettings,
        Target,
        energy,
        plan,
        regather,
        synthesise,
        variants,
    )

_SYNTHESIS = (
    "Cancelled",
    "Energy",
    "Plan",
    "Source",
    "Synthesis",
    "SynthesisSettings",
    "Target",
    "energy",
    "plan",
    "regather",
    "synthesise",
    "variants",
)
__all__ = [
    "Alignment",
    "Cancelled",
    "Candidate",
    "Change",
    "Energy",
    "Estimate",
    "Key",
    "Laid",
    "Neighbour",
    "Plan",
    "RepairSettings",
    "Repaired",
    "Sight",
    "Source",
    "Strength",
    "Synthesis",
    "SynthesisSettings",
    "Target",
    "Walk",
    "align",
    "away",
    "by_motion",
    "carry",
    "chain",
    "change_of",
    "cut_guide",
    "energy",
    "estimate",
    "find_cuts",
    "guide",
    "in_order",
    "lay_pair",
    "lend_key",
    "likeness",
    "look",
    "matte_from_keys",
    "plan",
    "prepare_key",
    "regather",
    "render",
    "sight",
    "start_walk",
    "steady",
    "step_flow",
    "step_walk",
    "synthesise",
    "time_weights",
    "variants",
]


def __getattr__(name: str) -> Any:
    if name in _SYNTHESIS:
        return getattr(import_module("bottega.engine.synthesis"), name)
    if name in __all__:
        return getattr(import_module("bottega.engine.repair"), name)
    raise AttributeError(f"module 'bottega.engine' has no attribute {name!r}")
