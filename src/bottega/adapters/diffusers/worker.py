"""Runs one model for one picture, alone: started as a script in a process of its own, with nothing of ours imported.

It opens no connection, starts no program and unpickles nothing: each attempt is an error, whoever in the libraries makes it.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

SAYS = "bottega: "
LIBRARIES = ("diffusers", "transformers")
FORBIDDEN = (
    "socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.bind", "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn",
    "os.fork", "pickle.find_class",
)  # fmt: skip
MOST_WORDS = 400


class Refused(Exception):  # noqa: N818 - it is what a person reads, not a fault of the program
    """What a person can mend, in words."""


def say(**word: Any) -> None:
    """One line to the other side."""
    sys.stdout.write(f"{SAYS}{json.dumps(word)}\n")
    sys.stdout.flush()


def forbid(event: str, _: Any) -> None:
    """The audit hook. It cannot be taken off again."""
    if event in FORBIDDEN:
        raise RuntimeError(f"{event}: a model's process may not do that")


def watch() -> None:
    """End with whoever started this: when that side is gone, so is its end of our input."""
    while os.read(0, 1 << 10):
        pass
    os._exit(1)


def pipeline_class(folder: Path, known: Any) -> Any:
    """The class that a model's index names, one of `diffusers`' own, of parts that are its own or of `transformers`."""
    try:
        index = json.loads((folder / "model_index.json").read_text("utf-8"))
        name, parts = index["_class_name"], {k: v for k, v in index.items() if isinstance(v, list)}
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as problem:
        raise Refused(f"the model's model_index.json cannot be read ({type(problem).__name__}): save the whole pipeline") from problem
    kind = getattr(known, str(name), None)
    if not (isinstance(kind, type) and issubclass(kind, known.DiffusionPipeline)):
        raise Refused(
            f"the model is a {str(name)[:80]!r}, allowed are the pipelines of diffusers {known.__version__}, none of anybody's own"
        )
    for part, value in parts.items():
        if len(value) != 2 or (value[0] is not None and value[0] not in LIBRARIES):
            raise Refused(f"the model's part {part[:80]!r} is of {str(value)[:80]}, allowed are parts of {' and '.join(LIBRARIES)}")
    for config in sorted(folder.rglob("*.json")):
        if '"auto_map"' in config.read_text("utf-8", "replace"):
            raise Refused(f"the model's {config.name} asks for a program of its own (auto_map), allowed are weights and settings")
    return kind


def painted(asked: dict[str, Any]) -> Any:
    """The picture, (H, W, 3) uint8."""
    import diffusers
    import numpy as np
    import torch

    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    folder = Path(asked["model"])
    kind = pipeline_class(folder, diffusers)
    pipe = kind.from_pretrained(
        folder, local_files_only=True, use_safetensors=True, trust_remote_code=False, torch_dtype=torch.float32, low_cpu_mem_usage=False
    )  # fmt: skip
    pipe.set_progress_bar_config(disable=True)

    def told(_: Any, step: int, __: Any, kept: dict[str, Any]) -> dict[str, Any]:
        say(step=step + 1)
        return kept

    out = pipe(
        prompt=asked["prompt"], width=asked["width"], height=asked["height"], num_inference_steps=asked["steps"],
        guidance_scale=asked["guidance"], generator=torch.Generator("cpu").manual_seed(asked["seed"]), output_type="np",
        callback_on_step_end=told,
    )  # fmt: skip
    if any(getattr(out, "nsfw_content_detected", None) or ()):
        raise Refused("the model's own safety checker refused what it had painted: ask for something else, or with another seed")
    light = np.asarray(out.images[0])
    if not np.isfinite(light).all():
        raise Refused(
            f"the model painted {int((~np.isfinite(light)).sum())} values that are no numbers: its weights are damaged or too small"
        )
    return np.rint(light.clip(0, 1) * 255).astype(np.uint8)


def main(folder: Path) -> None:
    """Do what `asked.json` says and leave `painted.npy`."""
    threading.Thread(target=watch, daemon=True).start()
    sys.addaudithook(forbid)
    try:
        picture = painted(json.loads((folder / "asked.json").read_text("utf-8")))
    except Refused as problem:
        say(failed=str(problem))
        return
    except (ImportError, OSError, ValueError, TypeError, KeyError, AttributeError, RuntimeError, ArithmeticError) as problem:
        say(failed=f"the model cannot be used ({type(problem).__name__}): {' '.join(str(problem).split())[:MOST_WORDS]}")
        return
    import numpy as np

    np.save(folder / "painted.npy", picture, allow_pickle=False)
    say(done=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
