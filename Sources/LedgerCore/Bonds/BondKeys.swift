import CanonicalCoding
public import MarketTypes
public import SettlementCore

extension StateKey {
    /// Where an account's bond stands.
    public static func bond(_ account: AccountID) -> StateKey {
        StateKey(.bond) { $0.encode(account.digest) }
    }

    /// The entry that says a call's fraud was punished.
    public static func punishedCall(_ subject: FraudSubject) -> StateKey {
        StateKey(.punishedCall) {
            $0.encode(subject.channel.digest)
            $0.encode(subject.lane.rawValue)
            $0.encode(subject.sequence)
        }
    }
}
