"""The engine's JSON-RPC over HTTP, in the shapes of CometBFT 0.38."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from urllib.parse import parse_qsl, urlsplit

from . import application as abci
from . import hashes, wire
from .mempool import Full

BODY_BYTES_MAX = 1_000_000
EMPTY_ID = {"hash": "", "parts": {"total": 0, "hash": ""}}


class Problem(Exception):
    def __init__(self, message: str, code: int = -32603):
        super().__init__(message)
        self.code = code


def b64(text: str) -> str | None:
    return base64.b64encode(bytes.fromhex(text)).decode() if text else None


def id_document(block: dict | None) -> dict:
    if not block:
        return EMPTY_ID
    return {"hash": block["hash"].upper(),
            "parts": {"total": block["total"], "hash": block["parts"].upper()}}


def header_document(header: dict) -> dict:
    names = ("last_commit_hash", "data_hash", "validators_hash", "next_validators_hash",
             "consensus_hash", "app_hash", "last_results_hash", "evidence_hash")
    return {
        "version": {"block": str(header["version_block"]), "app": str(header["version_app"])},
        "chain_id": header["chain_id"], "height": str(header["height"]),
        "time": hashes.rfc3339(header["time"]),
        "last_block_id": id_document(header["last_block_id"]),
        **{name: header[name].upper() for name in names},
        "proposer_address": header["proposer"].upper()}


def commit_document(commit: dict | None) -> dict:
    if commit is None:
        return {"height": "0", "round": 0, "block_id": EMPTY_ID, "signatures": []}
    return {
        "height": str(commit["height"]), "round": commit["round"],
        "block_id": id_document(commit["block_id"]),
        "signatures": [
            {"block_id_flag": vote["flag"], "validator_address": vote["address"].upper(),
             "timestamp": (hashes.rfc3339(vote["time"]) if vote["flag"] != 1
                           else "0001-01-01T00:00:00Z"),
             "signature": b64(vote["signature"])} for vote in commit["votes"]]}


def result_document(result: dict) -> dict:
    return {"code": result["code"], "data": b64(result["data"]), "log": result["log"], "info": "",
            "gas_wanted": str(result["gas_wanted"]), "gas_used": str(result["gas_used"]),
            "events": result["events"], "codespace": result["codespace"]}


class RPC:
    def __init__(self, node):
        self.node = node
        self.chain = node.chain

    async def start(self, listen: str) -> None:
        host, port = listen.rsplit(":", 1)
        await asyncio.start_server(self._serve, host, int(port))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                method, target, _ = head[0].split(" ")
                headers = {name.strip().lower(): value.strip() for name, _, value in
                           (line.partition(":") for line in head[1:] if line)}
                size = int(headers.get("content-length", "0"))
                if size > BODY_BYTES_MAX:
                    return
                body = await reader.readexactly(size)
                status, answer = await self._answer(method, target, body)
                raw = json.dumps(answer).encode()
                writer.write(f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n"
                             f"Content-Length: {len(raw)}\r\n\r\n".encode() + raw)
                await writer.drain()
        except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    async def _answer(self, method: str, target: str, body: bytes) -> tuple[str, object]:
        if method == "GET":
            parts = urlsplit(target)
            question = {"id": -1, "method": parts.path.strip("/"),
                        "params": {key: value.strip('"') for key, value in
                                   parse_qsl(parts.query)}}
            answer = await self._one(question)
            return ("500 Internal Server Error" if "error" in answer else "200 OK"), answer
        question = json.loads(body)
        if isinstance(question, list):
            return "200 OK", [await self._one(each) for each in question[:10]]
        return "200 OK", await self._one(question)

    async def _one(self, question: dict) -> dict:
        answer = {"jsonrpc": "2.0", "id": question.get("id")}
        call = getattr(self, f"do_{question.get('method')}", None)
        if call is None:
            return {**answer, "error": {"code": -32601, "message": "Method not found"}}
        try:
            return {**answer, "result": await call(**(question.get("params") or {}))}
        except Problem as problem:
            return {**answer, "error": {"code": problem.code, "message": "Internal error",
                                        "data": str(problem)}}
        except (TypeError, ValueError) as error:
            return {**answer, "error": {"code": -32602, "message": "Invalid params",
                                        "data": str(error)}}

    def _height(self, height: str | None) -> int:
        number = int(height) if height else self.chain.executed
        if number < 1 or number > self.chain.executed:
            raise Problem(f"height {number} must be less than or equal to the current blockchain "
                          f"height {self.chain.executed}")
        if number not in self.chain.blocks:
            raise Problem(f"height {number} is not available")
        return number

    async def do_health(self) -> dict:
        return {}

    async def do_status(self) -> dict:
        last = self.chain.executed
        block = self.chain.blocks.get(last)
        signer = self.node.signer
        return {
            "node_info": {"network": self.chain.name, "moniker": self.node.name,
                          "version": "0.38.0-standin"},
            "sync_info": {
                "latest_block_hash": block["commit"]["block_id"]["hash"].upper() if block else "",
                "latest_app_hash": self.chain.root(last).upper(),
                "latest_block_height": str(last),
                "latest_block_time": hashes.rfc3339(self.chain.time(last)),
                "catching_up": False},
            "validator_info": {"address": signer.address.upper()}}

    async def do_block(self, height: str | None = None) -> dict:
        found = self.chain.blocks[self._height(height)]
        block = found["block"]
        return {"block_id": id_document(found["commit"]["block_id"]), "block": {
            "header": header_document(block["header"]),
            "data": {"txs": [b64(tx) for tx in block["txs"]]},
            "evidence": {"evidence": block["evidence"]},
            "last_commit": commit_document(block["last_commit"])}}

    async def do_header(self, height: str | None = None) -> dict:
        block = self.chain.blocks[self._height(height)]["block"]
        return {"header": header_document(block["header"])}

    async def do_commit(self, height: str | None = None) -> dict:
        found = self.chain.blocks[self._height(height)]
        return {"signed_header": {"header": header_document(found["block"]["header"]),
                                  "commit": commit_document(found["commit"])},
                "canonical": True}

    async def do_block_results(self, height: str | None = None) -> dict:
        number = self._height(height)
        answer = self.chain.results[number]
        return {"height": str(number),
                "txs_results": [result_document(result) for result in answer["results"]] or None,
                "finalize_block_events": answer["events"] or None,
                "validator_updates": [
                    {"pub_key": {"type": "tendermint/PubKeyEd25519", "value": b64(each["key"])},
                     "power": str(each["power"])} for each in answer["updates"]] or None,
                "app_hash": b64(answer["root"])}

    async def do_validators(self, height: str | None = None, page: str = "1",
                            per_page: str = "30") -> dict:
        number = self._height(height)
        members = self.chain.sets[number]
        size = min(int(per_page), 100)
        start = (int(page) - 1) * size
        return {"block_height": str(number), "count": str(len(members[start:start + size])),
                "total": str(len(members)), "validators": [
                    {"address": each["address"].upper(),
                     "pub_key": {"type": "tendermint/PubKeyEd25519", "value": b64(each["key"])},
                     "voting_power": str(each["power"]), "proposer_priority": "0"}
                    for each in members[start:start + size]]}

    async def _broadcast(self, tx: str) -> tuple[bytes, dict]:
        raw = base64.b64decode(tx, validate=True)
        try:
            result = await self.node.mempool.add(raw)
        except KeyError:
            raise Problem("tx already exists in cache") from None
        except Full as full:
            raise Problem(str(full)) from None
        if result["code"] == 0:
            self.node.peers.broadcast({"kind": "tx", "height": 0, "tx": raw.hex()})
        return raw, result

    async def do_broadcast_tx_sync(self, tx: str) -> dict:
        raw, result = await self._broadcast(tx)
        return {"code": result["code"], "data": "", "log": result["log"],
                "codespace": result["codespace"],
                "hash": hashlib.sha256(raw).hexdigest().upper()}

    async def do_broadcast_tx_async(self, tx: str) -> dict:
        raw = base64.b64decode(tx, validate=True)
        self.node.spawn(self._quietly(tx))
        return {"code": 0, "data": "", "log": "", "codespace": "",
                "hash": hashlib.sha256(raw).hexdigest().upper()}

    async def _quietly(self, tx: str) -> None:
        try:
            await self._broadcast(tx)
        except Problem:
            pass

    async def do_tx(self, hash: str, prove: bool = False) -> dict:
        name = (bytes.fromhex(hash[2:]) if hash.startswith("0x") else base64.b64decode(hash)).hex()
        place = self.chain.places.get(name)
        if place is None or place[0] > self.chain.executed:
            raise Problem(f"tx ({name.upper()}) not found")
        height, index = place
        txs = self.chain.blocks[height]["block"]["txs"]
        leaves = [hashes.sha256(bytes.fromhex(tx)) for tx in txs]
        answer = {"hash": name.upper(), "height": str(height), "index": index,
                  "tx_result": result_document(self.chain.results[height]["results"][index]),
                  "tx": b64(txs[index])}
        if prove:
            answer["proof"] = {
                "root_hash": hashes.merkle(leaves).hex().upper(), "data": b64(txs[index]),
                "proof": {"total": str(len(leaves)), "index": str(index),
                          "leaf_hash": b64(hashes.sha256(b"\0" + leaves[index]).hex()),
                          "aunts": [b64(each.hex())
                                    for each in hashes.merkle_path(leaves, index)]}}
        return answer

    async def do_abci_query(self, path: str = "", data: str = "", height: str = "0",
                            prove: bool = False) -> dict:
        body = (wire.data(1, bytes.fromhex(data)) + wire.text(2, path)
                + wire.integer(3, int(height)) + wire.integer(4, int(prove)))
        answer = await self.node.app.query.call(6, body)
        ops = [wire.fields(raw) for raw in wire.fields(wire.one(answer, 8, b"")).get(1, [])]
        return {"response": {
            "code": wire.one(answer, 1, 0), "log": wire.one(answer, 3, b"").decode(), "info": "",
            "index": str(wire.one(answer, 5, 0)), "key": b64(wire.one(answer, 6, b"").hex()),
            "value": b64(wire.one(answer, 7, b"").hex()),
            "proofOps": {"ops": [
                {"type": wire.one(op, 1, b"").decode(), "key": b64(wire.one(op, 2, b"").hex()),
                 "data": b64(wire.one(op, 3, b"").hex())} for op in ops]} if ops else None,
            "height": str(wire.one(answer, 9, 0)),
            "codespace": wire.one(answer, 10, b"").decode()}}

    async def do_abci_info(self) -> dict:
        height, root = await self.node.app.info()
        return {"response": {"last_block_height": str(height),
                             "last_block_app_hash": b64(root.hex())}}

    # For other stand-ins; the engine asks its peers for these.

    async def do_standin_snapshots(self) -> list[dict]:
        answer = await self.node.app.snapshot.call(12)
        found = []
        for raw in answer.get(1, []):
            parts = wire.fields(raw)
            found.append({"height": wire.one(parts, 1, 0), "format": wire.one(parts, 2, 0),
                          "chunks": wire.one(parts, 3, 0), "hash": wire.one(parts, 4, b"").hex(),
                          "metadata": wire.one(parts, 5, b"").hex()})
        return found

    async def do_standin_chunk(self, height: int, format: int, chunk: int) -> str:
        body = wire.integer(1, height) + wire.integer(2, format) + wire.integer(3, chunk)
        answer = await self.node.app.snapshot.call(14, body)
        return base64.b64encode(wire.one(answer, 1, b"")).decode()

    async def do_standin_decided(self, height: int) -> dict:
        sets = {str(number): self.chain.sets[number] for number in range(height, height + 3)}
        return {**self.chain.blocks[height], "answer": self.chain.results[height], "sets": sets}

    async def do_num_unconfirmed_txs(self) -> dict:
        waiting = self.node.mempool.waiting
        return {"n_txs": str(len(waiting)), "total": str(len(waiting)),
                "total_bytes": str(sum(map(len, waiting.values()))), "txs": None}
