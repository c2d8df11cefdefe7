import Glibc
import Testing

@testable import Journal

@Suite("Journal refusals", .timeLimit(.minutes(1)))
struct JournalRefusalTests {
    @Test("a configuration out of range is refused, and the first field at fault is named")
    func configuration() throws {
        let good = JournalConfiguration(directory: "/tmp/unused")
        try good.validate()
        let faults: [(String, (inout JournalConfiguration) -> Void)] = [
            ("directory", { $0.directory = "" }),
            ("directory", { $0.directory = "/tmp/a\0b" }),
            ("segmentBytesMax", { $0.segmentBytesMax = 40 + (8 << 20) - 1 }),
            ("segmentBytesMax", { $0.segmentBytesMax = .max }),
            ("recordBytesMax", { $0.recordBytesMax = 0 }),
            ("recordBytesMax", { $0.recordBytesMax = 1 << 24 }),
            ("recordBytesMax", { $0.recordBytesMax = .max }),
            ("queuedRecordsMax", { $0.queuedRecordsMax = 0 }),
            ("queuedBytesMax", { $0.queuedBytesMax = (1 << 20) + 15 }),
            ("queuedBytesMax", { $0.queuedBytesMax = -1 }),
        ]
        for (field, spoil) in faults {
            var configuration = good
            spoil(&configuration)
            #expect(throws: JournalError.invalidConfiguration(field: field)) {
                try configuration.validate()
            }
        }
    }

    @Test("a journal that is open cannot be opened again until it is closed")
    func inUse() throws {
        let workspace = try Workspace()
        let first = try workspace.open().journal
        #expect(throws: JournalError.inUse) { try workspace.open() }
        first.close()
        try workspace.open().journal.close()
    }

    @Test("an empty record and one over the limit are refused, one at the limit is kept")
    func recordSize() async throws {
        let workspace = try Workspace()
        let journal = try workspace.open().journal
        let tooLarge = JournalError.recordTooLarge(bytes: 513, bytesMax: 512)
        await #expect(throws: JournalError.recordEmpty) { try await journal.append([]) }
        await #expect(throws: tooLarge) {
            try await journal.append([UInt8](repeating: 1, count: 513))
        }
        await #expect(throws: tooLarge) {
            try await journal.appendAll([[1], [UInt8](repeating: 1, count: 513)])
        }
        let largest = [UInt8](repeating: 1, count: 512)
        _ = try await journal.append(largest)
        journal.close()
        #expect(try workspace.reopenedPayloads() == [largest])
    }

    @Test("records that even an empty queue cannot hold are refused together")
    func batchTooLarge() async throws {
        let workspace = try Workspace(queuedRecordsMax: 3)
        let journal = try workspace.open().journal
        await #expect(throws: JournalError.batchTooLarge) {
            try await journal.appendAll([[1], [2], [3], [4]])
        }
        let large = [UInt8](repeating: 1, count: 512)  // 3 * (16 + 512) <= 2000
        await #expect(throws: Never.self) { try await journal.appendAll([large, large, large]) }
        journal.close()
        #expect(try workspace.reopenedPayloads().count == 3)
    }

    @Test("with the queue full an append is refused at once, and those queued are kept")
    func overloaded() async throws {
        let workspace = try Workspace(queuedRecordsMax: 2)
        let disk = FaultyDisk(holdsSyncs: true)
        let journal = try workspace.open(operations: disk.operations).journal
        async let first = journal.append([1])
        await until { disk.syncCount == 1 }
        async let second = journal.append([2])
        await until { journal.queuedRecordCount == 1 }
        await #expect(throws: JournalError.overloaded) { try await journal.appendAll([[3], [3]]) }
        async let third = journal.append([3])
        await until { journal.queuedRecordCount == 2 }
        await #expect(throws: JournalError.overloaded) { try await journal.append([4]) }

        disk.releaseSync()
        disk.releaseSync()
        let positions = try await [first, second, third]
        #expect(positions == positions.sorted())
        journal.close()
        #expect(try workspace.reopenedPayloads() == [[1], [2], [3]])
    }

    @Test("the queue is limited in bytes as well as in records")
    func overloadedBytes() async throws {
        let workspace = try Workspace()
        let disk = FaultyDisk(holdsSyncs: true)
        let journal = try workspace.open(operations: disk.operations).journal
        async let first = journal.append([1])
        await until { disk.syncCount == 1 }
        let large = [UInt8](repeating: 2, count: 512)
        async let second = journal.appendAll([large, large, large])
        await until { journal.queuedRecordCount == 3 }
        await #expect(throws: JournalError.overloaded) { try await journal.append(large) }
        disk.releaseSync()
        disk.releaseSync()
        _ = try await (first, second)
        journal.close()
    }

    @Test("after close, appends are refused and reads still work")
    func closed() async throws {
        let workspace = try Workspace()
        let journal = try workspace.open().journal
        let position = try await journal.append([1])
        journal.close()
        journal.close()
        await #expect(throws: JournalError.closed) { try await journal.append([2]) }
        await #expect(throws: JournalError.closed) { try await journal.appendAll([[2]]) }
        #expect(try journal.record(at: position) == [1])
    }

    @Test("a position where no record begins is refused")
    func noRecord() async throws {
        let workspace = try Workspace()
        let journal = try workspace.open().journal
        let position = try await journal.append([1, 2, 3])
        let strangers = [
            RecordPosition(segment: 1, offset: 0), RecordPosition(segment: 1, offset: 41),
            RecordPosition(segment: 0, offset: 40), position.advanced(byBytes: 19),
            RecordPosition(segment: 2, offset: 40), RecordPosition(segment: 1, offset: .max),
        ]
        for stranger in strangers {
            #expect(throws: JournalError.noRecord(at: stranger)) {
                try journal.record(at: stranger)
            }
        }
        for stranger in strangers[..<2] {
            #expect(throws: JournalError.noRecord(at: stranger)) {
                try journal.scan(from: stranger) { _, _ in true }
            }
        }
        journal.close()
    }

    @Test("what the replaying caller throws stops the opening and gives up the lock")
    func replayThrows() async throws {
        let workspace = try Workspace()
        try await workspace.append([[1]])
        #expect(throws: CancellationError.self) {
            try Journal.open(workspace.configuration) { _, _ in throw CancellationError() }
        }
        #expect(try workspace.reopenedPayloads() == [[1]])
    }
}
