"""Path-traced frames of a collapse's .blend."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from . import air, host
from .host import load, say
from .scene import BLEND


def render(folder: Path) -> None:
    """`render-N.exr` for each frame that is asked for, linear, and how long it took: CPU seconds of all threads.

    With air, the frame's dust and debris lie beside the scene and are in the picture, and all that moves is blurred.
    """
    given = load(folder, "wanted")
    host.bpy.ops.wm.open_mainfile(filepath=str(folder / BLEND), load_ui=False, use_scripts=False)
    made = host.bpy.context.scene
    traced_plainly(made, int(given["samples"]))
    made.render.image_settings.file_format, made.render.image_settings.color_depth = "OPEN_EXR", "16"
    made.render.use_motion_blur, made.render.motion_blur_shutter = bool(given["air"]), float(given["shutter"])
    if not given["air"]:
        air.gone(air.DUST)
    for frame in given["frames"].tolist():
        made.frame_set(frame)
        air.gone(air.DEBRIS)
        if given["air"]:
            air.debris(made, air.points_of(folder / f"{air.DEBRIS}-{frame}.ply"), given["debris_colour"])
        made.render.filepath = str(folder / f"render-{frame}.exr")
        began = time.process_time()
        host.bpy.ops.render.render(write_still=True)
        say(frame=frame, seconds=time.process_time() - began)


def traced_plainly(scene: Any, samples: int) -> None:
    """Cycles on one thread of the processor: as many samples everywhere, always the same, no denoiser; all else as it comes."""
    scene.render.engine = "CYCLES"
    scene.cycles.device, scene.cycles.samples, scene.cycles.seed = "CPU", samples, 0
    scene.cycles.use_adaptive_sampling, scene.cycles.use_denoising = False, False
    scene.render.threads_mode, scene.render.threads = "FIXED", 1
