import ArgumentParser
import CanonicalCoding
import Identity
import LedgerClient
import LedgerCore
import MarketTypes

/// A denomination with what people need to read and write amounts of it.
struct KnownUnit {
    let denomination: Denomination
    /// What stands behind an amount, such as `STOA`, `CHFC` or `shares of bob's small`.
    let name: String
    /// How many digits stand behind the point.
    let decimals: UInt8

    static let native = KnownUnit(denomination: .native, name: "STOA", decimals: 9)

    /// An amount as people read it, without the unit's name.
    func digits(_ amount: Amount) -> String {
        guard decimals > 0 else { return "\(amount.obol)" }
        var digits = "\(amount.obol)"
        let missing = Int(decimals) + 1 - digits.utf8.count
        if missing > 0 { digits = String(repeating: "0", count: missing) + digits }
        return digits.dropLast(Int(decimals)) + "." + digits.suffix(Int(decimals))
    }

    /// An amount as people read it.
    func text(_ amount: Amount) -> String { "\(digits(amount)) \(name)" }

    /// Reads an amount as people write it, such as `12.50`.
    func amount(_ text: String) throws -> Amount {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        let fraction = parts.count == 2 ? parts[1] : ""
        let isNumber = (parts + [fraction]).allSatisfy { part in
            part.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        }
        let zeros = Int(decimals) - fraction.utf8.count
        guard isNumber, let whole = parts.first, !whole.isEmpty, parts.count <= 2,
            parts.count == 1 || !fraction.isEmpty, zeros >= 0,
            let number = UInt128(whole + fraction + String(repeating: "0", count: zeros))
        else {
            throw CommandFailure(
                "“\(text)” is no amount of \(name)",
                hint: decimals == 0
                    ? "give a whole number" : "it has at most \(decimals) digits behind the point",
                kind: .usage
            )
        }
        return Amount(obol: number)
    }
}

/// A denomination as people name it: `STOA`, a ticker, `issuer/TICKER`, 64 digits, or
/// `shares:ASSET`.
struct UnitName: ExpressibleByArgument {
    /// How it is explained in help texts.
    static let help: ArgumentHelp =
        "a unit: TICKER, issuer/TICKER, its 64 hex digits, STOA, or shares:ASSET"
    private static let listMax = 4096
    let text: String

    init(_ text: String) { self.text = text }

    var defaultValueDescription: String { text }

    init?(argument: String) {
        guard !argument.isEmpty else { return nil }
        text = argument
    }

    /// Which denomination is meant; a bare asset is one that `wallet` published.
    func find(
        _ ledger: any LedgerConnection,
        home: HomeOptions,
        wallet: String
    ) async throws -> KnownUnit {
        if text == "STOA" || text == "native" { return .native }
        if text.hasPrefix("shares:") {
            let name = AssetName(text: String(text.dropFirst("shares:".utf8.count)))
            let asset = try name.resolve(home: home, wallet: wallet)
            return try await ledger.known(ShareUnit.denomination(of: asset))
        }
        if let digest = Digest(hex: text) { return try await ledger.known(.issued(digest)) }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        if parts.count == 2 {
            let issuer = try Wallets(home: home).resolve(parts[0])
            let unit = UnitRecord.unit(issuer: issuer, ticker: parts[1])
            return try await ledger.known(.issued(unit))
        }
        return try await find(ticker: ledger)
    }

    /// The only unit of a ticker, since tickers are only unique for an issuer.
    private func find(ticker ledger: any LedgerConnection) async throws -> KnownUnit {
        let units = try await ledger.units(limit: Self.listMax).filter {
            $0.record.terms.ticker == text
        }
        guard let match = units.first else {
            throw CommandFailure("there is no unit “\(text)”", hint: "see `stoa unit list`")
        }
        guard units.count == 1 else {
            throw CommandFailure(
                "\(units.count) units are called “\(text)”",
                hint: "say whose: "
                    + units.map { "\($0.record.issuer)/\(text)" }.joined(separator: ", ")
            )
        }
        return KnownUnit(match.unit, match.record)
    }
}

extension KnownUnit {
    init(_ unit: Digest, _ record: UnitRecord) {
        self.init(
            denomination: .issued(unit),
            name: record.terms.ticker,
            decimals: record.terms.decimals
        )
    }

    /// The unit's name if it is an issued one.
    var unit: Digest {
        if case .issued(let unit) = denomination { unit } else { .zero }
    }
}

extension LedgerConnection {
    /// Units that were issued, at most `limit`.
    func units(limit: Int) async throws -> [(unit: Digest, record: UnitRecord)] {
        try await listed(.units, limit: limit).compactMap { key, value in
            guard let unit = Digest(bytes: key.suffix(Digest.byteCount)) else { return nil }
            return (unit, try UnitRecord(canonicalBytes: value))
        }
    }

    /// What a denomination is called; fails if there is none of it.
    func known(_ denomination: Denomination) async throws -> KnownUnit {
        guard case .issued(let unit) = denomination else { return .native }
        if let record = try await read(UnitRecord.self, .unit(unit)) {
            return KnownUnit(unit, record)
        }
        if let record = try await read(ShareRecord.self, .shares(unit)) {
            let asset = try await knownAsset(record.asset)
            return KnownUnit(
                denomination: denomination,
                name: "shares of \(asset.name)",
                decimals: 0
            )
        }
        throw CommandFailure("there is no unit \(unit)", hint: "see `stoa unit list`")
    }

    /// What each of some denominations is called.
    func names(of denominations: [Denomination]) async throws -> [Denomination: KnownUnit] {
        var names: [Denomination: KnownUnit] = [:]
        for denomination in denominations where names[denomination] == nil {
            names[denomination] = try await known(denomination)
        }
        return names
    }

    /// A unit that somebody issued; shares and STOA are none.
    func issued(
        _ name: UnitName,
        home: HomeOptions,
        wallet: String
    ) async throws -> (known: KnownUnit, record: UnitRecord) {
        let known = try await name.find(self, home: home, wallet: wallet)
        guard let record = try await read(UnitRecord.self, .unit(known.unit)) else {
            throw CommandFailure(
                "nobody issued \(known.name): it cannot be minted or redeemed",
                hint: "see `stoa unit list`"
            )
        }
        return (known, record)
    }
}
