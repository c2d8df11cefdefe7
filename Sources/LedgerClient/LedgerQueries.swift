public import CanonicalCoding
public import LedgerCore
public import MarketTypes
import SettlementCore

/// Typed questions, answered through the one untyped interface.
extension LedgerConnection {
    /// The entry under `key`, decoded, or nil.
    public func read<Value: CanonicalCodable>(
        _ type: Value.Type,
        _ key: StateKey
    ) async throws(LedgerClientError) -> Value? {
        guard let bytes = try await entry(key, proven: false).value else { return nil }
        return try decode(type, bytes)
    }

    /// An account's sequence and native balance.
    public func account(_ account: AccountID) async throws(LedgerClientError) -> Account {
        try await read(Account.self, .account(account)) ?? .unused
    }

    /// Whose key signs for an account at `height`: its first one, or what took that one's place.
    public func signer(
        of account: AccountID,
        at height: BlockHeight
    ) async throws(LedgerClientError) -> AccountID {
        try await read(KeyAuthority.self, .keyAuthority(account))?.signer(at: height) ?? account
    }

    /// A channel, or nil if there is none.
    public func channel(_ channel: ChannelID) async throws(LedgerClientError) -> Channel? {
        try await read(Channel.self, .channel(channel))
    }

    /// An offer with its standing, or nil if there is none.
    public func offer(_ offer: OfferID) async throws(LedgerClientError) -> OfferRecord? {
        try await read(OfferRecord.self, .offer(offer))
    }

    /// An account's bond.
    public func bond(_ account: AccountID) async throws(LedgerClientError) -> Bond {
        try await read(Bond.self, .bond(account)) ?? .none
    }

    /// All offers that match, at most `limit`.
    public func offers(
        limit: Int,
        where matches: (OfferRecord) -> Bool
    ) async throws(LedgerClientError) -> [OfferRecord] {
        var found: [OfferRecord] = []
        var after: StateKey?
        for _ in 0..<pagesMax where found.count < limit {
            let page = try await page(.offers, after: after, limit: 256)
            for listing in page {
                let record = try decode(OfferRecord.self, listing.value)
                if matches(record), found.count < limit { found.append(record) }
            }
            guard let last = page.last else { break }
            after = last.key
        }
        return found
    }

    /// The open and closing channels that `payer` pays from, at most `limit`.
    public func channels(
        ofPayer payer: AccountID,
        limit: Int
    ) async throws(LedgerClientError) -> [(id: ChannelID, channel: Channel)] {
        try await channels(prefix: .channels(ofPayer: payer), limit: limit)
    }

    /// The open and closing channels that pay `payee`, at most `limit`.
    public func channels(
        ofPayee payee: AccountID,
        limit: Int
    ) async throws(LedgerClientError) -> [(id: ChannelID, channel: Channel)] {
        try await channels(prefix: .channels(ofPayee: payee), limit: limit)
    }

    private func channels(
        prefix: StateKey,
        limit: Int
    ) async throws(LedgerClientError) -> [(id: ChannelID, channel: Channel)] {
        var found: [(id: ChannelID, channel: Channel)] = []
        var after: StateKey?
        for _ in 0..<pagesMax where found.count < limit {
            let size = min(256, limit - found.count)
            let page = try await page(prefix, after: after, limit: size)
            for listing in page {
                guard let digest = Digest(bytes: listing.key.bytes.suffix(Digest.byteCount)) else {
                    throw LedgerClientError(.malformedAnswer, "a channel index key is too short")
                }
                let id = ChannelID(digest)
                if let channel = try await channel(id) { found.append((id, channel)) }
            }
            guard let last = page.last else { break }
            after = last.key
        }
        return found
    }

    /// The most pages that one question reads, so that a node cannot keep its asker for ever.
    private var pagesMax: Int { 4096 }

    /// One page; it may end early for its size, so only an empty one is the end.
    private func page(
        _ prefix: StateKey,
        after: StateKey?,
        limit: Int
    ) async throws(LedgerClientError) -> [StateListing] {
        let page = try await entries(prefix: prefix, after: after, limit: limit)
        var last = after
        for listing in page {
            guard listing.key.bytes.starts(with: prefix.bytes),
                last.map({ $0 < listing.key }) ?? true
            else { throw LedgerClientError(.malformedAnswer, "a list is out of order") }
            last = listing.key
        }
        return page
    }

    private func decode<Value: CanonicalCodable>(
        _ type: Value.Type,
        _ bytes: [UInt8]
    ) throws(LedgerClientError) -> Value {
        do {
            return try Value(canonicalBytes: bytes)
        } catch {
            throw LedgerClientError(
                .malformedAnswer,
                "the node's \(type) does not decode: \(error)"
            )
        }
    }
}
