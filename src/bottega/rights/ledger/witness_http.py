"""A witness on the network: C2SP tlog-witness over plain HTTP. What has to be private or public about it is a proxy's business."""

from __future__ import annotations

import re
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .witness import LONGEST_REQUEST, Witness, WitnessError

ADD, SIZE_TYPE, TEXT_TYPE = "/add-checkpoint", "text/x.tlog.size", "text/plain; charset=utf-8"
_CHECKPOINT = re.compile(r"/([0-9a-f]{64})/checkpoint")
_LENGTH = re.compile(r"0|[1-9][0-9]{0,8}")
SILENCE_S = 10.0

Say = Callable[[str], None]


class WitnessServer(ThreadingHTTPServer):
    """A server that is bound and not yet serving; port 0 takes a free one. Raises OSError. `say` hears of every request."""

    def __init__(self, witness: Witness, *, host: str = "127.0.0.1", port: int = 0, say: Say = lambda _: None) -> None:
        """Bind."""
        self.witness, self.say = witness, say
        super().__init__((host, port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: WitnessServer
    timeout = SILENCE_S
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "bottega-witness", ""

    def do_POST(self) -> None:
        """Cosign a checkpoint."""
        length = self.headers.get("Content-Length", "")
        if self.path != ADD:
            self._answer(HTTPStatus.NOT_FOUND, f"allowed is {ADD}\n", leave=True)
        elif not _LENGTH.fullmatch(length) or "Transfer-Encoding" in self.headers:
            self._answer(HTTPStatus.LENGTH_REQUIRED, "allowed is a body with a Content-Length\n", leave=True)
        elif int(length) > LONGEST_REQUEST:
            self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"allowed are {LONGEST_REQUEST} bytes\n", leave=True)
        elif len(body := self.rfile.read(int(length))) < int(length):
            self._answer(HTTPStatus.BAD_REQUEST, "the body is cut off\n", leave=True)
        else:
            self._cosign(body)

    def do_GET(self) -> None:
        """Show the last checkpoint of a log."""
        asked = _CHECKPOINT.fullmatch(self.path)
        note = self.server.witness.checkpoint(asked[1]) if asked else None
        if note is None:
            self._answer(HTTPStatus.NOT_FOUND, "nothing was cosigned under that name\n")
        else:
            self._answer(HTTPStatus.OK, note)

    def _cosign(self, body: bytes) -> None:
        try:
            line = self.server.witness.add_checkpoint(body)
        except WitnessError as problem:
            self.server.say(f"refused: {problem}")
            if problem.body is None:
                self._answer(HTTPStatus(problem.status), f"{problem}\n")
            else:
                self._answer(HTTPStatus(problem.status), problem.body, kind=SIZE_TYPE)
        except Exception as problem:  # noqa: BLE001 - a witness that cannot keep what it saw says so, and signs nothing
            self.server.say(f"failed: {problem}")
            self._answer(HTTPStatus.INTERNAL_SERVER_ERROR, "the witness cannot sign now\n", leave=True)
        else:
            self._answer(HTTPStatus.OK, line)

    def _answer(self, status: HTTPStatus, body: str, *, kind: str = TEXT_TYPE, leave: bool = False) -> None:
        content = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        if leave:  # what is left of the request is not read
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Say what was asked, without what would move a terminal's cursor."""
        line = format % args
        self.server.say("".join(c if c.isprintable() else "?" for c in line))
