"""What a repair will cost, before it is run."""

from __future__ import annotations

from dataclasses import dataclass

from bottega.engine.checks import SMALLEST_SIDE_PX
from bottega.engine.settings import RepairSettings

# Measured with bench/engine_performer.py at 512x512 (finest level 0) and 1920x1080 (level 1), two candidates a frame, one thread of a
# shared server core; CPU seconds per megapixel. Memory: peak of the process at 1920x1080 and 3840x2160.
SECONDS_A_GUIDE = 0.02
SECONDS_A_KEY = 1.6
SECONDS_A_STEP_FIXED = 0.12  # composition, matching: whatever the flow's finest level
SECONDS_A_STEP_FLOW = 0.37  # the flow with finest level 0; a quarter of it for each level that is left out
SECONDS_A_RENDER = 0.35
SECONDS_A_STEADY_NEIGHBOUR = 0.07
SECONDS_A_STEADY_FLOW = 0.4  # both ways, with finest level 0
SECONDS_A_CANDIDATE = 0.25
BYTES_A_WALK_PIXEL = 28  # three maps and a quality, float32
BYTES_A_KEY_PIXEL = 68  # painted, nine bands, coverage, shape, visible change, float32; the guide and the look
BYTES_A_DRAFT_PIXEL = (
    77  # result, plate and change encoded, matte, reach, two flows, float32; three weights, uint32; what is copied, guide and look
)
BYTES_A_FRAME_PIXEL = 340  # rendering with two candidates (245), their walks, plate, matte, result


@dataclass(frozen=True)
class Estimate:
    """Cost of a repair.

    Parameters
    ----------
    cpu_seconds
        CPU seconds in all, on one core of the machine that the constants were measured on.
    walk_bytes
        Bytes to store one key's walk at one frame.
    draft_bytes
        Bytes to store one frame between `render` and `steady`, with its flows to both neighbours.
    peak_bytes
        Bytes held at the worst moment of one frame's work.
    """

    cpu_seconds: float
    walk_bytes: int
    draft_bytes: int
    peak_bytes: int


def estimate(width: int, height: int, frames: int, keys: int, *, settings: RepairSettings) -> Estimate:
    """Cost of a keyed repair, linear in pixels and frames; memory does not depend on the number of frames.

    Parameters
    ----------
    width, height
        Size of the picture in pixels.
    frames, keys
        Number of frames to repair and of key frames, at least one each.
    settings
        The flow's finest level decides most of the time.

    Returns
    -------
    Estimate
        From constants measured with ``bench/engine_performer.py`` (on one machine: expect a factor of two either way elsewhere). Each frame
        is taken to lie between two keys when there are two or more.

    Raises
    ------
    TypeError, ValueError
        If a number is not whole or too small.

    Examples
    --------
    >>> cost = estimate(1920, 1080, 48, 3, settings=RepairSettings())
    >>> cost.walk_bytes == 1920 * 1080 * 28
    True
    """
    for name, given, least in (
        ("width", width, SMALLEST_SIDE_PX),
        ("height", height, SMALLEST_SIDE_PX),
        ("frames", frames, 1),
        ("keys", keys, 1),
    ):
        if isinstance(given, bool) or not isinstance(given, int):
            raise TypeError(f"{name} is {given!r}, allowed is a whole number")
        if given < least:
            raise ValueError(f"{name} is {given}, allowed is at least {least}")
    sides = min(keys, 2)
    step = SECONDS_A_STEP_FIXED + SECONDS_A_STEP_FLOW / 4 ** settings.finest_scale(height, width)
    steady = 0.0
    if settings.steady_frames:
        steady = 2 * settings.steady_frames * SECONDS_A_STEADY_NEIGHBOUR + SECONDS_A_STEADY_FLOW / 4 ** settings.finest_scale(height, width)
    each = steady + SECONDS_A_GUIDE + SECONDS_A_RENDER + sides * (step + SECONDS_A_CANDIDATE)
    megapixels = width * height / 1e6
    peak = width * height * (BYTES_A_FRAME_PIXEL + keys * BYTES_A_KEY_PIXEL)
    seconds = megapixels * (frames * each + keys * SECONDS_A_KEY)
    return Estimate(seconds, width * height * BYTES_A_WALK_PIXEL, width * height * BYTES_A_DRAFT_PIXEL, peak)
