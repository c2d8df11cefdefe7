"""Messages between stand-ins: one JSON document per line over TCP, trusted by loopback alone."""

from __future__ import annotations

import asyncio
import json


class Peers:
    LINE_BYTES_MAX = 64 << 20

    def __init__(self, listen: str, addresses: list[str], receive):
        self.listen, self.addresses, self.receive = listen, addresses, receive
        self.outgoing: dict[str, asyncio.Queue] = {
            address: asyncio.Queue(10_000) for address in addresses}

    async def start(self) -> None:
        host, port = self.listen.rsplit(":", 1)
        await asyncio.start_server(self._serve, host, int(port), limit=self.LINE_BYTES_MAX)
        for address in self.addresses:
            asyncio.ensure_future(self._deliver(address))

    def broadcast(self, document: dict) -> None:
        line = json.dumps(document).encode() + b"\n"
        for queue in self.outgoing.values():
            if not queue.full():
                queue.put_nowait(line)

    def send(self, listen: str, document: dict) -> None:
        """To the peer that listens at an address; nothing if it is nobody's."""
        queue = self.outgoing.get(listen)
        if queue is not None and not queue.full():
            queue.put_nowait(json.dumps(document).encode() + b"\n")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                self.receive(json.loads(line))
        except (OSError, ValueError):
            pass
        finally:
            writer.close()

    async def _deliver(self, address: str) -> None:
        host, port = address.rsplit(":", 1)
        queue = self.outgoing[address]
        while True:
            try:
                _, writer = await asyncio.open_connection(host, int(port))
                while True:
                    line = await queue.get()
                    writer.write(line)
                    await writer.drain()
            except OSError:
                while not queue.empty():
                    queue.get_nowait()
                await asyncio.sleep(0.3)
