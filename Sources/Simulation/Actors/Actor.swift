import Identity
import MarketTypes
import SettlementCore

/// Somebody with an account in the market.
protocol Actor: AnyObject {
    var name: String { get }
    var id: AccountID { get }
    /// Whether it keeps the rules; cheats are watched, but not held to promises.
    var isHonest: Bool { get }
    var isUp: Bool { get }
    /// Does what is to be done now and then.
    func wake(in market: Market)
    /// Forgets everything that is not in its journal.
    func crash(in market: Market)
    /// Starts again from its journal.
    func start(in market: Market)
    /// Leaves its disk no more room.
    func fillDisk()
    /// Takes the faults off its disk.
    func repair()
    /// What still has to end, in words; nil if nothing.
    func unfinished(in market: Market) -> String?
}

/// Somebody who calls.
protocol Customer: Actor {
    func receive(_ answer: CallAnswer, in market: Market)
}

/// Somebody who is called.
protocol Merchant: Actor {
    func receive(_ request: CallRequest, in market: Market)
    /// The work for an admitted voucher is done.
    func serve(_ voucher: Verified<Voucher>, in market: Market)
}
