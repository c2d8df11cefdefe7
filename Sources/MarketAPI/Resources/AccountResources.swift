import Identity
import LedgerClient
import LedgerCore
import LedgerIndex
import MarketTypes
import SettlementCore
import WebServing

extension MarketAPI {
    /// The most balances and sessions that stand in an account's own document.
    private static let inlineMax = 64

    /// Accounts.
    var accountHandlers: [String: OperationTable.Handler] {
        [
            "getAccount": { try await account($0) },
            "listBalances": { request in
                let prefix = StateKey.issuedBalances(of: try request.account("address"))
                return try await list(request, under: prefix) { listing in
                    let money = try Self.balance(listing)
                    return .object("balance", money.members ?? [])
                }
            },
            "listSessions": { request in
                let prefix = StateKey.sessions(of: try request.account("address"))
                return try await list(request, under: prefix) { try Self.session($0) }
            },
            "listAccountHistory": { request in
                try await history(of: .account(try request.account("address")), request)
            },
        ]
    }

    private func account(_ request: APIRequest) async throws -> APIAnswer {
        let id = try request.account("address")
        let entry = try await ledger.entry(.account(id), proven: false)
        let account = try entry.value.map { try Self.decode(Account.self, $0) } ?? .unused
        let authority = try await ledger.read(KeyAuthority.self, .keyAuthority(id))
        let rotation = authority?.pending(at: entry.height)
        let issued = try await ledger.entries(
            prefix: .issuedBalances(of: id),
            after: nil,
            limit: Self.inlineMax
        )
        let sessions = try await ledger.entries(
            prefix: .sessions(of: id),
            after: nil,
            limit: Self.inlineMax
        )
        let voter = try await ledger.voter(id) ?? .none
        let document = JSON.object(
            "account",
            [
                ("id", .account(id)), ("sequence", .number(account.sequence)),
                (
                    "balances",
                    .array(try [.money(account.balance, .native)] + issued.map(Self.balance))
                ),
                ("signer", .account(authority?.signer(at: entry.height) ?? id)),
                (
                    "rotation",
                    rotation.map { rotation in
                        .object([
                            ("next", .account(rotation.next)),
                            ("effectiveAt", .height(at: rotation.effectiveAt)),
                        ])
                    } ?? .null
                ),
                ("sessions", .array(try sessions.map(Self.session))),
                ("bond", .obol(try await ledger.bond(id).active)),
                ("votes", .obol(voter.own)), ("votesReceived", .obol(voter.received)),
                ("votesDelegatedTo", .account(voter.delegate)),
            ]
        )
        return .one(document, at: entry.height)
    }

    private static func balance(_ listing: StateListing) throws -> JSON {
        let amount = try decode(StoredAmount.self, listing.value).amount
        return .money(amount, .issued(try listing.name))
    }

    private static func session(_ listing: StateListing) throws -> JSON {
        let session = try decode(Session.self, listing.value)
        let grant = session.grant
        return .object(
            "session",
            [
                ("id", .account(grant.session)),
                ("messages", .list(grant.scope.messages) { .number(UInt64($0)) }),
                ("payees", .list(grant.scope.payees) { .account($0) }),
                (
                    "limits",
                    .list(Array(zip(grant.limits, session.spent))) { limit, spent in
                        .object([
                            ("denomination", .unit(limit.denomination)),
                            ("amount", .obol(limit.amount)), ("spent", .obol(spent)),
                        ])
                    }
                ),
                ("periodBlocks", .number(grant.periodBlocks)),
                ("periodStart", .height(at: session.periodStart)),
                ("validUntil", .height(at: grant.validUntil)),
                ("revoked", .flag(session.isRevoked)),
            ]
        )
    }
}

extension MarketAPI {
    /// Channels.
    var channelHandlers: [String: OperationTable.Handler] {
        [
            "listChannels": { try await channels($0) },
            "getChannel": { request in
                let id = ChannelID(try request.digest("channel"))
                return try await one(Channel.self, .channel(id), "channel") {
                    $0.apiDocument(id)
                }
            },
        ]
    }

    private func channels(_ request: APIRequest) async throws -> APIAnswer {
        let payer = try request.accountFilter("payer")
        let payee = try request.accountFilter("payee")
        let status = request.text("status")
        func fits(_ channel: Channel) -> Bool {
            (payer.map { $0 == channel.payer } ?? true)
                && (payee.map { $0 == channel.payee } ?? true)
                && (status.map { $0 == channel.status.name } ?? true)
        }
        let prefix: StateKey
        if let payer {
            prefix = .channels(ofPayer: payer)
        } else if let payee {
            prefix = .channels(ofPayee: payee)
        } else {
            return try await list(request, under: .allChannels) { listing in
                let channel = try Self.decode(Channel.self, listing.value)
                return fits(channel) ? channel.apiDocument(ChannelID(try listing.name)) : nil
            }
        }
        return try await list(request, under: prefix) { listing in
            let id = ChannelID(try listing.name)
            guard let channel = try await ledger.channel(id), fits(channel) else { return nil }
            return channel.apiDocument(id)
        }
    }
}

extension Channel.Status {
    fileprivate var name: String {
        switch self {
        case .open: "open"
        case .closing: "closing"
        case .closed: "closed"
        }
    }
}

extension Channel {
    fileprivate func apiDocument(_ id: ChannelID) -> JSON {
        var closesAt: BlockHeight?
        if case .closing(let height) = status { closesAt = height }
        return .object(
            "channel",
            [
                ("id", .digest(id.digest)), ("payer", .account(payer)), ("payee", .account(payee)),
                ("denomination", .unit(denomination)), ("deposit", .obol(deposit)),
                ("paid", .obol(paid)), ("locked", .obol(locked)),
                ("voucherKey", .text("\(voucherKey)")), ("lanes", .number(UInt64(lanes))),
                ("claims", .number(UInt64(claims))), ("status", .text(status.name)),
                ("closesAt", .height(at: closesAt)),
                ("closingDelayBlocks", .number(closingDelayBlocks)),
            ]
        )
    }
}
