"""Canonical encoding, after docs/spec/canonical.md: an encoder and a strict decoder.

A kind is a word of the grammar (CAN-2 to CAN-8), or a document or choice of `schema`:
`u8` … `u128`, `bool`, `digest`, `text[n]`, `bytes[n]`, `raw[n]` (n bytes without a length),
`opt T`, `list[n] T`, `list8[n] T`, `enum[a-b]` (a tag of one byte), `publicKey`, `signature`,
`Signed T`, `tail T` (at the end of a document: T, or nothing).
"""

from vectors_market import schema

WIDTHS = {"u8": 1, "u16": 2, "u32": 4, "u64": 8, "u128": 16}
KEY_BYTES = {1: 32, 2: 33, 3: 33}
POLICY_BYTES_MAX = 546
SIGNATURE_BYTES_MAX = {1: 64, 2: 2048, 3: 65, 4: 32834}


class Refused(Exception):
    """CAN-10: the name of what is wrong with bytes."""


def limit_of(word):
    """The word without its limit, and the limit: `text[64]` is (`text`, 64)."""
    name, _, rest = word.partition("[")
    return name, rest.rstrip("]")


def uint(width, value):
    return int(value).to_bytes(width, "big")


def sized(data):
    return uint(4, len(data)) + data


def encode(kind, value):
    """The fields of a value, without a version byte."""
    if kind in WIDTHS:
        return uint(WIDTHS[kind], value)
    if kind == "bool":
        return b"\x01" if value else b"\x00"
    if kind == "digest":
        raw = bytes.fromhex(value)
        assert len(raw) == 32
        return raw
    if kind == "publicKey":
        raw = bytes.fromhex(value["key"])
        return uint(1, value["scheme"]) + (sized(raw) if value["scheme"] == 4 else raw)
    if kind == "signature":
        return uint(1, value["scheme"]) + sized(bytes.fromhex(value["signature"]))
    if kind in schema.CHOICES:
        tag, fields = schema.CHOICES[kind][value["case"]]
        return uint(1, tag) + b"".join(encode(part, value[name]) for name, part in fields)
    if kind in schema.PARTS:
        return b"".join(encode(part, value[name]) for name, part in schema.PARTS[kind])
    head, _, rest = kind.partition(" ")
    word, _ = limit_of(head)
    if word == "enum":
        return uint(1, value)
    if word == "text":
        return sized(value.encode())
    if word == "bytes":
        return sized(bytes.fromhex(value))
    if word == "raw":
        return bytes.fromhex(value)
    if word == "opt":
        return b"\x00" if value is None else b"\x01" + encode(rest, value)
    if word == "tail":
        return b"" if value is None else encode(rest, value)
    if word in ("list", "list8"):
        count = uint(4 if word == "list" else 1, len(value))
        return count + b"".join(encode(rest, item) for item in value)
    if word == "Signed":
        key, signature = encode("publicKey", value["key"]), encode("signature", value["signature"])
        return encode(rest, value["document"]) + key + signature
    if word == "each":  # as many as a list that stands before
        return b"".join(encode(rest, item) for item in value)
    raise KeyError(kind)


class Reader:
    """Reads from front to back; the first violation names the refusal."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if count > len(self.data) - self.at:
            raise Refused("truncated")
        self.at += count
        return self.data[self.at - count:self.at]

    def number(self, width):
        return int.from_bytes(self.take(width), "big")

    def counted(self, width, most):
        count = self.number(width)
        if count > most:
            raise Refused("tooLong")
        return count

    def read(self, kind, around=None):
        if kind in WIDTHS:
            value = self.number(WIDTHS[kind])
            return str(value) if WIDTHS[kind] > 4 else value
        if kind == "bool":
            return self.tag(0, 1) == 1
        if kind == "digest":
            return self.take(32).hex()
        if kind == "publicKey":
            return self.key()
        if kind == "signature":
            scheme = self.tag(1, 4)
            raw = self.take(self.counted(4, SIGNATURE_BYTES_MAX[scheme]))
            return {"scheme": scheme, "signature": raw.hex()}
        if kind in schema.CHOICES:
            return self.choice(kind)
        if kind in schema.PARTS:
            value = {}
            for name, part in schema.PARTS[kind]:
                value[name] = self.read(part, value)
            return checked(kind, value)
        head, _, rest = kind.partition(" ")
        word, most = limit_of(head)
        if word == "enum":
            return self.tag(*(int(end) for end in most.split("-")))
        if word == "text":
            try:
                return self.take(self.counted(4, int(most))).decode("utf-8")
            except UnicodeDecodeError:
                raise Refused("invalidText") from None
        if word == "bytes":
            return self.take(self.counted(4, int(most))).hex()
        if word == "raw":
            return self.take(int(most)).hex()
        if word == "opt":
            return self.read(rest) if self.tag(0, 1) else None
        if word == "tail":
            return None if self.at == len(self.data) else self.read(rest)
        if word in ("list", "list8"):
            count = self.counted(4 if word == "list" else 1, int(most))
            return [self.read(rest) for _ in range(count)]
        if word == "Signed":
            document = self.read(rest)
            key = self.read("publicKey")
            return {"document": document, "key": key, "signature": self.read("signature")}
        if word == "each":
            count = len(schema.COUNTED[most](around))
            return [self.read(rest) for _ in range(count)]
        raise KeyError(kind)

    def tag(self, low, high):
        tag = self.number(1)
        if not low <= tag <= high:
            raise Refused("unknownTag")
        return tag

    def key(self):
        scheme = self.tag(1, 4)
        count = KEY_BYTES.get(scheme) or self.counted(4, POLICY_BYTES_MAX)
        return {"scheme": scheme, "key": self.take(count).hex()}

    def choice(self, kind):
        tag = self.number(1)
        for case, (number, fields) in schema.CHOICES[kind].items():
            if number == tag:
                value = {"case": case}
                for name, part in fields:
                    value[name] = self.read(part, value)
                return value
        raise Refused("unknownTag")


def checked(kind, value):
    """What a document's own rule says, beyond its fields."""
    if kind in schema.RULES and not schema.RULES[kind](value):
        raise Refused("invalidValue")
    return value


def document(kind, value):
    """A top-level document (CAN-1)."""
    return b"\x01" + encode(kind, value)


def parse(kind, data):
    """Reads a top-level document, all of it."""
    reader = Reader(data)
    if reader.number(1) != 1:
        raise Refused("unknownVersion")
    value = reader.read(kind)
    if reader.at != len(data):
        raise Refused("trailingBytes")
    return value
