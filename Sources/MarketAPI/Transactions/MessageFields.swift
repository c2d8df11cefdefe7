import CanonicalCoding
import Identity
import LedgerCore
import LedgerIndex
import MarketTypes
import WebServing

/// Reads the members of one message, of which the contract has checked the form.
struct MessageFields {
    let members: JSON
    let pointer: String

    var kind: String { members["type"]?.string ?? "" }

    private func text(_ name: String) throws(Problem) -> String {
        guard let text = members[name]?.string else { throw fault("is missing", name) }
        return text
    }

    func fault(_ detail: String, _ name: String) -> Problem {
        .badRequest(detail, at: "\(pointer)/\(name)")
    }

    func account(_ name: String) throws(Problem) -> AccountID {
        try APIRequest.account(try text(name), at: "\(pointer)/\(name)")
    }

    func accountIfPresent(_ name: String) throws(Problem) -> AccountID? {
        members[name] == nil ? nil : try account(name)
    }

    func digest(_ name: String) throws(Problem) -> Digest {
        try APIRequest.digest(try text(name), at: "\(pointer)/\(name)")
    }

    func digestIfPresent(_ name: String) throws(Problem) -> Digest? {
        members[name] == nil ? nil : try digest(name)
    }

    func amount(_ name: String) throws(Problem) -> Amount {
        guard let amount = try? Amount(obolText: try text(name)) else {
            throw fault("is more than can be counted", name)
        }
        return amount
    }

    /// A denomination; the native one if the member is not there.
    func denomination(_ name: String) throws(Problem) -> Denomination {
        guard let value = members[name] else { return .native }
        guard let denomination = Denomination(indexText: value.string ?? "") else {
            throw fault("must be “native” or a unit's name", name)
        }
        return denomination
    }

    func number(_ name: String) throws(Problem) -> UInt64 {
        guard let number = members[name]?.integer else { throw fault("is missing", name) }
        return number
    }

    func height(_ name: String) throws(Problem) -> BlockHeight { BlockHeight(try number(name)) }

    func key(_ name: String) throws(Problem) -> PublicKey {
        guard let key = PublicKey(text: try text(name)) else {
            throw fault("is no public key", name)
        }
        return key
    }

    func market() throws(Problem) -> Market {
        let (base, quote) = (try denomination("base"), try denomination("quote"))
        guard let market = Market(base, quote) else {
            throw fault("a market has two different denominations", "quote")
        }
        guard market.base == base else {
            throw fault("of this market, the other one is the base", "base")
        }
        return market
    }

    func accounts(_ name: String) throws(Problem) -> [AccountID] {
        var found: [AccountID] = []
        for (index, element) in (members[name]?.elements ?? []).enumerated() {
            let place = "\(pointer)/\(name)/\(index)"
            found.append(try APIRequest.account(element.string ?? "", at: place))
        }
        return found
    }
}
