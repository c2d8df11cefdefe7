"""Serves the static embeddings of the wordllama wheel as POST /v1/embeddings and GET /v1/models.

A text becomes the mean of its tokens' vectors (32,000 tokens, 256 dimensions), at length one. The
weights are real and tiny: a text takes microseconds. Prints one line of JSON with the address once
it answers; ends on SIGTERM.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import importlib.metadata
import json
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MODEL = "wordllama-256"
BODY_BYTES_MAX = 4 << 20
TEXTS_MAX = 2048
IDLE_SECONDS_MAX = 300


def installed(ending: str) -> str:
    """A file of the wheel, found without importing the package, which looks for it in a hub."""
    for file in importlib.metadata.files("wordllama") or []:
        if file.name.endswith(ending):
            return str(file.locate())
    raise SystemExit(f"the wordllama wheel is not installed, or holds no {ending}")


def weights_path() -> str:
    return installed("_256.safetensors")


def sha256(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Refused(Exception):
    """A request that is answered with an OpenAI error envelope."""

    def __init__(self, status: int, code: str, message: str):
        super().__init__(message)
        self.status = status
        self.document = {"error": {"message": message, "type": "invalid_request_error",
                                   "param": None, "code": code}}


class Embedder:
    def __init__(self) -> None:
        import numpy
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer

        self.numpy = numpy
        self.vectors = load_file(weights_path())["embedding.weight"].astype(numpy.float32)
        self.tokenizer = Tokenizer.from_file(installed("l2_supercat_tokenizer_config.json"))
        self.tokenizer.no_padding()

    def embed(self, text: str):
        """The vector of a text, and how many tokens it has."""
        tokens = self.tokenizer.encode(text, add_special_tokens=False).ids
        if not tokens:
            return self.numpy.zeros(self.vectors.shape[1], self.numpy.float32), 0
        mean = self.vectors[tokens].mean(axis=0)
        return mean / (self.numpy.linalg.norm(mean) or 1.0), len(tokens)

    def answer(self, body: bytes) -> dict:
        texts, as_base64 = read_request(body)
        data, tokens = [], 0
        for index, text in enumerate(texts):
            vector, count = self.embed(text)
            tokens += count
            little_endian = vector.astype("<f4")
            data.append({"object": "embedding", "index": index, "embedding": (
                base64.b64encode(little_endian.tobytes()).decode() if as_base64
                else [float(number) for number in little_endian])})
        return {"object": "list", "model": MODEL, "data": data,
                "usage": {"prompt_tokens": tokens, "total_tokens": tokens}}


def read_request(body: bytes) -> tuple[list[str], bool]:
    """The texts of a request, and whether their vectors are wanted as base64."""
    try:
        request = json.loads(body)
    except ValueError:
        raise Refused(400, "invalid_json", "the body is not JSON") from None
    if not isinstance(request, dict):
        raise Refused(400, "invalid_json", "the body is not an object")
    if request.get("model", MODEL) != MODEL:
        raise Refused(404, "model_not_found", f"there is only {MODEL} here")
    form = request.get("encoding_format", "float")
    if form not in ("float", "base64"):
        raise Refused(400, "invalid_value", "encoding_format is float or base64")
    texts = request.get("input")
    texts = [texts] if isinstance(texts, str) else texts
    if not isinstance(texts, list) or not 0 < len(texts) <= TEXTS_MAX or not all(
            isinstance(text, str) for text in texts):
        raise Refused(400, "invalid_value", f"input is a text, or 1 to {TEXTS_MAX} texts")
    return texts, form == "base64"


class Door(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS_MAX
    disable_nagle_algorithm = True
    wbufsize = -1
    embedder: Embedder

    def do_GET(self) -> None:
        if self.path != "/v1/models":
            return self.reply(404, Refused(404, "not_found", "no such path").document)
        model = {"id": MODEL, "object": "model", "created": 0, "owned_by": "wordllama"}
        self.reply(200, {"object": "list", "data": [model]})

    def do_POST(self) -> None:
        try:
            length = int(self.headers.get("content-length", ""))
            if not 0 <= length <= BODY_BYTES_MAX:
                raise ValueError
        except ValueError:
            self.close_connection = True  # What follows cannot be told from the next request.
            refused = Refused(413, "invalid_length", f"content-length is at most {BODY_BYTES_MAX}")
            return self.reply(413, refused.document)
        body = self.rfile.read(length)
        try:
            if self.path != "/v1/embeddings":
                raise Refused(404, "not_found", "no such path")
            self.reply(200, self.embedder.answer(body))
        except Refused as refused:
            self.reply(refused.status, refused.document)

    def reply(self, status: int, document: dict) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        if self.close_connection:
            self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_) -> None:
        """Says nothing: requests are the buyer's affair."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def serve(host: str, port: int) -> None:
    Door.embedder = Embedder()
    server = Server((host, port), Door)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    weights = weights_path()
    url = f"http://{host}:{server.server_address[1]}"
    ready = {"service": "model", "url": url, "weights": weights, "sha256": sha256(weights)}
    print(json.dumps(ready), flush=True)
    server.serve_forever(poll_interval=0.1)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--print-path", action="store_true")
    parser.add_argument("--print-sha256", action="store_true")
    options = parser.parse_args()
    if options.print_path:
        print(weights_path())
    elif options.print_sha256:
        print(sha256(weights_path()))
    else:
        serve(options.host, options.port)
    return 0


if __name__ == "__main__":
    sys.exit(main())
