public import CanonicalCoding
public import MarketTypes

/// A proof that the state with some root holds a value under a key, or nothing.
///
/// Checking needs only the root, which a block's header carries, so a stranger can do it offline.
///
/// ```swift
/// try proof.verify(key: .account(seller), value: bytes, root: header.stateRoot)
/// ```
public struct StateProof: CanonicalCodable, Hashable {
    /// What stands where the way to the key ends.
    public enum Terminal: Hashable, Sendable {
        /// The key's own leaf: the key has a value.
        case own
        /// A subtree without leaves: the key has no value.
        case empty
        /// The only leaf of a subtree in which the key's would be: the key has no value.
        case other(path: Digest, valueHash: Digest)
    }

    /// The most siblings a proof can have: one for each level.
    public static let siblingsMax = StateTreeHash.levels

    /// What stands where the way to the key ends.
    public let terminal: Terminal
    /// The hashes beside the way from the root down; zero for an empty subtree.
    public let siblings: [Digest]

    /// Creates a proof from its parts; at most ``siblingsMax`` siblings.
    public init(terminal: Terminal, siblings: [Digest]) {
        precondition(siblings.count <= Self.siblingsMax)
        self.terminal = terminal
        self.siblings = siblings
    }

    /// Checks that the state with `root` holds exactly `value` under `key`; nil for no entry.
    ///
    /// - Throws: ``StateProofError`` if this proof does not show it.
    public func verify(key: StateKey, value: [UInt8]?, root: Digest) throws(StateProofError) {
        let path = StateTreeHash.path(of: key)
        var hash = try terminalHash(path: path, value: value)
        for depth in siblings.indices.reversed() {
            let sibling = siblings[depth]
            hash =
                path.bit(depth)
                ? StateTreeHash.inner(sibling, hash) : StateTreeHash.inner(hash, sibling)
        }
        guard hash == root else { throw .wrongRoot }
    }

    private func terminalHash(path: Digest, value: [UInt8]?) throws(StateProofError) -> Digest {
        switch (terminal, value) {
        case (.own, let value?):
            return StateTreeHash.leaf(path: path, value: value)
        case (.empty, nil):
            return StateTreeHash.empty
        case (.other(let other, let valueHash), nil):
            guard other != path, siblings.indices.allSatisfy({ other.bit($0) == path.bit($0) })
            else { throw .unrelatedLeaf }
            return StateTreeHash.leaf(path: other, valueHash: valueHash)
        case (.own, nil), (.empty, .some), (.other, .some):
            throw .otherClaim
        }
    }
}

/// Why a ``StateProof`` does not show what was claimed; in the order in which it is checked.
public enum StateProofError: Error, Hashable, Sendable {
    /// The proof is of presence and absence was claimed, or the other way round.
    case otherClaim
    /// The other leaf is the key's own, or stands where the key's would not be.
    case unrelatedLeaf
    /// The hashes lead to another root.
    case wrongRoot

    /// The number for the wire; append-only.
    public var code: UInt32 {
        switch self {
        case .otherClaim: 1
        case .unrelatedLeaf: 2
        case .wrongRoot: 3
        }
    }
}

extension StateProof {
    public func encode(into encoder: inout CanonicalEncoder) {
        switch terminal {
        case .own: encoder.encode(UInt8(0))
        case .empty: encoder.encode(UInt8(1))
        case .other(let path, let valueHash):
            encoder.encode(UInt8(2))
            encoder.encode(path)
            encoder.encode(valueHash)
        }
        encoder.encode(UInt16(siblings.count))
        var bitmap = [UInt8](repeating: 0, count: (siblings.count + 7) / 8)
        for (depth, sibling) in siblings.enumerated() where sibling != StateTreeHash.empty {
            bitmap[depth / 8] |= 0x80 >> UInt8(depth % 8)
        }
        encoder.encode(fixed: bitmap)
        for sibling in siblings where sibling != StateTreeHash.empty { encoder.encode(sibling) }
    }

    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        terminal =
            switch try decoder.decodeUInt8() {
            case 0: .own
            case 1: .empty
            case 2: .other(path: try decoder.decodeDigest(), valueHash: try decoder.decodeDigest())
            default: throw .unknownTag
            }
        let count = Int(try decoder.decodeUInt16())
        guard count <= Self.siblingsMax else { throw .tooLong }
        let bitmap = Array(try decoder.decode(fixed: (count + 7) / 8))
        var siblings: [Digest] = []
        for depth in 0..<bitmap.count * 8
        where bitmap[depth / 8] & (0x80 >> UInt8(depth % 8)) != 0 {
            guard depth < count else { throw .invalidValue }
            while siblings.count < depth { siblings.append(StateTreeHash.empty) }
            let sibling = try decoder.decodeDigest()
            guard sibling != StateTreeHash.empty else { throw .invalidValue }
            siblings.append(sibling)
        }
        while siblings.count < count { siblings.append(StateTreeHash.empty) }
        self.siblings = siblings
    }
}
