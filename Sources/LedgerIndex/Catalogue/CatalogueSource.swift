import CanonicalCoding
import LedgerClient
import LedgerCore
import MarketTypes
import SettlementCore
import Synchronization

/// What a batch of blocks changes in the catalogue.
struct CatalogueChanges: Sendable {
    var assets: [(number: Int64, entry: AssetEntry)] = []
    var offers: [(number: Int64, entry: OfferEntry)] = []
    /// The latest state that something was read from.
    var height = BlockHeight(0)
}

/// Reads assets and offers from the ledger's latest state, which may be newer than the block that
/// made it look: each row is read again when the block comes that changed it (IDX-6).
final class CatalogueSource: Sendable {
    private let ledger: any LedgerConnection
    private let labels = Mutex<[AssetID: AssetLabel]>([:])
    /// How many questions wait at the ledger at once.
    private static let questionsMax = 16
    private static let labelsMax = 1 << 14
    /// How often, and after which pause, a state that is older than its block is asked for again.
    private static let attemptsMax = 100
    private static let pauseMilliseconds: Int64 = 100

    init(_ ledger: any LedgerConnection) {
        self.ledger = ledger
    }

    /// Reads what the blocks touched, each thing once.
    func changes(_ blocks: [BlockRows]) async throws -> CatalogueChanges {
        var changes = CatalogueChanges()
        var seen: Set<Subject> = []
        // One node may give a block before another has the state after it.
        let least = blocks.last?.height ?? BlockHeight(0)
        var todo = blocks.flatMap(\.touched).filter { seen.insert($0.subject).inserted }
        while !todo.isEmpty {
            let found = try await read(todo, least)
            todo = []
            for read in found {
                changes.height = max(changes.height, read.height)
                switch read.entry {
                case .asset(let asset): changes.assets.append((read.number, asset))
                case .offer(let offer):
                    changes.offers.append((read.number, offer))
                    // The event of a new version says nothing about the one it replaces.
                    if let older = offer.record.offer.supersedes,
                        seen.insert(.offer(older)).inserted
                    {
                        todo.append(BlockRows.Touch(subject: .offer(older), id: read.number))
                    }
                case nil: break
                }
            }
        }
        return changes
    }

    private enum Entry: Sendable {
        case asset(AssetEntry)
        case offer(OfferEntry)
    }

    private struct Read: Sendable {
        let number: Int64
        let entry: Entry?
        let height: BlockHeight
    }

    /// Reads many things, some at once, and returns them in their order.
    private func read(
        _ touched: [BlockRows.Touch],
        _ least: BlockHeight
    ) async throws -> [Read] {
        try await withThrowingTaskGroup(of: (Int, Read).self) { group in
            var reads = [Read?](repeating: nil, count: touched.count)
            for (index, touch) in touched.enumerated() {
                if index >= Self.questionsMax, let (done, read) = try await group.next() {
                    reads[done] = read
                }
                group.addTask { (index, try await self.read(touch, least)) }
            }
            for try await (done, read) in group { reads[done] = read }
            return reads.compactMap(\.self)
        }
    }

    private func read(_ touch: BlockRows.Touch, _ least: BlockHeight) async throws -> Read {
        if touch.subject.kind == "asset" {
            let (entry, height) = try await asset(AssetID(touch.subject.name), least)
            return Read(number: touch.id, entry: entry.map { .asset($0) }, height: height)
        }
        let (entry, height) = try await offer(OfferID(touch.subject.name), least)
        return Read(number: touch.id, entry: entry.map { .offer($0) }, height: height)
    }

    /// An asset with its latest version and its standing, and the latest height of the three.
    func asset(
        _ id: AssetID,
        _ least: BlockHeight = BlockHeight(0)
    ) async throws -> (AssetEntry?, BlockHeight) {
        let (asset, first) = try await value(Asset.self, .asset(id), least)
        guard let asset else { return (nil, first) }
        let key = StateKey.assetVersion(id, asset.latestVersion)
        let (version, second) = try await value(AssetVersion.self, key, first)
        guard let version else { throw IndexError.malformed("an asset without its version") }
        let (standing, third) = try await value(AssetStanding.self, .assetStanding(id), first)
        let entry = AssetEntry(
            id: id,
            asset: asset,
            latest: version,
            retiredAt: standing?.retiredAt,
            offeredTo: standing?.offeredTo
        )
        return (entry, max(first, second, third))
    }

    /// An offer with what its asset is.
    func offer(
        _ id: OfferID,
        _ least: BlockHeight = BlockHeight(0)
    ) async throws -> (OfferEntry?, BlockHeight) {
        let (record, height) = try await value(OfferRecord.self, .offer(id), least)
        guard let record else { return (nil, height) }
        guard record.offer.id == id else {
            throw IndexError.malformed("an offer under another's name")
        }
        let label = try await label(record.offer.asset, height)
        return (OfferEntry(id: id, record: record, label: label), height)
    }

    /// What never changes of an asset, remembered.
    func label(
        _ id: AssetID,
        _ least: BlockHeight = BlockHeight(0)
    ) async throws -> AssetLabel {
        if let known = labels.withLock({ $0[id] }) { return known }
        let (asset, _) = try await value(Asset.self, .asset(id), least)
        guard let asset else { throw IndexError.malformed("an offer without its asset") }
        let label = AssetLabel(asset)
        labels.withLock { labels in
            if labels.count >= Self.labelsMax { labels = [:] }
            labels[id] = label
        }
        return label
    }

    /// An entry of a state that is not older than that of block `least`.
    private func value<Value: CanonicalCodable>(
        _ type: Value.Type,
        _ key: StateKey,
        _ least: BlockHeight
    ) async throws -> (Value?, BlockHeight) {
        for _ in 0..<Self.attemptsMax {
            let entry = try await ledger.entry(key, proven: false)
            guard entry.height >= least else {
                try await Task.sleep(for: .milliseconds(Self.pauseMilliseconds))
                continue
            }
            guard let bytes = entry.value else { return (nil, entry.height) }
            guard let value = try? Value(canonicalBytes: bytes) else {
                throw IndexError.malformed("an entry that does not decode as \(type)")
            }
            return (value, entry.height)
        }
        throw LedgerClientError(.unreachable, "the ledger's state is older than its blocks")
    }
}
