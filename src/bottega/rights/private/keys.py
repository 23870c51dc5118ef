"""The keys of the gate and of the log. Private halves stay outside the show, readable by their owner only; public halves travel with it."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from bottega.model import CredentialError, code

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

LONGEST_KEY_FILE = 16 * 1024


def key_folder(environment: Mapping[str, str] | None = None) -> Path:
    """Where private keys live: `$BOTTEGA_HOME/keys`, else `bottega/keys` in the user's configuration folder."""
    env = os.environ if environment is None else environment
    if env.get("BOTTEGA_HOME"):
        return Path(env["BOTTEGA_HOME"]) / "keys"
    config = env.get("XDG_CONFIG_HOME")
    return (Path(config) if config and Path(config).is_absolute() else Path.home() / ".config") / "bottega" / "keys"


def mark_folder() -> Path:
    """Where the high-water marks of the shows' ledgers lie: beside the private keys."""
    return key_folder().parent / "marks"


def make_gate_key(show_id: str, *, folder: Path | None = None) -> Ed25519PrivateKey:
    """Make and keep the key that signs a show's clearances. Raises CredentialError; a key that is there is never replaced."""
    return make_private_key(private_key_path(show_id, folder=folder))


def load_gate_key(show_id: str, *, folder: Path | None = None) -> Ed25519PrivateKey:
    """Load a show's gate key. Raises CredentialError for wide permissions, a link, or any other kind of key."""
    return load_private_key(private_key_path(show_id, folder=folder))


def make_log_key(show_id: str, *, folder: Path | None = None) -> Ed25519PrivateKey:
    """Make and keep the key that signs a ledger's checkpoints: another one than the gate's. Raises CredentialError."""
    return make_private_key(private_key_path(show_id, folder=folder, which="log"))


def load_log_key(show_id: str, *, folder: Path | None = None) -> Ed25519PrivateKey:
    """Load the key that signs a ledger's checkpoints. Raises CredentialError as `load_gate_key` does."""
    return load_private_key(private_key_path(show_id, folder=folder, which="log"))


def private_key_path(show_id: str, *, folder: Path | None = None, which: str = "gate", state: str = "") -> Path:
    """The file of a show's private key, `gate` or `log`; `state` is `.new` while a rotation is under way."""
    return (folder or key_folder()) / f"{code(which, 'key')}_{code(show_id, 'show id')}{state}.pem"


def make_private_key(path: Path) -> Ed25519PrivateKey:
    """Make a private key and keep it (PKCS8 PEM, mode 0600). Raises CredentialError; a key that is there is never replaced."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_new(path, pem, 0o600)
    except FileExistsError:
        raise CredentialError(f"{path}: this show has such a key already; load it, or move it away first") from None
    except OSError as problem:
        raise CredentialError(f"{path}: the key cannot be written: {problem.strerror}") from problem
    return key


def load_private_key(path: Path) -> Ed25519PrivateKey:
    """Load a private key. Raises CredentialError for wide permissions, a link, or any other kind of key."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    pem = _read(path, private=True)
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):  # not chained: what a parser says of a private key is nobody's business
        raise CredentialError(f"{path}: no private key in PEM without a password; restore the file") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise CredentialError(f"{path}: a key of the wrong kind; allowed is Ed25519")
    return key


def write_public_key(path: Path, key: Ed25519PublicKey) -> None:
    """Write the public key as PEM. Raises CredentialError; a file that is there is never replaced."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_new(path, public_pem(key), 0o644)
    except FileExistsError:
        raise CredentialError(f"{path}: there is a public key already; the show is bound to it") from None
    except OSError as problem:
        raise CredentialError(f"{path}: the public key cannot be written: {problem.strerror}") from problem


def public_pem(key: Ed25519PublicKey) -> bytes:
    """A public key as it lies in `keys/`."""
    from cryptography.hazmat.primitives import serialization

    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def load_public_key(path: Path) -> Ed25519PublicKey:
    """Load a public key in PEM. Raises CredentialError for anything but Ed25519."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        key = serialization.load_pem_public_key(_read(path, private=False))
    except (ValueError, UnsupportedAlgorithm) as problem:
        raise CredentialError(f"{path}: no public key in PEM: {problem}") from problem
    if not isinstance(key, Ed25519PublicKey):
        raise CredentialError(f"{path}: a key of the wrong kind; allowed is Ed25519")
    return key


def key_id(key: Ed25519PublicKey) -> str:
    """The sha256 of the raw public key: what the ledger and every clearance name it by."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()


def _write_new(path: Path, content: bytes, mode: int) -> None:
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(handle)


def _read(path: Path, *, private: bool) -> bytes:
    try:
        # what is checked is the file that was opened, and a pipe must not keep us waiting
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | (os.O_NOFOLLOW if private else 0))
    except OSError as problem:
        raise CredentialError(f"{path}: the key cannot be opened: {problem.strerror}") from problem
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise CredentialError(f"{path}: no plain file")
        if private and (found.st_mode & 0o077 or found.st_uid != os.geteuid()):
            raise CredentialError(
                f"{path}: mode {stat.S_IMODE(found.st_mode):04o}, owner {found.st_uid}; allowed is 0600 and yourself: chmod 600 it"
            )
        content = os.read(handle, LONGEST_KEY_FILE + 1)
    finally:
        os.close(handle)
    if len(content) > LONGEST_KEY_FILE:
        raise CredentialError(f"{path}: longer than any key, {LONGEST_KEY_FILE} bytes are allowed")
    return content
