"""A throw-away PostgreSQL server with PostGIS on the loopback interface, for tests and benchmarks."""

import json
import os
import secrets
import shutil
import subprocess
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import psycopg
from psycopg import sql

SUPERUSER = "postgres"
TEMPLATE = "tayori_template"
_INSTALLED = Path("/usr/lib/postgresql")
_EXTENSIONS = Path("/usr/share/postgresql")
_QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


def find_binaries() -> Path | None:
    """Return the folder of the newest PostgreSQL that has PostGIS beside it."""
    versions = sorted((p for p in _INSTALLED.glob("*") if p.name.isdigit()), key=lambda p: int(p.name), reverse=True)
    for version in versions:
        if (version / "bin/initdb").exists() and (_EXTENSIONS / version.name / "extension/postgis.control").exists():
            return version / "bin"
    return None


def _run(*command: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a server command as a user that PostgreSQL accepts: never root."""
    who: dict[str, Any] = {"user": SUPERUSER, "group": SUPERUSER, "extra_groups": []} if os.getuid() == 0 else {}
    return subprocess.run(
        [str(part) for part in command], cwd=folder, check=False, text=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}, **who,
    )  # fmt: skip


@dataclass(frozen=True)
class Server:
    """A running server: `folder` holds its data, `port` is on 127.0.0.1."""

    binaries: str
    folder: str
    port: int

    @classmethod
    def start(cls, *, durable: bool) -> Self:
        """Start a server in a folder of its own; `durable` keeps fsync on (benchmarks), otherwise speed comes first."""
        binaries = find_binaries()
        if binaries is None:
            raise RuntimeError("no PostgreSQL with PostGIS is installed")
        folder = Path(tempfile.mkdtemp(prefix="tayori-pg-"))
        if os.getuid() == 0:
            shutil.chown(folder, SUPERUSER, SUPERUSER)
        made = _run(binaries / "initdb", "-D", folder / "data", "-U", SUPERUSER, "-A", "trust", "-E", "UTF8",
                    "--locale=C.UTF-8", "--no-sync", folder=folder)  # fmt: skip
        if made.returncode:
            raise RuntimeError(f"initdb failed: {made.stdout}")
        settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=100"]
        settings += [] if durable else _QUICK
        server = cls(str(binaries), str(folder), _listen(binaries, folder, settings))
        server.make_template(TEMPLATE)
        return server

    def make_template(self, name: str) -> None:
        """Make a database with PostGIS and nothing else, for `clone`."""
        self._admin(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        with psycopg.connect(self._dsn(name), autocommit=True) as connection:
            connection.execute("CREATE EXTENSION postgis")

    def clone(self, template: str = TEMPLATE) -> str:
        """Return the SQLAlchemy URL of a new database made from a template."""
        name = f"t{secrets.token_hex(8)}"
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        self._admin(statement.format(sql.Identifier(name), sql.Identifier(template)))
        return self.url(name)

    def url(self, database: str) -> str:
        """Return the SQLAlchemy URL of a database."""
        return f"postgresql+psycopg://{SUPERUSER}@127.0.0.1:{self.port}/{database}"

    def drop(self, url: str) -> None:
        """Remove a cloned database, also with connections left open."""
        name = url.rsplit("/", 1)[1]
        self._admin(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def stop(self) -> None:
        """Stop this server, by the process number in its own folder, and remove its files."""
        folder = Path(self.folder)
        _run(f"{self.binaries}/pg_ctl", "-D", folder / "data", "-m", "immediate", "-w", "stop", folder=folder)
        shutil.rmtree(folder, ignore_errors=True)

    def to_json(self) -> str:
        """Say where the server is, for another process."""
        return json.dumps(asdict(self))

    def _dsn(self, database: str) -> str:
        return f"host=127.0.0.1 port={self.port} user={SUPERUSER} dbname={database}"

    def _admin(self, statement: sql.Composed) -> None:
        with psycopg.connect(self._dsn("postgres"), autocommit=True) as connection:
            connection.execute(statement)


def _listen(binaries: Path, folder: Path, settings: list[str]) -> int:
    """Start the server on the first port that nobody else has; return it."""
    options = " ".join(f"-c {setting}" for setting in settings)
    for _ in range(8):
        port = 20_000 + secrets.randbelow(12_000)
        started = _run(binaries / "pg_ctl", "-D", folder / "data", "-w", "-t", "30", "-l", folder / "log",
                       "-o", f"-p {port} {options}", "start", folder=folder)  # fmt: skip
        if started.returncode == 0:
            return port
    log = (folder / "log").read_text(encoding="utf-8", errors="replace")
    shutil.rmtree(folder, ignore_errors=True)
    raise RuntimeError(f"PostgreSQL did not start: {log[-2000:]}")
