"""Pictures with Content Credentials, signed by a chain of certificates that is made for the test run."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from c2pa import Builder, C2paSignerInfo, C2paSigningAlg, Context, Signer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

FORMATS = {".png": "image/png", ".tif": "image/tiff", ".mp4": "video/mp4", ".mov": "video/quicktime", ".exr": "image/x-exr"}
PEM, PKCS8, PLAIN = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "A test"), x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _certificate(text: str, key: Any, issuer: str, issuer_key: Any) -> x509.Certificate:
    now, root = datetime.now(UTC), text == issuer
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only"), False
    )
    made = (
        x509.CertificateBuilder(_name(issuer), _name(text), key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=root, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .add_extension(x509.KeyUsage(digital_signature=not root, key_cert_sign=root, crl_sign=root, **usage), critical=True)
    )
    if not root:
        made = made.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
    return made.sign(issuer_key, hashes.SHA256())


@cache
def chain() -> tuple[str, bytes, bytes]:
    """The root to trust, and a signer's chain and key."""
    root_key, leaf_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root, leaf = _certificate("Root", root_key, "Root", root_key), _certificate("Signer", leaf_key, "Root", root_key)
    pem = root.public_bytes(PEM)
    return pem.decode(), leaf.public_bytes(PEM) + pem, leaf_key.private_bytes(PEM, PKCS8, PLAIN)


def sign(path: Path, *, mining: dict[str, str] | None = None, ingredient: Path | None = None, remote: str | None = None) -> Path:
    """Sign a picture in its place; an EXR gets a `.c2pa` beside it. `mining` are uses by entry, as `{"cawg.ai_training": "notAllowed"}`."""
    _, certificates, key = chain()
    kind = FORMATS[path.suffix]
    first = {"action": "c2pa.created", "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCreation"}
    assertions: list[dict[str, Any]] = [{"label": "c2pa.actions", "data": {"actions": [first]}}]
    if mining is not None:
        entries = {name: {"use": use, **({"constraint_info": "ask"} if use == "constrained" else {})} for name, use in mining.items()}
        assertions.append({"label": "cawg.training-mining", "data": {"entries": entries}})
    made = {"claim_generator_info": [{"name": "test", "version": "1"}], "format": kind, "title": "a", "assertions": assertions}
    verify = {"verify_after_sign": False, "remote_manifest_fetch": False, "ocsp_fetch": False}
    context = Context.from_dict({"verify": verify, "builder": {"thumbnail": {"enabled": False}}})
    builder = Builder(made, context)
    if ingredient is not None:
        with ingredient.open("rb") as file:
            builder.add_ingredient({"title": "b", "relationship": "componentOf"}, FORMATS[ingredient.suffix], file)
    beside = path.suffix == ".exr"
    if beside or remote:
        builder.set_no_embed()
    if remote:
        builder.set_remote_url(remote)
    out = io.BytesIO()
    signer = Signer.from_info(C2paSignerInfo(C2paSigningAlg.ES256, certificates, key, None))
    manifest = builder.sign(signer, kind, io.BytesIO(path.read_bytes()), out)
    if beside:
        path.with_suffix(".c2pa").write_bytes(manifest)
    else:
        path.write_bytes(out.getvalue())
    return path
