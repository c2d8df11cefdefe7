import CanonicalCoding
import Foundation
import LedgerCore
import MarketTypes

/// What one dividend costs, and one withdrawal, with one shareholder and with many.
///
/// The shareholders' balances are written into the state directly: a million transfers would take
/// longer than anybody wants to wait for a benchmark.
struct Dividends {
    let holders: Int

    func run() {
        for count in [1, holders] { run(holders: count) }
    }

    private func run(holders count: Int) {
        var chain = MemoryChain(owners: (0..<11).map(key))
        let royalties = Royalties()
        let owner = key(0)
        let asset = royalties.publish("shared", parents: [], owner: owner, in: &chain)
        chain.apply(
            [.shares(.issueShares(asset, count: UInt64(count), income: []))],
            by: owner
        )
        guard case .issued(let unit) = ShareUnit.denomination(of: asset) else { return }
        spread(unit, over: count, from: owner.accountID, in: &chain)
        let offer = royalties.offer(of: asset, by: owner, in: &chain)
        let medians = royalties.claims(under: offer, by: owner, in: &chain)
        let last = key(1)
        let withdrawal = count == 1 ? owner : last
        let cost = chain.apply([.shares(.withdrawDividends(asset, .native))], by: withdrawal)
        let text = [medians[0], cost].map { String(format: "%.0f", $0 * 1e6) }
        print(
            "\(count) shareholders, \(chain.state.entries.count) entries: a claim's rules with its "
                + "dividend \(text[0]) µs, a withdrawal \(text[1]) µs"
        )
    }

    /// Gives a share each to `count` accounts, the first of which can sign.
    private func spread(
        _ unit: Digest,
        over count: Int,
        from owner: AccountID,
        in chain: inout MemoryChain
    ) {
        guard count > 1, let one = chain.state.entries[.issuedBalance(owner, unit)].map({ _ in
            [UInt8](repeating: 0, count: 15) + [1]
        }) else { return }
        let value = [CanonicalEncoder.version] + one
        chain.state.entries[.issuedBalance(owner, unit)] = nil
        chain.state.entries[.issuedBalance(key(1).accountID, unit)] = value
        for number in 1..<count {
            let account = AccountID(Digest(sha256: Array("holder \(number)".utf8)))
            chain.state.entries[.issuedBalance(account, unit)] = value
        }
    }
}
