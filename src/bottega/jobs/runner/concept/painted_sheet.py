"""A [[swatch]] that a model paints, as a designer writes it."""

from __future__ import annotations

from bottega.jobs.runner.table import Table

from .stated import PaintedSheet

BACKEND = "diffusers"
LONGEST_PROMPT, MOST_STEPS, MOST_SEED = 1000, 500, 2**63 - 1
SMALLEST_PX, LARGEST_PX, STEP_PX = 64, 4096, 8
WORDS = ("prompt", "seed", "size_px", "steps", "guidance", "backend")


def painted_sheet(t: Table) -> PaintedSheet | None:
    """What a model is asked to paint for a swatch; None where it has a picture. Raises UsageError."""
    if not t.has("model"):
        odd = [name for name in WORDS if t.has(name)]
        if odd:
            raise t.error(odd[0], "there, and model is not", "with model, the folder of a model on record")
        return None
    prompt = t.text("prompt")
    if len(prompt) > LONGEST_PROMPT or not prompt.isprintable():
        raise t.error("prompt", f"of {len(prompt)} characters", f"up to {LONGEST_PROMPT} printable characters on one line")
    return PaintedSheet(
        model=t.text("model"),
        backend=t.text("backend", BACKEND),
        prompt=prompt,
        size_px=_size(t),
        seed=t.whole("seed", 0, low=0, high=MOST_SEED),
        steps=t.whole("steps", 30, low=1, high=MOST_STEPS),
        guidance=t.number("guidance", 7.5, low=1, high=50),
    )


def _size(t: Table) -> tuple[int, int]:
    width, height = t.numbers("size_px", 2, low=SMALLEST_PX, high=LARGEST_PX)
    if width % STEP_PX or height % STEP_PX:
        raise t.error("size_px", [width, height], f"width and height, multiples of {STEP_PX} from {SMALLEST_PX} to {LARGEST_PX}")
    return int(width), int(height)
