"""A PostgreSQL server of the tests' own, from Debian's package: in a temporary folder, on a socket, as a user without privileges."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

OWNER, APP = "ledger_owner", "ledger_app"
NOBODY = "nobody"
SETTINGS = "-c listen_addresses='' -c max_connections=60 -c shared_buffers=16MB"


@dataclass(frozen=True)
class Server:
    """A running server; `url` gives the address of the show database for a role."""

    folder: Path

    def url(self, role: str, *, more: str = "") -> str:
        return f"postgresql://{role}@/show?host={self.folder}{more}"

    def control(self, *words: str) -> None:
        _run([_binary("pg_ctl"), "-D", str(self.folder / "data"), "-w", "-s", *words])

    def start(self) -> None:
        self.control("-l", str(self.folder / "log"), "-o", f"-k {self.folder} {SETTINGS}", "start")

    def sql(self, *statements: str, database: str = "show") -> None:
        import psycopg

        with psycopg.connect(f"postgresql://postgres@/{database}?host={self.folder}", autocommit=True) as db:
            for statement in statements:
                db.execute(statement)  # type: ignore[call-overload]


@contextmanager
def running() -> Iterator[Server]:
    """A server with a database `show`, a role that owns its tables and another that writes entries."""
    folder = Path(tempfile.mkdtemp(prefix="bottega_pg_", dir="/tmp"))
    server = Server(folder)
    try:
        if os.geteuid() == 0:
            os.chown(folder, pwd.getpwnam(NOBODY).pw_uid, -1)
        folder.chmod(0o755)
        _run([_binary("initdb"), "-D", str(folder / "data"), "-U", "postgres", "-A", "trust", "-N", "--data-checksums"])
        server.start()
        server.sql(f"CREATE ROLE {OWNER} LOGIN", f"CREATE ROLE {APP} LOGIN", f"CREATE DATABASE show OWNER {OWNER}", database="postgres")
        yield server
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            server.control("-m", "immediate", "stop")
        shutil.rmtree(folder)


def _binary(name: str) -> str:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda p: int(p.parts[4]))
    assert found, "PostgreSQL is missing: apt-get install postgresql"
    return str(found[-1])


def _run(words: list[str]) -> None:
    """As nobody where we are root: PostgreSQL refuses to be run by root."""
    unprivileged = {"user": NOBODY, "group": pwd.getpwnam(NOBODY).pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd="/", check=False, **unprivileged)  # type: ignore[call-overload]
    assert done.returncode == 0, done.stdout
