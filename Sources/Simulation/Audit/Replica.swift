import CanonicalCoding
import LedgerCore
import MarketTypes

/// The rules once more, without nodes, disks or crashes: every decided block applied once, in
/// order, to a state in memory.
///
/// It is no second opinion on the rules, as the ``Auditor`` is; it says what every node must have,
/// whatever happened to it, for components that the auditor has no model of, and lets those who
/// act there look around.
struct Replica {
    private struct State: StateReading {
        var entries: [StateKey: [UInt8]] = [:]
        func value(for key: StateKey) -> [UInt8]? { entries[key] }
    }

    /// The most names of one kind that are remembered.
    private static let namesMax = 64

    private let chain: ChainID
    private var state = State()
    /// The names of things that events told of, by kind, oldest first.
    private(set) var names: [String: [Digest]] = [:]
    /// How many transactions of dealers took effect, and how many did not.
    private(set) var accepted = 0
    private(set) var refused = 0
    /// How many messages of dealers took effect, by component.
    private(set) var effects: [String: Int] = [:]

    init(_ genesis: Genesis) {
        chain = genesis.chain
        for change in genesis.changes { state.entries[change.key] = change.value }
    }

    /// Every entry that there should be.
    var entries: [StateKey: [UInt8]] { state.entries }

    func value(for key: StateKey) -> [UInt8]? { state.entries[key] }

    /// The entries that dealers own or made, in no order.
    func foreign(to dealers: Set<AccountID>) -> [StateKey] {
        state.entries.compactMap { key, value in
            isForeign(key, value, dealers) ? key : nil
        }
    }

    /// Whether an entry belongs to a dealer, or to a component that only dealers use.
    private func isForeign(
        _ key: StateKey,
        _ value: [UInt8],
        _ dealers: Set<AccountID>
    ) -> Bool {
        let owner: Digest?
        switch key.bytes[0] {
        case 0x01, 0x23, 0x24, 0x30: owner = Digest(bytes: key.bytes[1..<33])
        case 0x20: owner = Digest(bytes: value[1..<33])  // payer
        case 0x10, 0x18: owner = Digest(bytes: value[1..<33])  // owner or seller
        case 0x11:
            let asset = StateKey(bytes: [0x10] + key.bytes[1..<33])
            owner = state.entries[asset].flatMap { Digest(bytes: $0[1..<33]) }
        case 0x05: return key != .supply(.native)
        case 0x02, 0x07...0x0f, 0x12...0x17, 0x50...: return true
        default: return false
        }
        return owner.map { dealers.contains(AccountID($0)) } ?? false
    }

    /// Applies a block; returns what becomes of its transactions, and how many passes the block
    /// itself renewed, which costs their holders a fee.
    mutating func apply(
        _ transactions: [[UInt8]],
        at context: BlockContext,
        report: EngineReport,
        dealers: Set<AccountID>
    ) -> (results: [ExpectedResult], renewals: Int) {
        var ledger = Ledger(chain: chain, base: state)
        var events = ledger.beginBlock(report, at: context)
        var results: [ExpectedResult] = []
        for bytes in transactions {
            let result: TransactionResult
            do {
                let checked = try CheckedTransaction(canonicalBytes: bytes, chain: chain)
                result = ledger.apply(checked, at: context)
                if dealers.contains(checked.transaction.sender) {
                    count(result, checked.transaction.messages)
                }
            } catch {
                result = TransactionResult(refusal: error)
            }
            events += result.events
            results.append(ExpectedResult(code: result.code, messageIndex: result.messageIndex))
        }
        events += ledger.endBlock(at: context).events
        for change in ledger.changes { state.entries[change.key] = change.value }
        var renewals = 0
        for event in events {
            remember(event.record)
            if case .passes(.renewed(_, _, isStanding: true)) = event { renewals += 1 }
            guard case .channelOpened(let channel, let payer, _) = event else { continue }
            remember(channel.digest, as: "channel of \(payer)")
        }
        return (results, renewals)
    }

    private mutating func count(_ result: TransactionResult, _ messages: [Message]) {
        guard result.isAccepted else { return refused += 1 }
        accepted += 1
        for message in messages { effects[Self.component(of: message), default: 0] += 1 }
    }

    private static func component(of message: Message) -> String {
        switch message {
        case .lineage: "lineage"
        case .shares: "shares"
        case .units: "units"
        case .passes: "passes"
        case .escrows: "escrows"
        case .disputes: "disputes"
        case .exchange: "exchange"
        case .governance: "governance"
        case .authorization: "authorization"
        default: "market"
        }
    }

    private mutating func remember(_ record: EventRecord) {
        for field in record.fields {
            switch field.value {
            case .object(let kind, let name): remember(name, as: kind)
            case .asset(let asset): remember(asset.digest, as: "asset")
            case .offer(let offer): remember(offer.digest, as: "offer")
            default: break
            }
        }
    }

    private mutating func remember(_ name: Digest, as kind: String) {
        var known = names[kind] ?? []
        guard !known.contains(name) else { return }
        known.append(name)
        names[kind] = Array(known.suffix(Self.namesMax))
    }
}
