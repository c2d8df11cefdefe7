import CanonicalCoding
public import MarketTypes

extension StateKey {
    /// Where an account stands.
    public static func account(_ account: AccountID) -> StateKey {
        StateKey(.account) { $0.encode(account.digest) }
    }

    /// Where an account's balance of an issued unit stands.
    public static func issuedBalance(_ account: AccountID, _ unit: Digest) -> StateKey {
        StateKey(.issuedBalance) {
            $0.encode(account.digest)
            $0.encode(unit)
        }
    }

    /// What the keys of an account's balances of issued units begin with; the rest is the unit.
    public static func issuedBalances(of account: AccountID) -> StateKey {
        StateKey(.issuedBalance) { $0.encode(account.digest) }
    }

    /// Where the collected fees stand.
    public static let feePool = StateKey(.feePool)

    /// Where the supply of a denomination stands; zero digest for the native one.
    public static func supply(_ denomination: Denomination) -> StateKey {
        StateKey(.supply) { encoder in
            switch denomination {
            case .native: encoder.encode(Digest.zero)
            case .issued(let digest): encoder.encode(digest)
            }
        }
    }
}
