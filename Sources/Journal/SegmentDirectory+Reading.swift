extension SegmentDirectory {
    /// Where the records of the segment before `number` end, as the header of `number` says.
    func endBefore(segment number: UInt64) throws(JournalError) -> RecordPosition {
        try RecordPosition(segment: number - 1, offset: open(number).header.previousEnd)
    }

    /// Calls `body` with each record from `from` to `end`, until it returns false.
    ///
    /// Everything in that range is durable, so whatever is unreadable is corruption.
    func scan(
        from: RecordPosition?,
        to end: RecordPosition,
        _ body: (RecordPosition, [UInt8]) throws -> Bool
    ) throws {
        let numbers = try segmentNumbers().filter { $0 <= end.segment }
        for number in numbers where number >= from?.segment ?? 0 {
            let isFirst = number == from?.segment
            var scanner = try SegmentScanner(
                open(number),
                from: isFirst ? from?.offset ?? 0 : UInt64(SegmentHeader.bytes)
            )
            let segmentEnd =
                try number == end.segment ? end : endBefore(segment: number + 1)
            do {
                guard try scanner.readAll(to: segmentEnd.offset, body) else { return }
            } catch JournalError.corrupt(let position, let defect)
                where position == from && defect != .recordPayload
            {
                throw JournalError.noRecord(at: position)
            }
        }
    }
}

extension SegmentScanner {
    /// Reads every record before `end`; false if `body` wanted no more.
    ///
    /// - Throws: ``JournalError/corrupt(at:_:)`` unless records fill the segment exactly to `end`.
    mutating func readAll(
        to end: UInt64,
        _ body: (RecordPosition, [UInt8]) throws -> Bool
    ) throws -> Bool {
        while offset < end {
            let position = position
            switch try next() {
            case .record(let payload): guard try body(position, payload) else { return false }
            case .stopped(let defect): throw JournalError.corrupt(at: position, defect)
            }
        }
        guard offset == end else { throw JournalError.corrupt(at: position, .recordTruncated) }
        return true
    }

    /// Reads the last segment up to where no record can be read, and says what is there.
    ///
    /// Nil if `body` wanted no more. A writer may be at work on the file: what looks damaged was
    /// perhaps half written when it was read, so the place is read once more before the verdict.
    ///
    /// - Throws: ``JournalError/corrupt(at:_:)`` where a crash cannot be the reason.
    mutating func readToTail(_ body: (RecordPosition, [UInt8]) throws -> Bool) throws -> Tail? {
        var suspect: UInt64?
        while true {
            let position = position
            switch try next() {
            case .record(let payload):
                guard try body(position, payload) else { return nil }
            case .stopped(let defect):
                let tail = try segment.inspectTail(from: offset)
                guard tail == .followedByLaterBatch else { return tail }
                guard suspect != offset else { throw JournalError.corrupt(at: position, defect) }
                suspect = offset
                try refresh()
            }
        }
    }
}
