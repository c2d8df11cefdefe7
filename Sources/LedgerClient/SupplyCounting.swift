/// A ledger that counts all its money for whoever asks; what it says is its own word.
public protocol SupplyCounting: LedgerConnection {
    /// The count, amounts in obol: `accountsObol`, `supplyObol`, … and `conserved`.
    func supply() async throws(LedgerClientError) -> [String: String]
}

extension RemoteLedger: SupplyCounting {
    public func supply() async throws(LedgerClientError) -> [String: String] {
        try await get([String: String].self, "/stoa/v1/supply")
    }
}
