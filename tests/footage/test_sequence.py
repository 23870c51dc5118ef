import os
from pathlib import Path

import pytest

from bottega.footage import Kind, find, ranges
from bottega.model import FootageError, UsageError


def files(folder: Path, *names: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_bytes(b"x")
    return folder


@pytest.mark.parametrize("pattern", ["a.####.exr", "a.%04d.exr", "a.$F4.exr", "a.#.exr", "a.@@@@.exr", "a.$F.exr", "a.%d.exr"])
def test_ways_of_writing_a_sequence_find_the_same_frames(tmp_path, pattern):
    files(tmp_path, "a.1001.exr", "a.1002.exr", "a.1004.exr", "b.1003.exr", "a.1003.png", ".a.1003.exr")
    source = find(tmp_path / pattern)
    assert source.kind is Kind.SEQUENCE
    assert [f.frame for f in source.files] == [1001, 1002, 1004]
    assert source.holes == (1003,)
    assert source.first_frame == 1001
    assert [f.path.name for f in source.files] == ["a.1001.exr", "a.1002.exr", "a.1004.exr"]


def test_folder_with_one_sequence_is_that_sequence(tmp_path):
    files(tmp_path, "1001.exr", "1002.exr", "notes.txt", ".hidden.1003.exr")
    assert [f.frame for f in find(tmp_path).files] == [1001, 1002]
    assert find(str(tmp_path) + "/").holes == ()


def test_plate_of_one_frame_is_a_sequence_of_one(tmp_path):
    files(tmp_path, "a.1001.exr")
    for given in (tmp_path, tmp_path / "a.####.exr"):
        source = find(given)
        assert (source.kind, source.first_frame, len(source.files), source.holes) == (Kind.SEQUENCE, 1001, 1, ())


@pytest.mark.parametrize(("name", "number"), [("face.1024.png", 1024), ("1024.png", 1024), ("face_v003.png", None), ("face.png", None)])
def test_one_picture_is_a_still_and_knows_the_number_in_its_name(tmp_path, name, number):
    source = find(files(tmp_path, name) / name)
    assert (source.kind, source.first_frame, source.number_in_name) == (Kind.STILL, None, number)
    assert source.files[0].frame is None


def test_movie_starts_where_it_is_told(tmp_path):
    source = find(files(tmp_path, "a.mov") / "a.mov", 986)
    assert (source.kind, source.first_frame) == (Kind.MOVIE, 986)


def test_folder_with_several_sequences_lists_them(tmp_path):
    files(tmp_path, "a.1001.exr", "a.1002.exr", "b.1001.exr", "c.png")
    with pytest.raises(UsageError, match=r"a\.1001-1002.*b\.1001.*c\.png.*one sequence is needed"):
        find(tmp_path)


def test_mixed_endings_are_two_sequences(tmp_path):
    with pytest.raises(UsageError, match=r"exr.*png.*one sequence is needed"):
        find(files(tmp_path, "a.1001.exr", "a.1002.png"))


def test_empty_folder_and_no_match_say_what_is_there(tmp_path):
    with pytest.raises(UsageError, match=r"holds no picture ending in .*\.exr"):
        find(files(tmp_path, "notes.txt"))
    files(tmp_path, "b.1001.exr")
    with pytest.raises(UsageError, match=r"matches no frame; the folder holds b\.1001"):
        find(tmp_path / "a.####.exr")


def test_two_files_for_one_frame_are_refused(tmp_path):
    files(tmp_path, "a.1001.exr", "a.01001.exr")
    with pytest.raises(FootageError, match=r"frame 1001 is there twice, 'a\.\d+\.exr' and 'a\.\d+\.exr'"):
        find(tmp_path / "a.####.exr")


def test_frame_number_beyond_the_highest_is_refused(tmp_path):
    with pytest.raises(FootageError, match="frame 12345678901 is above 9999999"):
        find(files(tmp_path, "a.12345678901.exr"))


def test_links_may_not_leave_the_folder(tmp_path):
    (tmp_path / "elsewhere.exr").write_bytes(b"x")
    folder = files(tmp_path / "plates", "a.1001.exr")
    (folder / "a.1002.exr").symlink_to(tmp_path / "elsewhere.exr")
    with pytest.raises(FootageError, match=r"a\.1002\.exr' is a link out of its folder, to '.*elsewhere\.exr'"):
        find(folder)
    (folder / "a.1002.exr").unlink()
    (folder / "a.1002.exr").symlink_to(folder / "a.1001.exr")
    assert [f.path.name for f in find(folder).files] == ["a.1001.exr", "a.1001.exr"]


def test_broken_and_circular_links_are_refused(tmp_path):
    folder = files(tmp_path / "plates")
    (folder / "a.1001.exr").symlink_to(folder / "gone.exr")
    with pytest.raises(FootageError, match="broken or circular link"):
        find(folder)
    (folder / "a.1001.exr").unlink()
    (folder / "a.1001.exr").symlink_to(folder / "a.1001.exr")
    with pytest.raises(FootageError, match="broken or circular link"):
        find(folder)


def test_folder_and_pipe_named_like_pictures_are_refused(tmp_path):
    (tmp_path / "a.1001.exr").mkdir()
    with pytest.raises(FootageError, match="no ordinary file"):
        find(tmp_path / "a.####.exr")
    folder = files(tmp_path / "pipes")
    os.mkfifo(folder / "a.1001.exr")
    with pytest.raises(FootageError, match="no ordinary file"):
        find(folder)


def test_folder_that_is_none_or_cannot_be_read(tmp_path):
    files(tmp_path, "a.exr")
    with pytest.raises(FootageError, match=r"folder '.*a\.exr' cannot be read: Not a directory"):
        find(tmp_path / "a.exr" / "b.####.exr")


@pytest.mark.parametrize("name", ["a\n.1001.exr", "a\u202e.1001.exr", "a\u200b.1001.exr", "a\x7f.1001.exr", "a\udcff.1001.exr"])
def test_names_that_hide_what_they_are_get_refused(tmp_path, name):
    files(tmp_path, name)
    with pytest.raises(FootageError, match=r"holds U\+[0-9A-F]{4}: rename"):
        find(tmp_path)
    with pytest.raises(FootageError, match=r"holds U\+"):
        find(tmp_path / name)


@pytest.mark.parametrize(
    "given", ["a\0.exr", "", "   ", "nothing.exr", "x" * 5000 + ".exr", "x" * 300 + ".####.exr", "y/" * 3000 + "a.####.exr"]
)
def test_sources_that_name_nothing(tmp_path, given):
    with pytest.raises((UsageError, FootageError)) as caught:
        find(given if "\0" in given or not given.strip() else tmp_path / given)
    assert len(str(caught.value)) < 600


def test_wrong_endings_and_two_tokens(tmp_path):
    files(tmp_path, "a.txt", "a.1001.txt")
    with pytest.raises(UsageError, match=r"allowed are files that end in .*\.exr.*given '\.txt'"):
        find(tmp_path / "a.txt")
    with pytest.raises(UsageError, match=r"files end in .*given '\.txt'"):
        find(tmp_path / "a.####.txt")
    with pytest.raises(UsageError, match="2 places for the frame number"):
        find(tmp_path / "a.####.%04d.exr")


def test_printable_names_of_any_language_are_fine(tmp_path):
    assert len(find(files(tmp_path, "Éclair 空.1001.exr")).files) == 1


def test_ranges_read_as_people_write_them():
    assert ranges([1003, 1001, 1002, 1007]) == "1001-1003,1007"
