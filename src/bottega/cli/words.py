"""Plans, takes and reports as a person reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from .edge import pairs, table

if TYPE_CHECKING:
    from bottega.studio import CollapsePlan, ConceptPlan, Plan

MEBI = 1024 * 1024
MOST_NAMED = 12


def plan_words(plan: Plan | CollapsePlan | ConceptPlan) -> str:
    """A dry run's plan, its cost and the gate's answer."""
    if hasattr(plan, "cards"):
        cost = _board_words(cast("ConceptPlan", plan))
    else:
        cost = _repair_words(cast("Plan", plan)) if hasattr(plan, "keys") else _collapse_words(plan)
    reasons = "".join(f"\n  {r.code}: {r.detail}" for r in plan.reasons)
    return pairs(cost | {"gate": "allows" if plan.allowed else "refuses"}) + reasons


def _collapse_words(plan: CollapsePlan) -> dict[str, str]:
    camera = plan.camera
    return {
        "shot": f"{plan.shot}, frames {plan.first}-{plan.last} ({plan.frames}), {plan.width}x{plan.height}",
        "first failure": f"{plan.first_failure}",
        "camera": f"{camera.focal_px:g} px, sees {camera.view_deg:g} degrees across, {camera.height_m:g} m above the ground",
        "corners": "none, the camera was given"
        if camera.worst_px is None
        else f"the worst is {camera.worst_px:g} px off: {camera.worst_corner}",
        "by example": ", ".join(plan.exemplars) or "nothing",
        "CPU time": f"about {plan.cpu_seconds:.0f} s",
        "memory": f"about {plan.memory_bytes / MEBI:.0f} MiB",
    }


def _board_words(plan: ConceptPlan) -> dict[str, str]:
    first, more = ", ".join(plan.cards[:MOST_NAMED]), len(plan.cards) - MOST_NAMED
    return {
        "board": f"{plan.board}, a {plan.kind} of {len(plan.cards)} card{'s' * (len(plan.cards) > 1)}, {plan.width}x{plan.height}",
        "cards": first + (f" and {more} more" if more > 0 else ""),
        **({"swatches": ", ".join(plan.swatches)} if plan.swatches else {}),
        "CPU time": f"about {plan.cpu_seconds:.0f} s",
        "memory": f"about {plan.memory_bytes / MEBI:.0f} MiB",
    }


def _repair_words(plan: Plan) -> dict[str, str]:
    return {
        "shot": f"{plan.shot}, frames {plan.first}-{plan.last} ({plan.frames}), {plan.width}x{plan.height}",
        "keys": ", ".join(map(str, plan.keys)) or "none of its own",
        **({"lent keys": ", ".join(plan.lent)} if plan.lent else {}),
        "matte": plan.matte,
        "CPU time": f"about {plan.cpu_seconds:.0f} s",
        **({} if plan.learn_seconds is None else {"of it training": _training(plan.learn_seconds)}),
        "memory": f"about {plan.memory_bytes / MEBI:.0f} MiB",
        "disk while it runs": f"about {plan.scratch_bytes / MEBI:.0f} MiB",
    }


def _training(seconds: float) -> str:
    return f"about {seconds:.0f} s" if seconds else "none, its weights are on record"


def take_words(take: Mapping[str, Any]) -> str:
    """Where a take's files are, and whose work it stands on."""
    places = {name: path for name, path in take["files"].items() if path}
    lines = [f"{take['name']}: {take['frames_made']} frames{_of_them_handles(take)}", pairs(places), take["bar"]]
    lines += [f"key {p['key']} lies on frame {p['frame']} (likeness {p['likeness']:.2f})" for p in take["lent"]]
    lines += [f"note: {text}" for text in take["warnings"]]
    return "\n".join(lines)


def _of_them_handles(take: Mapping[str, Any]) -> str:
    return f", {take['handles_made']} of them handles" if take["handles_made"] else ""


def report_words(report: Mapping[str, Any]) -> str:
    """A take's report, or the show's."""
    if "name" in report:
        shares = table(
            ("work", "by", "claim", "share of the edit"), [(s["work"], s["by"], s["claim"], s["percent"]) for s in report["touched"]]
        )
        weak = ", ".join(f"{n} ({v:.0%})" for n, v in report["weakest"])
        reached = f"\nleast reached by the keys: {weak}" if weak else ""
        return f"{take_words(report)}\n\n{shares}\n\ngrants: {', '.join(report['grants']) or 'none needed'}{reached}"
    gate = report["gate"]
    lines = [_take_lines(t) for t in report["takes"]] or ["No takes yet."]
    lines += [
        f"Gate: {gate['allowed']} allowed, {gate['refused']} refused" + (f" ({gate['codes']})" if gate["codes"] else ""),
        f"Ledger: {report['ledger']['entries']} entries, {report['ledger']['state']}",
    ]
    return "\n".join(lines)


def _take_lines(take: Mapping[str, Any]) -> str:
    under = f"under {', '.join(take['grants'])}" if take["grants"] else "no grant needed"
    return f"{take['name']}  {take['state']}, {take['frames_made']} frames{_of_them_handles(take)}, {under}\n  {take['bar']}\n"
