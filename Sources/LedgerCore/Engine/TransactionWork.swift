import CanonicalCoding
import Identity
import MarketTypes
import SettlementCore

/// What transactions cost beyond their bytes, as far as can be said without executing them.
public struct TransactionWork: Hashable, Sendable {
    /// How many signatures there are to check: the senders', of which a multisignature has
    /// several, and those inside the messages.
    public private(set) var signatures = 0
    /// Along how many edges of lineages income can flow at most (LIN-32).
    public private(set) var royaltyEdges = 0
    /// How many orders are placed or taken back: each reads and writes a whole book.
    public private(set) var orders = 0

    /// No work at all.
    public init() {}

    init(signatures: Int, royaltyEdges: Int, orders: Int) {
        (self.signatures, self.royaltyEdges, self.orders) = (signatures, royaltyEdges, orders)
    }

    /// The work of both.
    public func adding(_ other: TransactionWork) -> TransactionWork {
        TransactionWork(
            signatures: signatures + other.signatures,
            royaltyEdges: royaltyEdges + other.royaltyEdges,
            orders: orders + other.orders
        )
    }

    /// Whether one block may hold so much.
    public var fitsBlock: Bool {
        signatures <= Block.signaturesMax && royaltyEdges <= Block.royaltyEdgesMax
            && orders <= Block.ordersMax
    }
}

extension Block {
    /// The most signatures that the transactions of one block may carry.
    ///
    /// A signature costs more than everything else about a transaction, and a claim carries two for
    /// each lane: without this limit, a block within its bytes could hold seconds of work.
    public static let signaturesMax = 16_384

    /// The most edges along which the transactions of one block may pay income.
    ///
    /// A kilobyte of purchases can pay along a thousand edges, each with two events: without this
    /// limit, what a block within its bytes did could take more room than the store has for it.
    public static let royaltyEdgesMax = 1 << 17

    /// The most orders that the transactions of one block may place or take back.
    ///
    /// Each decodes and encodes a book of up to ``OrderBook/ordersMax``: without this limit, a
    /// block within its bytes could hold a hundred thousand of them.
    public static let ordersMax = 4_096
}

extension Signed<Transaction> {
    var work: TransactionWork {
        var signatures = key.signatureCount
        var (edges, orders) = (0, 0)
        for message in document.messages {
            switch message {
            case .claimChannel(let claim):
                signatures += 2 * claim.lanes.count
                edges += Lineage.edgesMax * claim.offerCount
            case .reportFraud(let proof): signatures += proof.receipts.count
            case .staking(.registerValidator): signatures += 1
            case .passes(.buyPass), .passes(.renewPass), .escrows(.approve), .disputes:
                edges += Lineage.edgesMax
            case .exchange(.placeOrder), .exchange(.cancelOrder): orders += 1
            default: break
            }
        }
        return TransactionWork(
            signatures: signatures,
            royaltyEdges: min(edges, Lineage.edgesPerTransactionMax),
            orders: orders
        )
    }
}

extension ChannelClaim {
    /// How many offers it has receipts of: it pays the income of no more assets.
    fileprivate var offerCount: Int {
        var offers = SortedMap<OfferID, Bool>()
        for lane in lanes { offers[lane.receipt.document.offer] = true }
        return offers.count
    }
}

extension Transaction {
    /// The work that these bytes would take, without doing any of it; nil if they are no signed
    /// transaction.
    public static func work(ofSigned canonicalBytes: [UInt8]) -> TransactionWork? {
        guard canonicalBytes.count <= bytesMax else { return nil }
        return (try? Signed<Transaction>(canonicalBytes: canonicalBytes))?.work
    }

    /// The number of signatures among that work.
    public static func signatureCount(ofSigned canonicalBytes: [UInt8]) -> Int? {
        work(ofSigned: canonicalBytes)?.signatures
    }
}
