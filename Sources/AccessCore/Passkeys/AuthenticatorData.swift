import CanonicalCoding
import MarketTypes

/// What an authenticator says of itself (WebAuthn Level 2, 6.1).
struct AuthenticatorData: Hashable, Sendable {
    static let bytesMax = 2048
    static let credentialBytesMax = 1023

    /// The key that was made, if one was.
    struct Attested: Hashable, Sendable {
        let credential: [UInt8]
        let key: P256Key
    }

    let counter: UInt32
    let isBackedUp: Bool
    let attested: Attested?

    /// Reads authenticator data and checks site and flags.
    ///
    /// - Parameter isCreation: whether a key must be in it, or must not.
    /// - Throws: ``PasskeyRefusal``.
    init(_ bytes: [UInt8], party: RelyingParty, isCreation: Bool) throws(PasskeyRefusal) {
        guard (37...Self.bytesMax).contains(bytes.count) else { throw .malformed }
        guard party.idHash == Digest(bytes: bytes[..<32]) else { throw .otherRelyingParty }
        let flags = bytes[32]
        // Present (1), verified (4), eligible for backup (8), backed up (16), key (64), more (128).
        guard flags & 0x01 != 0, flags & 0x04 != 0 else { throw .userAbsent }
        isBackedUp = flags & 0x10 != 0
        guard flags & 0x08 != 0 || !isBackedUp, (flags & 0x40 != 0) == isCreation else {
            throw .contradictoryFlags
        }
        counter = bytes[33..<37].reduce(0) { $0 << 8 | UInt32($1) }
        var rest = bytes[37...]
        attested = isCreation ? try Self.attested(&rest) : nil
        if flags & 0x80 != 0 {
            var reader = CBORReader(rest)
            guard case .map = try? reader.item() else { throw .malformed }
            rest = rest[reader.position...]
        }
        guard rest.isEmpty else { throw .malformed }
    }

    private static func attested(
        _ rest: inout ArraySlice<UInt8>
    ) throws(PasskeyRefusal) -> Attested {
        // The model of the authenticator (16 bytes) says nothing that is needed.
        guard rest.count >= 18 else { throw .malformed }
        let start = rest.startIndex
        let count = Int(rest[start + 16]) << 8 | Int(rest[start + 17])
        rest = rest[(start + 18)...]
        guard (1...credentialBytesMax).contains(count), rest.count > count else {
            throw .malformed
        }
        let credential = Array(rest.prefix(count))
        rest = rest.dropFirst(count)
        var reader = CBORReader(rest)
        guard case .map(let pairs) = try? reader.item() else { throw .malformed }
        rest = rest[reader.position...]
        return Attested(credential: credential, key: try key(pairs))
    }

    /// A COSE key: kind EC2, algorithm ES256, curve P-256, x and y, and nothing else.
    private static func key(_ pairs: [CBORReader.Pair]) throws(PasskeyRefusal) -> P256Key {
        guard pairs.count == 5, pairs[number: 1] == .unsigned(2),
            pairs[number: 3] == .negative(6), pairs[number: -1] == .unsigned(1),
            case .bytes(let x) = pairs[number: -2], case .bytes(let y) = pairs[number: -3],
            let key = P256Key(x: Array(x), y: Array(y))
        else { throw .unsupportedKey }
        return key
    }
}
