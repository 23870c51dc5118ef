"""Paint and render the inputs of bench/engine_synthesis.py and docs/gallery: three classes, from nothing but numbers.

    python bench/synthesis_inputs.py        writes bench/inputs/textures, sphere and portrait, the same bytes every time

textures   texture by numbers: a painted field, its map of parts, and another map to fill
sphere     rendered guides: light passes of a sphere, a painting of it, and the same passes of another body
portrait   position guide: a painted head that nobody has, and the same head turned and larger
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[Any]
OUT = Path(__file__).resolve().parent / "inputs"


def cloud(random: np.random.Generator, rows: int, columns: int, cell: float) -> Picture:
    """Smooth noise, mean 0 and deviation 1, of about `cell` pixels."""
    small = random.normal(size=(int(rows / cell) + 3, int(columns / cell) + 3)).astype(np.float32)
    wide = cv2.resize(small, (columns, rows), interpolation=cv2.INTER_CUBIC)
    return (wide - wide.mean()) / wide.std()


def strokes(random: np.random.Generator, angle: Picture, length: int) -> Picture:
    """Brush marks along a field of angles: noise, smeared along it (line integral convolution, Cabral 1993), deviation 1."""
    rows, columns = angle.shape
    grain = cv2.GaussianBlur(random.normal(size=angle.shape).astype(np.float32), (0, 0), 0.8)
    total = grain.copy()
    for sign in (1, -1):
        y, x = (a.astype(np.float32) for a in np.mgrid[0:rows, 0:columns])
        for _ in range(length):
            here = cv2.remap(angle.astype(np.float32), x, y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
            x, y = x + sign * np.cos(here), y + sign * np.sin(here)
            total += cv2.remap(grain, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return (total - total.mean()) / total.std()


def mixed(colours: list[tuple[float, float, float]], where: Picture) -> Picture:
    """A ramp through colours, 0 the first and 1 the last."""
    stops = np.linspace(0, 1, len(colours))
    return np.stack([np.interp(where, stops, [c[i] for c in colours]) for i in range(3)], -1)


# --- texture by numbers

PARTS = [(196, 128, 64), (64, 64, 160), (48, 160, 64), (160, 160, 160)]  # codes of sky, water, grass, stone


def parts(rows: int, columns: int, seed: int) -> Picture:
    """A map of the four parts: sky above, a lake, grass, a bank of stones."""
    random = np.random.default_rng(seed)
    y = np.mgrid[0:rows, 0:columns][0] / rows
    wave = [0.05 * cloud(random, rows, columns, 60) for _ in range(3)]
    out = np.full((rows, columns), 2)
    out[y < 0.35 + wave[0]] = 0
    x = np.mgrid[0:rows, 0:columns][1] / columns
    middle = 0.35 + 0.3 * random.random()
    lake = ((y - 0.58) / 0.15) ** 2 + ((x - middle) / 0.32) ** 2 < 1 + 4 * wave[1]
    out[lake & (y > 0.38 + wave[0])] = 1
    out[y > 0.84 + wave[2]] = 3
    return out


def field_of(rows: int, columns: int, label: Picture, seed: int) -> Picture:
    """The painted field for a map of parts."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    level = np.zeros_like(y)
    sky = mixed(
        [(214, 170, 120), (236, 208, 180), (246, 238, 230)], np.clip(0.5 + 0.3 * cloud(random, rows, columns, 22) + y / rows / 2, 0, 1)
    )
    ripple = strokes(random, level + 0.08 * cloud(random, rows, columns, 18), 12)
    water = mixed([(96, 62, 26), (150, 106, 52), (206, 176, 132)], np.clip(0.45 + 0.25 * ripple, 0, 1))
    blades = strokes(random, level + np.pi / 2 + 0.25 * cloud(random, rows, columns, 12), 6)
    grass = mixed(
        [(22, 62, 34), (44, 118, 70), (84, 178, 150)], np.clip(0.5 + 0.22 * blades + 0.1 * cloud(random, rows, columns, 30), 0, 1)
    )
    seeds = random.random((rows * columns // 90, 2)) * (rows, columns)
    far = np.full((rows, columns, 2), 1e9, np.float32)
    for sy, sx in seeds:
        d = (y - sy) ** 2 + ((x - sx) * 0.8) ** 2
        far = np.sort(np.concatenate([far, d[..., None]], -1), -1)[..., :2]
    edge = np.clip((np.sqrt(far[..., 1]) - np.sqrt(far[..., 0])) / 3, 0, 1)
    stone = mixed([(40, 44, 50), (120, 128, 136), (182, 190, 198)], np.clip(edge * (0.6 + 0.12 * cloud(random, rows, columns, 7)), 0, 1))
    every = np.stack([sky, water, grass, stone])
    return np.take_along_axis(every, label[None, ..., None], 0)[0]


def textures() -> dict[str, Picture]:
    """Source 300 by 220, target 280 by 200."""
    source, target = parts(220, 300, 3), parts(200, 280, 14)
    codes = np.array(PARTS, np.uint8)
    return {"style": field_of(220, 300, source, 5), "source_parts": codes[source], "target_parts": codes[target]}


# --- rendered guides


def passes(height: Picture, inside: Picture) -> dict[str, Picture]:
    """Light passes of a body given by its height over the page, in pixels: light from the upper left, soft sky, highlight."""
    gy, gx = np.gradient(height)
    normal = np.stack([-gx, -gy, np.ones_like(gx)], -1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    light = np.array([-0.5, -0.62, 0.6])
    light /= np.linalg.norm(light)
    half = light + np.array([0, 0, 1])
    half /= np.linalg.norm(half)
    shade = np.clip(normal @ light, 0, 1)
    sky = 0.5 - 0.5 * normal[..., 1]
    shine = np.clip(normal @ half, 0, 1) ** 40
    shadow = cv2.GaussianBlur(np.roll(inside.astype(np.float32), (14, 12), (0, 1)), (0, 0), 5)
    ground = [0.78 - 0.5 * shadow, 1 - 0.1 * shadow, np.zeros_like(sky)]
    planes = [np.where(inside, a, b) for a, b in zip((shade, 0.2 + 0.6 * sky, shine), ground, strict=True)]
    full = 0.75 * planes[0] + 0.25 * planes[1] + 0.5 * planes[2]
    return {
        name: 255 * np.clip(p, 0, 1)[..., None].repeat(3, -1)
        for name, p in zip(("diffuse", "sky", "highlight", "full"), [*planes, full], strict=True)
    }


def sphere_height(side: int) -> tuple[Picture, Picture]:
    y, x = np.mgrid[0:side, 0:side] - side / 2 + 0.5
    d = (0.34 * side) ** 2 - y**2 - x**2
    return np.sqrt(np.clip(d, 0, None)), d > 0


def body_height(side: int) -> tuple[Picture, Picture]:
    """Five balls, melted together."""
    y, x = (np.mgrid[0:side, 0:side] + 0.5) / side
    balls = [(0.5, 0.5, 0.2), (0.33, 0.3, 0.11), (0.3, 0.68, 0.12), (0.7, 0.32, 0.1), (0.72, 0.66, 0.13)]
    sum_ = sum(np.exp(2.2 - 2.2 * ((y - by) ** 2 + (x - bx) ** 2) / r**2) for by, bx, r in balls)
    return side * 0.17 * np.sqrt(np.clip(np.log(np.maximum(sum_, 1)), 0, None)), sum_ > 1


def painted_sphere(side: int, light: dict[str, Picture], height: Picture, inside: Picture) -> Picture:
    """Oil: brush marks around the form, warm light, cold shadow, a thick highlight; a canvas ground."""
    random = np.random.default_rng(21)
    gy, gx = np.gradient(height)
    around = np.where(inside, np.arctan2(gy, gx) + np.pi / 2, 0.5 + 0.4 * cloud(random, side, side, 50))
    mark = strokes(random, around, 9)
    tone = light["full"][..., 0] / 255
    body = mixed([(70, 26, 34), (92, 40, 96), (52, 84, 204), (84, 168, 246), (214, 240, 255)], np.clip(tone + 0.09 * mark, 0, 1))
    ground = mixed([(74, 68, 48), (128, 136, 112), (186, 206, 196)], np.clip(tone * 0.9 + 0.1 * mark, 0, 1))
    return np.where(inside[..., None], body, ground)


def sphere() -> dict[str, Picture]:
    """Both 288 by 288."""
    side = 288
    (ball, in_ball), (body, in_body) = sphere_height(side), body_height(side)
    source, target = passes(ball, in_ball), passes(body, in_body)
    out = {"style": painted_sphere(side, source, ball, in_ball)}
    out |= {f"source_{name}": picture for name, picture in source.items()}
    return out | {f"target_{name}": picture for name, picture in target.items()}


# --- portrait


def head(y: Picture, x: Picture) -> dict[str, Picture]:
    """An invented head at coordinates of -1..1: light, and masks of its parts."""

    def oval(cy: float, cx: float, ry: float, rx: float, soft: float = 0.05) -> Picture:
        return np.clip((1 - np.sqrt(((y - cy) / ry) ** 2 + ((x - cx) / rx) ** 2)) / soft, 0, 1)

    face, hair = oval(0.02, 0, 0.62, 0.44), oval(-0.14, 0.01, 0.66, 0.56)
    neck = oval(0.75, 0, 0.42, 0.2) + oval(1.15, 0, 0.45, 0.75)
    light = 0.62 - 0.35 * x - 0.2 * y - 0.25 * oval(0.0, 0.34, 0.5, 0.2, 0.8)
    for side in (-1, 1):
        light -= 0.3 * oval(-0.1, 0.17 * side, 0.09, 0.12, 0.9)
    light += 0.25 * oval(0.08, -0.03, 0.2, 0.06, 0.8) - 0.2 * oval(0.19, 0.03, 0.05, 0.09, 0.8)
    eyes = sum(oval(-0.08, 0.17 * s, 0.045, 0.085, 0.2) for s in (-1, 1))
    pupils = sum(oval(-0.08, 0.17 * s + 0.01, 0.04, 0.035, 0.3) for s in (-1, 1))
    brows = sum(oval(-0.2 + 0.2 * abs(x - 0.17 * s), 0.17 * s, 0.03, 0.13, 0.4) for s in (-1, 1))
    return {
        "face": face,
        "hair": hair,
        "neck": np.clip(neck, 0, 1),
        "light": light,
        "eyes": eyes,
        "pupils": pupils,
        "brows": brows,
        "lips": oval(0.34, 0, 0.06, 0.14, 0.3),
    }


def over(picture: Picture, colour: Picture, mask: Picture) -> Picture:
    return picture + (colour - picture) * np.clip(mask, 0, 1)[..., None]


def plate(parts_: dict[str, Picture]) -> Picture:
    """The head as photographed, without any brush."""
    light = np.clip(parts_["light"], 0, 1)
    grey = 0.35 * np.ones_like(light)
    for name, value in (
        ("hair", 0.18 + 0.1 * light),
        ("neck", 0.7 * light),
        ("face", light),
        ("eyes", 0.8),
        ("pupils", 0.1),
        ("brows", 0.2),
        ("lips", 0.5 * light),
    ):
        grey = grey + (value - grey) * np.clip(parts_[name], 0, 1)
    return 255 * np.clip(grey, 0, 1)[..., None].repeat(3, -1)


def painted_head(p: dict[str, Picture]) -> Picture:
    """The head in oil: hatched ground, strands of hair, skin in planes."""
    random = np.random.default_rng(8)
    rows, columns = p["face"].shape
    y, x = np.mgrid[0:rows, 0:columns]
    level = np.zeros((rows, columns))
    ground = mixed([(88, 70, 40), (132, 112, 66), (168, 150, 110)], np.clip(0.5 + 0.25 * strokes(random, level + 0.8, 14), 0, 1))
    strands = strokes(random, np.arctan2(y - 0.3 * rows, x - columns / 2) + 0.3, 12)
    hair = mixed([(14, 18, 30), (28, 50, 92), (70, 120, 186)], np.clip(0.4 + 0.28 * strands, 0, 1))
    marks = strokes(random, np.arctan2(y - rows / 2, x - columns / 2) + np.pi / 2, 5)
    ramp = [(60, 44, 84), (92, 96, 178), (142, 168, 228), (206, 226, 250)]
    skin = mixed(ramp, np.clip(p["light"] + 0.07 * marks, 0, 1))
    out = over(ground, hair, p["hair"])
    out = over(out, 0.82 * skin, p["neck"])
    out = over(out, skin, p["face"])
    for name, colour in (("eyes", (216, 224, 226)), ("pupils", (58, 40, 26)), ("brows", (22, 34, 60)), ("lips", (74, 70, 176))):
        out = over(out, np.array(colour) * (1 + 0.06 * marks[..., None]), p[name])
    return out


def portrait() -> dict[str, Picture]:
    """Both 256 by 320: grey plate, position and edges guide the way."""
    rows, columns = 320, 256
    v, u = ((np.mgrid[0:rows, 0:columns] + 0.5) - np.array([rows, columns])[:, None, None] / 2) / 128
    angle = np.deg2rad(9)
    ty = (np.cos(angle) * v - np.sin(angle) * u) / 1.12 - 0.03
    tx = (np.sin(angle) * v + np.cos(angle) * u) / 1.12 + 0.06 * np.cos(2 * ty)
    out: dict[str, Picture] = {"style": painted_head(head(v, u))}
    for name, y, x in (("source", v, u), ("target", ty, tx)):
        grey = plate(head(y, x))
        edge = np.abs(cv2.GaussianBlur(grey, (0, 0), 1.2) - cv2.GaussianBlur(grey, (0, 0), 4)) * 4
        position = np.stack([128 + 80 * x, 128 + 80 * y, np.full_like(x, 128)], -1)
        out |= {f"{name}_grey": grey, f"{name}_position": position, f"{name}_edge": edge}
    return out


def write_all() -> None:
    """Write every picture."""
    for make in (textures, sphere, portrait):
        folder = OUT / make.__name__
        folder.mkdir(parents=True, exist_ok=True)
        for name, picture in make().items():
            cv2.imwrite(str(folder / f"{name}.png"), np.clip(np.rint(picture), 0, 255).astype(np.uint8), [cv2.IMWRITE_PNG_COMPRESSION, 9])


if __name__ == "__main__":
    write_all()
