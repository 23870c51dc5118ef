"""A camera with its own time samples, and its filmback for a principal point that need not be in the middle."""

from __future__ import annotations

from typing import Any

import numpy as np

from bottega.jobs.runner.collapse.scene_out import SceneOut

FILM_M = 0.036  # how wide the filmback is; only its ratio to the focal length shows
_TENTHS = 10.0  # USD measures lenses in tenths of the stage's unit, here of a metre


def write_camera(stage: Any, path: str, scene: SceneOut) -> None:
    """Define the camera at `path`: a matrix a frame, aperture, focal length and offsets, each a time sample only where it changes."""
    from pxr import Gf, UsdGeom  # type: ignore[import-untyped,import-not-found,unused-ignore]

    width, height = scene.size
    camera = UsdGeom.Camera.Define(stage, path)
    film, a_pixel = FILM_M * _TENTHS, FILM_M * _TENTHS / width
    camera.CreateProjectionAttr(UsdGeom.Tokens.perspective)
    camera.CreateHorizontalApertureAttr(film)
    camera.CreateVerticalApertureAttr(a_pixel * height)
    camera.CreateClippingRangeAttr(Gf.Vec2f(0.1, 10000.0))
    _sampled(camera.CreateFocalLengthAttr(), scene.focal_px * a_pixel, scene.first_frame)
    _sampled(camera.CreateHorizontalApertureOffsetAttr(), (width / 2 - scene.centre_px[:, 0]) * a_pixel, scene.first_frame)
    _sampled(camera.CreateVerticalApertureOffsetAttr(), (scene.centre_px[:, 1] - height / 2) * a_pixel, scene.first_frame)
    move = camera.AddTransformOp()
    still = bool((scene.camera == scene.camera[0]).all())
    for row, turn in enumerate(scene.camera[:1] if still else scene.camera):
        matrix = Gf.Matrix4d(*turn.T.ravel().tolist())  # rows, as USD multiplies from the left
        if still:
            move.Set(matrix)
        else:
            move.Set(matrix, scene.first_frame + row)


def _sampled(attribute: Any, values: Any, first: int) -> None:
    values = np.asarray(values, np.float64)
    if (values == values[0]).all():
        attribute.Set(float(values[0]))
        return
    for row, value in enumerate(values):
        attribute.Set(float(value), first + row)
