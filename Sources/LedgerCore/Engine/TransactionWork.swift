extension Block {
    /// The most signatures that the transactions of one block may carry.
    ///
    /// A signature costs more than everything else about a transaction, and a claim carries two for
    /// each lane: without this limit, a block within its bytes could hold seconds of work.
    public static let signaturesMax = 16_384
}

extension CheckedTransaction {
    /// The number of signatures that checking it took: its own and those inside its messages.
    public var signatureCount: Int {
        messages.reduce(1) { count, message in
            switch message {
            case .plain: count
            case .claim(_, let calls): count + 2 * calls.count
            case .fraud(_, let receipts): count + receipts.count
            }
        }
    }
}
