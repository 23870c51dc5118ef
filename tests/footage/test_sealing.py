import hashlib
import sys

import pytest
from made_pictures import half_picture, sealed, write_rgb

from bottega.footage import find, require_whole, seal
from bottega.model import CHUNK_BYTES, FootageError, Role, UsageError


def test_a_still_is_its_bytes(tmp_path):
    path = tmp_path / "a.exr"
    path.write_bytes(b"not decoded, only hashed")
    made = sealed(path)
    assert made.digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (made.files[0].size_bytes, made.files[0].chunks, made.first_frame) == (24, (), None)
    made.check()


def test_the_digest_follows_bytes_and_numbers_not_names(tmp_path):
    for folder, names in {"one": ("a.1001.exr", "a.1002.exr"), "two": ("other.1001.exr", "other.1002.exr")}.items():
        (tmp_path / folder).mkdir()
        for name, text in zip(names, (b"1", b"2"), strict=True):
            (tmp_path / folder / name).write_bytes(text)
    one, two = sealed(tmp_path / "one"), sealed(tmp_path / "two")
    assert one.digest == two.digest
    assert (one.first_frame, one.frame_count) == (1001, 2)
    (tmp_path / "two" / "other.1002.exr").rename(tmp_path / "two" / "other.1003.exr")
    assert sealed(tmp_path / "two").digest != one.digest


@pytest.mark.parametrize("extra", [-1, 0, 1])
def test_chunk_hashes_cover_a_long_file(tmp_path, extra):
    path = tmp_path / "a.mov"
    data = bytes(range(256)) * (CHUNK_BYTES // 256 * 2) + b"abc"
    data = data[: CHUNK_BYTES + extra] if extra < 1 else data
    path.write_bytes(data)
    file = sealed(path).files[0]
    pieces = [data[i : i + CHUNK_BYTES] for i in range(0, len(data), CHUNK_BYTES)]
    assert file.chunks == (tuple(hashlib.sha256(p).hexdigest() for p in pieces) if len(data) > CHUNK_BYTES else ())
    assert file.sha256 == hashlib.sha256(data).hexdigest()


def test_progress_counts_every_byte_once(tmp_path):
    for number, size in ((1001, 3_000_000), (1002, 10)):
        (tmp_path / f"a.{number}.exr").write_bytes(b"x" * size)
    seen: list[tuple[int, int]] = []
    seal(find(tmp_path), role=Role.PLATE, progress=lambda done, total: seen.append((done, total)))
    assert seen == sorted(seen)
    assert seen[-1] == (3_000_010, 3_000_010)


def test_empty_file_and_unknown_colour_are_refused(tmp_path):
    (tmp_path / "a.1001.exr").write_bytes(b"")
    with pytest.raises(FootageError, match=r"a\.1001\.exr', frame 1001 is empty \(0 bytes\): copy it again"):
        sealed(tmp_path)
    with pytest.raises(UsageError, match="did you mean srgb_tx"):
        sealed(write_rgb(tmp_path / "b.exr", half_picture()), colour="srgb_txx")


def test_the_declared_colour_gets_the_configs_own_name(tmp_path):
    assert sealed(write_rgb(tmp_path / "b.exr", half_picture()), colour="lin_srgb").colour == "Linear Rec.709 (sRGB)"


def test_holes_are_named(tmp_path):
    for number in (1001, 1002, 1005):
        (tmp_path / f"a.{number}.exr").write_bytes(b"x")
    source = find(tmp_path)
    with pytest.raises(UsageError, match="has holes at 1003-1004: supply"):
        require_whole(source)
    assert [f.frame for f in seal(source, role=Role.MATTE).files] == [1001, 1002, 1005]


def test_the_room_and_sealing_load_no_codec(tmp_path):
    import subprocess

    (tmp_path / "a.exr").write_bytes(b"x")
    code = (
        "import sys; from bottega import footage; from bottega.model import Role;"
        f"footage.seal(footage.find({str(tmp_path / 'a.exr')!r}), role=Role.PLATE);"
        "print([m for m in ('numpy', 'OpenEXR', 'OpenImageIO', 'av', 'cv2', 'PyOpenColorIO', 'numba') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_naming_everything_the_room_has_loads_no_codec():
    import subprocess

    code = (
        "import sys; from bottega import footage;"
        "[getattr(footage, name) for name in footage.__all__];"
        "print([m for m in ('OpenEXR', 'OpenImageIO', 'av', 'cv2', 'PyOpenColorIO', 'fileseq') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
