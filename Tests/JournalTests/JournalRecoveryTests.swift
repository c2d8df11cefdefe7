import Testing

@testable import Journal

/// A journal of five records, each a batch of its own, and the file it is in.
private struct FiveRecords {
    static let payloads = (1...5).map { bytes("the payload of record number \($0)") }

    let workspace: Workspace
    let positions: [RecordPosition]
    let image: [UInt8]

    init() async throws {
        workspace = try Workspace()
        positions = try await workspace.append(Self.payloads)
        image = try workspace.contents(segment: 1)
    }

    var lastStart: Int { Int(positions[4].offset) }
    var lastEnd: Int { lastStart + RecordHeader.bytes + Self.payloads[4].count }

    func record(holding byte: Int) -> RecordPosition? {
        positions.last { $0.offset <= byte }
    }
}

@Suite("Journal recovery: torn tails", .timeLimit(.minutes(2)))
struct JournalTornTailTests {
    @Test("the last record may be cut at any length; what was before it stays, and more fits")
    func everyLength() async throws {
        let five = try await FiveRecords()
        for cut in five.lastStart...five.lastEnd {
            let kept = Array(five.image[..<cut])
            let zeros = [UInt8](repeating: 0, count: five.image.count - cut)
            for image in [kept, kept + zeros] {
                try five.workspace.replace(segment: 1, with: image)
                let (journal, records) = try five.workspace.open()
                let survivors = cut == five.lastEnd ? 5 : 4
                #expect(records.map(\.payload) == Array(FiveRecords.payloads[..<survivors]))
                let nonzeroEnd = (kept.lastIndex { $0 != 0 } ?? 0) + 1
                let torn = survivors == 5 ? 0 : max(0, nonzeroEnd - five.lastStart)
                #expect(journal.recovery.tornBytes == UInt64(torn))
                #expect(journal.recovery.recordCount == survivors)
                let end = survivors == 5 ? five.lastEnd : five.lastStart
                #expect(try five.workspace.contents(segment: 1).count == end)

                let position = try await journal.append([9])
                #expect(Int(position.offset) == end)
                journal.close()
                let all = FiveRecords.payloads[..<survivors] + [[9]]
                #expect(try five.workspace.reopenedPayloads() == Array(all))
            }
        }
    }

    @Test("a flipped bit in the very last record cuts it off: nothing tells it from a crash")
    func flippedInLast() async throws {
        let five = try await FiveRecords()
        for bit in (five.lastStart * 8)..<(five.lastEnd * 8) {
            var image = five.image
            image[bit / 8] ^= 1 << UInt8(bit % 8)
            try five.workspace.replace(segment: 1, with: image)
            #expect(try five.workspace.readPayloads().count == 4)
            let (journal, records) = try five.workspace.open()
            journal.close()
            #expect(records.map(\.payload) == Array(FiveRecords.payloads[..<4]))
            #expect(journal.recovery.tornBytes >= UInt64(five.lastEnd - five.lastStart))
        }
    }

    @Test("a batch may reach the disk in any mixture of its sectors; a prefix of it survives")
    func everyMixture() async throws {
        let sectorBytes = 32
        let five = try await FiveRecords()
        let batch = (0..<12).map { bytes("batch record \($0)" + String(repeating: "x", count: $0)) }
        let journal = try five.workspace.open().journal
        _ = try await journal.appendAll(batch)
        journal.close()
        let after = try five.workspace.contents(segment: 1)
        let before = five.image + [UInt8](repeating: 0, count: after.count - five.image.count)

        for seed in UInt64(0)..<300 {
            var random = SplitMix64(state: seed)
            var image = before
            for start in stride(from: five.lastEnd, to: after.count, by: sectorBytes)
            where random.next() % 4 != 0 {
                let sector = start..<min(start + sectorBytes, after.count)
                image.replaceSubrange(sector, with: after[sector])
            }
            try five.workspace.replace(segment: 1, with: image)
            let payloads = try five.workspace.reopenedPayloads()
            let survivors = payloads.dropFirst(5)
            #expect(payloads.prefix(5) == FiveRecords.payloads[...], "seed \(seed)")
            #expect(survivors.elementsEqual(batch[..<survivors.count]), "seed \(seed)")
        }
    }

    @Test("a reader whose file grows meanwhile takes that for neither a crash nor corruption")
    func growsWhileRead() async throws {
        let five = try await FiveRecords()
        for cut in Int(five.positions[1].offset)..<Int(five.positions[2].offset) {
            try five.workspace.replace(segment: 1, with: Array(five.image[..<cut]))
            var payloads: [[UInt8]] = []
            try Journal.read(directory: five.workspace.configuration.directory) { _, payload in
                payloads.append(payload)
                if payloads.count == 1 { try five.workspace.replace(segment: 1, with: five.image) }
                return true
            }
            #expect(payloads == FiveRecords.payloads)
        }
    }

    @Test("a segment that was never finished is not part of the journal")
    func unfinishedSegment() async throws {
        let workspace = try Workspace()
        let payload = [UInt8](repeating: 9, count: 500)
        try await workspace.append([payload, payload, payload])
        let unfinished = try OpenFile(path: workspace.path("segment.new"), flags: 0o1101)
        try unfinished.write([1, 2, 3], at: 0)
        #expect(try workspace.reopenedPayloads().count == 3)
        try await workspace.append([payload])
        #expect(try workspace.segmentNumbers() == [1, 2])
        #expect(try workspace.reopenedPayloads().count == 4)
    }
}

@Suite("Journal recovery: corruption", .timeLimit(.minutes(2)))
struct JournalCorruptionTests {
    @Test("a flipped bit in any older record is refused, says where, and changes nothing")
    func flippedInOlder() async throws {
        let five = try await FiveRecords()
        for bit in (SegmentHeader.bytes * 8)..<(five.lastStart * 8) {
            var image = five.image
            image[bit / 8] ^= 1 << UInt8(bit % 8)
            try five.workspace.replace(segment: 1, with: image)
            for attempt in [five.workspace.reopenedPayloads, five.workspace.readPayloads] {
                let error = #expect(throws: JournalError.self) { try attempt() }
                guard case .corrupt(let position, _) = error else {
                    Issue.record("bit \(bit): \(String(describing: error))")
                    continue
                }
                #expect(position == five.record(holding: bit / 8))
            }
            #expect(try five.workspace.contents(segment: 1) == image)
        }
    }

    @Test("a flipped bit in a segment's header is refused")
    func flippedHeader() async throws {
        let five = try await FiveRecords()
        for bit in 0..<(SegmentHeader.bytes * 8) {
            var image = five.image
            image[bit / 8] ^= 1 << UInt8(bit % 8)
            try five.workspace.replace(segment: 1, with: image)
            let defect: JournalError.Defect =
                (64..<96).contains(bit) ? .segmentVersion : .segmentHeader
            #expect(
                throws: JournalError.corrupt(at: RecordPosition(segment: 1, offset: 0), defect)
            ) { try five.workspace.reopenedPayloads() }
        }
    }

    @Test("an older record that reads as zeros is refused")
    func zeroedOlder() async throws {
        let five = try await FiveRecords()
        for index in 0..<4 {
            var image = five.image
            let start = Int(five.positions[index].offset)
            let end = Int(five.positions[index + 1].offset)
            image.replaceSubrange(start..<end, with: repeatElement(0, count: end - start))
            try five.workspace.replace(segment: 1, with: image)
            #expect(throws: JournalError.corrupt(at: five.positions[index], .recordHeader)) {
                try five.workspace.reopenedPayloads()
            }
        }
    }

    @Test("a valid record copied to another place is not a record there")
    func copiedRecord() async throws {
        let five = try await FiveRecords()
        var image = five.image
        let size = five.lastEnd - five.lastStart
        let copy = image[five.lastStart..<five.lastEnd]
        image.replaceSubrange(five.lastEnd..<(five.lastEnd + size), with: copy)
        try five.workspace.replace(segment: 1, with: image)
        let (journal, records) = try five.workspace.open()
        journal.close()
        #expect(records.map(\.payload) == FiveRecords.payloads)
        #expect(journal.recovery.tornBytes == UInt64(size))
    }

    @Test("an older segment must be whole: cut at any length, or missing, it is refused")
    func olderSegments() async throws {
        let workspace = try Workspace()
        let payload = [UInt8](repeating: 9, count: 500)
        try await workspace.append(Array(repeating: payload, count: 7))
        let image = try workspace.contents(segment: 2)
        let end = 40 + 3 * 516
        for cut in stride(from: 40, to: end, by: 43) {
            try workspace.replace(segment: 2, with: Array(image[..<cut]))
            let record = UInt64(40 + (cut - 40) / 516 * 516)
            let position = RecordPosition(segment: 2, offset: record)
            #expect(throws: JournalError.corrupt(at: position, .recordTruncated)) {
                try workspace.reopenedPayloads()
            }
        }
        try workspace.replace(segment: 2, with: Array(image[..<end]))
        #expect(try workspace.reopenedPayloads().count == 7)

        try workspace.replace(segment: 2, with: try workspace.contents(segment: 3))
        let start = RecordPosition(segment: 2, offset: 0)
        #expect(throws: JournalError.corrupt(at: start, .segmentHeader)) {
            try workspace.reopenedPayloads()
        }
        workspace.remove(segment: 2)
        #expect(throws: JournalError.corrupt(at: start, .segmentMissing)) {
            try workspace.reopenedPayloads()
        }
    }

    @Test("a damaged payload is refused by a single read")
    func singleRead() async throws {
        let workspace = try Workspace()
        let journal = try workspace.open().journal
        let position = try await journal.append([1, 2, 3])
        var image = try workspace.contents(segment: 1)
        image[56] ^= 1
        try workspace.replace(segment: 1, with: image)
        #expect(throws: JournalError.corrupt(at: position, .recordPayload)) {
            try journal.record(at: position)
        }
        journal.close()
    }
}
