from __future__ import annotations

import made_pictures
import pytest

from bottega.footage import frames


@pytest.fixture(autouse=True)
def _the_door_of_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests are about pictures: their own door stands in for the gate's. `tests/story` goes through the real one."""
    monkeypatch.setattr(frames, "Door", made_pictures.Door)
