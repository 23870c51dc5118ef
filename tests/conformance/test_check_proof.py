"""The stand-alone checker: run as a stranger would run it, and held against every change of a proof."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from bottega.rights.ledger import leaf_hash
from bottega.rights.ledger.note import Signer, joined
from bottega.rights.ledger.proof import Proof
from tests.rights.ledger.grown import LOG, SEEN_AT, WITNESS, Grown
from tests.rules.tree import ROOT

SCRIPT = ROOT / "conformance" / "check_proof.py"
MOST_LINES = 100

# RFC 8032, 7.1: public key, message, signature
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
    ),
]
ORDER = 2**252 + 27742317777372353535851937790883648493


@pytest.fixture(scope="module")
def checker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("check_proof", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def handed(tmp_path: Path) -> Path:
    """What a stranger is given: a proof and two public keys."""
    (tmp_path / "proof.txt").write_text(Grown(12).proof(5).text())
    (tmp_path / "log.vkey").write_text(f"{LOG.verifier.vkey}\n")
    (tmp_path / "w.vkey").write_text(f"{WITNESS.verifier.vkey}\n")
    return tmp_path


def check(folder: Path, *more: str, log: str = "log.vkey") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", SCRIPT, "proof.txt", log, *more]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)


def test_it_is_one_page_and_imports_the_standard_library_only() -> None:
    text = SCRIPT.read_text()
    assert text.count("\n") <= MOST_LINES
    imported = {a.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import) for a in node.names}
    assert imported == {"argparse", "base64", "hashlib", "json", "pathlib", "re", "sys", "time"}
    assert not [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)]


def test_a_good_proof_is_shown_in_words(handed: Path) -> None:
    said = check(handed, "--witness", "w.vkey")
    assert said.returncode == 0, said.stderr
    assert "Entry 5 of 12" in said.stdout
    assert '"grant_id": "g_5"' in said.stdout
    assert "Seen by 'guild.example/w1' at 2026-03-10 12:00:00 UTC." in said.stdout
    assert "Every signature was checked." in said.stdout


def test_it_says_which_signatures_it_could_not_check(handed: Path) -> None:
    said = check(handed)
    assert said.returncode == 0
    assert "not checked: 1" in said.stdout
    assert "Seen by" not in said.stdout


def test_a_witness_that_did_not_sign_is_missed(handed: Path) -> None:
    good = Grown(12).proof(5)
    (handed / "proof.txt").write_text(Proof(5, good.hashes, Grown(12).note(), good.body).text())
    said = check(handed, "--witness", "w.vkey")
    assert said.returncode == 1
    assert "signature of 'guild.example/w1' is missing" in said.stderr


@pytest.mark.parametrize("swap", [{"log": "w.vkey"}, {"log": "nothing.vkey"}])
def test_a_wrong_or_missing_key_is_refused(handed: Path, swap: dict[str, str]) -> None:
    said = check(handed, **swap)
    assert said.returncode == 1
    assert said.stderr.startswith("NOT PROVEN:")
    assert said.stdout == ""


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"c2sp.org/tlog-proof@v1\n", b"\n\n\n\n\n", b"extra\n" * 1000])
def test_what_is_no_proof_is_refused_in_words(handed: Path, content: bytes) -> None:
    (handed / "proof.txt").write_bytes(content)
    said = check(handed)
    assert said.returncode == 1
    assert said.stderr.startswith("NOT PROVEN:")
    assert "Traceback" not in said.stderr


def test_an_entry_with_escape_sequences_moves_no_cursor(handed: Path) -> None:
    body = '{"at":"2026-03-10T12:00:00.000000Z","data":{"x":"\\u001b[2J"},"kind":"\u202egrant.created"}'.encode()
    log = Grown(1)
    log._known[0, 0] = leaf_hash(body)
    (handed / "proof.txt").write_text(Proof(0, (), log.note(), body).text())
    said = check(handed)
    assert "\x1b" not in said.stdout + said.stderr
    assert "\u202e" not in said.stdout + said.stderr


def held(checker: ModuleType, raw: bytes) -> bool:
    """Whether the checker would say yes, for the log and the witness."""
    keys = [(k.name, k.key_id, k.public) for k in (LOG.verifier, WITNESS.verifier)]
    try:
        checker.check(raw.decode("utf-8"), keys[0], keys[1:])
    except (ValueError, KeyError, TypeError, IndexError, OverflowError):
        return False
    return True


def changes(raw: bytes, values: Iterator[int] | range) -> Iterator[tuple[int, bytes]]:
    chosen = list(values)
    for at, was in enumerate(raw):
        for value in chosen:
            if (new := was ^ value) != was:
                yield at, raw[:at] + bytes([new]) + raw[at + 1 :]


PROOF = Grown(12).proof(5).text().encode()


def test_no_single_bit_of_a_proof_can_change(checker: ModuleType) -> None:
    assert held(checker, PROOF)
    assert not [at for at, changed in changes(PROOF, [1 << bit for bit in range(8)]) if held(checker, changed)]


@pytest.mark.heavy
def test_no_single_byte_of_a_proof_can_change(checker: ModuleType) -> None:
    assert held(checker, PROOF)
    assert not [at for at, changed in changes(PROOF, range(1, 256)) if held(checker, changed)]


def test_no_byte_can_be_added_to_a_proof_or_taken_from_it(checker: ModuleType) -> None:
    assert not [at for at in range(len(PROOF)) if held(checker, PROOF[:at] + PROOF[at + 1 :])]
    assert not [at for at in range(len(PROOF) + 1) for extra in b"\nA= 0\r" if held(checker, PROOF[:at] + bytes([extra]) + PROOF[at:])]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13])
def test_it_agrees_with_us_on_every_entry(checker: ModuleType, size: int) -> None:
    log = Grown(size)
    for index in range(size):
        assert held(checker, log.proof(index).text().encode())
        moved = Proof((index + 1) % (size + 1), *_rest(log.proof(index)))
        assert not held(checker, moved.text().encode())


def _rest(proof: Proof) -> tuple[tuple[bytes, ...], str, bytes]:
    return proof.hashes, proof.note, proof.body


def test_a_signature_of_the_key_that_signs_the_other_way_is_refused(checker: ModuleType) -> None:
    good, text = Grown(12).proof(5), Grown(12).checkpoint().text()
    plain = Signer(WITNESS.verifier.name, WITNESS._key).sign(text)
    for wrong in (plain, WITNESS.sign("other\n", time=SEEN_AT)):
        changed = Proof(5, good.hashes, joined(text, [LOG.sign(text), wrong]), good.body)
        assert not held(checker, changed.text().encode())


@pytest.mark.parametrize(("public", "message", "signature"), VECTORS)
def test_the_published_signatures(checker: ModuleType, public: str, message: str, signature: str) -> None:
    key, text, signed = map(bytes.fromhex, (public, message, signature))
    assert checker.holds(key, text, signed)
    assert not checker.holds(key, text + b"x", signed)
    for at in (0, 31, 32, 63):
        assert not checker.holds(key, text, signed[:at] + bytes([signed[at] ^ 1]) + signed[at + 1 :])


def test_a_second_form_of_the_same_signature_is_refused(checker: ModuleType) -> None:
    key, text, signed = (bytes.fromhex(t) for t in VECTORS[1])
    larger = int.from_bytes(signed[32:], "little") + ORDER
    assert not checker.holds(key, text, signed[:32] + larger.to_bytes(32, "little"))


def test_a_point_that_is_written_in_another_way_is_refused(checker: ModuleType) -> None:
    field = 2**255 - 19
    for y in (field, field + 1, 2**255 - 1, 2):  # not reduced three times, and once no point at all
        with pytest.raises(ValueError, match="no point"):
            checker.point(y.to_bytes(32, "little"))
    with pytest.raises(ValueError, match="no point"):
        checker.point((1 | 1 << 255).to_bytes(32, "little"))  # x = 0 with the sign of the other


def test_it_agrees_with_a_library_on_random_signatures(checker: ModuleType) -> None:
    for number in range(20):
        text = bytes([number]) * number
        signed = LOG._key.sign(text)
        assert checker.holds(LOG.verifier.public, text, signed)
        assert not checker.holds(WITNESS.verifier.public, text, signed)
