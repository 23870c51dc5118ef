"""What stands behind the building where nobody shot it: made by example once, in the reference's view, and carried to every frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from bottega.engine.collapse.finish.recipe import bounded
from bottega.engine.collapse.finish.stage import Rested, Stage, look_at_rest
from bottega.engine.collapse.finish.texture import fill, level
from bottega.engine.collapse.records import Camera

Picture = NDArray[np.float32]
_MARGIN = 0.006  # of the picture's width: as far round the building the plate may still show some of it
_SAME_PLACE_M = 0.05  # cameras that are farther apart do not only turn


@dataclass(frozen=True, eq=False)
class Behind:
    """The reference's view without the building.

    picture
        (h, w, 3) float32: without the building's shadow, where it is known; the reference's own pixels outside the hole.
    hole
        (h, w) bool: what was made.
    shares
        (S, h, w) float32: of each pixel, how much is the reference's and each exemplar's; they sum to 1.
    camera
        The picture's.
    """

    picture: Picture
    hole: NDArray[np.bool_]
    shares: Picture
    camera: Camera

    def check(self, camera: Camera) -> None:
        """Raise ValueError for a camera at another place than the reference's."""
        apart = float(np.linalg.norm(np.asarray(camera.to_world)[:3, 3] - np.asarray(self.camera.to_world)[:3, 3]))
        if apart > _SAME_PLACE_M:
            raise ValueError(
                f"the camera stands {apart:.2f} m from the reference's: what is made by example is one picture, and only turns with the "
                "camera; give a clean plate"
            )

    def seen(self, stage: Stage, rested: Rested, plate: Picture) -> tuple[Picture, Picture]:
        """The clean plate of a frame, (H, W, 3), and whose it is, (1 + S, H, W): the frame's plate, the reference, each exemplar.

        Outside the hole it is the plate, without the building's shadow. Raises ValueError as `check` does.
        """
        camera, size = rested.camera, plate.shape[:2]
        self.check(camera)
        turn = _homography(camera, self.camera)
        around = np.where(self.hole, np.float32(1), np.float32(0))
        hole = (_carried(around, turn, size) > 0) | _grown(_covered(rested), camera.width)
        clean = np.where(hole[..., None], _carried(self.picture, turn, size), _unshaded(stage, rested, plate))
        shares = np.stack([_carried(s, turn, size) for s in self.shares]) * hole
        shares[0] = np.where(hole & (shares.sum(0) <= 0), 1, shares[0])
        shares /= np.where(hole, shares.sum(0), 1)
        return clean.astype(np.float32), np.concatenate([(~hole)[None].astype(np.float32), shares.astype(np.float32)])


def make_behind(
    stage: Stage, reference: Picture, camera: Camera, *, matte: Picture, exemplars: Sequence[Picture], focal_px: float, seed: int
) -> Behind:
    """Fill the hole that the building leaves in the reference from the reference's other pixels and from exemplars (`texture.fill`).

    Parameters
    ----------
    stage : Stage
        The building at rest.
    reference, matte : (h, w, 3), (h, w) float32
        The picture that the corners were marked in, and where the building is seen in it.
    camera : Camera
        The reference's.
    exemplars : sequence of (a, b, 3) float32
        More to take from.
    focal_px : float
        Of the frames: a finer reference is made smaller first.
    seed : int
        Of the search.

    Returns
    -------
    Behind

    Raises
    ------
    ValueError
        A building that fills the reference.
    """
    scale = min(1.0, focal_px / camera.focal_px)
    small, lens = _smaller(reference, camera, scale)
    rested = look_at_rest(stage, lens)
    seen = cv2.resize(matte, (lens.width, lens.height), interpolation=cv2.INTER_AREA) > 0
    hole = _grown(_covered(rested) | seen, lens.width)
    bare = _unshaded(stage, rested, small)
    made = fill(bare, hole, exemplars=exemplars, broad=level(bare, ~hole), seed=seed)
    side = made.plan.settings.patch
    votes = [_mean(np.where(made.nnf[..., 0] == s, made.weights, 0).astype(np.float32), side) for s in range(1 + len(exemplars))]
    total = np.maximum(np.sum(votes, 0), 1e-12)
    shares = np.where(hole, np.stack(votes) / total, np.eye(len(votes), 1, dtype=np.float32)[..., None])
    return Behind(made.picture, hole, shares.astype(np.float32), lens)


def _smaller(picture: Picture, camera: Camera, scale: float) -> tuple[Picture, Camera]:
    if scale == 1:
        return picture, camera
    width, height = round(camera.width * scale), round(camera.height * scale)
    x, y = width / camera.width, height / camera.height
    lens = replace(
        camera, focal_px=camera.focal_px * x, centre_px=(camera.centre_px[0] * x, camera.centre_px[1] * y), width=width, height=height
    )
    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), lens


def _unshaded(stage: Stage, rested: Rested, picture: Picture) -> Picture:
    """A picture with the light on the ground as it would be without the building: times light without it over light with it."""
    out = picture.copy()
    out[rested.ground] *= bounded(stage, np.maximum(rested.bare / rested.lit, 1))
    return out


def _grown(where: NDArray[np.bool_], width: int) -> NDArray[np.bool_]:
    reach = max(round(_MARGIN * width), 2)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    return np.asarray(cv2.dilate(where.astype(np.uint8), disc) > 0)


def _covered(rested: Rested) -> NDArray[np.bool_]:
    return np.asarray((rested.samples >= 0).any(0))


def _mean(votes: Picture, side: int) -> Picture:
    return np.asarray(cv2.blur(votes, (side, side), borderType=cv2.BORDER_REFLECT_101))


def _lens(camera: Camera) -> NDArray[np.float64]:
    """Camera space, looking down −Z, to pixels with y down."""
    f, (x, y) = camera.focal_px, camera.centre_px
    return np.array([[f, 0, -x], [0, -f, -y], [0, 0, -1.0]])


def _homography(here: Camera, there: Camera) -> NDArray[np.float64]:
    """Pixels of one camera to those of another at the same place, both counted from the middle of the first pixel."""
    turn = np.asarray(there.to_world)[:3, :3].T @ np.asarray(here.to_world)[:3, :3]
    half = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1.0]])
    return np.asarray(half @ _lens(there) @ turn @ np.linalg.inv(_lens(here)) @ np.linalg.inv(half))


def _carried(picture: Picture, turn: NDArray[np.float64], size: tuple[int, ...]) -> Picture:
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpPerspective(picture, turn, (size[1], size[0]), flags=how, borderMode=cv2.BORDER_REPLICATE))
