"""The printable page: what was granted, in plain words, and nothing that runs, is fetched or breaks out."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from bottega.model import (
    Compensation,
    Consent,
    Content,
    ContentLimits,
    Grantor,
    GrantorRole,
    PersonKind,
    Purpose,
    Representation,
    SignatureKind,
    Technique,
)
from bottega.rights.forms import consent_words as words
from bottega.rights.forms.consent_page import consent_page
from bottega.rights.record.consents import Grant
from tests.rights.builders import NOON, approval, digest, good_consent


class Text(HTMLParser):
    """The words that a reader sees, and the tags and attributes that they stand in."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def page(consent: Consent, **changes: Any) -> str:
    given = {"person": "Performer A", "grantor": "Guardian G", "show_code": "demo", "standing": "active", "leaf": digest("leaf")}
    return consent_page(Grant(consent, 7, approvals=(approval("legal"),)), **given | changes, recorded_at=NOON, now=NOON)


def seen(consent: Consent, **changes: Any) -> str:
    text = Text()
    text.feed(page(consent, **changes))
    return " ".join(text.words)


def test_it_says_what_was_granted_by_whom_and_where_it_is_recorded() -> None:
    text = seen(good_consent())
    for part in (
        "Performer A", "the person themself", "a lawyer", "be shown younger than they are", good_consent().description, "sh010",
        "30 to 40 years", "by carrying painted key frames", "the plate of shot sh010", "15 March 2026, 12:00 UTC", "active",
        "signed apart from other terms", "legal, 9 March 2026", "g_1", "7, of 10 March 2026", digest("leaf"), digest("contract"),
    ):  # fmt: skip
        assert part in text, part


@pytest.mark.parametrize("content", Content)
def test_each_content_that_was_not_granted_stays_refused(content: Content) -> None:
    def refused(limits: ContentLimits) -> str:
        return " ".join(words.refused(good_consent(depicted_content_limits=limits)))

    assert words.CONTENTS[content] in refused(ContentLimits())
    assert words.CONTENTS[content] not in refused(ContentLimits(**{content.value: True}))


def test_what_is_never_allowed_is_always_said() -> None:
    everything = ContentLimits(**{c.value: True for c in Content})
    generous = good_consent(
        depicted_content_limits=everything, model_training=True, biometric_template=True, transfer=True, subject_kind=PersonKind.MINOR
    )
    text = seen(generous)
    assert "younger than 18" in text and "another production" in text and words.NEVER_FOR_MINORS in text
    assert "a date that was not recorded" in text, "training without an end is named as what it is"


def test_every_word_of_the_record_has_words_of_its_own() -> None:
    for kind, said in (
        (Purpose, words.PURPOSES),
        (Technique, words.TECHNIQUES),
        (Content, words.CONTENTS),
        (GrantorRole, words.GRANTORS),
        (Representation, words.ADVICE),
        (SignatureKind, words.SIGNED),
    ):
        assert set(said) == set(kind)


def test_an_estate_or_guardian_is_named_with_their_authority() -> None:
    guardian = Grantor(id="p_7777777777777777", role=GrantorRole.GUARDIAN, authority_doc_sha256=digest("custody"))
    text = seen(good_consent(grantor=guardian))
    assert "Guardian G, as guardian" in text and digest("custody") in text


def test_payment_and_limits_are_shown_where_they_were_recorded() -> None:
    paid = Compensation(basis="production_days", days=3, residuals=True, payroll_ref="pay-7")
    text = seen(good_consent(compensation=paid, agreement="agreement-39", territories=("IT", "US")))
    assert all(part in text for part in ("production_days, 3 days", "pay-7", "agreement-39", "IT, US"))
    assert "everywhere: no limit was set" in seen(good_consent())


def test_nothing_runs_is_fetched_or_breaks_out() -> None:
    hostile = '"><script>alert(1)</script><img src="https://x.example/a">&'
    sentence = hostile + "0123456789 make the performer look younger"
    made = page(good_consent(description=sentence, agreement=hostile), person=hostile, show_code=hostile, standing=hostile, grantor=hostile)
    text = Text()
    text.feed(made)
    known = "html head meta title style body header h1 p span section h2 dl dt dd ul li div"
    assert set(text.tags) <= set(known.split())
    assert {name for name, _ in text.attributes} <= {"lang", "charset", "http-equiv", "content", "class"}
    assert "default-src 'none'" in made
    assert not re.search(r"url\(|@import|https?:", made.replace(hostile, "").replace("https://x.example/a", ""))
