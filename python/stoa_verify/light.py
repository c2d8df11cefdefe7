"""Blocks that validators signed, after docs/spec/light-client.md."""

import struct

from canonical import Refused, need, sha, signed_by

SHAPES = {  # field number: kind; "!" is written also when empty, "*" may repeat
    "version": {1: "int", 2: "int"}, "time": {1: "int", 2: "int"},
    "parts": {1: "int", 2: "bytes"}, "name": {1: "bytes", 2: "parts!"},
    "block header": {1: "version!", 2: "bytes", 3: "int", 4: "time!", 5: "name!",
                     **{number: "bytes" for number in range(6, 15)}},
    "vote": {1: "int", 2: "bytes", 3: "time!", 4: "bytes"},
    "commit": {1: "int", 2: "int", 3: "name!", 4: "vote*"},
    "signed": {1: "block header!", 2: "commit!"}, "public": {1: "bytes"},
    "member": {1: "bytes", 2: "public!", 3: "int"}, "set": {1: "member*"},
    "light": {1: "signed!", 2: "set!"},
}


def varint(number):
    number %= 2**64
    out = b""
    while number > 127:
        out, number = out + bytes([number & 127 | 128]), number >> 7
    return out + bytes([number])


def pb(shape, value):
    out = b""
    for number, kind in SHAPES[shape].items():
        name = kind.rstrip("!*")
        for item in value[number] if kind[-1] == "*" else [value[number]]:
            if name == "int":
                out += varint(number * 8) + varint(item) if item else b""
                continue
            data = item if name == "bytes" else pb(name, item)
            if data or kind[-1] in "!*":
                out += varint(number * 8 + 2) + varint(len(data)) + data
    return out


def unpb(shape, data):
    kinds, at = SHAPES[shape], 0
    value = {number: [] if kind[-1] == "*" else 0 if kind == "int" else
             b"" if kind == "bytes" else unpb(kind[:-1], b"") for number, kind in kinds.items()}

    def number():
        nonlocal at
        found = shift = 0
        while True:
            if at >= len(data) or shift > 63:
                raise ValueError("truncated")
            found |= (data[at] & 127) << shift
            at, shift = at + 1, shift + 7
            if data[at - 1] < 128:
                return found

    while at < len(data):
        key = number()
        kind = kinds.get(key >> 3)
        if kind is None or key & 7 != (0 if kind == "int" else 2):
            raise ValueError("unknown field")
        item = number()
        if kind != "int":
            at += item
            if at > len(data):
                raise ValueError("truncated")
            item = data[at - item:at]
            item = item if kind == "bytes" else unpb(kind.rstrip("!*"), item)
        if kind[-1] == "*":
            value[key >> 3].append(item)
        else:
            value[key >> 3] = item
    return value


def merkle(leaves):
    if len(leaves) < 2:
        return sha(b"\0" + leaves[0]) if leaves else sha(b"")
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return sha(b"\1" + merkle(leaves[:split]) + merkle(leaves[split:]))


def one(*fields):
    """A protobuf message of bytes fields and integers, in order; empty ones are left out."""
    out = b""
    for number, item in enumerate(fields, 1):
        if isinstance(item, int):
            out += varint(number * 8) + varint(item) if item else b""
        elif item:
            out += varint(number * 8 + 2) + varint(len(item)) + item
    return out


def set_hash(validators):
    return merkle([one(one(key), power) for key, power in validators])


def ordered(validators):
    return sorted(validators, key=lambda item: (-item[1], sha(item[0])[:20]))


def light_block(data, field):
    """Decodes a light block strictly: what it encodes to again must be what was read (LGT-2)."""
    try:
        raw = unpb("light", data)
        if pb("light", raw) != data or len(data) > 2**18:
            raise ValueError("another encoding")
        header, commit = raw[1][1], raw[1][2]
        validators = [(member[2][1], member[3]) for member in raw[2][1]]
        powers = [power for _, power in validators]
        sizes = [(len(header[n]), (0, 32) if n in (6, 7, 12, 13) else (20,) if n == 14 else
                  range(65) if n == 11 else (32,)) for n in range(6, 15)]
        times = [header[4]] + [vote[3] for vote in commit[4]]
        fine = (
            0 < len(header[2]) <= 200 and 0 < header[3] < 2**63 and 0 < commit[1] < 2**63
            and all(size in allowed for size, allowed in sizes) and commit[2] < 2**31
            and header[2].decode() and all(time[2] < 10**9 for time in times)
            and all((time[1] + 62135596800) % 2**64 <= 315537897599 for time in times)
            and 0 < len(validators) <= 1000 and all(0 < power < 2**60 for power in powers)
            and sum(powers) < 2**60 and validators == ordered(validators)
            and len({key for key, _ in validators}) == len(validators)
            and all(member[1] == sha(member[2][1])[:20] and len(member[2][1]) == 32
                    for member in raw[2][1])
            and all(vote[1] == 1 and not vote[2] and not vote[4]
                    and vote[3] == {1: 2**64 - 62135596800, 2: 0}
                    or vote[1] in (2, 3) and len(vote[2]) == 20 and len(vote[4]) == 64
                    for vote in commit[4])
            and len(commit[3][1]) == len(commit[3][2][2]) == 32 and commit[3][2][1] < 2**32)
        last = header[5]
        named = len(last[1]) == len(last[2][2]) == 32 and last[2][1] < 2**32
        if not fine or not (named or last == {1: b"", 2: {1: 0, 2: b""}}):
            raise ValueError("a value out of bounds")
    except ValueError as error:
        raise Refused(field, f"does not decode ({error})") from None
    return {"header": header, "commit": commit, "set": validators}


def header_hash(header):
    return merkle(
        [pb("version", header[1]), one(header[2]), one(header[3]), pb("time", header[4]),
         pb("name", header[5])] + [one(header[number]) for number in range(6, 15)])


def check_votes(block, field):
    """LGT-4: the block's own validators signed it; returns signers and their power."""
    header, commit, validators = block["header"], block["commit"], block["set"]
    need(header[8] == set_hash(validators), field, "validators differ from validators_hash")
    need(commit[1] == header[3], field, "the commit is of another height")
    need(commit[3][1] == header_hash(header), field, "the commit is of another header")
    need(len(commit[4]) == len(validators), field, "not one vote for each validator")
    signers = power = 0
    for vote, (key, weight) in zip(commit[4], validators):
        if vote[1] == 1:
            continue
        need(vote[2] == sha(key)[:20], field, "a vote of another validator")
        name = one(b"", b"", b"", pb("name", commit[3])) if vote[1] == 2 else b""
        body = (b"\x08\x02\x11" + struct.pack("<q", header[3])
                + (b"\x19" + struct.pack("<q", commit[2]) if commit[2] else b"") + name
                + b"\x2a" + varint(len(pb("time", vote[3]))) + pb("time", vote[3])
                + b"\x32" + varint(len(header[2])) + header[2])
        need(signed_by(key, vote[4], varint(len(body)) + body), field, "a wrong signature")
        if vote[1] == 2:
            signers, power = signers + 1, power + weight
    total = sum(weight for _, weight in validators)
    need(3 * power > 2 * total, field, "not two thirds of the power signed")
    return signers, power, total


def moment(block):
    """Seconds (signed) and nanoseconds of a header's time."""
    seconds, nanoseconds = block["header"][4][1], block["header"][4][2]
    return seconds - 2**64 if seconds >= 2**63 else seconds, nanoseconds


def check_step(old, block, field):
    """LGT-6 without a clock: a later block follows from a trusted one."""
    header, trusted = block["header"], old["header"]
    need(header[2] == trusted[2], field, "another chain")
    need(header[3] > trusted[3], field, "not later in height")
    need(moment(block) > moment(old), field, "not later in time")
    if header[3] == trusted[3] + 1:
        need(header[8] == trusted[9], field, "validators that were not announced")
        return
    known = {sha(key)[:20]: power for key, power in old["set"]}
    voters = [vote[2] for vote in block["commit"][4] if vote[1] == 2 and vote[2] in known]
    need(len(set(voters)) == len(voters), field, "a validator votes twice")
    overlap = sum(known[address] for address in voters)
    need(3 * overlap > sum(known.values()), field, "too few of the trusted validators signed")
