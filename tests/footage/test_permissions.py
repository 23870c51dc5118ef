import os
import tempfile
from pathlib import Path

import numpy as np
import pytest
from made_pictures import a_take, sealed, write_still

from bottega.footage import Delivery, find
from bottega.model import FootageError

NOBODY = 65534


@pytest.fixture
def shut_folder():
    """A folder that anybody may find and only its owner may open, seen by somebody else."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        folder = Path(name) / "shut"
        folder.mkdir()
        write_still(folder / "a.1001.png", np.zeros((4, 4), np.uint16))
        Delivery(Path(name) / "warm", a_take()).png16("a.png", np.zeros((2, 2), np.uint16))  # loads what the writer needs
        yield folder
        folder.chmod(0o755)


@pytest.fixture
def stranger():
    """Drop root's rights for a while, if we have them."""
    was_root = os.geteuid() == 0

    def become() -> None:
        if was_root:
            os.seteuid(NOBODY)

    yield become
    if was_root:
        os.seteuid(0)


def test_a_folder_that_may_not_be_read(shut_folder, stranger):
    shut_folder.chmod(0o000)
    stranger()
    with pytest.raises(FootageError, match=r"a\.####\.png' cannot be reached: Permission denied; check name and permissions"):
        find(shut_folder / "a.####.png")
    with pytest.raises(FootageError, match=r"folder '.*shut' cannot be read: Permission denied; check name and permissions"):
        find(shut_folder)


def test_a_file_that_may_not_be_read(shut_folder, stranger):
    (shut_folder / "a.1001.png").chmod(0o000)
    stranger()
    with pytest.raises(FootageError, match=r"a\.1001\.png', frame 1001 cannot be opened: Permission denied; check that it is there"):
        sealed(shut_folder / "a.####.png")


def test_a_folder_that_may_not_be_written(shut_folder, stranger):
    shut_folder.chmod(0o555)
    stranger()
    for name in ("b.png", "new/b.png"):
        with pytest.raises(FootageError, match=r"b\.png' cannot be written: Permission denied; free space or correct the permissions"):
            Delivery(shut_folder, a_take()).png16(name, np.zeros((2, 2), np.uint16))
    assert [p.name for p in shut_folder.iterdir()] == ["a.1001.png"]


def test_a_single_file_in_a_shut_folder(shut_folder, stranger):
    shut_folder.chmod(0o000)
    stranger()
    with pytest.raises(FootageError, match=r"a\.1001\.png' cannot be reached: Permission denied"):
        find(shut_folder / "a.1001.png")
