"""Transactions that wait: checked by the application, checked again after each block."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict

from . import application as abci
from . import wire


class Full(Exception):
    pass


class Mempool:
    def __init__(self, app: abci.Application, size: int, cache_size: int, tx_bytes_max: int):
        self.app = app
        self.size, self.cache_size, self.tx_bytes_max = size, cache_size, tx_bytes_max
        self.waiting: OrderedDict[str, bytes] = OrderedDict()
        self.cache: OrderedDict[str, None] = OrderedDict()
        self.turn = asyncio.Lock()
        self.fresh: list[bytes] = []

    async def add(self, transaction: bytes) -> dict:
        """Asks the application; raises Full or KeyError for one that is known."""
        name = hashlib.sha256(transaction).hexdigest()
        if len(transaction) > self.tx_bytes_max:
            raise ValueError("tx too large")
        if name in self.cache:
            raise KeyError(name)
        if len(self.waiting) >= self.size:
            raise Full(f"mempool is full: number of txs {len(self.waiting)} (max: {self.size})")
        self.cache[name] = None
        if len(self.cache) > self.cache_size:
            self.cache.popitem(last=False)
        async with self.turn:
            answer = await self.app.mempool.call(8, wire.data(1, transaction))
            result = abci.read_result(answer)
            if result["code"] == 0:
                self.waiting[name] = transaction
                self.fresh.append(transaction)
            else:
                self.cache.pop(name, None)
        return result

    def take(self, bytes_max: int) -> list[bytes]:
        chosen, total = [], 0
        for transaction in self.waiting.values():
            total += len(transaction) + 6
            if total > bytes_max:
                break
            chosen.append(transaction)
        return chosen

    async def committed(self, transactions: list[bytes]) -> None:
        """After Commit, under the lock: takes out what is in the block, checks what is left."""
        for transaction in transactions:
            name = hashlib.sha256(transaction).hexdigest()
            self.waiting.pop(name, None)
            self.cache[name] = None
        left = list(self.waiting.items())
        if not left:
            return
        answers = await self.app.mempool.call_all(
            8, [wire.data(1, transaction) + wire.integer(2, 1) for _, transaction in left])
        for (name, _), answer in zip(left, answers):
            if wire.one(answer, 1, 0) != 0:
                self.waiting.pop(name, None)
                self.cache.pop(name, None)
