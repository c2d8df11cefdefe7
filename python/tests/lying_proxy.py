"""A proxy between an engine and its application that spoils the state root of one block."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from stoa_standin import wire  # noqa: E402

FINALIZE_BLOCK = 21


def spoiled(frame: bytes) -> bytes:
    """A FinalizeBlock answer whose app_hash, field 5 and the last, ends in another byte."""
    found = wire.fields(frame)
    if FINALIZE_BLOCK not in found or not wire.fields(found[FINALIZE_BLOCK][0]).get(5):
        return frame
    return frame[:-1] + bytes([frame[-1] ^ 1])


async def pump(reader, writer, change) -> None:
    try:
        while True:
            size = shift = 0
            while True:
                byte = (await reader.readexactly(1))[0]
                size |= (byte & 0x7F) << shift
                shift += 7
                if byte < 0x80:
                    break
            frame = change(await reader.readexactly(size))
            writer.write(wire.varint(len(frame)) + frame)
            await writer.drain()
    except (OSError, asyncio.IncompleteReadError):
        writer.close()


async def serve(listen: int, application: int) -> None:
    async def accept(reader, writer):
        app_reader, app_writer = await asyncio.open_connection("127.0.0.1", application)
        await asyncio.gather(
            pump(reader, app_writer, lambda frame: frame),
            pump(app_reader, writer, spoiled))

    server = await asyncio.start_server(accept, "127.0.0.1", listen)
    port = server.sockets[0].getsockname()[1]
    print(f'{{"url": "http://127.0.0.1:{port}"}}', flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(0, int(sys.argv[1])))
