"""One building, three lists of what fails: the quick looks at the fall, side by side.

    python demo/corner/lists.py FOLDER [PICTURE]

Writes the plates, runs `bottega collapse --preview` with three sheets in FOLDER, and lays frames of the previews out as a picture, a row a
list: the base gives way on both sides; one storey half-way up goes and what is above comes down on it; the corner goes first, and the far
end stands until 1060.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import av
import cv2
import numpy as np

HERE = Path(__file__).resolve().parent
FRAMES = (1010, 1020, 1030, 1045, 1060, 1090)
BASE = "[[failure]]\nat = [6.0, 6.0]\nradius_m = 17.0\nstoreys = [0, 1]\nframe = 1006\n"
LISTS = {
    "base": BASE,
    "middle": "[[failure]]\nat = [9.0, 11.0]\nradius_m = 30.0\nstoreys = [4]\nframe = 1006\n",
    "corner, the far end held": (
        "[[failure]]\nat = [0.0, 0.0]\nradius_m = 7.0\nstoreys = [0, 1, 2]\nframe = 1006\n\n"
        "[[hold]]\nat = [14.0, 18.0]\nradius_m = 9.0\nuntil = 1060\n\n[fall]\nlean_mps = [-2.0, -1.0]\n"
    ),
}


def bottega(folder: Path, *words: str) -> str:
    place = {"BOTTEGA_HOME": str(folder / "home"), "OMP_NUM_THREADS": "1"}
    if words[0] != "new":
        place["BOTTEGA_SHOW"] = str(folder / "show")
    done = subprocess.run([sys.executable, "-m", "bottega", *words], env=os.environ | place, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def made_ready(folder: Path) -> str:
    """The show with the plates; gives the sheet's text with the place for a list."""
    if folder.exists():
        sys.exit(f"{folder} is there already: name a new folder")
    subprocess.run([sys.executable, str(HERE / "plates.py"), str(folder), "--width", "480", "--frames", "1001-1096"], check=True)
    shutil.copyfile(HERE / "wide_mask.png", folder / "wide_mask.png")
    bottega(folder, "new", str(folder / "show"), "--show", "demo", "--fps", "24")
    pictures = sorted(str(p) for p in (folder / "exemplars").iterdir())
    bottega(folder, "exemplar", "add", *pictures, "--by", "Artist B", "--licence", "work-for-hire")
    for code, plate in (("sh020", folder / "with"), ("sh020-clean", folder / "clean"), ("sh020-wide", HERE / "wide_with.exr")):
        bottega(folder, "shot", "add", code, str(plate / "####.exr" if plate.is_dir() else plate), "--colour", "lin_rec709_srgb")
    return (HERE / "collapse.toml").read_text()


def looks(movie: Path, first: int) -> list[np.ndarray]:
    """The wanted frames of a preview."""
    with av.open(str(movie)) as container:
        frames = [f.to_ndarray(format="bgr24") for f in container.decode(video=0)]
    return [frames[n - first] for n in FRAMES]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("picture", type=Path, nargs="?")
    asked = parser.parse_args()
    sheet, rows = made_ready(asked.folder), []
    for name, text in LISTS.items():
        path = asked.folder / f"{name.split(',')[0]}.toml"
        path.write_text(sheet.replace(BASE, text))
        done = bottega(asked.folder, "collapse", "sh020", str(path), "--no-performer", "--preview", "--json")
        cells = [cv2.resize(f, (320, 180), interpolation=cv2.INTER_AREA) for f in looks(Path(json.loads(done)["preview"]), 1001)]
        for cell, number in zip(cells, FRAMES, strict=True):
            cv2.putText(cell, f"{name} {number}", (6, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (255, 255, 255), 1, cv2.LINE_AA)
        rows.append(np.hstack(cells))
    apart = [float(np.abs(a.astype(float) - b).mean()) for a, b in ((rows[0], rows[1]), (rows[0], rows[2]), (rows[1], rows[2]))]
    print("mean difference of the previews, of 255:", [round(v, 1) for v in apart])
    place = asked.picture or asked.folder / "lists.png"
    cv2.imwrite(str(place), np.vstack(rows))
    print(place)


if __name__ == "__main__":
    main()
