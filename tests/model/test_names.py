from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bottega.model import UsageError, code, label, sha256_text, shown

HOSTILE = [
    "..",
    "../x",
    "a/b",
    "a\\b",
    "/etc",
    ".",
    ".hidden",
    "a.b",
    "a\0",
    "a b",
    "A",
    "é",
    "e\u0301",
    "a\n",
    "-a",
    "_a",
    "",
    "x" * 64,
    "a\u202eb",
]


@pytest.mark.parametrize("text", [*HOSTILE, "con", "nul", "aux", "prn", "keys", "exemplars", "１２", "ａ"])
def test_a_code_is_a_safe_folder_on_any_system(text: str) -> None:
    with pytest.raises(UsageError, match="shot code"):
        code(text, "shot code")


@given(st.from_regex(r"[a-z0-9][a-z0-9_-]{0,62}", fullmatch=True))
def test_any_plain_word_is_a_code(text: str) -> None:
    if text not in ("con", "nul", "aux", "prn", "keys", "exemplars"):
        assert code(text, "shot code") == text


@given(st.text(max_size=80))
def test_a_code_that_passes_is_lower_case_ascii(text: str) -> None:
    try:
        assert code(text, "x").isascii()
        assert text == text.lower()
        assert not set(text) & set("/\\. \0\n")
    except UsageError as refusal:
        assert "allowed are a-z" in str(refusal)


@given(st.text(min_size=1, max_size=40))
def test_a_label_is_the_same_however_it_was_composed(text: str) -> None:
    try:
        found = label(text, "name")
    except UsageError:
        return
    for form in ("NFC", "NFD"):
        assert label(unicodedata.normalize(form, text), "name") == found  # type: ignore[arg-type]
    assert label(found, "name") == found
    assert "\n" not in found


@pytest.mark.parametrize(
    "mark",
    [
        "\u202a",
        "\u202b",
        "\u202d",
        "\u202e",
        "\u2066",
        "\u2067",
        "\u2069",
        "\u200b",
        "\u200f",
        "\ufeff",
        "\0",
        "\x1b",
        "\x7f",
        "\x85",
        "\u2028",
        "\u2029",
        "\ud800",
        "\ue000",
    ],
)
def test_marks_that_hide_or_turn_text_are_refused_and_shown_as_escapes(mark: str) -> None:
    with pytest.raises(UsageError, match=f"U\\+{ord(mark):04X}") as caught:
        label(f"Perf{mark}ormer", "name")
    assert mark not in str(caught.value)


def test_a_label_has_a_length() -> None:
    assert label("x" * 200, "name") == "x" * 200
    assert label("  é  ", "name") == "é"
    for text in ("", "   ", "x" * 201):
        with pytest.raises(UsageError, match="name"):
            label(text, "name")


@pytest.mark.parametrize("text", ["", "0" * 63, "0" * 65, "A" * 64, "g" * 64, "0" * 64 + "\n", " " + "0" * 63, "０" * 64])
def test_a_digest_is_64_small_digits(text: str) -> None:
    assert sha256_text("0a" * 32, "digest") == "0a" * 32
    with pytest.raises(UsageError, match="digest"):
        sha256_text(text, "digest")


@given(st.text(max_size=300))
def test_hostile_text_is_shown_short_and_in_ascii(text: str) -> None:
    found = shown(text)
    assert found.isascii()
    assert found.isprintable()
    assert len(found) <= 90
