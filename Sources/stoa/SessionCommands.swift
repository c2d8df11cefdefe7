import ArgumentParser
import CanonicalCoding
import Identity
import LedgerClient
import LedgerCore
import MarketTypes

struct SessionGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "session",
        abstract: "let another key act for an account, within limits",
        discussion: """
            A hosted gateway or an agent gets a key of its own: it may send some messages, pay \
            some accounts, and spend so much in so many blocks, until it ends or is revoked.

            EXAMPLE
              stoa wallet new agent
              stoa session grant --wallet alice agent --limit 5 --blocks 3600
              stoa connect --wallet agent --account alice --budget 4
              stoa session revoke --wallet alice agent
            """,
        subcommands: [SessionGrantCommand.self, SessionRevoke.self, SessionList.self]
    )
}

/// The options of the commands that send one message about who may act for an account.
struct AuthorizationSender: ParsableArguments {
    @OptionGroup var signing: SigningOptions

    var home: HomeOptions { signing.home }
    var output: OutputOptions { signing.output }

    /// Executes the message that `make` makes at the ledger's height, and prints what it did.
    func execute(_ make: (BlockHeight) throws -> AuthorizationMessage) async throws {
        try await execute { _, height in try make(height) }
    }

    /// Executes the message that `make` makes of what the ledger knows, and prints what it did.
    func execute(
        _ make: (any LedgerConnection, BlockHeight) async throws -> AuthorizationMessage
    ) async throws {
        let outcome = try await signing.send { ledger, _ in
            [.authorization(try await make(ledger, try await ledger.status().height))]
        }.outcome
        let records = outcome.result.events.map(\.record)
        try output.print(
            Document(
                transaction: outcome.digest.description,
                height: outcome.height.rawValue,
                events: records.map(\.document)
            ),
            records.map(\.text).joined(separator: "\n")
        )
    }

    private struct Document: Encodable {
        let transaction: String
        let height: UInt64
        let events: [[String: String]]
    }
}

/// The messages that sessions are granted most, by the names of the command line.
enum SessionMessage: String, CaseIterable, ExpressibleByArgument {
    case transfer
    case openChannel = "open-channel"
    case topUpChannel = "top-up-channel"
    case claimChannel = "claim-channel"
    case closeChannel = "close-channel"
    case withdrawChannel = "withdraw-channel"
    case publishOffer = "publish-offer"
    case withdrawOffer = "withdraw-offer"

    var tag: UInt8 {
        switch self {
        case .transfer: 1
        case .publishOffer: 4
        case .withdrawOffer: 5
        case .openChannel: 6
        case .topUpChannel: 7
        case .claimChannel: 8
        case .closeChannel: 9
        case .withdrawChannel: 10
        }
    }

    /// What a buyer's gateway sends.
    static let gateway: [SessionMessage] = [
        .openChannel, .topUpChannel, .closeChannel, .withdrawChannel,
    ]

    /// A name, or a message's tag as a number.
    static func tag(_ text: String) throws -> UInt8 {
        if let known = SessionMessage(rawValue: text) { return known.tag }
        guard let tag = UInt8(text) else {
            let names = allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("“\(text)” is neither a message's tag nor one of \(names)")
        }
        return tag
    }

    /// The name of a tag, or the tag.
    static func text(_ tag: UInt8) -> String {
        allCases.first { $0.tag == tag }?.rawValue ?? "\(tag)"
    }
}

struct SessionGrantCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "grant",
        abstract: "let a key act for an account; replaces what it was granted before",
        discussion: """
            Without --allow it may do what a buyer's gateway does: open, top up, close and \
            withdraw channels. Fees count in the limit of STOA.

            EXAMPLE
              stoa session grant --wallet alice agent --limit 5 --every 3600 --blocks 86400 \
            --payee stoa1…
            """
    )

    @OptionGroup var sender: AuthorizationSender
    @Argument(help: "whose key may act: a wallet's name or an address")
    var key: String
    @Option(
        help: "the most STOA that may leave the account in a period",
        transform: Amount.init(argument:)
    )
    var limit: Amount
    @Option(
        help: ArgumentHelp(
            "how much of another unit may leave it, such as “20 carol/EURC”, or in its smallest "
                + "part with 64 digits, such as 5f2c…:2000; repeat for each",
            valueName: "amount unit"
        )
    )
    var unitLimit: [UnitLimitText] = []
    @Option(help: "how many blocks a period has")
    var every: UInt64 = 3600
    @Option(help: "how many blocks from now the session ends")
    var blocks: UInt64 = 86_400
    @Option(help: ArgumentHelp("what it may send: a name or a tag; repeat", valueName: "message"))
    var allow: [String] = []
    @Option(help: "whom it may pay: a wallet's name or an address; repeat; nobody named: anybody")
    var payee: [String] = []

    func run() async throws {
        let wallets = Wallets(home: sender.home)
        let session = try wallets.resolve(key)
        let tags =
            allow.isEmpty
            ? SessionMessage.gateway.map(\.tag) : try allow.map { try SessionMessage.tag($0) }
        let scope = SessionScope(
            messages: tags,
            payees: try payee.map { try wallets.resolve($0) }
        )
        try await sender.execute { ledger, height in
            var others: [SessionLimit] = []
            for text in unitLimit {
                let wallet = sender.signing.actor
                others.append(try await text.find(ledger, home: sender.home, wallet: wallet))
            }
            return .grantSession(
                SessionGrant(
                    session: session,
                    scope: scope,
                    limits: [SessionLimit(.native, limit)]
                        + others.sorted { $0.denomination < $1.denomination },
                    periodBlocks: every,
                    validUntil: height.advanced(byBlocks: blocks) ?? BlockHeight(.max)
                )
            )
        }
    }
}

/// A limit of another unit than STOA: an amount of it, or 64 digits and the smallest part.
enum UnitLimitText: ExpressibleByArgument {
    case smallest(SessionLimit)
    case named(UnitAmountText, UnitName)

    init?(argument: String) {
        let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
        let words = argument.split(separator: " ").map(String.init)
        if parts.count == 2, let unit = Digest(hex: String(parts[0])) {
            guard let obol = UInt128(parts[1]) else { return nil }
            self = .smallest(SessionLimit(.issued(unit), Amount(obol: obol)))
        } else if words.count == 2, let amount = UnitAmountText(argument: words[0]),
            let unit = UnitName(argument: words[1])
        {
            self = .named(amount, unit)
        } else {
            return nil
        }
    }

    /// What is meant on a ledger.
    func find(
        _ ledger: any LedgerConnection,
        home: HomeOptions,
        wallet: String
    ) async throws -> SessionLimit {
        switch self {
        case .smallest(let limit): return limit
        case .named(let amount, let unit):
            let known = try await unit.find(ledger, home: home, wallet: wallet)
            guard known.denomination != .native else {
                throw CommandFailure("--unit-limit is of other units", hint: "--limit is of STOA")
            }
            return SessionLimit(known.denomination, try amount.amount(in: known))
        }
    }
}

struct SessionRevoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "end what a key was granted, at once",
        discussion: "EXAMPLE\n  stoa session revoke --wallet alice agent"
    )

    @OptionGroup var sender: AuthorizationSender
    @Argument(help: "whose key may not act any more: a wallet's name or an address")
    var key: String

    func run() async throws {
        let session = try Wallets(home: sender.home).resolve(key)
        try await sender.execute { _ in .revokeSession(session) }
    }
}

struct SessionList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "the keys that were let act for an account, and what they have spent",
        discussion: "EXAMPLE\n  stoa session list alice"
    )

    @Argument(help: "a wallet's name or an address")
    var account = "default"
    @OptionGroup var home: HomeOptions
    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    struct LimitDocument: Encodable {
        let denomination, limit, spent: String
    }

    struct Document: Encodable {
        let session, status: String
        let messages, payees: [String]
        let limits: [LimitDocument]
        let periodBlocks, periodStart, validUntil: UInt64
    }

    func run() async throws {
        let id = try Wallets(home: home).resolve(account)
        let documents = try await node.ask { ledger in
            let height = try await ledger.status().height
            let authority = try await ledger.signer(of: id, at: height)
            return try await ledger.sessions(of: id, limit: 1024).map { key, session in
                Document(key, session, authority: authority, at: height)
            }
        }
        let rows = documents.map {
            let native = $0.limits.first
            return [
                $0.status, stoa(native?.spent ?? "0"), stoa(native?.limit ?? "0"),
                "\($0.validUntil)", $0.messages.joined(separator: ","), $0.session,
            ]
        }
        let heading = ["STATUS", "SPENT", "LIMIT", "UNTIL", "MAY", "KEY"]
        try output.print(documents, table(heading, rows))
    }
}

extension SessionList.Document {
    fileprivate init(
        _ key: AccountID,
        _ session: Session,
        authority: AccountID,
        at height: BlockHeight
    ) {
        self.session = key.description
        // The next transaction is in a block after the last one.
        let next = height.advanced(byBlocks: 1) ?? height
        let isLive = session.isLive(at: next, authority: authority)
        status = isLive ? "live" : session.isRevoked ? "revoked" : "ended"
        messages = session.grant.scope.messages.map(SessionMessage.text)
        payees = session.grant.scope.payees.map(\.description)
        limits = zip(session.grant.limits, session.spent).map { limit, spent in
            SessionList.LimitDocument(
                denomination: limit.denomination.text,
                limit: "\(limit.amount.obol)",
                spent: "\(spent.obol)"
            )
        }
        periodBlocks = session.grant.periodBlocks
        periodStart = session.periodStart.rawValue
        validUntil = session.grant.validUntil.rawValue
    }
}

extension Denomination {
    fileprivate var text: String {
        switch self {
        case .native: "native"
        case .issued(let unit): unit.description
        }
    }
}

extension LedgerConnection {
    /// An account's sessions, ended ones too; at most `limit`.
    fileprivate func sessions(
        of account: AccountID,
        limit: Int
    ) async throws -> [(key: AccountID, session: Session)] {
        var found: [(key: AccountID, session: Session)] = []
        var after: StateKey?
        while found.count < limit {
            let prefix = StateKey.sessions(of: account)
            let page = try await entries(prefix: prefix, after: after, limit: 256)
            for listing in page {
                guard listing.key.bytes.starts(with: prefix.bytes),
                    after.map({ $0 < listing.key }) ?? true,
                    let key = listing.key.sessionAccount
                else { throw CommandFailure("the node's list is out of order") }
                found.append((key, try Session(canonicalBytes: listing.value)))
                after = listing.key
            }
            if page.isEmpty { break }
        }
        return found
    }
}
