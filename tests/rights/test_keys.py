from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bottega.model import CredentialError, UsageError
from bottega.rights import key_folder, key_id, load_gate_key, load_public_key, make_gate_key, private_key_path, write_public_key

OTHERS = {
    "ed448": ed448.Ed448PrivateKey.generate(),
    "p256": ec.generate_private_key(ec.SECP256R1()),
    "rsa": rsa.generate_private_key(65537, 2048),
}


def pem_of(key: object, password: bytes | None = None) -> bytes:
    how = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how)  # type: ignore[attr-defined, no-any-return]


def keep(folder: Path, pem: bytes, mode: int = 0o600) -> Path:
    path = private_key_path("show-1", folder=folder)
    path.write_bytes(pem)
    path.chmod(mode)
    return path


def test_a_key_is_made_once_kept_tight_and_loaded_again(tmp_path: Path) -> None:
    folder = tmp_path / "home" / "keys"
    key = make_gate_key("show-1", folder=folder)
    path = private_key_path("show-1", folder=folder)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert path.read_bytes().startswith(b"-----BEGIN PRIVATE KEY-----")
    assert key_id(load_gate_key("show-1", folder=folder).public_key()) == key_id(key.public_key())
    with pytest.raises(CredentialError, match="already"):
        make_gate_key("show-1", folder=folder)
    assert make_gate_key("show-2", folder=folder) is not None


def test_the_public_half_travels_with_the_show(tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate().public_key()
    path = tmp_path / "keys" / "gate.pub"
    write_public_key(path, key)
    assert key_id(load_public_key(path)) == key_id(key)
    assert path.read_bytes().startswith(b"-----BEGIN PUBLIC KEY-----")
    with pytest.raises(CredentialError, match="already"):
        write_public_key(path, key)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o602, 0o601])
def test_wider_permissions_are_refused(tmp_path: Path, mode: int) -> None:
    path = keep(tmp_path, pem_of(Ed25519PrivateKey.generate()), mode)
    with pytest.raises(CredentialError, match=f"mode {mode:04o}"):
        load_gate_key("show-1", folder=tmp_path)
    path.chmod(0o400)
    assert load_gate_key("show-1", folder=tmp_path) is not None


def test_a_link_a_folder_a_pipe_or_nothing_is_no_key(tmp_path: Path) -> None:
    path = keep(tmp_path, pem_of(Ed25519PrivateKey.generate()))
    path.rename(tmp_path / "real.pem")
    with pytest.raises(CredentialError, match="cannot be opened"):
        load_gate_key("show-1", folder=tmp_path)
    path.symlink_to(tmp_path / "real.pem")
    with pytest.raises(CredentialError, match="cannot be opened"):
        load_gate_key("show-1", folder=tmp_path)
    path.unlink()
    path.mkdir()
    with pytest.raises(CredentialError, match="no plain file"):
        load_gate_key("show-1", folder=tmp_path)
    path.rmdir()
    os.mkfifo(path, 0o600)
    with pytest.raises(CredentialError, match="no plain file"):
        load_gate_key("show-1", folder=tmp_path)


@pytest.mark.parametrize("kind", OTHERS)
def test_another_kind_of_key_is_refused(tmp_path: Path, kind: str) -> None:
    keep(tmp_path, pem_of(OTHERS[kind]))
    with pytest.raises(CredentialError, match="Ed25519"):
        load_gate_key("show-1", folder=tmp_path)
    pem = OTHERS[kind].public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "gate.pub").write_bytes(pem)
    with pytest.raises(CredentialError, match="Ed25519"):
        load_public_key(tmp_path / "gate.pub")


def test_rubbish_is_refused_and_no_byte_of_a_key_is_told(tmp_path: Path) -> None:
    good = pem_of(Ed25519PrivateKey.generate())
    secret = good.decode().splitlines()[1]
    lines = good.splitlines(keepends=True)
    short = lines[0] + lines[1][:20] + b"\n" + lines[2]
    long = good.replace(lines[1], lines[1].rstrip() + b"AAAA\n")
    locked = pem_of(Ed25519PrivateKey.generate(), b"password")
    for bad in (b"", b"hello", short, long, locked, good[:60], b"\0" * 20_000, os.urandom(64)):
        keep(tmp_path, bad)
        with pytest.raises(CredentialError) as caught:
            load_gate_key("show-1", folder=tmp_path)
        assert secret[:12] not in str(caught.value)
        assert caught.value.__cause__ is None
        (tmp_path / "gate.pub").write_bytes(bad)
        with pytest.raises(CredentialError):
            load_public_key(tmp_path / "gate.pub")
    (tmp_path / "gate.pub").write_bytes(good)
    with pytest.raises(CredentialError):
        load_public_key(tmp_path / "gate.pub")


def test_where_keys_live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert key_folder({"BOTTEGA_HOME": "/b", "XDG_CONFIG_HOME": "/x"}) == Path("/b/keys")
    assert key_folder({"XDG_CONFIG_HOME": "/x"}) == Path("/x/bottega/keys")
    assert key_folder({"XDG_CONFIG_HOME": "relative"}) == tmp_path / ".config/bottega/keys"
    assert key_folder({}) == tmp_path / ".config/bottega/keys"


@pytest.mark.parametrize("name", ["../evil", "a/b", "", "A", "x" * 64, "a\0b", ".."])
def test_a_show_id_is_no_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError):
        make_gate_key(name, folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CredentialError, match="cannot be written"):
        make_gate_key("show-1", folder=tmp_path / "file" / "keys")
