"""A market whose door for gRPC stands between its processes, for the tests of that door.

Two bridges speak HTTP on one side and gRPC on the other, with clients made from proto/: through one
a buyer's gateway makes its paid calls, through the other the command line submits transactions. So
what passes the door are real vouchers and real transactions, and who checks the answers is the
unmodified buyer.
"""

from __future__ import annotations

import base64
import json
import os
import sys
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import grpc
from conftest import PRICES, ROOT
from stoa_market.processes import Service, Stoa

BINARY = Path(os.environ.get("STOA_BINARY", ROOT / ".build" / "debug" / "stoa"))
GRPC_BINARY = Path(os.environ.get("STOA_GRPC_BINARY", BINARY.with_name("stoa-grpc")))
PATHS = {1: "/v1/chat/completions", 2: "/v1/embeddings", 3: "/v1/call"}
INTERFACES = {path: number for number, path in PATHS.items()}
HTTP_OF_STATUS = {
    grpc.StatusCode.INVALID_ARGUMENT: 400, grpc.StatusCode.FAILED_PRECONDITION: 402,
    grpc.StatusCode.UNAVAILABLE: 503, grpc.StatusCode.ABORTED: 502,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 413}


def compile_protos(folder: Path) -> None:
    """Makes Python's classes of the project's own proto files, and puts them on the path."""
    from grpc_tools import protoc

    protos = ROOT / "proto"
    files = [str(path.relative_to(protos)) for path in protos.rglob("*.proto")
             if "health" not in path.parts and "v1alpha" not in path.parts]
    status = protoc.main(["protoc", f"-I{protos}", f"--python_out={folder}",
                          f"--grpc_python_out={folder}", *files])
    assert status == 0
    # grpc/reflection/v1 must not hide the package grpc.
    (folder / "grpc").rename(folder / "grpc_protos")
    stub = folder / "grpc_protos" / "reflection" / "v1" / "reflection_pb2_grpc.py"
    stub.write_text(stub.read_text().replace("from grpc.reflection", "from grpc_protos.reflection"))
    sys.path.insert(0, str(folder))


def wait_until(condition, seconds: float = 30.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    return None


def get_json(url: str):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


class Bridge:
    """An HTTP server that answers by a function of the test's: (path, headers, body) to
    (status, headers, body), or None to break the connection off."""

    def __init__(self, behind: str = ""):
        bridge = self
        self.behind = behind
        self.act = lambda path, headers, body: (500, {}, b"")
        self.reads = None  # answers a GET by its path, in place of what stands behind

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                if bridge.reads:
                    return self.answer(*bridge.reads(self.path))
                try:
                    with urllib.request.urlopen(bridge.behind + self.path, timeout=40) as found:
                        self.answer(found.status, dict(found.headers), found.read())
                except urllib.error.HTTPError as error:
                    self.answer(error.code, dict(error.headers), error.read())
                except OSError:
                    self.answer(502, {}, b"")

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length", "0")))
                found = bridge.act(self.path, self.headers, body)
                if found is None:
                    self.close_connection = True
                    return
                self.answer(*found)

            def answer(self, status, headers, body):
                self.send_response(status)
                for name, value in headers.items():
                    if name.lower() in ("content-type", "stoa-receipt", "retry-after"):
                        self.send_header(name, value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *words):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def keep_port(service: Service) -> Service:
    """From here on a service keeps its port, so that it comes back where it was."""
    port = service.url.rsplit(":", 1)[1]
    service.command = [port if word == "0" and service.command[index - 1] == "--port" else word
                       for index, word in enumerate(service.command)]
    return service


class GRPCMarket:
    """Node, model, seller, buyer, and the door for gRPC beside node and seller."""

    def __init__(self, home: Path, chunk_delay_ms: int = 60):
        home.mkdir(parents=True, exist_ok=True)
        self.home = home
        stoa = Stoa(BINARY, home)
        for wallet in ("seller", "buyer", "alice"):
            stoa("wallet", "new", wallet)
        stoa("node", "init", "--allocate", "seller=1000", "--allocate", "buyer=1000",
             "--allocate", "alice=1000", "--closing-delay-blocks", "10")
        self.node = keep_port(stoa.service("node", "node", "run", "--port", "0").start())
        self.stoa = Stoa(BINARY, home, self.node.url)
        mock = Path(__file__).parent / "mock_upstream.py"
        self.upstream = keep_port(Service(
            "upstream", [sys.executable, str(mock), "--port", "0", "--chunk-delay-ms",
                         str(chunk_delay_ms)], home / "upstream.log", dict(os.environ)).start())
        self.buyers = Bridge()
        self.seller = keep_port(self.stoa.service(
            "seller", "sell", "mock-model", "--wallet", "seller", "--upstream", self.upstream.url,
            *PRICES, "--bond", "10", "--port", "0", "--endpoint", self.buyers.url).start())
        self.buyers.behind = self.seller.url
        self.door = keep_port(self.start_door())
        self.channel = grpc.insecure_channel(self.target)
        self.gateway = self.stoa.service(
            "gateway", "connect", "--wallet", "buyer", "--budget", "100", "--lanes", "4",
            "--port", "0").start()

        from stoa.node.v1 import node_pb2, node_pb2_grpc
        from stoa.provider.v1 import provider_pb2, provider_pb2_grpc
        self.nodes, self.providers = node_pb2, provider_pb2
        self.node_stub = node_pb2_grpc.NodeStub(self.channel)
        self.provider_stub = provider_pb2_grpc.ProviderStub(self.channel)
        self.buyers.act = self.relay

    def start_door(self, *words: str) -> Service:
        command = [str(GRPC_BINARY), "--node", self.node.url, "--provider", self.seller.url,
                   "--port", "0", "--json", *words]
        return Service("grpc", command, self.home / "grpc.log", dict(os.environ)).start()

    @property
    def target(self) -> str:
        return self.door.url.split("//")[1]

    def stop(self) -> None:
        self.channel.close()
        for service in (self.gateway, self.door, self.seller, self.upstream, self.node):
            service.stop()
        self.buyers.stop()

    def call_request(self, path, headers, body):
        return self.providers.CallRequest(
            interface=INTERFACES[path], body=body,
            voucher=base64.b64decode(headers["stoa-voucher"]))

    def relay(self, path, headers, body):
        """A seller's answer by way of gRPC."""
        request = self.call_request(path, headers, body)
        try:
            if json.loads(body).get("stream"):
                return self.streamed(list(self.provider_stub.StreamCall(request, timeout=30)))
            answer = self.provider_stub.Call(request, timeout=30)
        except grpc.RpcError as error:
            return HTTP_OF_STATUS.get(error.code(), 500), {}, b""
        receipt = base64.b64encode(answer.receipt).decode()
        return 200, {"content-type": "application/json", "stoa-receipt": receipt}, answer.body

    @staticmethod
    def streamed(events):
        kinds = [event.WhichOneof("event") for event in events]
        assert kinds[0] == "head" and kinds[-1] == "receipt", kinds
        assert set(kinds[1:-1]) == {"chunk"} and events[0].head.streamed
        body = b"".join(b"data: " + event.chunk + b"\n\n" for event in events[1:-1])
        body += b"event: stoa-receipt\ndata: " + base64.b64encode(events[-1].receipt) + b"\n\n"
        return 200, {"content-type": "text/event-stream"}, body

    def ask(self, stream: bool = False, text: str = "hello", timeout: float = 60):
        """What a buyer's gateway answers to a chat: status, headers, body."""
        body = {"model": "mock-model", "max_tokens": 32, "stream": stream,
                "messages": [{"role": "user", "content": text}]}
        request = urllib.request.Request(
            f"{self.gateway.url}/v1/chat/completions", json.dumps(body).encode(),
            {"content-type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers), error.read()

    def with_voucher(self, use, stream: bool = False, text: str = "hello"):
        """Lets `use` do what it likes with one signed call, and returns what it returned.

        The buyer's connection is broken off then, so its gateway finds out by the lane how the
        call ended, and its books stay right.
        """
        kept = []

        def act(path, headers, body):
            if kept:
                return self.relay(path, headers, body)
            try:
                kept.append((use(self.call_request(path, headers, body)), None))
            except BaseException as error:  # noqa: BLE001 - raised again in the test's thread
                kept.append((None, error))
            return None

        self.buyers.act = act
        try:
            # A gateway leaves a seller alone for a while that broke a call off.
            wait_until(lambda: self.ask(stream=stream, text=text) and kept)
        finally:
            self.buyers.act = self.relay
        assert kept, "no call came"
        result, error = kept[0]
        if error is not None:
            raise error
        return result
