import CanonicalCoding
import LedgerCore
import MarketTypes

/// A claim ready to be sent, and how much room it takes in a transaction.
struct PreparedClaim: Hashable, Sendable {
    let message: ChannelClaim
    let amount: Amount
    /// The size of the message in canonical bytes.
    let bytes: Int

    var channel: ChannelID { message.channel }

    init(_ claim: DraftedClaim, release: Bool) {
        message = claim.message(release: release)
        amount = claim.amount
        bytes = Message.claimChannel(message).canonicalBytes.count
    }

    /// What a transaction has besides its messages, in canonical bytes, generously.
    private static let envelopeBytes = 1024

    /// Puts claims into as few transactions as their limits allow, in order.
    static func batches(_ claims: [PreparedClaim]) -> [[PreparedClaim]] {
        var batches: [[PreparedClaim]] = []
        var room = 0
        for claim in claims {
            if batches.isEmpty || claim.bytes > room
                || batches[batches.count - 1].count >= Transaction.messagesMax
            {
                batches.append([])
                room = Transaction.bytesMax - envelopeBytes
            }
            batches[batches.count - 1].append(claim)
            room -= claim.bytes
        }
        return batches
    }
}
