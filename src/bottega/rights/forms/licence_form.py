"""The licence of works as a form: TOML that an artist, an archive or a lawyer can read, fill in and sign."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bottega.model import Licence, LicenceKind, UsageError, code, label

from .filling import blanks_of, document_of, heading, line_of, paragraph, parsed, refuse
from .form_fields import HASH, TEXT, TEXTS, WHEN, YES_NO, Blank, flag, instant, is_blank, list_of, one_of, sha256, text, words

AUTHOR, PRODUCTION = "the author", "the production"
DOCUMENT = ("document_path", "document_sha256")

BLANKS = (
    Blank("licence_id", text, "a code of a-z, 0-9, - and _", "The number of this licence. New terms are a new licence.", needed=True),
    Blank("production_id", text, TEXT, "The one production this is for. Another needs a licence of its own.", needed=True),
    Blank(
        "kind",
        one_of(LicenceKind),
        words(LicenceKind),
        "On what ground: work-for-hire and production are the show's own, own is the artist's, cc0 is given away, licensed has a document.",
        needed=True,
    ),
    Blank("author", text, TEXT, "Who made the works, by the name they have in the show. It is not recorded in the log.", needed=True),
    Blank(
        "rightsholder",
        text,
        f'"{AUTHOR}", "{PRODUCTION}", or the name of a person of the show',
        "Whose the rights are.",
        needed=True,
        preset=f'"{AUTHOR}"',
    ),
    Blank("works", list_of(sha256), "a list of sha256 digests", "The works it covers, by digest.", preset="[]"),
    Blank("pictures", list_of(text), TEXTS, "The works it covers, as files; their digests are recorded, their paths are not.", preset="[]"),
    Blank("exemplar_ok", flag, YES_NO, "Whether pictures may be made by example from them.", needed=True, preset="true"),
    Blank("train_ok", flag, YES_NO, "Whether a network may be trained on them, for this production only.", needed=True, preset="false"),
    Blank("attribution_name", text, TEXT, "How the author wants to be named in the credits. Kept sealed, beside the log."),
    Blank("valid_until", instant, WHEN, "When it is over: at this instant it no longer holds. Blank: it has no end."),
    Blank(DOCUMENT[0], text, "the path of a file", "The signed licence as a file. Its sha256 is recorded, a sealed copy is kept."),
    Blank(DOCUMENT[1], sha256, HASH, f"The same as a sha256; one of the two is required for kind {LicenceKind.LICENSED.value}."),
)


@dataclass(frozen=True)
class FilledLicence:
    """A licence form that was read. `author`, `rightsholder` and `attribution_name` are names, for the desk to look up and seal."""

    values: dict[str, Any]
    author: str
    rightsholder: str
    attribution_name: str | None
    document: Path | None

    def licence(self, *, rightsholder: str) -> Licence:
        """The record, with the rightsholder's id. Raises UsageError."""
        return Licence(**self.values, rightsholder=rightsholder)


def licence_template(*, show_id: str, author: str = "", licence_id: str | None = None) -> str:
    """A form with every blank explained."""
    presets: dict[str, Any] = {"licence_id": licence_id or f"l_{secrets.token_hex(8)}", "production_id": label(show_id, "show id")}
    presets |= {"author": label(author, "author")} if author else {}
    lines = [
        "# Licence of works for use as exemplars",
        "#",
        '# Fill in every blank marked "required"; "" is a blank. Times need a zone: 2027-03-01T00:00:00Z.',
        "# Whatever is not allowed here is refused. This form is no legal advice.",
        "",
        *heading("Whose works, on what ground, and what may be made of them"),
    ]
    for blank in BLANKS:
        lines += line_of(blank, presets, blank.needed)
    last = "Works that the show did not make or order itself (cc0, licensed) have to be named, by digest or as files."
    return "\n".join([*lines, *paragraph(last)]) + "\n"


def read_licence(form: str, *, folder: Path | None = None, digests_of: Callable[[Path], list[str]]) -> FilledLicence:
    """Read a form that was filled in. `digests_of` gives the digests of the works at a path.

    Raises UsageError that lists every blank with what is wrong.
    """
    given, problems = parsed(form, "licence"), list[str]()
    values = blanks_of(given, [(blank, blank.needed) for blank in BLANKS], "", (), problems)
    named = given.get(DOCUMENT[0])
    document = None if is_blank(named) or not isinstance(named, str) else (folder or Path()) / named
    values["doc_sha256"] = document_of(values, DOCUMENT, folder, problems)
    values.pop(DOCUMENT[1], None)
    if values.get("licence_id") in set(LicenceKind):
        problems.append(f"licence_id: given {values['licence_id']!r}, which is a kind of licence; allowed is any other code")
    refuse(problems, "licence")
    works = dict.fromkeys(values.pop("works", ()))
    for picture in values.pop("pictures", ()):
        works |= dict.fromkeys(digests_of((folder or Path()) / picture))
    values["licence_id"] = code(values["licence_id"], "licence_id")
    values["show_id"] = values.pop("production_id")
    names = [values.pop(name, None) for name in ("author", "rightsholder", "attribution_name")]
    for name in names:
        if name is not None:
            label(name, "name")
    if "://" in (names[2] or ""):
        raise UsageError("attribution_name: an address is no name; write how the author is called in the credits")
    return FilledLicence(values | {"works": tuple(works)}, names[0], names[1], names[2], document)
