import CanonicalCoding
import Journal

@testable import Gateway

/// The records of a gateway's journal.
struct JournalContents {
    private(set) var records: [JournalRecord] = []

    init(_ directory: String) throws {
        var found: [JournalRecord] = []
        try Journal.read(directory: directory) { _, bytes in
            found.append(try JournalRecord(canonicalBytes: bytes))
            return true
        }
        records = found
    }

    var strikes: [StrikeOff] {
        records.compactMap { if case .struckOff(let strike) = $0 { strike } else { nil } }
    }

    var withdrawals: [VoucherName] {
        records.compactMap { if case .withdrawn(let name) = $0 { name } else { nil } }
    }
}
