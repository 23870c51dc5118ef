"""The look book: whole for another reader, one page a look, and no text that becomes an instruction."""

from __future__ import annotations

import numpy as np
import pytest

from bottega.footage.mark import Mark
from bottega.footage.pdf_book import BookLook, book_bytes
from bottega.footage.pdf_writing import plain, text_width

MARK = Mark("show-1", plan="ab" * 32)
TITLES = ["Tartan coat", "Hostile ) Tj ET Q \\ endstream %%EOF", "Šedý Ελλάς 外套"]


def look(title, seed=0):
    rng = np.random.default_rng(seed)
    picture = rng.integers(0, 256, (90, 60, 3), dtype=np.uint8)
    swatches = [(f"swatch {i}", picture[:20, :30]) for i in range(3)]
    return BookLook(
        title=title, picture=picture, small=picture[::3, ::3], facts=("scene 12",), credits=("line 40.0 %",), swatches=swatches,
        palette=[(200, 10, 10), (1, 2, 3)],
    )  # fmt: skip


def book(titles):
    return book_bytes([look(t, i) for i, t in enumerate(titles)], title="Coats", subtitle="three", mark=MARK)


def test_another_reader_finds_a_contents_page_and_a_page_a_look_with_its_texts():
    import pypdfium2 as pdfium

    with pdfium.PdfDocument(book(TITLES)) as other:
        assert len(other) == 1 + len(TITLES)
        texts = [" ".join(page.get_textpage().get_text_range().split()) for page in other]
        assert all(title[:12] in texts[0] and title in text for title, text in zip(TITLES, texts[1:], strict=True))
        assert [(e.get_title(), e.get_dest().get_index()) for e in other.get_toc()] == [
            ("Contents", 0), *((t, i) for i, t in enumerate(TITLES, 1)),
        ]  # fmt: skip


def test_more_looks_than_a_contents_page_holds_have_a_second():
    import pypdfium2 as pdfium

    with pdfium.PdfDocument(book([f"look {i}" for i in range(13)])) as other:
        assert len(other) == 2 + 13


def test_the_same_looks_give_the_same_bytes_with_the_mark_in_them():
    assert book(TITLES) == book(TITLES)
    assert b'bottega:plan="' + b"ab" * 32 in book(TITLES)


def test_no_text_stands_in_the_file_as_it_was_given():
    data = book(TITLES)
    assert b"Hostile" not in data
    assert data.count(b"%%EOF") == 1


def test_letters_that_the_font_lacks_are_written_in_latin_ones():
    assert plain("Šatů café") == "Šatu café"
    assert plain("Ελλάς\n外套") == "Ellas WaiTao"
    assert plain("a\x00b\x1b[2J") == "a b [2J"
    assert text_width("iii", 10) < text_width("WWW", 10)


def test_a_book_without_looks_is_refused():
    with pytest.raises(ValueError, match="needs looks, given 0"):
        book_bytes([], title="x", subtitle="", mark=MARK)
