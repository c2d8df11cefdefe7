import CanonicalCoding
import Consensus
import Identity
import LedgerCore
import LedgerStore
import MarketTypes
import SettlementCore

/// A transaction on its way.
struct PendingTransaction {
    let transaction: Transaction
    let bytes: [UInt8]
    let digest: Digest
}

/// The ledger's side of an actor: one transaction at a time, the same bytes until it is answered.
///
/// A plain value that is rebuilt from records; whoever holds it writes the records.
struct AccountDesk {
    /// For how many blocks a transaction is valid.
    static let validBlocks: UInt64 = 6

    private(set) var nextSequence: UInt64 = 1
    private(set) var pending: PendingTransaction?

    /// Draws up a transaction at a height that some node told.
    static func draw(
        _ messages: [Message],
        key: SigningKey,
        chain: ChainID,
        sequence: UInt64,
        height: UInt64
    ) -> [UInt8] {
        key.sign(
            Transaction(
                chain: chain,
                sender: key.accountID,
                sequence: sequence,
                fee: Amount(obol: 3_000),
                validUntil: BlockHeight(height + validBlocks),
                messages: messages
            )
        ).signed.canonicalBytes
    }

    mutating func prepare(_ bytes: [UInt8]) throws(CanonicalError) {
        let transaction = try Signed<Transaction>(canonicalBytes: bytes).document
        pending = PendingTransaction(
            transaction: transaction,
            bytes: bytes,
            digest: transaction.signingDigest
        )
    }

    mutating func resolve(isConsumed: Bool) {
        if isConsumed, let pending { nextSequence = pending.transaction.sequence + 1 }
        pending = nil
    }
}

/// What an actor learned about its transaction.
enum DeskAnswer {
    case waiting
    case done(code: UInt32, isConsumed: Bool)
}

extension Market {
    /// Asks some node about a transaction, and sends it again if nothing is known.
    func follow(_ pending: PendingTransaction, of actor: any Actor) -> DeskAnswer {
        if let node = reader(), let application = node.application {
            if let found = try? application.committed(pending.digest) {
                let height = found.height.rawValue
                witness.acknowledge(pending.digest, height: height, code: found.result.code)
                note("learns", actor.name, UInt64(found.result.code), height, pending.digest)
                return .done(code: found.result.code, isConsumed: true)
            }
            let head = try? node.store?.last()
            if let head, head.height > pending.transaction.validUntil {
                note("gives up", actor.name, head.height.rawValue, 0, pending.digest)
                return .done(code: 106, isConsumed: false)
            }
        }
        submit(pending.bytes)
        return .waiting
    }

    /// Sends a transaction to some node.
    func submit(_ bytes: [UInt8]) {
        let node = chance.index(nodes.count)
        send(.submission(node: node, bytes: bytes, isGossip: false), from: nil, to: node)
    }
}
