"""Tests that start Blender: skipped where the machine has none, and never where it has one that does not work."""

from __future__ import annotations

import os
import shutil

import pytest

from bottega.adapters.blender import VARIABLE

needs_blender = pytest.mark.skipif(
    not os.environ.get(VARIABLE) and shutil.which("blender") is None,
    reason=f"no Blender on this machine: {VARIABLE} names none, and none is on the path",
)
