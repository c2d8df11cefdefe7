"""The engine's side of ABCI 2.0 over a socket."""

from __future__ import annotations

import asyncio

from . import wire

FLUSH = wire.message(2, b"")


class ApplicationLost(Exception):
    """The application answered an error, or its connection ended: fatal, as in the engine."""


class Connection:
    """One of the four connections: requests and answers in order, each with its Flush."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self.reader, self.writer = reader, writer
        self.turn = asyncio.Lock()

    async def _answer(self) -> tuple[int, bytes]:
        size = shift = 0
        while True:
            byte = (await self.reader.readexactly(1))[0]
            size |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        found = wire.fields(await self.reader.readexactly(size))
        number, values = next(iter(found.items()))
        return number, values[-1]

    async def call_all(self, number: int, bodies: list[bytes]) -> list[dict[int, list]]:
        """Sends requests of one kind together, then one Flush."""
        async with self.turn:
            try:
                out = b""
                for body in bodies:
                    request = wire.message(number, body)
                    out += wire.varint(len(request)) + request
                self.writer.write(out + wire.varint(len(FLUSH)) + FLUSH)
                await self.writer.drain()
                answers = []
                for _ in bodies:
                    kind, body = await self._answer()
                    if kind != number + 1:
                        raise ApplicationLost(f"answer {kind} to request {number}: {body!r}")
                    answers.append(wire.fields(body))
                kind, body = await self._answer()
                if kind != 3:
                    raise ApplicationLost(f"answer {kind} to Flush: {body!r}")
                return answers
            except (OSError, asyncio.IncompleteReadError) as error:
                raise ApplicationLost(f"the connection ended: {error}") from error

    async def call(self, number: int, body: bytes = b"") -> dict[int, list]:
        return (await self.call_all(number, [body]))[0]


class Application:
    """The four connections, opened in the engine's order."""

    def __init__(self, address: str):
        self.address = address.removeprefix("tcp://")
        self.query: Connection
        self.snapshot: Connection
        self.mempool: Connection
        self.consensus: Connection

    async def connect(self) -> None:
        for name in ("query", "snapshot", "mempool", "consensus"):
            setattr(self, name, await self._dial())

    async def _dial(self) -> Connection:
        host, port = self.address.rsplit(":", 1)
        while True:
            try:
                return Connection(*await asyncio.open_connection(host, int(port)))
            except OSError:
                await asyncio.sleep(0.3)

    async def info(self) -> tuple[int, bytes]:
        """The last committed height and its state root."""
        body = (wire.text(1, "0.38.0") + wire.integer(2, 11) + wire.integer(3, 8)
                + wire.text(4, "2.0.0"))
        answer = await self.query.call(3, body)
        return wire.one(answer, 4, 0), wire.one(answer, 5, b"")

    async def init_chain(self, genesis: dict, time: int, state: bytes) -> dict[int, list]:
        params = genesis["consensus_params"]
        block = (wire.integer(1, int(params["block"]["max_bytes"]))
                 + wire.integer(2, int(params["block"]["max_gas"])))
        consensus = (wire.message(1, block) + wire.message(3, wire.text(1, "ed25519"))
                     + wire.message(4, wire.integer(1, int(params["version"]["app"])))
                     + wire.message(5, b""))
        body = (wire.message(1, wire.timestamp(time)) + wire.text(2, genesis["chain_id"])
                + wire.message(3, consensus))
        for member in genesis["members"]:
            body += wire.message(4, update(member))
        return await self.consensus.call(5, body + wire.data(5, state) + wire.integer(6, 1))


def update(member: dict) -> bytes:
    key = wire.data(1, bytes.fromhex(member["key"]))
    return wire.message(1, key) + wire.integer(2, member["power"])


def read_updates(values: list[bytes]) -> list[dict]:
    found = []
    for value in values:
        parts = wire.fields(value)
        key = wire.fields(wire.one(parts, 1, b""))
        found.append({"key": wire.one(key, 1, b"").hex(),
                      "power": wire.signed(wire.one(parts, 2, 0))})
    return found


def read_events(values: list[bytes]) -> list[dict]:
    events = []
    for value in values:
        parts = wire.fields(value)
        attributes = []
        for raw in parts.get(2, []):
            attribute = wire.fields(raw)
            attributes.append({
                "key": wire.one(attribute, 1, b"").decode(),
                "value": wire.one(attribute, 2, b"").decode(),
                "index": bool(wire.one(attribute, 3, 0))})
        events.append({"type": wire.one(parts, 1, b"").decode(), "attributes": attributes})
    return events


def read_result(raw: bytes | dict[int, list]) -> dict:
    parts = wire.fields(raw) if isinstance(raw, bytes) else raw
    return {
        "code": wire.one(parts, 1, 0), "data": wire.one(parts, 2, b"").hex(),
        "log": wire.one(parts, 3, b"").decode(), "gas_wanted": wire.one(parts, 5, 0),
        "gas_used": wire.one(parts, 6, 0), "events": read_events(parts.get(7, [])),
        "codespace": wire.one(parts, 8, b"").decode()}
