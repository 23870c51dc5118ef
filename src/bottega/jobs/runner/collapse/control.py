"""The control pack: what depth- and motion-conditioned generators take, a folder of plain pictures and numbers, every frame alike."""

from __future__ import annotations

import json
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from bottega.footage import Delivery, Frame, LayerOut
from bottega.jobs.recipes.collapse_control import Control, control, shot_near_m
from bottega.model import Output

from .showing import Showing

FOLDER = "control"
SCHEMA, VERSION = "bottega.control", 1
_STRIDE = 0x9E3779B1  # odd: times it, every number below 2^24 is another colour


def colours(numbers: NDArray[np.int32]) -> NDArray[np.uint8]:
    """A flat colour (…, 3) for each piece's number, all different; black for −1."""
    code = ((numbers.astype(np.int64) + 1) * _STRIDE) & 0xFFFFFF
    return np.stack([(code >> shift) & 255 for shift in (16, 8, 0)], -1).astype(np.uint8)


@dataclass(frozen=True, eq=False)
class ControlPack:
    """Writes a shot's control. `near_m` is one for the whole shot."""

    showing: Showing
    delivery: Delivery
    near_m: float
    fps: Fraction

    @classmethod
    def of(cls, showing: Showing, delivery: Delivery, *, fps: Fraction) -> Self:
        """For a shot."""
        pieces, _, motion = showing.scene
        return cls(showing, delivery, shot_near_m(pieces, motion, showing.cameras), fps)

    def frame(self, number: int, plate: Frame) -> list[Output]:
        """A frame's files. Raises FootageError."""
        show = self.showing
        rested = show.recipe.rested(show.stage, show.cameras[number])
        stands = show.recipe.standing(show.stage, rested, show.matte)
        made = control(
            show.stage, rested, stands, motion=show.scene[2], cameras=show.cameras, number=number, near_m=self.near_m
        )  # fmt: skip
        name = f"{self.delivery.take.name}.{number:04d}"
        send, at = self.delivery, f"{FOLDER}/{{}}/{name}"
        return [
            send.png16(at.format("depth") + ".png", _codes(made.near), colour=None, frame=number),
            send.png16(at.format("normal") + ".png", _normal(made.normal), colour=None, frame=number),
            send.png16(at.format("matte") + ".png", _codes(made.matte), colour=None, frame=number),
            send.png8(at.format("id") + ".png", colours(made.piece), frame=number),
            send.numbers(at.format("exr") + ".exr", _layers(made), plate, frame=number),
        ]

    def table(self) -> Output:
        """`control.json`: how to read the rest. Raises FootageError."""
        show, take = self.showing, self.delivery.take
        names = show.mattes.sets[0][0].names
        colour = colours(np.arange(len(names), dtype=np.int32)).tolist()
        camera = next(iter(show.cameras.values()))
        said: dict[str, Any] = {
            "schema": SCHEMA,
            "schema_version": VERSION,
            "made": self.delivery.mark.fields(),
            "frames": [take.frames.first, take.frames.last],
            "fps": str(self.fps),
            "size": [camera.width, camera.height],
            "near_m": self.near_m,
            "far_m": None,
            "files": _FILES,
            "cameras": {str(n): _camera(c) for n, c in sorted(show.cameras.items())},
            "pieces": {name: {"number": i + 1, "colour": rgb} for i, (name, rgb) in enumerate(zip(names, colour, strict=True))},
        }
        return self.delivery.other(f"{FOLDER}/control.json", json.dumps(said, sort_keys=True, indent=1).encode() + b"\n")


_FILES = {
    "depth/*.png": "16 bit: round(65535 · min(1, near_m / metres along the view)); 0 is the sky. near_m is the same in every frame",
    "normal/*.png": "16 bit RGB: round(65535 · (n + 1) / 2), camera space, x right, y up, z towards the camera; 0 0 0 is the sky",
    "matte/*.png": "16 bit: how much of a pixel is pieces, moved or not, held out by what stands before them",
    "id/*.png": "8 bit RGB: a flat colour a piece, not antialiased; black is none",
    "exr/*.exr depth.Z": "float, metres along the view; 1e10 is the sky",
    "exr/*.exr id.piece": "uint32, the piece's number, 0 is none",
    "exr/*.exr flow forward.u forward.v": "float, pixels, x right, y down: where it is in the next frame, less where it is here",
    "exr/*.exr flow backward.u backward.v": "the same to the frame before; 0 in a frame that has no such neighbour",
}


def _camera(camera: Any) -> dict[str, Any]:
    turn = np.asarray(camera.to_world, np.float64).tolist()
    return {"camera_to_world": turn, "focal_px": float(camera.focal_px), "centre_px": [float(v) for v in camera.centre_px]}


def _codes(values: NDArray[np.float32]) -> NDArray[np.uint16]:
    return np.asarray(np.floor(values.astype(np.float64).clip(0, 1) * 65535 + 0.5), np.uint16)


def _normal(normal: NDArray[np.float32]) -> NDArray[np.uint16]:
    there = normal.any(-1, keepdims=True)
    return np.where(there, _codes(np.float32(0.5) * (normal + np.float32(1))), 0).astype(np.uint16)


def _layers(made: Control) -> list[LayerOut]:
    depth = np.where(np.isfinite(made.depth), made.depth, 1e10).astype(np.float32)
    flow = {
        f"{way}.{axis}": array[..., k]
        for way, array in (("forward", made.forward), ("backward", made.backward))
        for k, axis in enumerate("uv")
    }
    return [
        LayerOut(name="depth", channels={"Z": depth}),
        LayerOut(name="flow", channels=flow),
        LayerOut(name="id", channels={"piece": (made.piece + 1).astype(np.uint32)}),
    ]
