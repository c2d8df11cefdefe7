"""A PostgreSQL of one's own on a unix socket in a folder that goes with it.

As a program it runs a command beside one, whose address is in STOA_TEST_POSTGRES:

    python python/tests/private_postgres.py swift test --filter AccessStoreTests
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def program(name: str) -> str | None:
    """Debian keeps the server's programs away from the path, one folder for each version."""
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"),
                    key=lambda path: int(path.parts[4]) if path.parts[4].isdigit() else 0)
    return str(places[-1]) if places else shutil.which(name)


def missing() -> str:
    """Why there can be none here; empty if there can."""
    for name in ("initdb", "postgres", "psql"):
        if not program(name):
            return f"{name} is not installed (apt-get install postgresql)"
    if os.getuid() == 0 and not unprivileged():
        return "PostgreSQL does not run as root, and there is no user postgres or nobody"
    return ""


def unprivileged() -> str | None:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    return None


class PrivatePostgres:
    """A server that only its socket's folder leads to."""

    def __init__(self):
        # A socket's path may have 107 bytes, so not in a test's own folder.
        self.folder = Path(tempfile.mkdtemp(prefix="stoa-pg-"))
        self.user = {"user": unprivileged()} if os.getuid() == 0 else {}
        if self.user:
            shutil.chown(self.folder, self.user["user"])
        self.process: subprocess.Popen | None = None
        self.environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "HOME": str(self.folder)}
        subprocess.run(
            [program("initdb"), "-D", str(self.folder / "data"), "-A", "trust", "-U", "stoa",
             "-E", "UTF8", "--no-sync"],
            check=True, stdout=subprocess.DEVNULL, cwd=self.folder, env=self.environment,
            **self.user)

    def address(self, database: str = "postgres") -> str:
        return f"postgres://stoa@/{database}?host={self.folder}"

    def start(self) -> "PrivatePostgres":
        # What is written survives a kill of the server; a loss of power is not tested.
        self.process = subprocess.Popen(
            [program("postgres"), "-D", str(self.folder / "data"), "-k", str(self.folder),
             "-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=60"],
            stdout=subprocess.DEVNULL, stderr=open(self.folder / "log", "ab"), cwd=self.folder,
            env=self.environment, **self.user)
        deadline = time.monotonic() + 30
        while True:
            try:
                self.query("SELECT 1")
                return self
            except subprocess.CalledProcessError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError((self.folder / "log").read_text()[-2000:])
                time.sleep(0.1)

    def query(self, statement: str, database: str = "postgres") -> str:
        done = subprocess.run(
            [program("psql"), "-qXAt", self.address(database), "-c", statement],
            check=True, capture_output=True, text=True, env=self.environment)
        return done.stdout.strip()

    def stop(self) -> None:
        """Ends it at once, and every connection with it."""
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def main() -> int:
    reason = missing()
    if reason:
        print(f"without PostgreSQL: {reason}", file=sys.stderr)
        return subprocess.run(sys.argv[1:]).returncode
    server = PrivatePostgres()
    try:
        server.start()
        return subprocess.run(
            sys.argv[1:], env=dict(os.environ, STOA_TEST_POSTGRES=server.address())).returncode
    finally:
        server.remove()


if __name__ == "__main__":
    sys.exit(main())
