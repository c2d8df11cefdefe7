/// What follows the last readable record of the last segment.
enum Tail: Hashable {
    /// Nothing, or zeros that were written ahead.
    case clean
    /// The remains of a batch that a crash interrupted; `bytes` up to the last that is not zero.
    case torn(bytes: UInt64)
    /// A batch that was begun after the damaged place, so that the damage is not a crash's.
    case followedByLaterBatch
}

extension Segment {
    private static let chunkBytes = 1 << 20

    /// Decides what the unreadable bytes from `start` on are.
    ///
    /// The search for a later batch tries every byte, since nothing tells where the next record
    /// would begin. It reads headers alone, so its cost is linear in what is left of the file.
    func inspectTail(from start: UInt64) throws(JournalError) -> Tail {
        var lastNonzeroEnd = start
        var chunkStart = start
        while true {
            let chunk = try file.read(Self.chunkBytes + RecordHeader.bytes - 1, at: chunkStart)
            if let last = chunk.lastIndex(where: { $0 != 0 }) {
                lastNonzeroEnd = chunkStart + UInt64(last) + 1
            }
            if holdsLaterBatch(chunk, at: chunkStart, than: start) { return .followedByLaterBatch }
            guard chunk.count > Self.chunkBytes else { break }
            chunkStart += UInt64(Self.chunkBytes)
        }
        return lastNonzeroEnd == start ? .clean : .torn(bytes: lastNonzeroEnd - start)
    }

    private func holdsLaterBatch(_ chunk: [UInt8], at chunkStart: UInt64, than start: UInt64)
        -> Bool
    {
        chunk.withUnsafeBytes { chunk in
            var at = 0
            while at + RecordHeader.bytes <= chunk.count {
                let place = UnsafeRawBufferPointer(rebasing: chunk[at...])
                let offset = chunkStart + UInt64(at)
                if let record = RecordHeader(place, at: offset, in: header),
                    offset - UInt64(record.batchBytesBefore) > start
                {
                    return true
                }
                at += 1
            }
            return false
        }
    }
}
