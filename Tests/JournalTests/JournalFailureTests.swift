import Glibc
import Testing

@testable import Journal

@Suite("Journal failures", .timeLimit(.minutes(1)))
struct JournalFailureTests {
    @Test("a failed write stops the journal for good; what was durable survives a reopen")
    func failedWrite() async throws {
        let workspace = try Workspace()
        let disk = FaultyDisk()
        let journal = try workspace.open(operations: disk.operations).journal
        let position = try await journal.append(bytes("before"))
        disk.failWrites(errno: ENOSPC)
        let failure = JournalError.failed(errno: ENOSPC)
        await #expect(throws: failure) { try await journal.append(bytes("on a full disk")) }
        await #expect(throws: failure) { try await journal.append(bytes("after")) }
        #expect(disk.syncCount == 1)
        #expect(try journal.record(at: position) == bytes("before"))
        journal.close()
        await #expect(throws: failure) { try await journal.append(bytes("after")) }

        let (reopened, records) = try workspace.open()
        #expect(records.map(\.payload) == [bytes("before")])
        #expect(reopened.recovery.tornBytes == 15)  // half of 16 + 14
        _ = try await reopened.append(bytes("with room again"))
        reopened.close()
        #expect(try workspace.reopenedPayloads() == [bytes("before"), bytes("with room again")])
    }

    @Test("a failed sync fails everyone who waits and is never tried again")
    func failedSync() async throws {
        let workspace = try Workspace()
        let disk = FaultyDisk(holdsSyncs: true)
        let journal = try workspace.open(operations: disk.operations).journal
        let first = Task { try await journal.append([1]) }
        await until { disk.syncCount == 1 }
        let later = (2...9).map { number in Task { try await journal.append([number]) } }
        await until { journal.queuedRecordCount == 8 }
        disk.failSyncs(errno: EIO)
        disk.releaseSync()
        for task in [first] + later {
            await #expect(throws: JournalError.failed(errno: EIO)) { try await task.value }
        }
        await #expect(throws: JournalError.failed(errno: EIO)) { try await journal.append([10]) }
        journal.close()
        #expect(disk.syncCount == 1)
        // The failed batch was written, so it may be replayed; those that only waited are not.
        #expect(try workspace.reopenedPayloads() == [[1]])
    }

    @Test("opening writes the last batch again, for an earlier sync of it may have failed")
    func rewritesLastBatch() async throws {
        let workspace = try Workspace()
        let journal = try workspace.open().journal
        _ = try await journal.append([1])
        let batch = try await journal.appendAll([[2], [3, 3]])
        journal.close()

        let disk = FaultyDisk()
        try workspace.open(operations: disk.operations).journal.close()
        #expect(disk.writes == [batch[0].offset..<(batch[1].offset + 18)])
        disk.failWrites(errno: EIO)
        #expect(throws: JournalError.fileAccess(errno: EIO)) {
            try workspace.open(operations: disk.operations)
        }
        #expect(try workspace.reopenedPayloads() == [[1], [2], [3, 3]])
    }

    @Test("failing to begin the next segment stops the journal too")
    func failedRollOver() async throws {
        let workspace = try Workspace()
        let journal = try workspace.open().journal
        let payload = [UInt8](repeating: 9, count: 500)
        for _ in 0..<3 { _ = try await journal.append(payload) }
        // A directory in the place of the file that the writer is about to create.
        #expect(mkdir(workspace.path("segment.new"), 0o700) == 0)
        await #expect(throws: JournalError.failed(errno: EISDIR)) {
            try await journal.append(payload)
        }
        journal.close()
        #expect(rmdir(workspace.path("segment.new")) == 0)
        #expect(try workspace.reopenedPayloads().count == 3)
    }

    @Test("a directory whose parent does not exist is refused")
    func noParent() {
        let configuration = JournalConfiguration(directory: "/tmp/journal-tests-none/journal")
        #expect(throws: JournalError.fileAccess(errno: ENOENT)) {
            try Journal.open(configuration) { _, _ in }
        }
        #expect(throws: JournalError.fileAccess(errno: ENOENT)) {
            try Journal.read(directory: configuration.directory) { _, _ in true }
        }
    }
}
