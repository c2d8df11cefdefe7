"""A proxy before a node that loses answers, or says of the ledger what is not so."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BYTES_MAX = 1 << 20


class LossyNode:
    """Passes everything on, but for what `lose` and `fee` say."""

    def __init__(self, node: str):
        self.node = node
        # Which answer is lost: "" for none, "answers" of submissions, "submissions" before they
        # reach the node, "later" for everything after a submission, "second" for all submissions
        # but the first, "late" for an answer that comes when `released` is set.
        self.lose = ""
        self.fee = 0
        self.posts = 0
        self.arrived = threading.Event()
        self.released = threading.Event()
        handler = type("Handler", (Handler,), {"lossy": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.released.set()
        self.server.shutdown()
        self.server.server_close()

    def set(self, lose: str = "", fee: int = 0) -> None:
        self.lose, self.fee, self.posts = lose, fee, 0
        self.arrived.clear()
        self.released.clear()


class Handler(BaseHTTPRequestHandler):
    lossy: LossyNode
    protocol_version = "HTTP/1.1"

    def log_message(self, *_) -> None:
        pass

    def do_GET(self) -> None:
        if self.lossy.lose == "later" and self.lossy.posts:
            self.close()
        else:
            self.answer(*self.ask(None))

    def do_POST(self) -> None:
        lossy = self.lossy
        body = self.rfile.read(min(int(self.headers["content-length"]), BYTES_MAX))
        lossy.posts += 1
        if lossy.lose == "submissions" or lossy.lose == "second" and lossy.posts > 1:
            self.close()
            return
        found = self.ask(body)
        lossy.arrived.set()
        if lossy.lose == "answers":
            self.close()
            return
        if lossy.lose == "late":
            lossy.released.wait(60)
        self.answer(*found)

    def close(self) -> None:
        self.close_connection = True

    def ask(self, body: bytes | None) -> tuple[int, bytes]:
        request = urllib.request.Request(self.lossy.node + self.path, data=body)
        if body is not None:
            request.add_header("content-type", "application/octet-stream")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, self.spoiled(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def spoiled(self, body: bytes) -> bytes:
        """A status whose least fee is another."""
        if not self.lossy.fee or not self.path.endswith("/status"):
            return body
        document = json.loads(body)
        known = document["parameters"]
        # A version's byte, and the least fee in sixteen.
        document["parameters"] = known[:2] + self.lossy.fee.to_bytes(16, "big").hex() + known[34:]
        return json.dumps(document).encode()

    def answer(self, status: int, body: bytes) -> None:
        try:
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            self.close()
