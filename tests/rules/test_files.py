"""What import rules cannot see: cv2's file functions, numpy's, and `open`, in rooms that must not touch files."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from .tree import ROOMS, ROOT, room_files, tracked

CV2_FILES = {
    "imread", "imreadmulti", "imreadanimation", "imwrite", "imwritemulti", "imwriteanimation", "imdecode", "imdecodemulti",
    "imdecodeanimation", "imencode", "imencodemulti", "imencodeanimation", "imcount", "VideoCapture", "VideoWriter",
}  # fmt: skip
NUMPY_FILES = {"load", "save", "savez", "savez_compressed", "loadtxt", "savetxt", "genfromtxt", "fromfile", "memmap", "open_memmap"}
BUILT_IN = {"open", "print", "input", "exec", "eval"}


def named(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every name that code could reach a function by: attributes, imports, and text as `getattr` takes it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr, node.lineno
        elif isinstance(node, ast.ImportFrom):
            yield from ((a.name, node.lineno) for a in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value, node.lineno


def decodes(text: str) -> list[str]:
    return [f"{line}: {name}" for name, line in named(ast.parse(text)) if name in CV2_FILES]


def touches_files(text: str) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute):
            of_numpy = ast.unparse(node.value) in ("np", "numpy", "np.lib.format") and node.attr in NUMPY_FILES
            if of_numpy or node.attr == "tofile":
                found.append(f"{node.lineno}: {ast.unparse(node)}")
        elif isinstance(node, ast.Name) and node.id in BUILT_IN:
            found.append(f"{node.lineno}: {node.id}")
    return found


@pytest.mark.parametrize("room", [r for r in ROOMS if r != "footage"])
def test_cv2_reads_and_writes_pictures_in_footage_only(room: str) -> None:
    files = room_files(room)
    assert files, f"this test stopped seeing the room {room}"
    found = {p.relative_to(ROOT).as_posix(): decodes(p.read_text()) for p in files}
    assert not {name: lines for name, lines in found.items() if lines}


@pytest.mark.parametrize("room", ["model", "engine", "attribution", "jobs/recipes"])
def test_rooms_of_arrays_and_nouns_touch_no_files(room: str) -> None:
    files = tracked(".py", under=ROOT / "src" / "bottega" / room)
    assert files, f"this test stopped seeing the room {room}"
    found = {p.relative_to(ROOT).as_posix(): touches_files(p.read_text()) for p in files}
    assert not {name: lines for name, lines in found.items() if lines}


@pytest.mark.parametrize(
    "planted",
    [
        "import cv2\na = cv2.imread('x')",
        "import cv2 as c\nc.VideoCapture(0)",
        "from cv2 import imdecode as d",
        "def f():\n    import cv2\n    return getattr(cv2, 'imencode')",
    ],
)
def test_a_planted_decoder_is_found(planted: str) -> None:
    assert decodes(planted)
    assert not decodes("import cv2\ncv2.GaussianBlur(a, (3, 3), 1)")


@pytest.mark.parametrize("planted", ["open('x')", "np.load('x')", "import numpy\nnumpy.memmap('x')", "a.tofile('x')", "print(1)"])
def test_a_planted_file_is_found(planted: str) -> None:
    assert touches_files(planted)
    assert not touches_files("import numpy as np\nnp.zeros(3).sum()")
