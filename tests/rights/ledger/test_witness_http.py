from __future__ import annotations

import hashlib
import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from bottega.rights.ledger.checkpoint import open_checkpoint
from bottega.rights.ledger.note import NoteError, Signer
from bottega.rights.ledger.submit import ask, at_url
from bottega.rights.ledger.witness import LONGEST_REQUEST, Request, Witness
from bottega.rights.ledger.witness_http import WitnessServer

from .grown import LOG, WITNESS, Grown

A_LOG = Grown(40)
OTHER_PAST = Grown(40, story="revoke", fork=3)
OTHER_LOG = Signer("bottega.example/show-2", WITNESS._key)
HASH = hashlib.sha256(LOG.verifier.name.encode()).hexdigest()


@contextmanager
def serving(server: HTTPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    made = Witness.create(tmp_path / "witness", name="guild.example/w1")
    made.trust(LOG.verifier.vkey)
    return made


@pytest.fixture
def port(witness: Witness) -> Iterator[int]:
    with serving(WitnessServer(witness)) as bound:
        yield bound


def send(port: int, method: str, path: str, body: str | None = None, **headers: str) -> tuple[int, str, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body.encode() if body is not None else None, headers)
        answer = connection.getresponse()
        return answer.status, answer.headers.get("Content-Type", ""), answer.read().decode()
    finally:
        connection.close()


def post(port: int, request: Request) -> tuple[int, str, str]:
    return send(port, "POST", "/add-checkpoint", request.text())


def test_it_is_bound_to_this_machine_unless_told(witness: Witness) -> None:
    with WitnessServer(witness) as server:
        assert server.server_address[0] == "127.0.0.1"


def test_a_good_request_is_answered_with_the_cosignature(port: int, witness: Witness) -> None:
    status, _, line = post(port, A_LOG.request(0, 5))
    assert status == 200
    assert open_checkpoint(A_LOG.note(5) + line, LOG.verifier, witnesses=[witness.verifier]).cosignatures


def test_the_statuses_are_those_of_the_protocol(port: int) -> None:
    assert post(port, A_LOG.request(0, 5))[0] == 200
    assert send(port, "POST", "/add-checkpoint", "nonsense")[0] == 400
    assert post(port, Request(6, (), A_LOG.note(5)))[0] == 400
    assert post(port, Request(5, (), A_LOG.note(9).replace("\n9\n", "\n8\n")))[0] == 403
    assert post(port, Grown(3, signer=OTHER_LOG).request(0))[0] == 404
    assert post(port, A_LOG.request(0, 9))[:3] == (409, "text/x.tlog.size", "5\n")
    assert post(port, OTHER_PAST.request(5, 9))[0] == 422
    assert send(port, "POST", "/elsewhere", "x")[0] == 404
    assert send(port, "PUT", "/add-checkpoint", "x")[0] == 501


def test_the_last_checkpoint_is_shown_with_both_signatures(port: int, witness: Witness) -> None:
    assert send(port, "GET", f"/{HASH}/checkpoint")[0] == 404
    post(port, A_LOG.request(0, 5))
    post(port, A_LOG.request(5, 9))
    status, _, note = send(port, "GET", f"/{HASH}/checkpoint")
    assert status == 200
    opened = open_checkpoint(note, LOG.verifier, witnesses=[witness.verifier])
    assert opened.checkpoint == A_LOG.checkpoint(9)
    assert [v.by for v in opened.cosignatures] == [witness.verifier]


@pytest.mark.parametrize(
    "path", ["/", "/../../witness.pem", f"/{HASH}/../../witness.pem", f"/{HASH.upper()}/checkpoint", "/%2e%2e/checkpoint"]
)
def test_nothing_else_is_shown(port: int, path: str) -> None:
    post(port, A_LOG.request(0, 5))
    assert send(port, "GET", path)[0] == 404


def raw(port: int, content: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(content)
        connection.shutdown(socket.SHUT_WR)
        found = b""
        while part := connection.recv(65536):
            found += part
    return found


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("", b" 411 "),
        ("Content-Length: -1\r\n", b" 411 "),
        ("Content-Length: 1e3\r\n", b" 411 "),
        ("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n", b" 411 "),
        (f"Content-Length: {LONGEST_REQUEST + 1}\r\n", b" 413 "),
        ("Content-Length: 100\r\n", b" 400 "),
    ],
)
def test_a_body_without_an_end_is_not_read(port: int, head: str, status: bytes) -> None:
    assert status in raw(port, f"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\n{head}\r\nold 0".encode())[:40]


def test_a_witness_that_cannot_keep_what_it_saw_signs_nothing(port: int, witness: Witness) -> None:
    post(port, A_LOG.request(0, 5))
    (seen,) = (witness.folder / "seen").iterdir()
    seen.write_text("damaged")
    status, _, body = post(port, A_LOG.request(5, 9))
    assert (status, body) == (500, "the witness cannot sign now\n")


def test_every_request_is_said_without_moving_a_cursor(witness: Witness) -> None:
    heard: list[str] = []
    with serving(WitnessServer(witness, say=heard.append)) as port:
        post(port, A_LOG.request(0, 5))
        post(port, A_LOG.request(0, 9))
        raw(port, b"GET /\x1b[2J HTTP/1.1\r\nHost: x\r\n\r\n")
    assert any("409" in line for line in heard)
    assert all(line.isprintable() for line in heard)


def test_a_log_asks_over_the_network(port: int, witness: Witness) -> None:
    place = at_url(f"http://127.0.0.1:{port}/", witness.verifier)
    for size in (10, 40):
        (held,) = ask(place, A_LOG.note(size), size=size, at=A_LOG.at)
        assert held.by == witness.verifier
    with pytest.raises(NoteError, match="ROLLED BACK"):
        ask(place, A_LOG.note(20), size=20, at=A_LOG.at)
    with pytest.raises(NoteError, match="FORKED"):
        ask(place, OTHER_PAST.note(), size=40, at=OTHER_PAST.at)


def test_an_answer_of_another_key_is_no_cosignature(port: int) -> None:
    with pytest.raises(NoteError, match="allowed is a signature of"):
        ask(at_url(f"http://127.0.0.1:{port}", WITNESS.verifier), A_LOG.note(5), size=5, at=A_LOG.at)


def test_a_witness_that_is_not_there_is_named() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(NoteError, match="cannot be reached"):
            ask(at_url(url, WITNESS.verifier), A_LOG.note(5), size=5, at=A_LOG.at)


def test_a_redirection_is_not_followed(port: int, witness: Witness) -> None:
    class Elsewhere(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(307)
            self.send_header("Location", f"http://127.0.0.1:{port}/add-checkpoint")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with serving(HTTPServer(("127.0.0.1", 0), Elsewhere)) as other, pytest.raises(NoteError, match="does not sign"):
        ask(at_url(f"http://127.0.0.1:{other}", witness.verifier), A_LOG.note(5), size=5, at=A_LOG.at)
    assert witness.logs() == [(LOG.verifier.name, 0)]


@pytest.mark.parametrize("url", ["", "ftp://guild.example", "file:///etc/passwd", "http://", "http://a.example b", "guild.example"])
def test_what_is_no_url_of_a_witness_is_refused(url: str) -> None:
    with pytest.raises(NoteError, match="allowed is a folder, or a URL"):
        at_url(url, WITNESS.verifier)
