"""Writes the golden bytes of ABCI 2.0 in this folder, with an encoder of its own.

    pip install protobuf && python3 generate.py

The messages are declared below from the field tables of CometBFT 0.38's
proto/tendermint/abci/types.proto and encoded by Google's protobuf library, so nothing is shared
with Sources. The engine's encoder always writes submessages that its Go structs hold by value;
`!` marks them.
"""

import json
import pathlib

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

SCALARS = {
    "string": 9, "bytes": 12, "bool": 8, "int64": 3, "uint64": 4, "int32": 5, "uint32": 13,
    "enum": 5,
}

# name: fields as "number:type name"; `*` repeats, `!` is always written.
MESSAGES = """
Time            1:int64 seconds, 2:int32 nanos
BlockParams     1:int64 max_bytes, 2:int64 max_gas
EvidenceParams  1:int64 max_age_num_blocks, 2:Time! max_age_duration, 3:int64 max_bytes
ValidatorParams 1:string* pub_key_types
VersionParams   1:uint64 app
ABCIParams      1:int64 vote_extensions_enable_height
Params          1:BlockParams block, 2:EvidenceParams evidence, 3:ValidatorParams validator, 4:VersionParams version, 5:ABCIParams abci
PublicKey       1:bytes ed25519, 2:bytes secp256k1
ValidatorUpdate 1:PublicKey! pub_key, 2:int64 power
Validator       1:bytes address, 3:int64 power
VoteInfo        1:Validator! validator, 3:enum block_id_flag
CommitInfo      1:int32 round, 2:VoteInfo* votes
ExtVoteInfo     1:Validator! validator, 3:bytes vote_extension, 4:bytes extension_signature, 5:enum block_id_flag
ExtCommitInfo   1:int32 round, 2:ExtVoteInfo* votes
Misbehavior     1:enum type, 2:Validator! validator, 3:int64 height, 4:Time! time, 5:int64 total_voting_power
Attribute       1:string key, 2:string value, 3:bool index
Event           1:string type, 2:Attribute* attributes
Result          1:uint32 code, 2:bytes data, 3:string log, 4:string info, 5:int64 gas_wanted, 6:int64 gas_used, 7:Event* events, 8:string codespace
ProofOp         1:string type, 2:bytes key, 3:bytes data
ProofOps        1:ProofOp* ops
Snapshot        1:uint64 height, 2:uint32 format, 3:uint32 chunks, 4:bytes hash, 5:bytes metadata
Empty
Text            1:string text
Verdict         1:enum status
Bytes           1:bytes bytes
InfoRequest     1:string version, 2:uint64 block_version, 3:uint64 p2p_version, 4:string abci_version
InitRequest     1:Time! time, 2:string chain_id, 3:Params consensus_params, 4:ValidatorUpdate* validators, 5:bytes app_state_bytes, 6:int64 initial_height
QueryRequest    1:bytes data, 2:string path, 3:int64 height, 4:bool prove
CheckRequest    1:bytes tx, 2:enum type
OfferRequest    1:Snapshot snapshot, 2:bytes app_hash
LoadRequest     1:uint64 height, 2:uint32 format, 3:uint32 chunk
ApplyRequest    1:uint32 index, 2:bytes chunk, 3:string sender
PrepareRequest  1:int64 max_tx_bytes, 2:bytes* txs, 3:ExtCommitInfo! local_last_commit, 4:Misbehavior* misbehavior, 5:int64 height, 6:Time! time, 7:bytes next_validators_hash, 8:bytes proposer_address
BlockRequest    1:bytes* txs, 2:CommitInfo! last_commit, 3:Misbehavior* misbehavior, 4:bytes hash, 5:int64 height, 6:Time! time, 7:bytes next_validators_hash, 8:bytes proposer_address
ExtendRequest   1:bytes hash, 2:int64 height, 3:Time! time, 4:bytes* txs, 5:CommitInfo! last_commit, 6:Misbehavior* misbehavior, 7:bytes next_validators_hash, 8:bytes proposer_address
VerifyRequest   1:bytes hash, 2:bytes validator_address, 3:int64 height, 4:bytes vote_extension
InfoResponse    1:string data, 2:string version, 3:uint64 app_version, 4:int64 last_block_height, 5:bytes last_block_app_hash
InitResponse    1:Params consensus_params, 2:ValidatorUpdate* validators, 3:bytes app_hash
QueryResponse   1:uint32 code, 3:string log, 4:string info, 5:int64 index, 6:bytes key, 7:bytes value, 8:ProofOps proof_ops, 9:int64 height, 10:string codespace
CommitResponse  3:int64 retain_height
ListResponse    1:Snapshot* snapshots
ApplyResponse   1:enum result, 2:uint32* refetch_chunks, 3:string* reject_senders
PrepareResponse 1:bytes* txs
BlockResponse   1:Event* events, 2:Result* tx_results, 3:ValidatorUpdate* validator_updates, 4:Params consensus_param_updates, 5:bytes app_hash
Request         1:Text echo, 2:Empty flush, 3:InfoRequest info, 5:InitRequest init_chain, 6:QueryRequest query, 8:CheckRequest check_tx, 11:Empty commit, 12:Empty list_snapshots, 13:OfferRequest offer_snapshot, 14:LoadRequest load_snapshot_chunk, 15:ApplyRequest apply_snapshot_chunk, 16:PrepareRequest prepare_proposal, 17:BlockRequest process_proposal, 18:ExtendRequest extend_vote, 19:VerifyRequest verify_vote_extension, 20:BlockRequest finalize_block
Response        1:Text exception, 2:Text echo, 3:Empty flush, 4:InfoResponse info, 6:InitResponse init_chain, 7:QueryResponse query, 9:Result check_tx, 12:CommitResponse commit, 13:ListResponse list_snapshots, 14:Verdict offer_snapshot, 15:Bytes load_snapshot_chunk, 16:ApplyResponse apply_snapshot_chunk, 17:PrepareResponse prepare_proposal, 18:Verdict process_proposal, 19:Bytes extend_vote, 20:Verdict verify_vote_extension, 21:BlockResponse finalize_block
"""

ALWAYS = set()


def declare():
    """The classes of all messages, by name."""
    file = descriptor_pb2.FileDescriptorProto(
        name="abci.proto", package="golden", syntax="proto3"
    )
    for line in MESSAGES.strip().splitlines():
        name, _, fields = line.partition(" ")
        message = file.message_type.add(name=name)
        for text in filter(None, (part.strip() for part in fields.split(","))):
            number, rest = text.split(":")
            kind, field_name = rest.split(" ")
            field = message.field.add(
                name=field_name, number=int(number), label=3 if "*" in kind else 1
            )
            bare = kind.rstrip("*!")
            if bare in SCALARS:
                field.type = SCALARS[bare]
            else:
                field.type, field.type_name = 11, ".golden." + bare
            if "!" in kind:
                ALWAYS.add((name, field_name))
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        m.name: message_factory.GetMessageClass(pool.FindMessageTypeByName("golden." + m.name))
        for m in file.message_type
    }


def fill(message, fields):
    """Sets `fields`, written as in the JSON, and writes what is always written."""
    descriptor = message.DESCRIPTOR
    for field in descriptor.fields:
        if (descriptor.name, field.name) in ALWAYS:
            getattr(message, field.name).SetInParent()
            fill(getattr(message, field.name), {})
    for name, value in fields.items():
        field = descriptor.fields_by_name[name]
        if field.type == 11 and isinstance(value, list):
            for item in value:
                fill(getattr(message, name).add(), item)
        elif field.type == 11:
            getattr(message, name).SetInParent()
            fill(getattr(message, name), value)
        elif isinstance(value, list):
            getattr(message, name).extend(scalar(field, item) for item in value)
        else:
            setattr(message, name, scalar(field, value))


def scalar(field, value):
    if field.type == 12:
        return bytes.fromhex(value)
    if field.type in (3, 4):
        return int(value)
    return value


def varint(number):
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out + bytes([number]))


ADDRESS = "a1" * 20
HASH = "b2" * 32
TIME = {"seconds": "1763856000", "nanos": 123456789}
VALIDATOR = {"address": ADDRESS, "power": "10"}
MISBEHAVIOR = [
    {
        "type": 1, "validator": VALIDATOR, "height": "7", "time": TIME,
        "total_voting_power": "40",
    },
    {"type": 2, "validator": VALIDATOR, "height": "8"},
]
COMMIT = {
    "round": 2,
    "votes": [
        {"validator": VALIDATOR, "block_id_flag": 2},
        {"validator": VALIDATOR, "block_id_flag": 1},
        {"validator": VALIDATOR, "block_id_flag": 3},
        {},
    ],
}
PARAMS = {
    "block": {"max_bytes": "16777216", "max_gas": "-1"},
    "evidence": {
        "max_age_num_blocks": "100000", "max_age_duration": {"seconds": "172800"},
        "max_bytes": "1048576",
    },
    "validator": {"pub_key_types": ["ed25519"]},
    "version": {"app": "1"},
    "abci": {},
}
UPDATES = [
    {"pub_key": {"ed25519": "c3" * 32}, "power": "10"},
    {"pub_key": {"secp256k1": "02" + "d4" * 32}, "power": "5"},
    {"pub_key": {"ed25519": "e5" * 32}},
]
EVENTS = [
    {"type": "stoa", "attributes": [{"key": "event", "value": "0a0b"}]},
    {"type": "other", "attributes": [{"key": "k", "value": "ü", "index": True}, {}]},
    {},
]
RESULT = {
    "code": 202, "data": "01", "log": "accounts.insufficientBalance", "info": "i",
    "gas_wanted": "9223372036854775807", "gas_used": "-1", "events": EVENTS,
    "codespace": "stoa",
}
SNAPSHOT = {"height": "18446744073709551615", "format": 1, "chunks": 4294967295, "hash": HASH,
            "metadata": "00ff"}
BLOCK = {
    "txs": ["aa", "", "bb" * 200], "last_commit": COMMIT, "misbehavior": MISBEHAVIOR,
    "hash": HASH, "height": "300", "time": TIME, "next_validators_hash": HASH,
    "proposer_address": ADDRESS,
}

REQUESTS = {
    "echo": [{}, {"text": "hello"}],
    "flush": [{}],
    "info": [{}, {"version": "0.38.25", "block_version": "11", "p2p_version": "8",
                  "abci_version": "2.0.0"}],
    "init_chain": [
        {},
        {"time": TIME, "chain_id": "stoa-00", "consensus_params": PARAMS,
         "validators": UPDATES, "app_state_bytes": b'{"stoa_genesis":"00"}'.hex(),
         "initial_height": "1"},
        {"time": {"seconds": "-62135596800"}, "consensus_params": {}},
    ],
    "query": [{}, {"data": "01" + "00" * 32, "path": "/state", "height": "42", "prove": True}],
    "check_tx": [{}, {"tx": "aabbcc"}, {"tx": "aabbcc", "type": 1}],
    "commit": [{}],
    "list_snapshots": [{}],
    "offer_snapshot": [{}, {"snapshot": SNAPSHOT, "app_hash": HASH}, {"snapshot": {}}],
    "load_snapshot_chunk": [{}, {"height": "300", "format": 1, "chunk": 128}],
    "apply_snapshot_chunk": [{}, {"index": 3, "chunk": "00" * 3, "sender": "node"}],
    "prepare_proposal": [
        {},
        {"max_tx_bytes": "22020096", "txs": BLOCK["txs"],
         "local_last_commit": {"round": 1, "votes": [
             {"validator": VALIDATOR, "vote_extension": "01", "extension_signature": "02",
              "block_id_flag": 2}, {}]},
         "misbehavior": MISBEHAVIOR, "height": "300", "time": TIME,
         "next_validators_hash": HASH, "proposer_address": ADDRESS},
        {"max_tx_bytes": "-1", "local_last_commit": {"round": -1}},
    ],
    "process_proposal": [{}, BLOCK],
    "extend_vote": [{}, BLOCK],
    "verify_vote_extension": [{}, {"hash": HASH, "validator_address": ADDRESS,
                                   "height": "300", "vote_extension": "01"}],
    "finalize_block": [{}, BLOCK],
}

RESPONSES = {
    "exception": [{}, {"text": "wrong"}],
    "echo": [{}, {"text": "hello"}],
    "flush": [{}],
    "info": [{}, {"data": "stoa", "version": "1.2.3", "app_version": "1",
                  "last_block_height": "300", "last_block_app_hash": HASH}],
    "init_chain": [{}, {"consensus_params": PARAMS, "validators": UPDATES, "app_hash": HASH}],
    "query": [
        {},
        {"code": 2, "log": "malformedQuestion", "info": "i", "index": "1", "key": "01",
         "value": "02", "proof_ops": {"ops": [
             {"type": "stoa:state", "key": "01", "data": "0203"}, {}]},
         "height": "300", "codespace": "stoa-query"},
    ],
    "check_tx": [{}, RESULT],
    "commit": [{}, {"retain_height": "42"}],
    "list_snapshots": [{}, {"snapshots": [SNAPSHOT, {}]}],
    "offer_snapshot": [{}, {"status": 1}, {"status": 5}],
    "load_snapshot_chunk": [{}, {"bytes": "00" * 5}],
    "apply_snapshot_chunk": [{}, {"result": 3, "refetch_chunks": [0, 1, 300],
                                  "reject_senders": ["node", ""]}],
    "prepare_proposal": [{}, {"txs": BLOCK["txs"]}],
    "process_proposal": [{}, {"status": 1}, {"status": 2}],
    "extend_vote": [{}, {"bytes": "01"}],
    "verify_vote_extension": [{}, {"status": 1}, {"status": 2}],
    "finalize_block": [
        {},
        {"events": EVENTS, "tx_results": [RESULT, {}], "validator_updates": UPDATES,
         "consensus_param_updates": PARAMS, "app_hash": HASH},
    ],
}

# What decodes to the same as the entry named, although the bytes differ.
SAME = [
    ("flush/0", "an unknown field beside the kind, which newer engines may add", "1200c23e0101"),
    ("finalize_block/0", "submessages that are absent instead of empty", "a20100"),
    ("finalize_block/0", "an unknown field inside", "a20103f83f01"),
    ("check_tx/1", "a zero that is written", "42070a03aabbcc1000"),
    ("query/0", "zeros that are written", "320418002000"),
]

# What is no request; the answer is an exception.
REFUSED = [
    ("unknown request 21 of a newer engine", "aa0100"),
    ("no kind at all", ""),
    ("reserved kind 4", "2200"),
    ("only an unknown field", "c23e0101"),
    ("two kinds", "12005a00"),
    ("a kind twice", "12001200"),
    ("a group", "13"),
    ("wire type 7", "17"),
    ("field number 0", "0200"),
    ("a length that ends outside", "1201"),
    ("a varint of eleven bytes", "0a" + "80" * 10 + "01"),
    ("a varint that is cut off", "0a80"),
    ("kind with another wire type", "1001"),
    ("text that is not UTF-8", "0a030a01ff"),
    ("CheckTx of a third type", "42021002"),
    ("a vote flag above 3", "8a0106120412021804"),
]


def main():
    classes = declare()
    folder = pathlib.Path(__file__).parent
    for kind, table in (("Request", REQUESTS), ("Response", RESPONSES)):
        entries = []
        for method, variants in table.items():
            for index, fields in enumerate(variants):
                message = classes[kind]()
                inner = getattr(message, method)
                inner.SetInParent()
                fill(inner, fields)
                wire = message.SerializeToString(deterministic=True)
                entries.append({
                    "name": f"{method}/{index}", "fields": fields, "message": wire.hex(),
                    "frame": (varint(len(wire)) + wire).hex(),
                })
        write(folder / (kind.lower() + "s.json"), entries)
    for name, _, wire in SAME:
        check = classes["Request"]()
        check.ParseFromString(bytes.fromhex(wire))
        assert check.WhichOneof is not None and check.HasField(name.split("/")[0]), name
    write(folder / "same.json", [
        {"name": name, "why": why, "message": wire} for name, why, wire in SAME
    ])
    write(folder / "refused.json", [{"why": why, "message": wire} for why, wire in REFUSED])


def write(path, entries):
    path.write_text(json.dumps(entries, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
