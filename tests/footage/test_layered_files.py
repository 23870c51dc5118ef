"""Pictures in layers: what is written is read by others as it is meant, what comes from others is read or refused by name."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile

import numpy as np
import OpenImageIO
import pytest
from made_pictures import Door, sealed

from bottega.footage import codes8, describe, flattened, frames, layer_of, open_frames, open_layers, opened_layers
from bottega.footage.frame import Box
from bottega.footage.mark import Mark
from bottega.footage.ora_file import ora_bytes, read_ora
from bottega.footage.origin import made_by
from bottega.footage.psd_read import read_psd
from bottega.footage.psd_write import psd_bytes
from bottega.model import BottegaError, ConsentError, FootageError, UsageError

HEIGHT, WIDTH = 90, 71
CANVAS = Box(0, 0, WIDTH, HEIGHT)
MARK = Mark("show-1", plan="ab" * 32)
WRITERS = {".psd": psd_bytes, ".ora": ora_bytes}


@pytest.fixture(autouse=True)
def _the_door_of_the_test(monkeypatch):
    monkeypatch.setattr(frames, "Door", Door)


def painted(name, seed, **more):
    rng = np.random.default_rng(seed)
    rgba = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    rgba[10:70, 5:60] = rng.integers(0, 256, (60, 55, 4))
    rgba[20:40, 5:60] = rgba[20, 5]  # runs
    return layer_of(name, rgba, **more)


def stack():
    paper = np.full((HEIGHT, WIDTH, 4), (240, 230, 220, 255), np.uint8)
    return [
        layer_of("paper", paper),
        painted("coat Mantel 外套", 1, groups=("cloth",)),
        painted("waistcoat", 2, groups=("cloth", "inner")),
        painted("shade", 3, blend="multiply", opacity=0.6),
        painted("hidden", 4, visible=False),
        painted("line", 5),
    ]


def merged(layers):
    return codes8(flattened(layers, CANVAS))[..., :3]


@pytest.fixture(params=[".psd", ".ora"])
def kind(request):
    return request.param


@pytest.fixture
def file(kind, tmp_path):
    path = tmp_path / f"look{kind}"
    path.write_bytes(WRITERS[kind](stack(), merged(stack()), mark=MARK))
    return path


def test_what_is_written_is_read_back_layer_by_layer_and_bit_for_bit(file):
    found = open_layers(sealed(file), "clearance", door=Door())
    assert [h.path for h in found.heads] == ["paper", "cloth/coat Mantel 外套", "cloth/inner/waistcoat", "shade", "hidden", "line"]
    for layer, head in zip(stack(), found.heads, strict=True):
        assert (found.read(head.path).rgba == layer.rgba).all()
        assert (head.box, head.blend, head.visible) == (layer.head.box, layer.head.blend, layer.head.visible)
        assert abs(head.opacity - layer.head.opacity) < 1 / 255
    assert (codes8(flattened(found.all(), CANVAS))[..., :3] == merged(stack())).all()


def test_the_same_layers_give_the_same_bytes(kind):
    write = WRITERS[kind]
    assert write(stack(), merged(stack()), mark=MARK) == write(stack(), merged(stack()), mark=MARK)


def test_the_mark_is_in_the_file(file):
    said = made_by(sealed(file), show_id="show-1")
    assert (said.show_id, said.plans) == ("show-1", ("ab" * 32,))


def test_a_psd_opens_in_two_other_readers_with_its_layers(tmp_path):
    path = tmp_path / "look.psd"
    path.write_bytes(psd_bytes(stack(), merged(stack()), mark=MARK))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import psd_tools

        other = psd_tools.PSDImage.open(path)
        assert [layer.name for layer in other.descendants() if layer.kind == "pixel"] == [layer.head.name for layer in stack()]
        assert [layer.name for layer in other.descendants() if layer.kind == "group"] == ["cloth", "inner"]
        flat = np.asarray(other.composite(force=True).convert("RGB")).astype(int)
        kept = np.asarray(other.topil().convert("RGB"))
    assert np.abs(flat - merged(stack())).max() <= 1
    assert (kept == merged(stack())).all()
    image = OpenImageIO.ImageInput.open(str(path))
    assert (image.read_image(OpenImageIO.UINT8) == merged(stack())).all()
    names = []
    while image.seek_subimage(len(names) + 1, 0):
        names.append(image.spec().get_string_attribute("oiio:subimagename"))
    assert names[0] == "paper"
    assert len(names) == len(stack())


def test_an_ora_opens_in_another_reader_with_its_layers(tmp_path):
    import pyora

    path = tmp_path / "look.ora"
    path.write_bytes(ora_bytes(stack(), merged(stack()), mark=MARK))
    other = pyora.Project.load(str(path))
    names = [part.name for part in other.iter_tree if part.type == pyora.TYPE_LAYER]
    assert names == [layer.head.name for layer in stack()]
    flat = np.asarray(other.get_image_data(use_original=False).convert("RGB")).astype(int)
    assert np.abs(flat - merged(stack())).max() <= 1


def test_layers_need_the_door_and_are_no_frames(file):
    door = Door(refuses=True)
    with pytest.raises(ConsentError):
        open_layers(sealed(file), "clearance", door=door)
    with pytest.raises(UsageError, match="in layers"):
        open_frames(sealed(file), "clearance", door=Door(), working="lin_rec709_srgb")
    record = sealed(file)
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    with pytest.raises(ConsentError, match="hash_changed"):
        open_layers(record, "clearance", door=Door())


def test_a_layer_that_is_not_there_is_named_with_those_that_are(file):
    found = open_layers(sealed(file), "clearance", door=Door())
    with pytest.raises(UsageError, match="layer 'ink' is not there; layers are paper"):
        found.read("ink")


def test_damage_gives_a_layered_file_or_an_error_with_a_name(kind):
    data = WRITERS[kind](stack(), merged(stack()), mark=MARK)
    read = read_psd if kind == ".psd" else read_ora
    rng = np.random.default_rng(7)
    refused = 0
    for _ in range(300):
        wrong = bytearray(data)
        for _ in range(int(rng.integers(1, 5))):
            wrong[int(rng.integers(len(wrong) if rng.random() < 0.5 else 900))] = int(rng.integers(256))
        cut = bytes(wrong[: int(rng.integers(len(wrong)))]) if rng.random() < 0.2 else bytes(wrong)
        try:
            found = read(cut, "damaged")
            for head in found.heads:
                found.read(head)
        except BottegaError as problem:
            refused += 1
            assert "damaged" in str(problem)
    assert refused > 50


@pytest.mark.parametrize(
    ("mode", "bits", "version", "says"),
    [
        (4, 8, 1, "is CMYK, allowed are RGB and grey"),
        (9, 16, 1, "is Lab"),
        (2, 8, 1, "is indexed"),
        (3, 32, 1, "has 32 bits a channel, allowed are 8 and 16"),
        (3, 8, 2, "PSB, the large format"),
    ],
)
def test_a_psd_that_we_do_not_take_is_refused_by_its_kind(mode, bits, version, says):
    data = b"8BPS" + struct.pack(">H6xHIIHH", version, 3, 10, 10, bits, mode) + bytes(16)
    with pytest.raises(FootageError, match=says):
        read_psd(data, "art.psd")


def test_a_psd_of_impossible_size_is_refused_before_memory_is_asked_for():
    with pytest.raises(FootageError, match="4000000000x10"):
        read_psd(b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, 10, 4_000_000_000, 8, 3) + bytes(16), "art.psd")


def zipped(**entries):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("mimetype", "image/openraster")
        for name, data in entries.items():
            file.writestr(name.replace("__", "/").replace("_dot_", "."), data)
    return out.getvalue()


LAYER = '<image w="10" h="10"><stack><layer name="a" src="{src}"/></stack></image>'


@pytest.mark.parametrize(
    ("xml", "says"),
    [
        ('<!DOCTYPE a [<!ENTITY x "y">]><image w="1" h="1"><stack/></image>', "declares a document type"),
        (LAYER.format(src="../../etc/passwd"), "allowed are places inside the file"),
        (LAYER.format(src="/etc/passwd"), "which is not in the file"),
        (LAYER.format(src="data/none.png"), "which is not in the file"),
        ('<image w="100000" h="10"><stack/></image>', "100000x10"),
        ('<image w="10" h="10">' + "<stack>" * 40 + "</stack>" * 40 + "</image>", "more than 32 deep"),
        ('<image w="10"', "cannot be read"),
    ],
)
def test_a_hostile_stack_is_refused_by_name(xml, says):
    with pytest.raises(FootageError, match=says):
        read_ora(zipped(stack_dot_xml=xml), "art.ora")


def test_what_is_no_zip_or_unpacks_without_end_is_refused():
    with pytest.raises(FootageError, match="damaged"):
        read_ora(b"no zip at all", "art.ora")
    with pytest.raises(FootageError, match="allowed are 1048576"):
        read_ora(zipped(stack_dot_xml=b" " * (1 << 22)), "art.ora")


def test_an_encrypted_layer_is_refused_by_name():
    data = bytearray(zipped(stack_dot_xml=LAYER.format(src="data/a.png"), data__a_dot_png=b"x" * 40))
    local, central = data.find(b"data/a.png", data.find(b"</image>") - 400), data.rfind(b"data/a.png")
    data[local - 30 + 6] |= 1
    data[central - 46 + 8] |= 1
    with pytest.raises(FootageError, match=r"layer 'a': 'data/a.png' in it is encrypted"):
        read_ora(bytes(data), "art.ora")


def test_a_mask_of_impossible_size_is_refused_before_memory_is_asked_for():
    whole, small = sixteen_bit_with_mask(), struct.pack(">iiiiBBH", 1, 0, 3, 2, 0, 0, 0)
    assert whole.count(small) == 1
    with pytest.raises(FootageError, match="200000x200000"):
        read_psd(whole.replace(small, struct.pack(">iiiiBBH", 0, 0, 200_000, 200_000, 0, 0, 0)), "art.psd")


def test_layers_are_no_plate(file):
    with pytest.raises(UsageError, match="is in layers: name one of them"):
        describe(sealed(file))


def test_masks_sixteen_bits_and_adjustments_as_documented():
    found = read_psd(sixteen_bit_with_mask(), "art.psd")
    assert [h.name for h in found.heads] == ["ink"]
    assert found.left_out == ("grade: adjustment or fill (levl)",)
    rgba = found.read(found.heads[0]).rgba
    assert rgba.dtype == np.uint16
    assert (rgba[..., 0] == 40000).all()
    assert (rgba[0, :, 3] == 0).all()  # outside of its mask, whose default is black
    assert (rgba[1:, :, 3] == 65535 * 32768 // 65535).all()


def sixteen_bit_with_mask():
    """A file as Photoshop writes 16-bit ones: layers in a block Lr16, a mask below the first row, an adjustment above."""
    plane = struct.pack(">H", 0) + np.full((3, 2), 40000, ">u2").tobytes()
    opaque = struct.pack(">H", 0) + np.full((3, 2), 65535, ">u2").tobytes()
    mask = struct.pack(">H", 0) + np.full((2, 2), 32768, ">u2").tobytes()
    sized = lambda data: struct.pack(">I", len(data)) + data  # noqa: E731
    name = b"\x03ink"
    extra = sized(struct.pack(">iiiiBBH", 1, 0, 3, 2, 0, 0, 0)) + sized(b"") + name
    channels = [(0, plane), (1, plane), (2, plane), (-1, opaque), (-2, mask)]
    head = struct.pack(">iiiiH", 0, 0, 3, 2, 5) + b"".join(struct.pack(">hI", i, len(p)) for i, p in channels)
    first = head + struct.pack(">4s4sBBBB", b"8BIM", b"norm", 255, 0, 8, 0) + sized(extra)
    grade = sized(b"") + sized(b"") + b"\x05grade\0\0" + b"8BIMlevl" + sized(bytes(4))
    second = struct.pack(">iiiiH4s4sBBBB", 0, 0, 0, 0, 0, b"8BIM", b"norm", 255, 0, 8, 0) + sized(grade)
    info = struct.pack(">h", 2) + first + second + b"".join(p for _, p in channels)
    section = struct.pack(">II", 0, 0) + b"8BIMLr16" + sized(info)
    return b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, 3, 2, 16, 3) + struct.pack(">II", 0, 0) + sized(section)


def test_a_door_is_asked_for_by_kind():
    assert opened_layers.check_door is frames.check_door
