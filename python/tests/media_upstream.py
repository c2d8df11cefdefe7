"""A model server for images and audio that really answers: PNGs, tones as WAV, and what a WAV holds.

    python media_upstream.py --port 0 [--log FILE]

Prints one line of JSON with its address. Each request is written to the log as a line of JSON: path,
content type, model, and whatever tells which request it was.
"""

from __future__ import annotations

import argparse
import base64
import email.parser
import email.policy
import io
import json
import math
import struct
import wave
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def png(side: int = 8) -> bytes:
    """A picture of one colour."""
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (struct.pack(">I", len(data)) + kind + data
                + struct.pack(">I", zlib.crc32(kind + data)))

    rows = b"".join(b"\0" + b"\x20\x80\xff" * side for _ in range(side))
    return (b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def tone(seconds: float, rate: int = 16_000) -> bytes:
    """A tone of 440 Hz, as a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(b"".join(
            struct.pack("<h", int(12_000 * math.sin(2 * math.pi * 440 * place / rate)))
            for place in range(int(seconds * rate))))
    return file.getvalue()


def seconds(sound: bytes) -> float:
    with wave.open(io.BytesIO(sound)) as file:
        return file.getnframes() / file.getframerate()


def form(content_type: str, body: bytes) -> dict[str, tuple[str | None, bytes]]:
    """The parts of a form by name, as the standard library's own reader of mail sees them."""
    head = f"content-type: {content_type}\r\n\r\n".encode()
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    assert message.is_multipart(), content_type
    return {part.get_param("name", header="content-disposition"):
            (part.get_filename(), part.get_payload(decode=True)) for part in message.iter_parts()}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    log_path: str | None = None

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        kind = self.headers.get("content-type", "")
        answer = {"/v1/images/generations": self.images, "/v1/audio/speech": self.speech,
                  "/v1/audio/transcriptions": self.transcription}[self.path]
        answer(kind, body)

    def note(self, **facts) -> None:
        if self.log_path:
            line = {"path": self.path, "type": self.headers.get("content-type"), **facts}
            with open(self.log_path, "a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")

    def send(self, kind: str, body: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def images(self, _: str, body: bytes) -> None:
        asked = json.loads(body)
        count = asked.get("n", 1)
        self.note(model=asked["model"], count=count)
        made = count - 1 if asked["prompt"] == "one less" else count
        if asked["prompt"] == "none":
            made = 0
        if asked["prompt"] == "unsafe":
            error = {"error": {"message": "The prompt is not allowed.", "code": "moderation"}}
            return self.send("application/json", json.dumps(error).encode(), 400)
        picture = base64.b64encode(png()).decode()
        self.send("application/json", json.dumps({
            "created": 1, "data": [{"b64_json": picture} for _ in range(made)]}).encode())

    def speech(self, _: str, body: bytes) -> None:
        asked = json.loads(body)
        self.note(model=asked["model"], voice=asked.get("voice"))
        if asked["input"] == "page":
            return self.send("text/html", b"<script>alert(1)</script>")
        kind = "audio/wav" if asked["input"] != "parameters" else "Audio/WAV; rate=16000"
        self.send(kind, tone(len(asked["input"]) / 100))

    def transcription(self, kind: str, body: bytes) -> None:
        parts = form(kind, body)
        name, sound = parts["file"]
        fields = {key: value[1].decode() for key, value in parts.items() if key != "file"}
        self.note(model=fields["model"], file=name, bytes=len(sound), fields=fields)
        if fields.get("prompt") == "broken":
            return self.send("application/json", b"not json")
        text = f"A tone of {seconds(sound):.2f} seconds."
        if fields.get("response_format") == "text":
            return self.send("text/html", text.encode())
        self.send("application/json", json.dumps({"text": text}).encode())

    def log_message(self, *_) -> None:
        pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", help="where requests are written down")
    options = parser.parse_args()
    Handler.log_path = options.log
    server = ThreadingHTTPServer(("127.0.0.1", options.port), Handler)
    print(json.dumps({"service": "upstream",
                      "url": f"http://127.0.0.1:{server.server_port}"}), flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
