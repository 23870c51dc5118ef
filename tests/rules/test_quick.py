"""The command line starts quickly because it imports nothing heavy: the imports are the rule, the time is their consequence."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"numpy", "scipy", "numba", "cv2", "av", "OpenEXR", "OpenImageIO", "PyOpenColorIO", "torch", "fileseq", "cryptography"}
WATCH = """
import sys
code, *sys.argv[1:] = sys.argv[1:]
try:
    exec(code)
except SystemExit:
    pass
print("MODULES", *{name.split(".")[0] for name in sys.modules})
"""


def imported_by(*arguments: str) -> set[str]:
    """Top-level names that a Python process knows after running code."""
    result = subprocess.run([sys.executable, "-c", WATCH, *arguments], capture_output=True, text=True, check=True, timeout=60)
    return set(result.stdout.rsplit("MODULES", 1)[1].split())


@pytest.mark.parametrize(
    "arguments",
    [("import bottega",), ("import bottega.model",), ("import bottega.cli",), ("from bottega.cli import main; main()", "--help")],
    ids=["bottega", "model", "cli", "help"],
)
def test_nothing_heavy_is_imported(arguments: tuple[str, ...]) -> None:
    found = imported_by(*arguments)
    assert "bottega" in found
    assert not found & HEAVY


def test_the_help_is_printed() -> None:
    result = subprocess.run(
        [sys.executable, "-c", "from bottega.cli import main; main()", "--help"], capture_output=True, text=True, check=True, timeout=60
    )
    assert "deage" in result.stdout


def test_a_heavy_import_would_be_seen() -> None:
    assert "numpy" in imported_by("import numpy")
