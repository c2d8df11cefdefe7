public import CanonicalCoding
public import MarketTypes

/// Whose key signs for an account that has asked for another than its first one.
///
/// An account keeps its name, which is the digest of its first key, for ever; keys are named by
/// the account that they would control on their own.
public struct KeyAuthority: Hashable, Sendable {
    /// A change that was asked for.
    public struct Rotation: CanonicalCodable, Hashable {
        /// Whose key will sign.
        public let next: AccountID
        /// The first height at which it does.
        public let effectiveAt: BlockHeight

        init(next: AccountID, effectiveAt: BlockHeight) {
            self.next = next
            self.effectiveAt = effectiveAt
        }

        public func encode(into encoder: inout CanonicalEncoder) {
            encoder.encode(next.digest)
            encoder.encode(effectiveAt.rawValue)
        }

        public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
            next = AccountID(try decoder.decodeDigest())
            effectiveAt = BlockHeight(try decoder.decodeUInt64())
        }
    }

    /// Whose key signed when the last change was asked for.
    public let current: AccountID
    /// The change that was asked for; it may have taken effect since.
    public let rotation: Rotation?

    init(current: AccountID, rotation: Rotation?) {
        self.current = current
        self.rotation = rotation
    }

    /// Whose key signs at `height`.
    public func signer(at height: BlockHeight) -> AccountID {
        guard let rotation, rotation.effectiveAt <= height else { return current }
        return rotation.next
    }

    /// The change that has not taken effect at `height`.
    public func pending(at height: BlockHeight) -> Rotation? {
        guard let rotation, rotation.effectiveAt > height else { return nil }
        return rotation
    }
}

extension KeyAuthority: CanonicalCodable {
    public func encode(into encoder: inout CanonicalEncoder) {
        encoder.encode(current.digest)
        encoder.encode(optional: rotation)
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        current = AccountID(try decoder.decodeDigest())
        rotation = try decoder.decodeOptional(Rotation.self)
    }
}

extension StagedState {
    /// Whose key signs for an account.
    func authority(of account: AccountID) -> KeyAuthority {
        read(KeyAuthority.self, .keyAuthority(account))
            ?? KeyAuthority(current: account, rotation: nil)
    }

    /// Notes whose key signs; nothing is kept of an account whose first key does.
    mutating func setAuthority(_ authority: KeyAuthority, of account: AccountID) {
        let isFirst = authority.current == account && authority.rotation == nil
        write(isFirst ? nil : authority, .keyAuthority(account))
    }
}
