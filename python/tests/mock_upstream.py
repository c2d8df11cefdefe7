"""A stand-in for a model server that answers at once: fixed words, fixed counts, any load.

    python mock_upstream.py --port 0 [--delay-ms N] [--chunk-delay-ms N] [--heads FILE] [--bodies FILE]

Prints one line of JSON with its address. Raw sockets, so that it is never what a test waits for.
"""

from __future__ import annotations

import argparse
import asyncio
import json

WORDS = ["The", " quick", " brown", " fox", " jumps", " over", " the", " lazy", " dog", "."] * 2
USAGE = {"prompt_tokens": 12, "completion_tokens": 20, "total_tokens": 32}


def answer(body: dict) -> bytes:
    if "input" in body:
        count = len(body["input"]) if isinstance(body["input"], list) else 1
        data = [{"object": "embedding", "index": i, "embedding": [0.5, -0.25, 0.125]}
                for i in range(count)]
        document = {"object": "list", "model": "mock", "data": data,
                    "usage": {"prompt_tokens": 4 * count, "total_tokens": 4 * count}}
    else:
        message = {"role": "assistant", "content": "".join(WORDS)}
        document = {"id": "chatcmpl-mock", "object": "chat.completion", "created": 1,
                    "model": "mock", "usage": USAGE, "choices": [
                        {"index": 0, "message": message, "finish_reason": "stop"}]}
    text = json.dumps(document).encode()
    return (b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
            % len(text)) + text


PLAIN = answer({})


def event(delta: dict, finish: str | None = None) -> bytes:
    document = {"id": "chatcmpl-mock", "object": "chat.completion.chunk", "created": 1,
                "model": "mock",
                "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
    return b"data: " + json.dumps(document).encode() + b"\n\n"


def last_event() -> bytes:
    document = {"id": "chatcmpl-mock", "object": "chat.completion.chunk", "created": 1,
                "model": "mock", "choices": [], "usage": USAGE}
    return b"data: " + json.dumps(document).encode() + b"\n\ndata: [DONE]\n\n"


def stream_pieces() -> list[bytes]:
    """A streamed answer, each event an HTTP chunk of its own."""
    events = [event({"role": "assistant"})] + [event({"content": word}) for word in WORDS]
    events += [event({}, "stop"), last_event()]
    return [b"%x\r\n%s\r\n" % (len(piece), piece) for piece in events]


STREAM_HEAD = (b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
               b"transfer-encoding: chunked\r\n\r\n")
STREAM_PIECES = stream_pieces()
STREAM_END = b"0\r\n\r\n"
STREAM_AT_ONCE = STREAM_HEAD + b"".join(STREAM_PIECES) + STREAM_END


class Upstream:
    def __init__(self, delay: float, chunk_delay: float, heads: str | None = None,
                 bodies: str | None = None):
        self.heads, self.bodies = heads, bodies
        self.delay = delay
        self.chunk_delay = chunk_delay

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                if self.heads:
                    with open(self.heads, "ab") as file:
                        file.write(head)
                length = 0
                for line in head.split(b"\r\n"):
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                body = await reader.readexactly(length)
                if self.bodies:
                    with open(self.bodies, "ab") as file:
                        file.write(body + b"\n")
                if self.delay:
                    await asyncio.sleep(self.delay)
                if b'"stream":true' in body.replace(b" ", b""):
                    await self.stream(writer)
                elif b'"input"' in body:
                    writer.write(answer(json.loads(body)))
                else:
                    writer.write(PLAIN)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def stream(self, writer: asyncio.StreamWriter) -> None:
        if not self.chunk_delay:
            return writer.write(STREAM_AT_ONCE)
        writer.write(STREAM_HEAD)
        for piece in STREAM_PIECES:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(self.chunk_delay)
        writer.write(STREAM_END)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--delay-ms", type=float, default=0)
    parser.add_argument("--chunk-delay-ms", type=float, default=0)
    parser.add_argument("--heads", help="where the heads of requests are written down")
    parser.add_argument("--bodies", help="where the bodies of requests are written down")
    options = parser.parse_args()
    upstream = Upstream(options.delay_ms / 1000, options.chunk_delay_ms / 1000, options.heads,
                        options.bodies)
    server = await asyncio.start_server(upstream.serve, "127.0.0.1", options.port)
    port = server.sockets[0].getsockname()[1]
    print(json.dumps({"service": "upstream", "url": f"http://127.0.0.1:{port}"}), flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
