from __future__ import annotations

import hashlib
import pickle
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bottega.model import (
    BottegaError,
    ConsentError,
    CredentialError,
    Exemplar,
    FrameRange,
    Reason,
    Role,
    SealedFile,
    UsageError,
    content_digest,
)

FRAMES = st.integers(0, 9_999_999)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def sealed(text: str, frame: int | None = None) -> SealedFile:
    return SealedFile(path=f"{text}.exr", sha256=digest(text), size_bytes=len(text), frame=frame)


@given(FRAMES, st.integers(0, 300))
def test_a_range_counts_both_ends(first: int, more: int) -> None:
    last = min(first + more, 9_999_999)
    found = FrameRange(first=first, last=last)
    assert len(found) == last - first + 1 == len(list(found))
    assert next(iter(found)) == first
    assert list(found)[-1] == last
    assert first in found
    assert last in found
    assert first - 1 not in found
    assert last + 1 not in found
    assert str(first) not in found
    assert FrameRange.parse(str(found)) == found
    assert FrameRange.from_json(found.to_json()) == found


@pytest.mark.parametrize(
    "text", ["", "a", "1001-", "-1001", "1048-1001", "1001..1048", "1001-1048-1050", "12345678", "1.5", "１００１-x", "1001\n1048"]
)
def test_what_is_no_range(text: str) -> None:
    with pytest.raises(UsageError, match="frame range"):
        FrameRange.parse(text)


@pytest.mark.parametrize(("first", "last"), [(-1, 3), (5, 4), (0, 10_000_000)])
def test_a_range_runs_forwards_from_zero(first: int, last: int) -> None:
    with pytest.raises(UsageError, match="allowed"):
        FrameRange(first=first, last=last)


def test_blanks_around_a_range_are_forgiven() -> None:
    assert FrameRange.parse(" 1001 - 1048 ") == FrameRange(first=1001, last=1048)
    assert str(FrameRange.parse("0007")) == "7"


def test_a_stills_digest_is_its_files_own() -> None:
    assert content_digest((sealed("a"),), None) == digest("a")
    assert content_digest((sealed("a"),), 1001) != digest("a")
    assert content_digest((sealed("a", 1001),), None) != digest("a")


def test_a_sequence_is_its_frames_whatever_their_names_or_order() -> None:
    one, two = sealed("a", 1001), sealed("b", 1002)
    found = content_digest((one, two), None)
    assert found == content_digest((two, one), None)
    assert found == content_digest((replace(one, path="renamed.exr"), two), None)
    others = [
        (replace(one, frame=1002), replace(two, frame=1001)),
        (replace(one, sha256=digest("c")), two),
        (replace(one, size_bytes=2), two),
        (replace(one, chunks=(digest("c"),)), two),
        (one,),
        (one, two, sealed("c", 1003)),
    ]
    assert len({found, *(content_digest(o, None) for o in others)}) == 7


def test_a_record_that_was_changed_is_found() -> None:
    files = (sealed("a", 1001), sealed("b", 1002))
    good = Exemplar(digest=content_digest(files, None), role=Role.PLATE, files=files)
    good.check()
    for bad in (replace(good, files=files[:1]), replace(good, first_frame=1001), replace(good, digest=digest("x"))):
        with pytest.raises(CredentialError, match="changed"):
            bad.check()
    with pytest.raises(UsageError, match="sha256"):
        content_digest((replace(files[0], sha256="abc"),), None)


def test_the_file_of_a_frame() -> None:
    files = (sealed("a", 1001), sealed("b", 1003))
    sequence = Exemplar(digest=content_digest(files, None), role=Role.PLATE, files=files)
    assert [sequence.file_for(n) for n in (1001, 1002, 1003, None)] == [files[0], None, files[1], None]
    still = Exemplar(digest=digest("a"), role=Role.KEY, files=(sealed("a"),))
    assert still.file_for(1001) == still.file_for(None) == sealed("a")


def test_a_refusal_has_reasons_and_an_exit_code_of_its_own() -> None:
    refusal = ConsentError(Reason("revoked", "x"), Reason("expired", "y"))
    assert refusal.codes == ("revoked", "expired")
    assert str(refusal) == "revoked: x; expired: y"
    assert isinstance(refusal, BottegaError)
    assert [e.exit_code for e in (BottegaError, UsageError, ConsentError)] == [1, 2, 3]
    with pytest.raises(ValueError, match="at least one reason"):
        ConsentError()
    assert Reason("a", "b") in pickle.loads(pickle.dumps((Reason("a", "b"),)))  # noqa: S301 - our own bytes
