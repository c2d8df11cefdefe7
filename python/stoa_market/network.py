"""A ledger that four validators order, for the demo and the end-to-end tests."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from .processes import ProcessFailed, Service, Stoa


class Network:
    """The files that `stoa testnet` wrote, and one process for each node."""

    def __init__(self, stoa: Stoa, directory: Path, *options: str):
        self.stoa = stoa
        self.directory = directory
        self.document = stoa("testnet", "--output", str(directory), "--base-port", "0", *options)
        self.nodes = self.document["nodes"]
        self.services = [self.service(index) for index in range(len(self.nodes))]

    def service(self, index: int, *options: str) -> Service:
        home = self.nodes[index]["home"]
        return Service(
            f"validator{index}",
            [self.stoa.binary, "validator", "--home", home, "--json", *options],
            Path(home) / "log", self.stoa.env)

    def client(self, home: Path | None = None) -> Stoa:
        """The command line, asking this network and trusting its genesis alone."""
        client = Stoa(Path(self.stoa.binary), home or self.stoa.home, self.document["ledger"])
        client.env["STOA_GENESIS"] = self.document["genesis"]
        return client

    def height(self, index: int) -> int:
        """The height of one node, asked directly; -1 without an answer."""
        try:
            status = self.stoa(
                "status", "--node", "cometbft:" + self.nodes[index]["rpc"],
                "--genesis", self.document["genesis"])
            return int(status["height"])
        except ProcessFailed:
            return -1

    def wait_for_height(self, index: int, height: int, seconds: float = 60) -> int:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = self.height(index)
            if found >= height:
                return found
            time.sleep(0.2)
        log = (Path(self.nodes[index]["home"]) / "log").read_text(errors="replace")[-2000:]
        raise ProcessFailed(f"node {index} did not reach height {height} in time: {log}")

    def stop(self) -> None:
        for service in self.services:
            service.stop()


def start_network(stoa: Stoa, start, validators: int, say) -> Stoa:
    """Writes and starts a network in the home directory; returns a client of it."""
    directory = stoa.home / "network"
    shutil.rmtree(directory, ignore_errors=True)
    network = Network(
        stoa, directory, "--validators", str(validators), "--block-interval-ms", "200",
        "--allocate", "seller=1000", "--allocate", "buyer=1000")
    say(f"    chain {network.document['chain'][:16]}…, no master key; "
        f"{validators} validators with equal stakes")
    for index, service in enumerate(network.services):
        start(service)
        say(f"    validator {index}    {network.nodes[index]['rpc']}")
    network.wait_for_height(0, 1)
    say("    the first block has the signatures of more than two thirds")
    return network.client()
