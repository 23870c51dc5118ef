"""Draw the inputs that guided synthesis is shown and measured on, three classes of them, by numpy alone.

    python demo/synthesis/make_inputs.py [FOLDER]

Writes FOLDER (this folder) / texture, light and portrait: `style.png`, `source_NAME.png` and `target_NAME.png` for every guide. What they
mean is in `inputs.json`. Nobody is shown: the head is made of ellipsoids.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import light
import numpy as np
import portrait
import texture

HERE = Path(__file__).resolve().parent
CLASSES = {"texture": texture, "light": light, "portrait": portrait}
SMALL = [cv2.IMWRITE_PNG_COMPRESSION, 9, cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_ALL_FILTERS]


def main() -> None:
    """Write all pictures and say how large they are."""
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
    for name, module in CLASSES.items():
        out.joinpath(name).mkdir(parents=True, exist_ok=True)
        for picture, values in module.draw().items():
            codes = np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
            path = out / name / f"{picture}.png"
            if not cv2.imwrite(str(path), codes[..., ::-1] if codes.ndim == 3 else codes, SMALL):
                raise OSError(f"{path} cannot be written")
            print(f"{name}/{picture}.png: {codes.shape[1]}x{codes.shape[0]}, {path.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
