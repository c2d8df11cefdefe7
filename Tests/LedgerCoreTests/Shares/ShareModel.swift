import Identity
import MarketTypes

@testable import LedgerCore

/// What shares should be, told once more and in another way: each income is handed out at once, to
/// one holder after the other, in parts of an obol.
struct ShareModel {
    /// One denomination's money, in parts.
    struct Stream {
        var parts: [AccountID: UInt128] = [:]
        var rest: UInt128 = 0
        var pot: UInt128 = 0
    }

    let scale: UInt128
    var shares: [AccountID: UInt128]
    var streams: [Denomination: Stream]

    /// How many shares are in accounts.
    var circulating: UInt128 { shares.values.reduce(0, +) }

    /// Hands out an income; false if it goes to the seller.
    mutating func earn(_ income: UInt128, _ denomination: Denomination) -> Bool {
        guard var stream = streams[denomination], circulating > 0 else { return false }
        let (each, left) = (income * scale + stream.rest).quotientAndRemainder(
            dividingBy: circulating
        )
        for (account, count) in shares where count > 0 {
            stream.parts[account, default: 0] += each * count
        }
        stream.rest = left
        stream.pot += income
        streams[denomination] = stream
        return true
    }

    /// Moves shares between accounts, or out of all of them and back with nil.
    mutating func move(_ count: UInt128, from: AccountID?, to: AccountID?) {
        if let from {
            shares[from, default: 0] -= count
            if shares[from] == 0 { leave(from) }
        }
        if let to { shares[to, default: 0] += count }
    }

    /// Pays what can be paid; nil if nothing can.
    mutating func withdraw(_ account: AccountID, _ denomination: Denomination) -> UInt128? {
        guard let owed = owed(account, denomination), owed > 0 else { return nil }
        streams[denomination]?.parts[account, default: 0] -= owed * scale
        streams[denomination]?.pot -= owed
        if shares[account] ?? 0 == 0 { leave(account) }
        return owed
    }

    func owed(_ account: AccountID, _ denomination: Denomination) -> UInt128? {
        streams[denomination].map { ($0.parts[account] ?? 0) / scale }
    }

    /// Who has no shares gives back what is below one obol, where that is all it is owed.
    private mutating func leave(_ account: AccountID) {
        for (denomination, stream) in streams {
            guard let parts = stream.parts[account], parts < scale else { continue }
            streams[denomination]?.rest += parts
            streams[denomination]?.parts[account] = 0
        }
    }
}
