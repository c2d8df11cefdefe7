import HTTPTypes
import WebServing

/// How a socket stands with its client's receipts.
struct SocketReceipts {
    /// A subscription that waits until it is known where it begins.
    struct Beginning {
        let topics: Set<FeedTopic>
        let cursor: FeedPosition?
        let reader: ReceiptReader
    }

    /// Whose are told; nil if none are.
    var reader: ReceiptReader?
    var ticket: UInt64?
    var begins: Beginning?
    /// Whether an answer is under way.
    var isAsking = false
    /// Whether there may be more when it has come, or when the client reads.
    var mustAsk = false
    /// The number of the newest question; the answers to others come too late.
    var question: UInt64 = 0
}

extension Problem {
    /// A message that came before a subscription to receipts was confirmed.
    static var isBeginning: Problem {
        .badRequest("came while another was looked at", at: "#/type")
    }

    static let receiptsOver = Problem(
        .forbidden,
        "key_over",
        "The key is over, or may not see receipts any more."
    )
}
