import CanonicalCoding
import CometBFTTypes
import Identity
import LedgerCore
import MarketTypes
import SettlementCore

extension ProofFile {
    /// Reads a file strictly: what it says is not checked yet, but nothing in it is passed over.
    ///
    /// - Throws: ``ProofRefusal`` naming the first field that is not as it must be (PRF-2, PRF-3).
    public init(bytes: [UInt8]) throws(ProofRefusal) {
        let fields = try ProofFields(try ProofJSONReader.read(bytes), "")
        try fields.check("format", is: .text(Self.format))
        try fields.check("version", is: .number(Self.version))
        let common = ["format", "version", "subject"]
        switch try fields.text("subject") {
        case "state":
            try fields.require(common + ["entry", "seal"])
            self = .state(
                StateEntryProof(
                    entry: try EntryProof(fields.fields("entry")),
                    seal: try ProofSeal(fields.fields("seal"))
                )
            )
        case "receipt":
            let papers = ["voucher", "receipt", "inclusion", "claim", "channel", "offer", "seal"]
            try fields.require(common + papers)
            self = .receipt(try ReceiptProof(fields))
        default:
            throw ProofRefusal("subject", .unsupported)
        }
    }
}

extension ReceiptProof {
    init(_ fields: ProofFields) throws(ProofRefusal) {
        voucher = try fields.document("voucher")
        receipt = try fields.document("receipt")
        inclusion = try ReceiptInclusion(fields.fields("inclusion"))
        claim = try Self.entry(fields.fields("claim"))
        channel = try Self.entry(fields.fields("channel"))
        offer = try Self.entry(fields.fields("offer"))
        seal = try ProofSeal(fields.fields("seal"))
    }

    private static func entry(_ fields: ProofFields) throws(ProofRefusal) -> EntryProof {
        let entry = try EntryProof(fields)
        guard entry.value != nil else { throw fields.malformed("value") }
        return entry
    }
}

extension EntryProof {
    fileprivate init(_ fields: ProofFields) throws(ProofRefusal) {
        try fields.require(["key", "leaf", "value", "path"])
        let bytes = try fields.bytes("key")
        guard (1...StateKey.bytesMax).contains(bytes.count) else { throw fields.malformed("key") }
        key = StateKey(bytes: bytes)
        // Absence is true of many keys: without this a damaged key would prove another's.
        guard try fields.bytes("leaf") == StateTreeHash.path(of: key).bytes else {
            throw fields.refusal(.wrongKey)
        }
        value = try fields["value"] == .null ? nil : fields.bytes("value")
        path = try fields.document("path")
    }
}

extension ReceiptInclusion {
    fileprivate init(_ fields: ProofFields) throws(ProofRefusal) {
        try fields.require(["index", "count", "siblings"])
        index = try fields.integer("index")
        count = try fields.integer("count")
        var siblings: [Digest] = []
        for element in try fields.list("siblings", countMax: Self.siblingsMax) {
            guard let bytes = ProofFields.bytes(element), let digest = Digest(bytes: bytes) else {
                throw fields.malformed("siblings[\(siblings.count)]")
            }
            siblings.append(digest)
        }
        self.siblings = siblings
    }
}

extension ProofSeal {
    fileprivate init(_ fields: ProofFields) throws(ProofRefusal) {
        switch try fields.text("kind") {
        case "sequencer":
            try fields.require(["kind", "header"])
            self = .sequencer(try fields.document("header"))
        case "validators":
            try fields.require(["kind", "blocks"])
            var blocks: [LightBlock] = []
            for element in try fields.list("blocks", countMax: Self.blocksMax) {
                let name = fields.name("blocks[\(blocks.count)]")
                guard let bytes = ProofFields.bytes(element) else {
                    throw ProofRefusal(name, .malformedValue)
                }
                do {
                    blocks.append(try LightBlock(bytes: bytes))
                } catch {
                    throw ProofRefusal(name, .light(error))
                }
            }
            guard !blocks.isEmpty else { throw fields.malformed("blocks") }
            self = .validators(blocks)
        default:
            throw ProofRefusal(fields.name("kind"), .unsupported)
        }
    }
}
