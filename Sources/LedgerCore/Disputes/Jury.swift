public import CanonicalCoding
public import MarketTypes

/// Somebody who may be drawn to judge, and what it staked.
public struct Juror: Hashable, Sendable {
    /// Who it is.
    public let account: AccountID
    /// What it staked, in obol: its weight in a draw.
    public internal(set) var stake: Amount
}

/// All who may be drawn, by ascending account: one entry, because a draw needs all of it.
public struct JurorTable: Hashable, Sendable {
    /// The most jurors.
    public static let jurorsMax = 256

    /// By ascending account.
    public internal(set) var jurors: [Juror]

    static let empty = JurorTable(jurors: [])

    /// What an account staked, or nil if it is no juror.
    public func stake(of account: AccountID) -> Amount? {
        jurors.first { $0.account == account }?.stake
    }

    /// Sets an account's stake; zero takes it out.
    mutating func set(_ stake: Amount, of account: AccountID) {
        jurors.removeAll { $0.account == account }
        guard !stake.isZero else { return }
        let place = jurors.firstIndex { $0.account > account } ?? jurors.count
        jurors.insert(Juror(account: account, stake: stake), at: place)
    }

    /// Who staked least; of several, the first.
    var least: Juror? { jurors.min { $0.stake < $1.stake } }

    /// Draws `count` different jurors by stake, none of whom is `excluded` (DIS-30); who is drawn
    /// and not `present` any more leaves the place to the next.
    ///
    /// Draw k takes the number H(`stoa/dispute-seed/1`, seed ‖ k) modulo the stake of those who are
    /// left: a number of 256 bits, so that what the modulo favours is below one in 2^128.
    ///
    /// - Returns: fewer if there are not so many.
    func draw(
        _ count: Int,
        seed: Digest,
        excluding excluded: [AccountID],
        present: JurorTable
    ) -> [AccountID] {
        var left = jurors.filter { !excluded.contains($0.account) }
        var total = left.reduce(UInt128(0)) { $0 + $1.stake.obol }
        var drawn: [AccountID] = []
        var index: UInt32 = 0
        while drawn.count < count, total > 0 {
            var encoder = CanonicalEncoder()
            encoder.encode(seed)
            encoder.encode(index)
            index += 1
            var number = Digest(.disputeSeed, encoder.bytes).remainder(dividingBy: total)
            let place = left.firstIndex { juror in
                guard number >= juror.stake.obol else { return true }
                number -= juror.stake.obol
                return false
            }
            guard let place else { break }  // never: the number is below their sum
            let juror = left.remove(at: place)
            total -= juror.stake.obol
            if present.stake(of: juror.account) != nil { drawn.append(juror.account) }
        }
        return drawn
    }
}

/// The jurors as they were at a height, for the rounds that opened there and have no jury yet.
struct KeptJurors: CanonicalCodable {
    /// How many rounds that is.
    var rounds: UInt32
    let table: JurorTable

    init(rounds: UInt32, table: JurorTable) {
        self.rounds = rounds
        self.table = table
    }

    func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(rounds)
        encoder.encode(table)
    }

    init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        rounds = try decoder.decodeUInt32()
        table = try JurorTable(from: &decoder)
    }
}

extension Digest {
    /// The digest, as a big-endian number of 256 bits, modulo a number that is not zero.
    func remainder(dividingBy divisor: UInt128) -> UInt128 {
        let words = words
        let high = UInt128(words.0) << 64 | UInt128(words.1)
        let low = UInt128(words.2) << 64 | UInt128(words.3)
        return divisor.dividingFullWidth((high % divisor, low)).remainder
    }
}

/// A juror's stake on its way back.
public struct JurorExit: CanonicalCodable, Hashable {
    /// How much, in obol.
    public internal(set) var amount: Amount
    /// The first height at which it can be withdrawn.
    public let releasedAt: BlockHeight

    init(amount: Amount, releasedAt: BlockHeight) {
        self.amount = amount
        self.releasedAt = releasedAt
    }

    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(amount)
        encoder.encode(releasedAt.rawValue)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        amount = try decoder.decodeAmount()
        releasedAt = BlockHeight(try decoder.decodeUInt64())
    }
}

extension Juror: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(account.digest)
        encoder.encode(stake)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        account = AccountID(try decoder.decodeDigest())
        stake = try decoder.decodeAmount()
    }
}

extension JurorTable: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) { encoder.encode(list: jurors) }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        jurors = try decoder.decodeList(of: Juror.self, countMax: Self.jurorsMax)
    }
}
