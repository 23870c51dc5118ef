"""Path-traced frames of a collapse's .blend."""

from __future__ import annotations

import time
from pathlib import Path

from . import host
from .host import load, say
from .scene import BLEND


def render(folder: Path) -> None:
    """`render-N.exr` for each frame that is asked for, linear, and how long it took: CPU seconds of all threads."""
    given = load(folder, "wanted")
    host.bpy.ops.wm.open_mainfile(filepath=str(folder / BLEND), load_ui=False, use_scripts=False)
    made = host.bpy.context.scene
    made.render.engine = "CYCLES"
    made.cycles.device, made.cycles.samples, made.cycles.seed = "CPU", int(given["samples"]), 0
    made.cycles.use_adaptive_sampling, made.cycles.use_denoising = False, False
    made.render.threads_mode, made.render.threads = "FIXED", 1
    made.render.image_settings.file_format, made.render.image_settings.color_depth = "OPEN_EXR", "16"
    for frame in given["frames"].tolist():
        made.frame_set(frame)
        made.render.filepath = str(folder / f"render-{frame}.exr")
        began = time.process_time()
        host.bpy.ops.render.render(write_still=True)
        say(frame=frame, seconds=time.process_time() - began)
