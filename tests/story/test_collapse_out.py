"""A collapse handed to other programs: mattes by piece, a control pack, a scene."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import OpenEXR
import OpenImageIO as oiio
import pytest

from bottega.model import Take

from .test_collapse_story import FAILS, LAST, Set, _its_keys, corner  # noqa: F401

pytestmark = pytest.mark.timeout(1200)


@pytest.fixture(scope="module")
def take(corner: Set) -> Take:  # noqa: F811
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOTTEGA_HOME", str(corner.root / "home"))
        request = corner.studio.collapse_request("sh020", corner.root / "collapse.toml", no_performer=True)
        return corner.studio.collapse(request, threads=1)


def frame_of(corner: Set, take: Take, number: int) -> Path:  # noqa: F811
    [found] = [o for o in take.outputs if o.frame == number and o.path.startswith("frames/")]
    return corner.studio.folder.root / take.folder / found.path


def mattes(header: dict[str, object], channels: dict[str, np.ndarray], layer: str) -> dict[str, np.ndarray]:
    """Each name's matte, as the specification reads it: find the key by its name, then sum coverages over ranks of its id."""
    [key] = [k.rsplit("/", 1)[0] for k, v in header.items() if k.startswith("cryptomatte/") and k.endswith("/name") and v == layer]
    assert header[f"{key}/hash"] == "MurmurHash3_32"
    assert header[f"{key}/conversion"] == "uint32_to_float32"
    ranks = []
    for level in sorted({n.rsplit(".", 1)[0] for n in channels if n.startswith(layer)}):
        assert level[len(layer) :].isdigit()
        ranks += [(channels[f"{level}.R"], channels[f"{level}.G"]), (channels[f"{level}.B"], channels[f"{level}.A"])]
    out = {}
    for name, code in json.loads(str(header[f"{key}/manifest"])).items():
        number = np.float32(struct.unpack(">f", bytes.fromhex(code))[0])
        out[name] = sum(np.where(ids == number, part, 0) for ids, part in ranks)
    return out


@pytest.mark.heavy
@pytest.mark.parametrize("part", [0, None], ids=["keys of the first part", "keys of its own part"])
def test_mattes_by_piece_and_by_kind_sum_to_the_pieces_alpha(corner: Set, take: Take, part: int | None) -> None:  # noqa: F811
    with OpenEXR.File(str(frame_of(corner, take, LAST)), separate_channels=True) as file:
        parts = {p.name(): p for p in file.parts}
        alpha = parts["pieces"].channels["A"].pixels.astype(np.float32)
        for layer in ("crypto_piece", "crypto_element"):
            header = file.parts[part].header if part is not None else parts[layer].header
            channels = {n: c.pixels for n, c in parts[layer].channels.items()}
            assert all(c.dtype == np.float32 for c in channels.values())
            found = mattes(header, channels, layer)
            assert np.abs(sum(found.values()) - alpha).max() < 1 / 255
            if layer == "crypto_element":
                assert {"wall", "glass", "slab"} <= set(found)
            else:
                ids = parts["id"].channels["piece"].pixels
                seen = [n for n, m in found.items() if m.any()]
                assert len(seen) > 50
                for name in seen[:20]:  # a piece that has all of a pixel is the one at its middle
                    assert (ids[found[name] > 0.999] == int(name.rsplit("_p", 1)[1].rstrip("_")) + 1).all()


@pytest.mark.heavy
def test_another_library_reads_the_same_mattes(corner: Set, take: Take) -> None:  # noqa: F811
    path = str(frame_of(corner, take, LAST))
    there = oiio.ImageBuf(path)
    names = [oiio.ImageBuf(path, i, 0).spec().getattribute("name") for i in range(there.nsubimages)]
    own = oiio.ImageBuf(path, names.index("crypto_piece"), 0)
    pixels, spec = own.get_pixels(oiio.FLOAT), own.spec()
    header = {a.name: a.value for a in there.spec().extra_attribs}
    found = mattes(header, {n: pixels[..., i] for i, n in enumerate(spec.channelnames)}, "crypto_piece")
    alpha = oiio.ImageBuf(path, names.index("pieces"), 0).get_pixels(oiio.FLOAT)[..., 3]
    assert np.abs(sum(found.values()) - alpha).max() < 1 / 255
    assert alpha.max() > 0.9


@pytest.mark.heavy
def test_before_anything_happens_there_are_none(corner: Set, take: Take) -> None:  # noqa: F811
    with OpenEXR.File(str(frame_of(corner, take, FAILS - 2))) as file:
        assert not any(p.name().startswith("crypto") for p in file.parts)
