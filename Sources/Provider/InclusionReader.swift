import Journal
import Logging
import MarketTypes
import NIOCore

/// Finds the inclusion paths of receipts in the journal, one at a time.
///
/// Strangers can make it read; who asks for a receipt that is in no paid claim costs it nothing.
final class InclusionReader: Sendable {
    /// What came of a question.
    enum Finding: Hashable, Sendable {
        case found(ReceiptAnchor)
        /// No paid claim covers such a receipt, as far as is known here.
        case unknown
        /// Too many ask at once.
        case busy
        /// The journal no longer has what the path is made of.
        case unreadable
    }

    /// How many questions may wait for others.
    private static let waitersMax = 16
    /// How many records are read before others get their turn.
    private static let recordsAtOnce = 256

    private let desk: VoucherDesk
    private let turns = CallGate(callsMax: 1, waitersMax: waitersMax)
    private let logger: Logger
    private let eventLoopGroup: any EventLoopGroup

    init(desk: VoucherDesk, logger: Logger, eventLoopGroup: any EventLoopGroup) {
        self.desk = desk
        self.logger = logger
        self.eventLoopGroup = eventLoopGroup
    }

    /// Where the receipt with this digest is anchored.
    func find(_ receipt: Digest) async -> Finding {
        guard let place = desk.place(of: receipt) else { return .unknown }
        let entered = await turns.enter(waitingAtMost: .seconds(5), on: eventLoopGroup.any())
        guard case .success(let pass) = entered else { return .busy }
        defer { withExtendedLifetime(pass) {} }
        do {
            let leaves = try await leaves(of: place.claim)
            // Another receipt may begin with the same bytes.
            guard leaves.indices.contains(place.leaf), leaves[place.leaf] == receipt else {
                return .unknown
            }
            guard let anchor = ReceiptAnchor(receipt, at: place, leaves: leaves) else {
                return .unreadable
            }
            return .found(anchor)
        } catch {
            logger.error("a claim's receipts cannot be read", metadata: ["error": "\(error)"])
            return .unreadable
        }
    }

    private func leaves(of claim: ReceiptAnchors.Claim) async throws -> [Digest] {
        var collector = LeafCollector(claim)
        var next: RecordPosition? = claim.first
        while let from = next, !collector.isComplete {
            next = nil
            var count = 0
            try desk.scan(from: from) { position, record in
                if count == Self.recordsAtOnce {
                    next = position
                    return false
                }
                count += 1
                try collector.take(record)
                return !collector.isComplete
            }
            await Task.yield()
        }
        return collector.leaves
    }
}
