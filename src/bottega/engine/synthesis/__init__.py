"""Guided synthesis by example: one picture from exemplars and guides (docs/engine.md).

`plan` says without pixels what will be done, `synthesise` does it, `regather` proves it, `energy` judges it. The inner loops are in
`search` and `vote`, with a slow twin each in `twin`.

A graphics card may take the place of two kernels: `lanes.sweep_level` (one pass over the arrays of a `search.Ground`) and
`vote.mean_rows`. Both are functions of arrays alone, and the tiles of a phase may be searched at once. Neither is written for one yet.
"""

from .evaluate import Energy, energy
from .inputs import Source, Target
from .planning import Plan, plan
from .regather import regather
from .settings import SynthesisSettings
from .synthesising import Cancelled, Synthesis, synthesise
from .variants import variants

__all__ = [
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
]
