"""The protobuf wire format, as far as an engine needs it."""

from __future__ import annotations


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def integer(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value) if value else b""


def fixed(field: int, value: int) -> bytes:
    return varint(field << 3 | 1) + value.to_bytes(8, "little", signed=True) if value else b""


def data(field: int, value: bytes) -> bytes:
    return message(field, value) if value else b""


def message(field: int, value: bytes) -> bytes:
    """A field that is written even if it is empty."""
    return varint(field << 3 | 2) + varint(len(value)) + value


def text(field: int, value: str) -> bytes:
    return data(field, value.encode())


def read_varint(raw: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = raw[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def fields(raw: bytes) -> dict[int, list]:
    """Every field of a message: its number and its values in order."""
    found: dict[int, list] = {}
    at = 0
    while at < len(raw):
        key, at = read_varint(raw, at)
        if key & 7 == 0:
            value, at = read_varint(raw, at)
        elif key & 7 == 2:
            size, at = read_varint(raw, at)
            value, at = raw[at:at + size], at + size
            if len(value) != size:
                raise ValueError("a field is cut short")
        else:
            size = {1: 8, 5: 4}[key & 7]
            value, at = int.from_bytes(raw[at:at + size], "little"), at + size
        found.setdefault(key >> 3, []).append(value)
    return found


def one(found: dict[int, list], field: int, default):
    return found.get(field, [default])[-1]


def signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value


def timestamp(nanoseconds: int) -> bytes:
    seconds, nanos = divmod(nanoseconds, 10**9)
    return integer(1, seconds) + integer(2, nanos)
