"""The door for what runs a studio's own models: backends by name, ours and those of other packages (entry points `bottega.backends`).

An entry point is something that, called without arguments, gives a `bottega.jobs.runner.concept.painter.Painter`. Only the one that a
sheet names is imported, and one of ours is never replaced.
"""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points

from bottega.jobs.runner.concept.painter import Painter
from bottega.model import UsageError, shown

GROUP = "bottega.backends"
OURS = (EntryPoint("diffusers", "bottega.adapters.diffusers:DiffusersPainter", GROUP),)


def backend(name: str) -> Painter:
    """The painter of that name. Raises UsageError for one that is not there or cannot be imported."""
    there = {e.name: e for e in (*entry_points(group=GROUP), *OURS)}
    if name not in there:
        raise UsageError(f"backend {shown(name)}: allowed are {', '.join(sorted(there))}; others come with packages that bring them")
    try:
        painter: Painter = there[name].load()()
    except (ImportError, AttributeError) as problem:
        raise UsageError(f"backend {shown(name)} ({there[name].value}) cannot be imported: {problem}") from problem
    return painter
