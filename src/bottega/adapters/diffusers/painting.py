"""What the process that runs a model is asked, and the picture that comes back."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from bottega.jobs.runner.concept.painter import Asked
from bottega.model import JobError, UsageError

from .process import talk

LIBRARIES = ("diffusers", "transformers", "tokenizers", "safetensors", "torch")
PAINTED, ASKED = "painted.npy", "asked.json"


class DiffusersPainter:
    """Runs models that `diffusers` can load, on the processor, one thread: the same asked again is the same bits by the same versions."""

    def versions(self) -> dict[str, str]:
        """The versions of the libraries. Raises UsageError where one is not installed."""
        try:
            return {name: version(name) for name in LIBRARIES}
        except PackageNotFoundError as problem:
            raise UsageError(f"to run a model {problem.name} is needed and is not installed: pip install 'bottega[backend]'") from problem

    def paint(self, folder: Path, asked: Asked, *, told: Callable[[int], None]) -> NDArray[np.uint8]:
        """The picture, (H, W, 3) uint8 sRGB; `told` is called after each step. What it raises ends the process, as Ctrl-C does.

        Raises UsageError for a model that cannot be used, JobError where its process fails.
        """
        self.versions()
        with TemporaryDirectory(prefix="bottega-model-") as place:
            width, height = asked.size_px
            facts = {
                "model": str(folder.absolute()), "prompt": asked.prompt, "width": width, "height": height, "seed": asked.seed,
                "steps": asked.steps, "guidance": asked.guidance,
            }  # fmt: skip
            (Path(place) / ASKED).write_text(json.dumps(facts), "utf-8")
            with closing(talk(Path(place))) as words:
                done = False
                for word in words:
                    done = done or bool(word.get("done"))
                    if "step" in word:
                        told(int(word["step"]))
            if not done:
                raise JobError("the model's process ended and said nothing of a picture: run it again")
            found = np.load(Path(place) / PAINTED, allow_pickle=False)
        if found.dtype != np.uint8 or found.shape != (height, width, 3):
            raise UsageError(
                f"the model paints {found.dtype} of shape {found.shape}, asked is {width}x{height}: give a size that it can paint"
            )
        return np.ascontiguousarray(found)
