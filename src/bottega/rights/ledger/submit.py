"""The log's side of a witness: ask for a cosignature, and notice what the answer says about the log itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from bottega.model.names import shown

from .note import LONGEST_NOTE, NoteError, Signature, Verified, Verifier, from_decimal, joined, open_note, split
from .tree import Reader, consistency
from .witness import Request as AddCheckpoint
from .witness import Witness, WitnessError, cosignature

WAIT_S = 20.0
_URL = re.compile(r"https?://[^\s/]+(/\S*)?")

Post = Callable[[str], str]
"""Hand a request's body to a witness; its answer, or WitnessError with the status."""


@dataclass(frozen=True)
class WitnessPlace:
    """A witness that can be asked, and its public key."""

    name: str
    post: Post
    key: Verifier


def in_folder(folder: Path) -> WitnessPlace:
    """A witness on this machine. Raises UsageError, CredentialError."""
    witness = Witness(folder)
    return WitnessPlace(witness.verifier.name, witness.add_checkpoint, witness.verifier)


def at_url(url: str, key: Verifier) -> WitnessPlace:
    """A witness on the network. Raises NoteError for anything but http and https."""
    if not _URL.fullmatch(url):
        raise NoteError(f"witness {shown(url)}: allowed is a folder, or a URL that begins with http:// or https://")
    return WitnessPlace(key.name, lambda body: _post(f"{url.rstrip('/')}/add-checkpoint", body), key)


def ask(place: WitnessPlace, note: str, *, size: int, at: Reader, seen: int = 0) -> tuple[Verified, ...]:
    """The witness's cosignatures of a log's checkpoint. `seen` is the size that it is thought to know.

    Raises NoteError where the witness saw another log than this one: a longer one (this was rolled back) or another past.
    """
    try:
        answer = place.post(AddCheckpoint(seen, tuple(consistency(seen, size, at)), note).text())
    except WitnessError as problem:
        if problem.status != 409 or problem.body is None:
            raise NoteError(_meaning(place, problem, size)) from problem
        known = from_decimal(problem.body.removesuffix("\n"))
        if known > size:
            raise NoteError(
                f"ROLLED BACK: the witness {shown(place.name)} saw {known} entries of this log, it has {size} now; find the newest copy"
            ) from problem
        if known == seen:
            raise NoteError(f"the witness {shown(place.name)} asks for size {known} and refuses it") from problem
        return ask(place, note, size=size, at=at, seen=known)
    return checked(note, cosignature(answer), place.key)


def checked(note: str, signatures: Sequence[Signature], *keys: Verifier) -> tuple[Verified, ...]:
    """Those of the signatures that are by these keys. Raises NoteError where one does not hold, or none is."""
    return open_note(joined(split(note)[0], signatures), *keys).verified


def merged(note: str, more: Sequence[Verified]) -> str:
    """The note with further signatures; a key that signed before is not listed twice: its later word stays. Raises NoteError."""
    text, known = split(note)
    new = {(v.signature.name, v.signature.key_id): v.signature for v in more}
    return joined(text, [*(s for s in known if (s.name, s.key_id) not in new), *new.values()])


def _meaning(place: WitnessPlace, problem: WitnessError, size: int) -> str:
    name = shown(place.name)
    return {
        403: f"the witness {name} does not know the log's key: it has to trust keys/log.vkey",
        404: f"the witness {name} does not know this log: it has to trust keys/log.vkey",
        422: f"FORKED: the witness {name} saw another past of this log than the one of its {size} entries; find the true copy",
    }.get(problem.status, f"the witness {name} does not sign ({problem.status}): {problem}")


class _NoRedirect(HTTPRedirectHandler):
    """A witness answers itself: following it elsewhere would carry the request to who knows whom."""

    def redirect_request(self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str) -> None:  # noqa: PLR0917 - as the base class has it
        """Follow nothing."""


def _post(url: str, body: str) -> str:
    request = Request(url, data=body.encode(), headers={"Content-Type": "text/plain; charset=utf-8"}, method="POST")  # noqa: S310 - http(s) only
    try:
        with build_opener(_NoRedirect).open(request, timeout=WAIT_S) as answer:
            content: bytes = answer.read(LONGEST_NOTE)
    except HTTPError as problem:
        with problem:
            said = problem.read(LONGEST_NOTE).decode("utf-8", "replace")
        raise WitnessError(problem.code, shown(said.strip()), body=said if problem.code == 409 else None) from problem
    except (URLError, TimeoutError, ConnectionError) as problem:
        raise NoteError(f"the witness at {shown(url)} cannot be reached: {getattr(problem, 'reason', problem)}") from problem
    return content.decode("utf-8", "replace")
