"""What Blender is asked: arrays go in as files; poses, files and pictures come back as they are done."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from bottega.adapters.blender.finding import HOW, Blender
from bottega.adapters.blender.process import talk
from bottega.adapters.blender.scenes import arrays_of, pieces_digest, write_arrays
from bottega.adapters.colours import colour
from bottega.jobs.runner.collapse.program import LightJob
from bottega.jobs.runner.collapse.scene_out import SceneOut
from bottega.model import JobError, UsageError

Array = NDArray[Any]
Arrays = Mapping[str, Array]
Pose = tuple[int, Array, Array]
AirFiles = Mapping[str, bytes]  # dust under its own names beside the .blend, debris as `debris-FRAME.ply`
PREFIX = "bottega-blender-"
BLEND, ALEMBIC = "collapse.blend", "collapse.abc"


@dataclass(frozen=True)
class BlenderProgram:
    """A Blender that answered, and what it can be asked. Everything raises JobError where Blender fails or is ended from outside."""

    blender: Blender
    version: str

    @classmethod
    def found(cls, blender: Blender) -> Self:
        """Ask a program which Blender it is. Raises UsageError for one that is none, is too old, or cannot start here."""
        return cls(blender, _version(blender))

    def fall(self, scene: Arrays, settings: Arrays) -> Iterator[Pose]:
        """Frame by frame from the scene's second: number, (N, 3) positions, (N, 4) unit quaternions. Each call begins at the start."""
        with TemporaryDirectory(prefix=PREFIX) as place:
            folder = Path(place)
            write_arrays(folder, "scene", dict(scene))
            write_arrays(folder, "settings", dict(settings))
            with closing(talk(self.blender, "simulate", folder)) as words:
                yield from poses_in(folder, words)

    def back(self, blend: bytes, *, names: Sequence[str], vertices: Array, centre: Array, frames: range, fps: float) -> Iterator[Pose]:
        """The same of a .blend in which an artist has changed the fall: every piece is found by its name. The file runs no script."""
        with TemporaryDirectory(prefix=PREFIX) as place:
            folder = Path(place)
            (folder / "artist.blend").write_bytes(blend)
            facts = {"first_frame": np.array(frames[0]), "last_frame": np.array(frames[-1]), "fps": np.array(fps)}
            facts |= {"name": np.array(names), "centre": centre, "pieces": np.array(pieces_digest(names, vertices))}
            write_arrays(folder, "wanted", facts)
            with closing(talk(self.blender, "back", folder)) as words:
                yield from poses_in(folder, words)

    def scene_files(self, scene: SceneOut, *, blend: bool, alembic: bool) -> dict[str, bytes]:
        """A scene as `collapse.blend`, `collapse.abc` or both: their bytes by name."""
        with TemporaryDirectory(prefix=PREFIX) as place:
            folder = Path(place)
            write_arrays(folder, "scene", arrays_of(scene) | {"blend": np.array(blend), "alembic": np.array(alembic)})
            list(talk(self.blender, "scene", folder))
            wanted = [name for name, asked in ((BLEND, blend), (ALEMBIC, alembic)) if asked]
            return {name: (folder / name).read_bytes() for name in wanted}

    def light(self, scene: SceneOut, wanted: Sequence[LightJob], *, light: Arrays) -> Iterator[tuple[str, Array]]:
        """Irradiance (H, W, 3) float32 of poses through cameras, path-traced on grey, by the jobs' names, one after another."""
        with TemporaryDirectory(prefix=PREFIX) as place:
            folder = Path(place)
            write_arrays(folder, "scene", arrays_of(scene))
            facts = {f: np.array([getattr(job, f) for job in wanted]) for f in ("frame", "camera", "focal_px", "centre_px", "size")}
            write_arrays(folder, "wanted", facts | dict(light))
            with closing(talk(self.blender, "light", folder)) as words:
                for word in words:
                    kept = folder / f"light-{word['job']}.npy"
                    picture = np.load(kept, allow_pickle=False)
                    kept.unlink()
                    yield wanted[int(word["job"])].name, picture.astype(np.float32)

    def render(
        self, blend: bytes, frames: Sequence[int], *, samples: int, air: AirFiles | None = None, shutter: float = 0.5
    ) -> Iterator[tuple[int, bytes, float]]:
        """Frames of a .blend path-traced, as many samples everywhere: number, an EXR's bytes, CPU seconds of the tracing.

        With `air` the dust and the small debris are in the picture, and what moves is blurred over the shutter.
        """
        with TemporaryDirectory(prefix=PREFIX) as place:
            folder = Path(place)
            (folder / BLEND).write_bytes(blend)
            facts = {"frames": np.array(frames), "samples": np.array(samples), "air": np.array(air is not None)}
            facts |= {"shutter": np.array(shutter), "debris_colour": np.array(colour("masonry", "broken"))}
            write_arrays(folder, "wanted", facts)
            for name, data in (air or {}).items():
                (folder / name).parent.mkdir(exist_ok=True)
                (folder / name).write_bytes(data)
            with closing(talk(self.blender, "render", folder)) as words:
                for word in words:
                    yield int(word["frame"]), (folder / f"render-{word['frame']}.exr").read_bytes(), float(word["seconds"])


def poses_in(folder: Path, words: Generator[dict[str, Any]]) -> Iterator[Pose]:
    """The poses that a worker says are done, read and dropped."""
    for word in words:
        frame = int(word["frame"])
        kept = folder / f"pose-{frame}.npy"
        table = np.load(kept, allow_pickle=False)
        kept.unlink()
        yield frame, table[:, :3], table[:, 3:]


@lru_cache
def _version(blender: Blender) -> str:
    with TemporaryDirectory(prefix=PREFIX) as place:
        try:
            said = list(talk(blender, "version", Path(place)))
        except (JobError, UsageError) as problem:
            raise UsageError(f"{blender.program.name} cannot be used as Blender: {problem}. {HOW}") from problem
    if len(said) != 1:
        raise UsageError(f"{blender.program.name} is no Blender: asked for its version it said nothing. {HOW}")
    return str(said[0]["version"])
