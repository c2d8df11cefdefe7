import CanonicalCoding
import HTTPTypes
import Identity
import LedgerClient
import LedgerCore
import LedgerIndex
import MarketTypes
import WebServing

/// Blocks and transactions.
enum ExplorerPages {
    static let latestMax = 12
    static let blockMax = 50

    static func block(_ entry: BlockEntry, _ source: PageSource) -> Fill {
        var fill = source.time(entry.time)
        fill.put("height", entry.height.rawValue)
        fill.put("blockHref", PortalPaths.block(entry.height))
        fill.put("transactionCount", entry.transactions)
        fill.put("eventCount", entry.events)
        return fill
    }

    static func transaction(_ entry: TransactionEntry, _ source: PageSource) -> Fill {
        let sent = entry.transaction
        var fill = source.time(entry.time)
        fill.put(
            "id",
            NameText.fill(sent.digest, link: PortalPaths.transaction(sent.digest))
        )
        fill.put("sender", NameText.fill(sent.sender))
        fill.put("height", entry.height.rawValue)
        fill.put("blockHref", PortalPaths.block(entry.height))
        fill.put("messages", UInt64(sent.messages))
        fill.put("eventCount", UInt64(sent.events))
        fill.put("fee", UnitName.native.fill(sent.fee))
        fill.put("sequence", sent.sequence)
        fill.put("isDone", sent.code == 0)
        let name = Refusal(code: sent.code)?.name
        fill.put("refusal", sent.code == 0 ? nil : name ?? "code \(sent.code)")
        fill.put("refusalWords", name.map { EventSentence.words($0) })
        fill.put("refusalHref", name.map { PortalPaths.problem($0) })
        return fill
    }

    static func latest(_ source: PageSource) async throws -> Fill {
        let blocks = try await source.index.blocks(PageRequest(limit: latestMax))
        let transactions = try await source.index.transactions(
            of: nil,
            PageRequest(limit: latestMax)
        )
        var fill = Fill()
        fill.put("blocks", blocks.items.map { block($0, source) })
        fill.put("transactions", transactions.items.map { transaction($0, source) })
        return fill
    }

    /// Where a text that somebody looks for leads, or nil.
    static func find(_ text: String, _ source: PageSource) async throws -> String? {
        let text = text.filter { !$0.isWhitespace && $0 != "," }
        if text.hasPrefix("stoa1") {
            return AccountID(address: text).map { PortalPaths.account($0) }
        }
        if text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), text.utf8.count < 16,
            let height = UInt64(text)
        {
            let block = try await source.index.block(BlockHeight(height))
            return block.map { PortalPaths.block($0.height) }
        }
        guard let digest = Digest(hex: text.lowercased()) else { return nil }
        if try await source.index.transaction(digest) != nil {
            return PortalPaths.transaction(digest)
        }
        if try await source.index.asset(AssetID(digest)) != nil {
            return PortalPaths.asset(AssetID(digest))
        }
        if try await source.index.offer(OfferID(digest)) != nil {
            return PortalPaths.offer(OfferID(digest))
        }
        if try await source.index.market(named: digest) != nil {
            return PortalPaths.market(digest)
        }
        for (kind, path) in [
            ("escrow", PortalPaths.job(digest)), ("dispute", PortalPaths.dispute(digest)),
            ("proposal", PortalPaths.proposal(digest)),
        ] where try await source.index.counts(of: Subject(kind: kind, name: digest)) != nil {
            return path
        }
        let account = AccountID(digest)
        let isAccount = try await source.index.counts(of: .account(account)) != nil
        return isAccount ? PortalPaths.account(account) : nil
    }

    /// A transaction with all that it caused.
    static func transactionPage(_ digest: Digest, _ read: PageRead) async throws -> Fill {
        let source = read.source
        guard let entry = try await source.index.transaction(digest) else {
            throw Problem.missing(
                "There is no transaction of this name.",
                hint: "One that was refused before it entered a block leaves no trace."
            )
        }
        var fill = transaction(entry, source)
        let events = try await source.index.events(
            in: entry.height,
            of: entry.index,
            read.pageRequest(limit: blockMax)
        )
        fill.put("events", try await source.fills(events.items))
        fill.put(
            "pages",
            read.links(PortalPaths.transaction(digest), [], next: events.next)
        )
        fill.put("place", entry.index + 1)
        fill.put("messageIndex", UInt64(entry.transaction.messageIndex) + 1)
        fill.put("wasCharged", Refusal(code: entry.transaction.code)?.feeCharged ?? true)
        return fill
    }

    static func blockPage(_ height: BlockHeight, _ read: PageRead) async throws -> Fill {
        let source = read.source
        guard let entry = try await source.index.block(height) else {
            throw Problem.missing(
                "There is no block \(NumberText.grouped(height.rawValue)) in the index.",
                hint: "It may come yet: the newest ones are in the explorer."
            )
        }
        var fill = block(entry, source)
        let transactions = try await source.index.transactions(
            in: height,
            read.pageRequest(limit: blockMax)
        )
        fill.put("transactions", transactions.items.map { transaction($0, source) })
        let events = try await source.index.events(in: height, PageRequest(limit: blockMax))
        fill.put("events", try await source.fills(events.items))
        fill.put("moreEvents", events.hasMore)
        fill.put(
            "pages",
            read.links(PortalPaths.block(height), [], next: transactions.next)
        )
        fill.put(
            "previousHref",
            height.rawValue > 1 ? PortalPaths.block(BlockHeight(height.rawValue - 1)) : nil
        )
        let after = BlockHeight(height.rawValue + 1)
        let hasNext = try await source.index.block(after) != nil
        fill.put("followingHref", hasNext ? PortalPaths.block(after) : nil)
        return fill
    }
}

/// What a browser needs to check an entry of the state itself.
struct ProofPage: Sendable {
    let key: StateKey
    let entry: StateEntry
    let chain: ChainID

    static func load(_ text: String?, _ source: PageSource) async throws -> ProofPage {
        guard let text, let bytes = Hex.decode(text.lowercased()),
            (1...StateKey.bytesMax).contains(bytes.count)
        else {
            throw Problem(
                .badRequest,
                "bad_request",
                "That is no key of an entry.",
                hint: "Pages of accounts, assets, offers and more link to their entries' proofs."
            )
        }
        let key = StateKey(bytes: bytes)
        return ProofPage(
            key: key,
            entry: try await source.ledger.entry(key, proven: true),
            chain: try await source.ledger.status().chain
        )
    }

    var fill: Fill {
        var fill = Fill()
        fill.put("key", Hex.encode(key.bytes))
        fill.put("value", entry.value.map { Hex.encode($0) })
        fill.put("valueBytes", entry.value?.count ?? 0)
        fill.put("proof", entry.proof.map { Hex.encode($0.canonicalBytes) })
        fill.put("header", entry.header.map { Hex.encode($0.canonicalBytes) })
        fill.put("chain", "\(chain.digest)")
        fill.put("siblings", entry.proof?.siblings.count ?? 0)
        fill.put("height", entry.height.rawValue)
        fill.put("blockHref", PortalPaths.block(entry.height))
        fill.put("isThere", entry.value != nil)
        fill.put("of", subject)
        return fill
    }

    /// What the entry is of, and what it says where that is a few words: which bytes do not show.
    /// Nil for entries without a page.
    private var subject: Fill? {
        guard let name = Digest(bytes: key.bytes.suffix(Digest.byteCount)) else { return nil }
        let account = AccountID(name)
        let known: [(key: StateKey, kind: String, href: String)] = [
            (.account(account), "Account", PortalPaths.account(account)),
            (.asset(AssetID(name)), "Asset", PortalPaths.asset(AssetID(name))),
            (.offer(OfferID(name)), "Offer", PortalPaths.offer(OfferID(name))),
            (.escrow(EscrowID(name)), "Job", PortalPaths.job(name)),
            (.dispute(DisputeID(name)), "Dispute", PortalPaths.dispute(name)),
            (.proposal(ProposalID(name)), "Proposal", PortalPaths.proposal(name)),
        ]
        guard let found = known.first(where: { $0.key == key }) else { return nil }
        let isAccount = found.key == .account(account)
        var fill = Fill(["ofKind": found.kind, "ofHref": found.href])
        fill.put("ofName", isAccount ? "\(account)" : "\(name)")
        let state = isAccount ? entry.value.flatMap { try? Account(canonicalBytes: $0) } : nil
        fill.put(
            "ofText",
            state.map { state in
                let sent = NumberText.count(state.sequence, "transaction", "transactions")
                return "Balance \(MoneyText.stoa(state.balance)), after \(sent)"
            }
        )
        return fill
    }
}
