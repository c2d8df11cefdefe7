"""Start, watch and stop the processes of a market; the demo and the end-to-end tests share it."""

from __future__ import annotations

import atexit
import json
import os
import selectors
import signal
import subprocess
import threading
import time
import weakref
from pathlib import Path


class ProcessFailed(RuntimeError):
    """A process ended or stayed silent when it should have said that it is ready."""


# What must not outlive this process, whoever forgot to stop it.
_attached: weakref.WeakSet[subprocess.Popen] = weakref.WeakSet()


@atexit.register
def _end_attached() -> None:
    for process in list(_attached):
        if process.poll() is None:
            process.kill()
            process.wait()


def _drain(stdout, piece: bytes, path: Path) -> None:
    """Writes down what is said after the first line: a full pipe would stop who says it."""
    with stdout, open(path, "ab", buffering=0) as file:
        file.write(piece)
        while piece := os.read(stdout.fileno(), 1 << 16):
            file.write(piece)


class Service:
    """A long-running process whose first line on standard output says where it answers."""

    def __init__(self, name: str, command: list[str], log: Path, env: dict[str, str]):
        self.name = name
        self.command = command
        self.log = log
        self.env = env
        self.process: subprocess.Popen | None = None
        self.url = ""

    def start(self, timeout_seconds: float = 60.0, detached: bool = False) -> "Service":
        """Starts it and waits for its line; `detached` lets it outlive this process.

        A process that does not say its line is ended: nobody else would.
        """
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with open(self.log, "ab") as errors:
            self.process = subprocess.Popen(
                self.command, stdout=subprocess.PIPE, stderr=errors, stdin=subprocess.DEVNULL,
                env=self.env, start_new_session=detached)
        try:
            if not detached:
                _attached.add(self.process)
            line, rest = self._first_line(timeout_seconds)
            self.url = self._address(line)
        except BaseException:
            self.kill()
            self.process.stdout.close()
            raise
        # Beside the log of standard error, which tests read line by line.
        said = self.log.with_suffix(".out")
        threading.Thread(
            target=_drain, args=(self.process.stdout, rest, said), daemon=True).start()
        return self

    def _address(self, line: str) -> str:
        try:
            url = json.loads(line)["url"]
        except (ValueError, KeyError, TypeError):
            url = next((word for word in line.split() if word.startswith("http")), "")
        if not url:
            raise ProcessFailed(f"{self.name} said {line!r} instead of its address")
        return url

    def _first_line(self, timeout_seconds: float) -> tuple[str, bytes]:
        assert self.process is not None and self.process.stdout is not None
        deadline = time.monotonic() + timeout_seconds
        buffer = b""
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while b"\n" not in buffer:
                left = deadline - time.monotonic()
                if left <= 0 or not selector.select(left):
                    raise ProcessFailed(f"{self.name} did not answer in time; see {self.log}")
                piece = os.read(self.process.stdout.fileno(), 4096)
                if not piece:
                    tail = self.log.read_text(errors="replace")[-2000:]
                    raise ProcessFailed(f"{self.name} ended at once: {tail}")
                buffer += piece
        line, rest = buffer.split(b"\n", 1)
        return line.decode(), rest

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """Ends it as a power cut would: SIGKILL, no farewell."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self, timeout_seconds: float = 30.0) -> int:
        """Asks it to end, and insists if it does not; returns its exit status."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout_seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode


def failure(text: str) -> dict:
    """What a command with --json says of its failure: `error` as people read it, with the notes
    before it, and `failure` as the document that it is."""
    lines = text.strip().splitlines()
    try:
        document = json.loads(lines[-1])
        said = [*lines[:-1], f"Error: {document['error']}"]
    except (IndexError, ValueError, KeyError, TypeError):
        return {"error": text.strip()}
    if "hint" in document:
        said.append(f"hint: {document['hint']}")
    return {"error": "\n".join(said), "failure": document}


class Stoa:
    """The command line, with one home directory and one node."""

    def __init__(self, binary: Path, home: Path, node: str = "", passphrase: str = "demo"):
        self.binary = str(binary)
        self.home = home
        self.node = node
        self.env = dict(os.environ, STOA_HOME=str(home), STOA_PASSPHRASE=passphrase)
        if node:
            self.env["STOA_NODE"] = node

    def __call__(self, *words: str, check: bool = True):
        """Runs a command with --json and returns its document."""
        done = subprocess.run(
            [self.binary, *words, "--json"], env=self.env, capture_output=True, text=True,
            timeout=120)
        if check and done.returncode != 0:
            raise ProcessFailed(f"stoa {' '.join(words)}: {failure(done.stderr)['error']}")
        return json.loads(done.stdout) if done.stdout.strip() else failure(done.stderr)

    def service(self, name: str, *words: str) -> Service:
        log = self.home / f"{name}.log"
        return Service(name, [self.binary, *words, "--json"], log, self.env)


def submit_unforeseen(stoa: Stoa, wallet: str, *words: str):
    """Sends what the command line would not, since it sees that the ledger refuses it: the
    transaction as a draft, signed by a wallet and submitted."""
    draft, signed = (stoa.home / f"unforeseen.{end}" for end in ("draft", "signed"))
    for file in (draft, signed):
        file.unlink(missing_ok=True)
    key = stoa("key", "show", wallet, "--public")["publicKey"]
    stoa(*words, "--draft", str(draft), "--draft-key", key)
    stoa("multisig", "sign", str(draft), "--wallet", wallet, "-o", str(signed))
    return stoa("multisig", "submit", str(signed), check=False)


def command_of(pid: int) -> list[str]:
    """The words a running process was started with; none once it ended, reaped or not."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []
    return [os.fsdecode(word) for word in words if word]


def stop_recorded(record: Path) -> None:
    """Ends the processes whose numbers an earlier run wrote down, if they are still those.

    The last that started ends first: a seller's last claim needs the node.
    """
    if not record.exists():
        return
    for entry in reversed(json.loads(record.read_text())):
        pid, command = entry["pid"], entry["command"]
        if command_of(pid) != command:
            continue
        try:
            os.kill(pid, signal.SIGTERM)
        except ProcessLookupError:
            continue
        deadline = time.monotonic() + 30
        while command_of(pid) == command and time.monotonic() < deadline:
            time.sleep(0.02)
    record.unlink(missing_ok=True)


def write_record(record: Path, services: list[Service]) -> None:
    """Writes down what runs, so that the next run can end it."""
    entries = [
        {"name": service.name, "pid": service.pid, "command": command_of(service.pid)}
        for service in services if service.is_running]
    # At once: whoever is killed while writing must not leave half a list.
    draft = record.with_suffix(".new")
    draft.write_text(json.dumps(entries))
    draft.replace(record)
