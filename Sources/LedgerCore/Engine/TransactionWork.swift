import CanonicalCoding
import Identity
import SettlementCore

extension Block {
    /// The most signatures that the transactions of one block may carry.
    ///
    /// A signature costs more than everything else about a transaction, and a claim carries two for
    /// each lane: without this limit, a block within its bytes could hold seconds of work.
    public static let signaturesMax = 16_384
}

extension Signed<Transaction> {
    /// The number of signatures to check: the sender's, of which a multisignature has several, and
    /// those inside the messages.
    var signatureCount: Int {
        document.messages.reduce(key.signatureCount) { count, message in
            switch message {
            case .claimChannel(let claim): count + 2 * claim.lanes.count
            case .reportFraud(let proof): count + proof.receipts.count
            default: count
            }
        }
    }
}

extension Transaction {
    /// The number of signatures that checking these bytes would take, without checking any; nil
    /// if they are no signed transaction.
    public static func signatureCount(ofSigned canonicalBytes: [UInt8]) -> Int? {
        guard canonicalBytes.count <= bytesMax else { return nil }
        return (try? Signed<Transaction>(canonicalBytes: canonicalBytes))?.signatureCount
    }
}
