import CanonicalCoding
import Foundation
import Identity
import MarketTypes
import SettlementCore

@testable import LedgerCore
@testable import LedgerIndex

extension FuzzTarget {
    /// The market's messages, events and entries, and the parts that strangers write.
    static let market: [FuzzTarget] = [
        .marketMessages, .marketEvents, .marketEntries, .marketTerms, .indexQuestions,
    ]

    /// Messages of every component.
    static let marketMessages = FuzzTarget(
        "market-messages",
        bytesMax: 16 << 10,
        seeds: { try MarketInputs.bytes("messages") }
    ) { bytes in
        guard let message = try? Message(canonicalBytes: bytes) else { return false }
        try require(message.canonicalBytes == bytes, "a message has two encodings")
        try require(bytes[1] == message.tag, "a message has another tag")
        return true
    }

    /// Events of every component, and the records that explorers and indexes read of them.
    static let marketEvents = FuzzTarget(
        "market-events",
        bytesMax: 16 << 10,
        seeds: { try MarketInputs.bytes("events") }
    ) { bytes in
        guard let event = try? Event(canonicalBytes: bytes) else { return false }
        try require(event.canonicalBytes == bytes, "an event has two encodings")
        let record = event.record
        try require(record.name.contains("."), "an event without a name")
        let names = record.fields.map(\.name)
        try require(Set(names).count == names.count, "\(record.name) has a field twice")
        return true
    }

    /// The documents under the market's keys.
    static let marketEntries = FuzzTarget(
        "market-entries",
        bytesMax: 16 << 10,
        seeds: { try MarketInputs.bytes("entries") }
    ) { bytes in
        try reencode(bytes, MarketInputs.entries)
    }

    /// Terms, scopes and grants on their own.
    static let marketTerms = FuzzTarget(
        "market-terms",
        bytesMax: 8 << 10,
        seeds: { try MarketInputs.terms() }
    ) { bytes in
        try reencode(bytes, MarketInputs.parts)
    }

    private static func reencode(_ bytes: [UInt8], _ kinds: [DocumentKind]) throws -> Bool {
        var isAccepted = false
        for kind in kinds {
            guard let again = try? kind.reencode(bytes) else { continue }
            isAccepted = true
            try require(again == bytes, "\(kind.name) has two encodings")
        }
        return isAccepted
    }

    /// Questions to the index: a line of parameters, with the place where a page ended.
    ///
    /// A cursor that is accepted has one text, and none is accepted for another question.
    static let indexQuestions = FuzzTarget(
        "index-questions",
        bytesMax: 2 << 10,
        mutantsInTests: 1000,
        seeds: { MarketInputs.questions }
    ) { bytes in
        guard let line = String(validating: bytes, as: UTF8.self) else { return false }
        let pairs = line.split(separator: "&", omittingEmptySubsequences: false).map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
        }
        let known = IndexQuestions.Path.allCases.reduce(into: Set<String>()) {
            $0.formUnion($1.parameters)
        }
        guard let parameters = try? QuestionParameters(pairs, known: known) else { return false }
        _ = try? parameters.offerSearch()
        guard let request = try? parameters.page() else { return false }
        let question = MarketInputs.question
        for width in [8, 16, 32, 40] {
            guard let key = try? PageCursor.key(request, of: question, bytes: width) else {
                continue
            }
            let again = PageCursor(question: question, key: key).text
            try require(again == request.cursor, "a cursor has two texts")
            let other = try? PageCursor.key(request, of: "another", bytes: width)
            try require(other == nil, "a cursor of another question")
        }
        return true
    }
}

/// What the market's targets begin with, and what they read.
private enum MarketInputs {
    static func bytes(_ file: String) throws -> [[UInt8]] {
        try GoldenInputs.strings("bytes", in: "canonical/market/\(file).json")
            .compactMap { Hex.decode($0) }
    }

    static let entries: [DocumentKind] = [
        .init(AssetTerms.self), .init(Lineage.self), .init(AssetStanding.self),
        .init(ShareRecord.self), .init(ShareHolding.self), .init(UnitRecord.self),
        .init(Redemption.self), .init(Plan.self), .init(Pass.self), .init(MarketRecord.self),
        .init(Pool.self), .init(LiquidityPosition.self), .init(Sale.self), .init(Order.self),
        .init(OrderBook.self), .init(TouchedMarkets.self), .init(Escrow.self),
        .init(JurorTable.self), .init(JurorExit.self), .init(Dispute.self), .init(Voter.self),
        .init(VotingCheckpoint.self), .init(VotingTotal.self), .init(TotalCheckpoint.self),
        .init(Proposal.self), .init(Ballot.self), .init(Session.self), .init(KeyAuthority.self),
        .init(Deadline.self), .init(DueCount.self), .init(StoredNumber.self),
        .init(StoredDigest.self), .init(Presence.self),
    ]

    static let parts: [DocumentKind] = [
        .init(AssetTerms.self), .init(AssetPublication.self), .init(UnitTerms.self),
        .init(PlanTerms.self), .init(StandingRenewal.self), .init(JobTerms.self),
        .init(SaleOpening.self), .init(OrderPlacement.self), .init(PoolOpening.self),
        .init(PoolSwap.self), .init(ProposalContent.self), .init(SessionGrant.self),
        .init(SessionScope.self),
    ]

    /// The parts inside the golden messages: a document is the version and their fields.
    static func terms() throws -> [[UInt8]] {
        try bytes("messages").compactMap { bytes in
            switch try Message(canonicalBytes: bytes) {
            case .lineage(.publishAssetWithTerms(_, let terms, _)): terms.canonicalBytes
            case .units(.issueUnit(let terms)): terms.canonicalBytes
            case .passes(.publishPlan(let terms)): terms.canonicalBytes
            case .passes(.authorizeRenewal(_, let renewal)): renewal.canonicalBytes
            case .escrows(.lock(let terms)): terms.canonicalBytes
            case .exchange(.openSale(let opening)): opening.canonicalBytes
            case .exchange(.placeOrder(let placement)): placement.canonicalBytes
            case .exchange(.createPool(let opening)): opening.canonicalBytes
            case .exchange(.swap(let swap)): swap.canonicalBytes
            case .governance(.propose(let content, _)): content.canonicalBytes
            case .authorization(.grantSession(let grant)): grant.canonicalBytes
            default: nil
            }
        }
    }

    static let question = "a question"

    static let questions: [[UInt8]] = {
        let cursor = PageCursor(question: question, key: [UInt8](repeating: 7, count: 16)).text
        return [
            "limit=20&cursor=\(cursor)",
            "text=small&kind=model&current=true&limit=200",
            "interface=chat&denomination=native&unit=call&maxPerMillion=20&sort=price",
            "account=\(Digest.zero)&asset=\(Digest.zero)&limit=1&cursor=\(cursor)x",
        ].map { Array($0.utf8) }
    }()
}
