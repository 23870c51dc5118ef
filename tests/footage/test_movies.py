from fractions import Fraction

import av
import numpy as np
import pytest
from made_pictures import SRGB, Door, a_take, opened, read_one, sealed

from bottega import footage
from bottega.footage import Delivery, describe, movie_file, sealing
from bottega.footage.yuv import MATRICES, Coding, from_rgb, to_rgb
from bottega.model import ConsentError, FootageError, UsageError

BARS = np.array(
    [[191, 191, 191], [191, 191, 0], [0, 191, 191], [0, 191, 0], [191, 0, 191], [191, 0, 0], [0, 0, 191], [16, 235, 128]], np.uint8
)


def bars(height=64, width=256):
    return np.repeat(BARS[None], height, 0).repeat(width // 8, 1)


def numbered(count, height=48, width=64):
    """Pictures whose grey is 20 + 5 n."""
    return [np.full((height, width, 3), 20 + 5 * n, np.uint8) for n in range(count)]


def made(tmp_path, pictures, codec="h264", fps=Fraction(24), name=None):
    name = name or {"h264": "a.mp4", "prores": "a.mov"}[codec]
    Delivery(tmp_path, a_take()).movie(name, pictures, fps, codec=codec)
    return tmp_path / name


@pytest.mark.parametrize("codec", ["h264", "prores"])
def test_colour_bars_survive_and_are_tagged_709(tmp_path, codec):
    path = made(tmp_path, [bars()] * 2, codec)
    with av.open(str(path)) as container:
        stream = container.streams.video[0].codec_context
        assert [int(v) for v in (stream.colorspace, stream.color_primaries, stream.color_trc, stream.color_range)] == [1, 1, 1, 1]
        foreign = next(container.decode(video=0)).reformat(format="rgb24", src_colorspace=1, src_color_range=1, dst_color_range=2)
        assert np.abs(foreign.to_ndarray()[32, 16::32].astype(int) - BARS).max() <= 4, "another decoder's arithmetic sees the same bars"
    frame = read_one(path, colour=SRGB, working=SRGB)
    codes = frame.native[32, 16::32].astype(float) / 257
    assert np.abs(codes - BARS).max() <= 2


@pytest.mark.parametrize("matrix", sorted(MATRICES))
@pytest.mark.parametrize("limited", [True, False])
@pytest.mark.parametrize("bits", [8, 10, 12])
def test_the_matrix_undoes_itself(matrix, limited, bits):
    coding = Coding(bits=bits, limited=limited, matrix=matrix)
    flat = np.random.default_rng(1).random((7, 1, 1, 3), dtype=np.float32) * np.ones((7, 4, 6, 1), np.float32)
    for rgb in flat:
        planes = from_rgb(rgb, coding, halve_rows=True)
        assert [p.shape for p in planes] == [(4, 6), (2, 3), (2, 3)]
        assert np.abs(to_rgb(*planes, coding) - rgb).max() <= 2.2 / (1 << bits)


def test_known_codes_of_bt709():
    planes = from_rgb(np.array([[[1, 0, 0]] * 2] * 2, np.float32), Coding(bits=8), halve_rows=True)
    assert [int(p[0, 0]) for p in planes] == [63, 102, 240]
    planes = from_rgb(np.ones((2, 2, 3), np.float32), Coding(bits=10), halve_rows=False)
    assert [int(p[0, 0]) for p in planes] == [940, 512, 512]


@pytest.mark.parametrize("codec", ["h264", "prores"])
def test_the_same_pictures_give_the_same_bytes(tmp_path, codec):
    one = made(tmp_path, numbered(5), codec)
    two = made(tmp_path / "again", numbered(5), codec)
    assert one.read_bytes() == two.read_bytes()


def test_every_frame_of_a_proxy_is_a_key_frame(tmp_path):
    with av.open(str(made(tmp_path, numbered(8)))) as container:
        assert [p.is_keyframe for p in container.demux(video=0) if p.size] == [True] * 8


def test_header_says_rate_length_and_colour(tmp_path):
    found = describe(sealed(made(tmp_path, numbered(7), "prores", Fraction(24000, 1001))))
    assert (found.fps, found.frame_count, found.width, found.height, found.dtype) == (Fraction(24000, 1001), 7, 64, 48, "uint10")
    assert found.colour == "Gamma 2.4 Encoded Rec.709"


def long_gop(path, count=120, rate=25):
    """H.264 with B-frames and few key frames, as cameras and editors make it."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=rate, options={"g": "30", "bf": "3", "crf": "10"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        codec = stream.codec_context
        codec.colorspace = codec.color_primaries = codec.color_trc = codec.color_range = 1
        for number in range(count):
            frame = av.VideoFrame(64, 48, "yuv420p")
            for index, plane in enumerate(frame.planes):
                plane.update(bytes([16 + number if index == 0 else 128]) * plane.buffer_size)
            frame.pts = number
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("ending", ["mp4", "mov", "m4v", "mkv"])
def test_any_order_gives_the_exact_frames(tmp_path, ending):
    path = long_gop(tmp_path / f"a.{ending}")
    with opened(path, working=SRGB, colour=SRGB) as frames:
        assert frames.numbers == tuple(range(1001, 1121))
        for number in (1001, 1002, 1003, 1100, 1101, 1050, 1120, 1119, 1001, 1060, 1061):
            luma = frames.read(number).native[24, 32, 1] / 65535 * 219 + 16
            assert abs(luma - (16 + number - 1001)) < 0.6, number


def test_reading_through_gives_each_frame_once(tmp_path):
    with opened(long_gop(tmp_path / "a.mp4"), working=SRGB, colour=SRGB) as frames:
        seen = [round(float(f.native[24, 32, 1] / 65535 * 219)) for f in frames]
    assert seen == list(range(120))


def test_a_movie_can_be_read_again_after_its_end(tmp_path):
    with opened(made(tmp_path, numbered(5)), working=SRGB, colour=SRGB) as frames:
        for number in (1004, 1005, 1001, 1005, 1002):
            grey = frames.read(number).native[9, 9, 0] / 257
            assert abs(grey - (20 + 5 * (number - 1001))) <= 1
        with pytest.raises(FootageError, match="frame 1006 is missing, there are 1001-1005"):
            frames.read(1006)


def test_a_variable_rate_has_no_frame_numbers(tmp_path):
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for time in (0, 1, 2, 5, 6, 9, 10):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 90, np.uint8), "rgb24")
            frame.pts = time
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    with (
        opened(path, colour=SRGB) as frames,
        pytest.raises(FootageError, match=r"picture \d is not where .* put it: export at a constant rate"),
    ):
        for number in frames.numbers:
            frames.read(number)


def test_a_changed_movie_is_refused_before_the_decoder_sees_it(tmp_path):
    path = long_gop(tmp_path / "a.mp4")
    one = sealed(path, colour=SRGB)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    with footage.open_frames(one, "c", door=Door(), working=SRGB) as frames:
        with pytest.raises(ConsentError, match=r"a\.mp4': bytes 0 to \d+ differ from what was sealed") as caught:
            frames.read(1001)
        assert caught.value.codes == ("hash_changed",)


def test_a_chunk_changed_while_the_movie_is_open_is_refused(tmp_path, monkeypatch):
    chunk = 1 << 16
    for module in (sealing, movie_file):
        monkeypatch.setattr(module, "CHUNK_BYTES", chunk)
    noise = np.random.default_rng(0)
    path = made(tmp_path, [noise.integers(0, 255, (96, 128, 3), dtype=np.uint8) for _ in range(60)], "prores")
    one = sealed(path, colour=SRGB)
    assert path.stat().st_size > 8 * chunk
    assert len(one.files[0].chunks) == -(-path.stat().st_size // chunk)
    at = 5
    with footage.open_frames(one, "c", door=Door(), working=SRGB) as frames:
        frames.read(1001)
        with path.open("r+b") as file:
            file.seek(at * chunk + 1000)
            file.write(b"changed")
        with pytest.raises(ConsentError, match=rf"bytes {at * chunk} to {(at + 1) * chunk} differ"):
            for number in frames.numbers:
                frames.read(number)


@pytest.mark.parametrize("keep", [20, 0.1, 0.3])
def test_a_cut_off_movie_is_refused(tmp_path, keep):
    path = made(tmp_path, numbered(12))
    data = path.read_bytes()
    path.write_bytes(data[: keep if isinstance(keep, int) else int(len(data) * keep)])
    with pytest.raises(FootageError, match=r"a\.mp4.* is no movie that can be read, or is cut off.*copy it again"):
        read_one(path, colour=SRGB)


def test_a_movie_with_its_header_first_and_its_end_missing(tmp_path):
    path = tmp_path / "a.mp4"
    whole = long_gop(tmp_path / "b.mp4")
    with av.open(str(whole)) as source, av.open(str(path), "w", options={"movflags": "faststart"}) as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                out.mux(packet)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * 0.7)])
    with (
        opened(path, working=SRGB, colour=SRGB) as frames,
        pytest.raises(FootageError, match=r"a\.mp4.*(ends before picture|cannot be decoded)"),
    ):
        for number in frames.numbers:
            frames.read(number)


def test_text_named_like_a_movie(tmp_path):
    (tmp_path / "a.mov").write_text("text")
    with pytest.raises(FootageError, match=r"a\.mov.* is no movie that can be read"):
        describe(sealed(tmp_path / "a.mov"))


@pytest.mark.parametrize(
    "text", ["#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{}\n#EXT-X-ENDLIST\n", "ffconcat version 1.0\nfile '{}'\n"]
)
def test_a_playlist_named_like_a_movie_leads_nowhere(tmp_path, text):
    made(tmp_path, numbered(3))
    path = tmp_path / "list.mov"
    path.write_text(text.format(tmp_path / "a.mp4"))
    with pytest.raises(FootageError, match=r"list\.mov.* is no movie that can be read"):
        describe(sealed(path))


def foreign(path, codec, layout, pictures, *, matrix=1, full=False, options=None):
    """A movie as other programs make it: converted by FFmpeg's own arithmetic, tagged with what it is."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=24, options=options or {})
        stream.width, stream.height, stream.pix_fmt = pictures[0].shape[1], pictures[0].shape[0], layout
        context = stream.codec_context
        context.colorspace, context.color_primaries, context.color_trc, context.color_range = matrix, 1, 1, 2 if full else 1
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, "rgb24" if picture.shape[2] == 3 else "rgba")
            frame = frame.reformat(format=layout, src_color_range=2, dst_colorspace=matrix, dst_color_range=2 if full else 1)
            frame.pts = number
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("name", "codec", "layout", "more"),
    [
        ("a.mp4", "libx264", "yuv444p", {"options": {"crf": "4"}}),
        ("a.mp4", "libx264", "yuv420p", {"matrix": 5, "options": {"crf": "4"}}),
        ("a.mp4", "libx264", "yuv420p", {"full": True, "options": {"crf": "4"}}),
        ("a.mp4", "libx264rgb", "gbrp", {"options": {"crf": "0"}}),
        ("a.mov", "prores_ks", "yuv444p10le", {"options": {"profile": "4"}}),
        ("a.mov", "dnxhd", "yuv422p", {"options": {"profile": "dnxhr_hq"}}),
        ("a.mxf", "dnxhd", "yuv422p10le", {"options": {"profile": "dnxhr_hqx"}}),
    ],
)
def test_movies_of_other_programs_show_the_same_bars(tmp_path, name, codec, layout, more):
    if layout == "gbrp":
        path = tmp_path / name
        with av.open(str(path), "w") as out:
            stream = out.add_stream(codec, rate=24, options=more["options"])
            stream.width, stream.height, stream.pix_fmt = 256, 128, "rgb24"
            out.mux(stream.encode(av.VideoFrame.from_ndarray(bars(128), "rgb24")))
            out.mux(stream.encode(None))
    else:
        path = foreign(tmp_path / name, codec, layout, [bars(128)] * 2, **more)
    codes = read_one(path, colour=SRGB, working=SRGB).native[64, 16::32].astype(float) / 257
    assert np.abs(codes - BARS).max() <= 3


def test_the_alpha_of_prores_4444(tmp_path):
    picture = np.dstack([bars(64), np.full((64, 256), 128, np.uint8)])
    path = foreign(tmp_path / "a.mov", "prores_ks", "yuva444p10le", [picture], options={"profile": "4", "alpha_bits": "16"})
    frame = read_one(path, colour=SRGB, working=SRGB)
    assert not frame.premultiplied
    assert np.abs(frame.alpha - 128 / 255).max() < 2 / 1023


def test_an_untagged_movie_must_be_declared(tmp_path):
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(3):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(np.full((48, 64, 3), 90, np.uint8), "rgb24")))
        out.mux(stream.encode(None))
    found = describe(sealed(path))
    assert found.colour is None
    assert any("BT.709 is taken once its colour space is declared" in note for note in found.notes)
    with pytest.raises(UsageError, match=r"does not say its colour space \(its matrix is not usable \(2\).*declare it with --colour"):
        opened(path)
    assert abs(read_one(path, colour=SRGB, working=SRGB).native[9, 9, 0] / 257 - 90) <= 2


def test_odd_sizes_gain_a_line(tmp_path):
    picture = np.random.default_rng(0).integers(0, 255, (33, 47, 3), dtype=np.uint8)
    found = describe(sealed(made(tmp_path, [picture], "prores")))
    assert (found.width, found.height) == (48, 34)


def test_wrong_movies_are_named(tmp_path):
    delivery = Delivery(tmp_path, a_take())
    with pytest.raises(UsageError, match=r"vp9 in \.mp4 is not made, allowed are h264 in \.mp4"):
        delivery.movie("a.mp4", numbered(1), Fraction(24), codec="vp9")
    with pytest.raises(FootageError, match="no picture was given"):
        delivery.movie("a.mp4", [], Fraction(24))
    with pytest.raises(ValueError, match="picture 2 is 64x50, the first was 64x48"):
        delivery.movie("a.mp4", [*numbered(1), *numbered(1, 50)], Fraction(24))
    assert list(tmp_path.iterdir()) == []
    delivery.movie("a.mp4", numbered(1), Fraction(24))
    with pytest.raises(FootageError, match="there already"):
        delivery.movie("a.mp4", numbered(1), Fraction(24))
