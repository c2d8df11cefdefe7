import CanonicalCoding
import LedgerClient
import LedgerCore
import MarketTypes
import ProtobufWire

struct StatusResponse: WireResponse {
    let status: LedgerStatus

    func write(into writer: inout ProtobufWriter) {
        writer.write(status.chain.digest.bytes, field: 1)
        writer.write(status.name, field: 2)
        writer.write(status.height.rawValue, field: 3)
        writer.write(status.time.milliseconds, field: 4)
        writer.write(status.stateRoot.bytes, field: 5)
        writer.write(String(status.parameters.feeMinimum.obol), field: 6)
        writer.write(String(status.parameters.feePerByte.obol), field: 7)
        writer.write(status.parameters.closingDelayBlocks, field: 8)
        writer.write(status.parameters.unbondingDelayBlocks, field: 9)
        writer.write(status.parameters.canonicalBytes, field: 10)
    }
}

struct EntryResponse: WireResponse {
    let entry: StateEntry

    func write(into writer: inout ProtobufWriter) {
        writer.write(optional: entry.value, field: 1)
        writer.write(entry.height.rawValue, field: 2)
        writer.write(optional: entry.proof?.canonicalBytes, field: 3)
        writer.write(optional: entry.header?.canonicalBytes, field: 4)
    }
}

struct EntriesResponse: WireResponse {
    let listings: [StateListing]

    func write(into writer: inout ProtobufWriter) {
        for listing in listings {
            writer.write(message: 1) { writer in
                writer.write(listing.key.bytes, field: 1)
                writer.write(listing.value, field: 2)
            }
        }
    }
}

struct SubmitResponse: WireResponse {
    let outcome: TransactionOutcome

    func write(into writer: inout ProtobufWriter) {
        writer.write(outcome.digest.bytes, field: 1)
        writer.write(outcome.height.rawValue, field: 2)
        writer.write(UInt64(outcome.result.code), field: 3)
        writer.write(outcome.result.refusal?.name ?? "", field: 4)
        writer.write(outcome.result.canonicalBytes, field: 5)
    }
}

/// Canonical bytes of a document, in field 1: of a block, or of the genesis.
struct DocumentResponse: WireResponse {
    let bytes: [UInt8]

    func write(into writer: inout ProtobufWriter) {
        writer.write(bytes, field: 1)
    }
}

struct SupplyResponse: WireResponse {
    /// The node's count, as it words it.
    let supply: [String: String]

    /// The amounts, in order of their fields.
    private static let amounts = [
        "supplyObol", "accountsObol", "channelsObol", "bondsObol", "stakesObol", "potsObol",
        "feesObol",
    ]

    func write(into writer: inout ProtobufWriter) {
        writer.write(number("height"), field: 1)
        writer.write(supply["conserved"] == "true", field: 2)
        for (field, name) in Self.amounts.enumerated() {
            writer.write(supply[name] ?? "", field: UInt32(field) + 3)
        }
        writer.write(number("unitsIssued"), field: 10)
        writer.write(number("unitsUnbalanced"), field: 11)
    }

    private func number(_ name: String) -> UInt64 { supply[name].flatMap { UInt64($0) } ?? 0 }
}

struct BlockSummaryResponse: WireResponse {
    let summary: BlockSummary

    func write(into writer: inout ProtobufWriter) {
        writer.write(summary.height.rawValue, field: 1)
        writer.write(summary.time.milliseconds, field: 2)
        writer.write(UInt64(clamping: summary.transactions), field: 3)
        for event in summary.events { writer.write(always: event.canonicalBytes, field: 4) }
        for entry in summary.included { writer.write(always: entry.canonicalBytes, field: 5) }
    }
}
