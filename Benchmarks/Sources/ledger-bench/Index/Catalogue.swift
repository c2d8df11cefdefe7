import CanonicalCoding
import Consensus
import Foundation
import Identity
import LedgerCore
import LedgerIndex
import LedgerNode
import LedgerStore
import Logging
import MarketTypes
import SettlementCore

/// A ledger with many offers, and its index: a home directory for searches.
///
/// Four offers for each asset, and of every twelve one that was withdrawn. Names are made of words
/// of which some are common and most are rare, as names of models are.
struct Catalogue {
    let offers: Int
    let home: String
    private static let sellers = 64
    private static let assetsOfTransaction = 6
    private static let families = [
        "llama", "qwen", "mistral", "gemma", "phi", "falcon", "whisper", "smollm", "deepseek",
        "granite", "olmo", "yi", "mixtral", "stable", "flux", "bert", "nomic", "jina", "command",
        "starcoder",
    ]
    private static let makes = ["instruct", "chat", "base", "code", "vision", "embed", "math"]
    private static let sizes = ["1b", "3b", "7b", "8b", "13b", "32b", "70b"]
    private static let licences = ["Apache-2.0", "MIT", "CC-BY-4.0", "LicenseRef-own"]

    func run() async throws {
        let keys = (0..<Self.sellers).map(key)
        let (application, sequencer) = try open("\(home)/node/data", owners: keys)
        try Presign.writeHome(home, genesis: application.genesis)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await sequencer.run() }
            try await publish(sequencer, keys)
            group.cancelAll()
        }
        try await IndexRun.follow(sequencer, into: "\(home)/index.sqlite")
    }

    private func publish(_ sequencer: Sequencer, _ keys: [SigningKey]) async throws {
        let transactions = offers / (4 * Self.assetsOfTransaction)
        let chain = sequencer.application.chain
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (seller, key) in keys.enumerated() {
                group.addTask {
                    var sequence: UInt64 = 0
                    for number in stride(from: seller, to: transactions, by: Self.sellers) {
                        sequence += 1
                        let transaction = Transaction(
                            chain: chain,
                            sender: key.accountID,
                            sequence: sequence,
                            fee: Amount(obol: 10_000_000),
                            validUntil: BlockHeight(1 << 40),
                            messages: messages(number, by: key.accountID)
                        )
                        let bytes = key.sign(transaction).signed.canonicalBytes
                        let done = try await sequencer.submit(bytes)
                        guard done.result.isAccepted else {
                            fatalError("refused: \(done.result.refusal?.name ?? "?")")
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// Six assets, four offers of each, and two of them withdrawn.
    private func messages(_ number: Int, by seller: AccountID) -> [Message] {
        var messages: [Message] = []
        for index in 0..<Self.assetsOfTransaction {
            let asset = number * Self.assetsOfTransaction + index
            // Squared, so that the first families are common and the last are not.
            let place = Double(asset * 7_919 % 1_000) / 1_000
            let family = Self.families[Int(place * place * Double(Self.families.count))]
            let title = "\(family)-\(asset % 9)-\(asset)"
            let content = Digest(sha256: Array(title.utf8))
            let publication = AssetPublication(
                name: title,
                kind: asset % 8 == 0 ? .dataset : .model,
                licence: Self.licences[asset / 3 % Self.licences.count],
                version: AssetVersion(content: content, metadataLink: "")
            )
            messages.append(.publishAsset(publication))
            for copy in 0..<4 {
                let make = Self.makes[(asset / 7 + copy) % Self.makes.count]
                let size = Self.sizes[(asset / 5 + copy) % Self.sizes.count]
                let offer = offer(
                    of: Asset.id(owner: seller, name: title),
                    content,
                    by: seller,
                    model: "\(family)-\(size)-\(make)",
                    price: UInt128(1 + (asset * 31 + copy * 17) % 5_000)
                )
                messages.append(.publishOffer(offer))
                if copy == 3, index % 3 == 0 { messages.append(.withdrawOffer(offer.id)) }
            }
        }
        return messages
    }

    private func offer(
        of asset: AssetID,
        _ content: Digest,
        by seller: AccountID,
        model: String,
        price: UInt128
    ) -> Offer {
        var prices = SortedMap<MarketTypes.Unit, Price>()
        prices[.inputToken] = Price(amount: Amount(obol: price), perUnits: 1)
        prices[.outputToken] = Price(amount: Amount(obol: 3 * price), perUnits: 1)
        return Offer(
            seller: seller,
            receiptKey: key(100).publicKey,
            asset: asset,
            assetVersion: 1,
            weights: content,
            model: model,
            interface: .chat,
            endpoint: "https://seller.example:8443/v1",
            denomination: .native,
            prices: PriceTable(prices),
            limits: OfferLimits(
                requestBytesMax: 1 << 20,
                inputTokensMax: 8_192,
                outputTokensMax: 2_048,
                templateTokensMax: 64,
                callMillisecondsMax: 60_000
            ),
            verification: .receipt,
            bond: .zero,
            version: 1,
            supersedes: nil,
            expiresAt: Timestamp(milliseconds: 1 << 50)
        )
    }
}

/// An index that catches up with a ledger in this process.
enum IndexRun {
    static func follow(_ sequencer: Sequencer, into path: String) async throws {
        let application = sequencer.application
        let height = try application.store.last().height
        let database = try IndexDatabase(writing: path, chain: application.chain)
        let indexer = Indexer(
            database: database,
            ledger: EmbeddedLedger(sequencer: sequencer),
            logger: Logger(label: "bench")
        )
        let clock = ContinuousClock()
        let (start, before) = (clock.now, cpuSeconds())
        try await indexer.follow(to: height)
        let (wall, cpu) = (seconds(clock.now - start), cpuSeconds() - before)
        let status = try await IndexReader(database).status()
        func rate(_ count: UInt64) -> Int { Int(Double(count) / wall) }
        print(
            """
            indexed in process: \(height.rawValue) blocks, \(status.transactions) transactions, \
            \(status.events) events, \(status.offers) offers in \
            \(String(format: "%.1f", wall)) s (CPU \(String(format: "%.1f", cpu)) s): \
            \(rate(height.rawValue)) blocks/s, \(rate(status.transactions)) transactions/s, \
            \(rate(status.events)) events/s; \(fileBytes(path)) bytes
            """
        )
    }
}

/// What a file and its write-ahead log take on the disk.
func fileBytes(_ path: String) -> Int64 {
    ["", "-wal"].reduce(0) { sum, suffix in
        var info = stat()
        return stat(path + suffix, &info) == 0 ? sum + Int64(info.st_blocks) * 512 : sum
    }
}
