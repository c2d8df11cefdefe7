import LedgerCore
import MarketTypes

/// An entry of the state as it is stored under its path: the hash of its leaf, its key, its value.
///
/// The hash is stored so that a sibling's change need not hash this value again; it serves as the
/// value's checksum too, because LMDB has none.
struct StateRecord {
    private static let keyOffset = Digest.byteCount + 1
    private let raw: UnsafeRawBufferPointer
    private let keyCount: Int

    /// Reads a record; its bytes must outlive this value.
    init(_ raw: UnsafeRawBufferPointer) throws(StoreError) {
        guard raw.count > Self.keyOffset, case let count = Int(raw[Digest.byteCount]),
            (1...StateKey.bytesMax).contains(count), raw.count >= Self.keyOffset + count
        else { throw .corrupt(.stateRecord) }
        self.raw = raw
        keyCount = count
    }

    /// The hash of the leaf.
    var leaf: Digest { Digest(raw, at: 0) }

    /// The entry's key.
    var key: StateKey { StateKey(bytes: Array(raw[Self.keyOffset..<Self.keyOffset + keyCount])) }

    /// The entry's value, compared with the leaf at `path`.
    func value(at path: Digest) throws(StoreError) -> [UInt8] {
        let value = Array(raw[(Self.keyOffset + keyCount)...])
        guard StateTreeHash.leaf(path: path, value: value) == leaf else {
            throw .corrupt(.stateRecord)
        }
        return value
    }

    /// The bytes to store.
    static func bytes(leaf: Digest, key: StateKey, value: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(keyOffset + key.bytes.count + value.count)
        leaf.append(to: &bytes)
        bytes.append(UInt8(key.bytes.count))
        bytes.append(contentsOf: key.bytes)
        bytes.append(contentsOf: value)
        return bytes
    }
}

extension Digest {
    /// Reads the 32 bytes at `offset`, which the caller knows to be there.
    init(_ raw: UnsafeRawBufferPointer, at offset: Int) {
        func word(_ index: Int) -> UInt64 {
            let position = offset + index * 8
            return UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: position, as: UInt64.self))
        }
        self.init(words: (word(0), word(1), word(2), word(3)))
    }

    /// The digest with all but the first `count` bits zero.
    func prefix(bits count: Int) -> Digest {
        func masked(_ word: UInt64, _ index: Int) -> UInt64 {
            let kept = min(max(count - index * 64, 0), 64)
            return kept == 0 ? 0 : word & (UInt64.max << UInt64(64 - kept))
        }
        let words = words
        return Digest(
            words: (
                masked(words.0, 0), masked(words.1, 1), masked(words.2, 2), masked(words.3, 3)
            )
        )
    }
}
