import CanonicalCoding
public import MarketTypes

extension StateNamespace {
    static let session = Self(rawValue: 0x90)
    static let keyAuthority = Self(rawValue: 0x91)
}

extension StateKey {
    /// Where it stands what `session`'s key may do for an account.
    public static func session(_ account: AccountID, _ session: AccountID) -> StateKey {
        StateKey(.session) {
            $0.encode(account.digest)
            $0.encode(session.digest)
        }
    }

    /// What the keys of all sessions of an account begin with.
    public static func sessions(of account: AccountID) -> StateKey {
        StateKey(.session) { $0.encode(account.digest) }
    }

    /// Where it stands whose key signs for an account, if not its first one.
    public static func keyAuthority(_ account: AccountID) -> StateKey {
        StateKey(.keyAuthority) { $0.encode(account.digest) }
    }

    /// Whose key may act in a session, if this is the key of one.
    public var sessionAccount: AccountID? {
        guard bytes.count == 65, bytes[0] == StateNamespace.session.rawValue,
            let digest = Digest(bytes: bytes[33...])
        else { return nil }
        return AccountID(digest)
    }
}
