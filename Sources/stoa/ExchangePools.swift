import ArgumentParser
import CanonicalCoding
import Identity
import LedgerClient
import LedgerCore
import MarketTypes

struct PoolGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pool",
        abstract: "give two units to a pool that trades them, and earn its fee",
        discussion: """
            What a pool holds moves with the price: who gives may get back less of one and more \
            of the other. A pool is named by its 64 hex digits or the first of them.

            EXAMPLE
              stoa exchange pool list
            """,
        subcommands: [
            PoolCreate.self, PoolAdd.self, PoolRemove.self, PoolList.self, PoolShow.self,
        ]
    )
}

/// A pool with what it holds.
struct KnownPool {
    let pool: Pool
    let reserves: PoolReserves
    let known: KnownMarket

    /// The pool as JSON; amounts in the smallest part.
    struct Document: Encodable {
        let pool, market, base, quote, baseName, quoteName, baseAmount, quoteAmount: String
        let shares, price: String
        let feeBasisPoints: UInt16
        let position: String?
    }

    /// The pool as JSON, with the shares of an account that was asked for.
    func document(position: UInt128? = nil) -> Document {
        Document(
            pool: pool.id.digest.description,
            market: pool.market.id.description,
            base: EventRecord.Value.denomination(pool.market.base).plain,
            quote: EventRecord.Value.denomination(pool.market.quote).plain,
            baseName: known.base.name,
            quoteName: known.quote.name,
            baseAmount: "\(reserves.base)",
            quoteAmount: "\(reserves.quote)",
            shares: "\(reserves.shares)",
            price: price,
            feeBasisPoints: pool.feeBasisPoints,
            position: position.map { "\($0)" }
        )
    }

    /// Quote for one whole base.
    var price: String {
        known.text(paid: Amount(obol: reserves.quote), for: Amount(obol: reserves.base))
    }
}

extension LedgerConnection {
    /// A pool with what it holds.
    func known(_ pool: Pool) async throws -> KnownPool {
        let base = try await held(in: .pool(pool.id, pool.market.base))
        let quote = try await held(in: .pool(pool.id, pool.market.quote))
        let reserves = PoolReserves(base: base.obol, quote: quote.obol, shares: pool.shares)
        return KnownPool(pool: pool, reserves: reserves, known: try await known(pool.market))
    }

    /// The pools that there are; at most 4096.
    func pools() async throws -> [Pool] {
        try await listed(.pools, limit: 4096).map { try Pool(canonicalBytes: $0.value) }
    }

    /// The pool whose name begins with `text`.
    func pool(_ text: String) async throws -> KnownPool {
        if let digest = Digest(hex: text),
            let pool = try await read(Pool.self, .pool(PoolID(digest)))
        {
            return try await known(pool)
        }
        let found = try await pools().filter {
            text.utf8.count >= 6 && $0.id.digest.description.hasPrefix(text)
        }
        guard let pool = found.first, found.count == 1 else {
            throw CommandFailure(
                "there is no pool “\(text)”",
                hint: "see `stoa exchange pool list`"
            )
        }
        return try await known(pool)
    }
}

struct PoolCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "make a pool; the two amounts make its first price",
        discussion: "EXAMPLE\n  stoa exchange pool create CHFC 1000 STOA 400 --wallet carol"
    )

    @Argument(help: UnitName.help)
    var unit: UnitName
    @Argument(help: "how much of it")
    var amount: String
    @Argument(help: "the other unit")
    var other: UnitName
    @Argument(help: "how much of that")
    var otherAmount: String
    @Option(help: "what each trade pays, in hundredths of a percent: 5, 30 or 100")
    var fee: UInt16 = 30
    @OptionGroup var sender: UnitSender

    func run() async throws {
        try await sender.execute { ledger, _ in
            let one = try await unit.find(ledger, home: sender.home, wallet: sender.wallet)
            let two = try await other.find(ledger, home: sender.home, wallet: sender.wallet)
            let known = try KnownMarket(one, two)
            let amounts = (try one.amount(amount), try two.amount(otherAmount))
            let isOneBase = known.market.base == one.denomination
            let opening = PoolOpening(
                known.market,
                feeBasisPoints: fee,
                base: isOneBase ? amounts.0 : amounts.1,
                quote: isOneBase ? amounts.1 : amounts.0
            )
            return [.exchange(.createPool(opening))]
        }
    }
}

struct PoolAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "give a pool more of both units, in the proportion it has",
        discussion: """
            You say how much of one unit; the other follows.

            EXAMPLE
              stoa exchange pool add 5be1c0 100 CHFC --wallet alice
            """
    )

    @Argument(help: "the pool")
    var pool: String
    @Argument(help: "how much")
    var amount: String
    @Argument(help: UnitName.help)
    var unit: UnitName
    @OptionGroup var slippage: SlippageOptions
    @OptionGroup var sender: UnitSender

    func run() async throws {
        try await sender.execute { ledger, _ in
            let known = try await ledger.pool(pool)
            let unit = try await unit.find(ledger, home: sender.home, wallet: sender.wallet)
            guard known.pool.market.other(unit.denomination) != nil else {
                throw CommandFailure("the pool trades \(known.known.name), not \(unit.name)")
            }
            let (amount, reserves) = (try unit.amount(amount), known.reserves)
            let isBase = unit.denomination == known.pool.market.base
            let (mine, other) =
                isBase ? (reserves.base, reserves.quote) : (reserves.quote, reserves.base)
            let follows = try slippage.raised(
                try amount.scaled(by: other, over: mine).obol
            )
            let change = LiquidityChange(
                known.pool.id,
                base: isBase ? amount : Amount(obol: follows),
                quote: isBase ? Amount(obol: follows) : amount,
                shares: try slippage.lowered(
                    try amount.scaled(by: reserves.shares, over: mine).obol
                )
            )
            return [.exchange(.addLiquidity(change))]
        }
    }
}

struct PoolRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "take back what one's part of a pool is worth",
        discussion: "EXAMPLE\n  stoa exchange pool remove 5be1c0 --part 50 --wallet alice"
    )

    @Argument(help: "the pool")
    var pool: String
    @Option(help: "how much of one's part, in percent")
    var part: UInt8 = 100
    @OptionGroup var slippage: SlippageOptions
    @OptionGroup var sender: UnitSender

    func validate() throws {
        guard (1...100).contains(part) else { throw ValidationError("--part is from 1 to 100") }
    }

    func run() async throws {
        try await sender.execute { ledger, account in
            let known = try await ledger.pool(pool)
            let key = StateKey.liquidity(of: account, in: known.pool.id)
            guard let position = try await ledger.read(LiquidityPosition.self, key) else {
                throw CommandFailure("the account has no part of this pool")
            }
            let shares = try Amount(obol: position.shares).scaled(by: UInt128(part), over: 100)
            let worth = known.reserves.value(ofShares: shares.obol) ?? (0, 0)
            let change = LiquidityChange(
                known.pool.id,
                base: Amount(obol: try slippage.lowered(worth.base)),
                quote: Amount(obol: try slippage.lowered(worth.quote)),
                shares: shares.obol
            )
            return [.exchange(.removeLiquidity(change))]
        }
    }
}

struct PoolList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "the pools that there are, and what they hold",
        discussion: "EXAMPLE\n  stoa exchange pool list"
    )

    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let pools = try await node.ask { ledger in
            var pools: [KnownPool] = []
            for pool in try await ledger.pools() { pools.append(try await ledger.known(pool)) }
            return pools
        }
        let rows = pools.map { pool in
            [
                String("\(pool.pool.id.digest)".prefix(12)), pool.known.name, pool.price,
                percent(pool.pool.feeBasisPoints),
                pool.known.base.text(Amount(obol: pool.reserves.base)),
                pool.known.quote.text(Amount(obol: pool.reserves.quote)),
            ]
        }
        try output.print(
            pools.map { $0.document() },
            table(["POOL", "MARKET", "PRICE", "FEE", "HOLDS", "AND"], rows)
        )
    }
}

struct PoolShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "what a pool holds, and what an account's part of it is worth",
        discussion: "EXAMPLE\n  stoa exchange pool show 5be1c0 alice"
    )

    @Argument(help: "the pool")
    var pool: String
    @Argument(help: "whose part: a wallet's name or an address")
    var account = "default"
    @OptionGroup var reader: UnitReader

    func run() async throws {
        let id = try? Wallets(home: reader.home).resolve(account)
        let (found, shares) = try await reader.node.ask { ledger in
            let found = try await ledger.pool(pool)
            guard let id else { return (found, UInt128(0)) }
            let key = StateKey.liquidity(of: id, in: found.pool.id)
            return (found, try await ledger.read(LiquidityPosition.self, key)?.shares ?? 0)
        }
        let worth = found.reserves.value(ofShares: shares) ?? (0, 0)
        let (base, quote) = (found.known.base, found.known.quote)
        let lines = [
            "pool      \(found.pool.id.digest)", "market    \(found.known.name)",
            "price     \(found.price)", "fee       \(percent(found.pool.feeBasisPoints))",
            "holds     \(base.text(Amount(obol: found.reserves.base)))",
            "and       \(quote.text(Amount(obol: found.reserves.quote)))",
            "shares    \(shares) of \(found.reserves.shares)",
            "worth     \(base.text(Amount(obol: worth.base)))",
            "and       \(quote.text(Amount(obol: worth.quote)))",
        ]
        try reader.output.print(found.document(position: shares), lines.joined(separator: "\n"))
    }
}
