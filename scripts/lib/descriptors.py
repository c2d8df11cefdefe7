"""Compiles proto/ and writes it into the sources, as the door's reflection answers it."""

from __future__ import annotations

import base64
import sys
import tempfile
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "Sources" / "GRPCDoor" / "Reflection" / "CompiledDescriptors.swift"
HEAD = '''/// What reflection answers.
///
/// Compiled from `proto/` by `scripts/descriptors`; do not edit.
enum CompiledDescriptors {
    /// A serialized `google.protobuf.FileDescriptorSet` in base64, without comments.
    static let base64 = """
'''
TAIL = '''
        """
}
'''


def compiled() -> bytes:
    """The files of proto/, in order of name, each after those that it imports."""
    folder = ROOT / "proto"
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*.proto"))
    with tempfile.TemporaryDirectory() as temporary:
        output = Path(temporary) / "set"
        status = protoc.main(
            ["protoc", f"-I{folder}", f"--descriptor_set_out={output}", *files])
        if status:
            sys.exit("error: proto/ does not compile\nhint: protoc says above what is wrong")
        return output.read_bytes()


def source() -> str:
    text = base64.b64encode(compiled()).decode()
    lines = [text[index:index + 88] for index in range(0, len(text), 88)]
    return HEAD + "\\\n".join(f"        {line}" for line in lines) + TAIL


if __name__ == "__main__":
    if "--check" not in sys.argv[1:]:
        SOURCE.write_text(source())
    elif SOURCE.read_text() != source():
        sys.exit(f"error: {SOURCE.relative_to(ROOT)} is not what proto/ compiles to\n"
                 "hint: run scripts/descriptors and commit what it writes")
