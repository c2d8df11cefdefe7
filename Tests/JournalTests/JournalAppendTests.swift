import Testing

@testable import Journal

@Suite("Journal appends", .timeLimit(.minutes(1)))
struct JournalAppendTests {
    @Test("64 tasks append at once: every record survives, and each task's are in its order")
    func concurrent() async throws {
        let workspace = try Workspace()
        let journal = try workspace.open().journal
        let recordsPerTask = 20
        let written = try await withThrowingTaskGroup(of: [Record].self) { group in
            for task in 0..<64 {
                group.addTask {
                    var records: [Record] = []
                    for index in 0..<recordsPerTask {
                        let payload = bytes("\(task) \(index)")
                        let position = try await journal.append(payload)
                        records.append(Record(position: position, payload: payload))
                        #expect(try journal.record(at: position) == payload)
                    }
                    return records
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        journal.close()
        for records in written {
            #expect(records.map(\.position) == records.map(\.position).sorted())
        }
        let (reopened, replayed) = try workspace.open()
        reopened.close()
        #expect(replayed == written.joined().sorted { $0.position < $1.position })
        #expect(replayed.count == 64 * recordsPerTask)
        #expect(try workspace.segmentNumbers().count > 5)
    }

    @Test("all records that arrive during one sync share the next")
    func groupCommit() async throws {
        let workspace = try Workspace()
        let disk = FaultyDisk(holdsSyncs: true)
        let journal = try workspace.open(operations: disk.operations).journal
        async let first = journal.append([0])
        await until { disk.syncCount == 1 }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 1...32 { group.addTask { _ = try await journal.append([UInt8(task)]) } }
            await until { journal.queuedRecordCount == 32 }
            disk.releaseSync()
            disk.releaseSync()
            try await group.waitForAll()
        }
        _ = try await first
        #expect(disk.syncCount == 2)
        journal.close()
        #expect(try workspace.reopenedPayloads().count == 33)
    }

    @Test("no append returns before its sync has")
    func durableBeforeVisible() async throws {
        let workspace = try Workspace()
        let disk = FaultyDisk(holdsSyncs: true)
        let journal = try workspace.open(operations: disk.operations).journal
        let start = RecordPosition(segment: 1, offset: 40)
        async let position = journal.append([1])
        await until { disk.syncCount == 1 }
        #expect(throws: JournalError.noRecord(at: start)) { try journal.record(at: start) }
        try journal.scan { position, _ in
            Issue.record("a record that is not durable is visible at \(position)")
            return true
        }
        disk.releaseSync()
        #expect(try await position == start)
        #expect(try journal.record(at: start) == [1])
        journal.close()
    }

    @Test("a cancelled append is written all the same and returns its position")
    func cancelled() async throws {
        let workspace = try Workspace()
        let disk = FaultyDisk(holdsSyncs: true)
        let journal = try workspace.open(operations: disk.operations).journal
        let task = Task { try await journal.append([7]) }
        await until { disk.syncCount == 1 }
        task.cancel()
        disk.releaseSync()
        #expect(try await task.value == RecordPosition(segment: 1, offset: 40))
        journal.close()
        #expect(try workspace.reopenedPayloads() == [[7]])
    }

    @Test("closing writes what is queued")
    func closeDrains() async throws {
        let workspace = try Workspace()
        let disk = FaultyDisk(holdsSyncs: true)
        let journal = try workspace.open(operations: disk.operations).journal
        async let first = journal.append([1])
        await until { disk.syncCount == 1 }
        async let second = journal.append([2])
        await until { journal.queuedRecordCount == 1 }
        disk.releaseSync()
        disk.releaseSync()
        journal.close()
        #expect(try workspace.reopenedPayloads() == [[1], [2]])
        #expect(try await first < second)
    }

    @Test("records appended together lie next to each other, where the journal says")
    func appendAll() async throws {
        let workspace = try Workspace()
        let journal = try workspace.open().journal
        #expect(try await journal.appendAll([]) == [])
        let payloads = [[1], [2, 2], [3, 3, 3]] as [[UInt8]]
        let positions = try await journal.appendAll(payloads)
        #expect(positions.map(\.offset) == [40, 57, 75])
        for (position, payload) in zip(positions, payloads) {
            #expect(try journal.record(at: position) == payload)
        }
        journal.close()
        #expect(try workspace.reopenedPayloads() == payloads)
    }
}

@Suite("Journal reading", .timeLimit(.minutes(1)))
struct JournalReadingTests {
    @Test("a scan starts at any record and ends when its caller wants no more")
    func scan() async throws {
        let workspace = try Workspace()
        let journal = try workspace.open().journal
        var records: [Record] = []
        for index in 0..<100 {
            let payload = bytes("record number \(index), long enough to fill segments")
            records.append(Record(position: try await journal.append(payload), payload: payload))
        }
        #expect(try workspace.segmentNumbers().count > 2)
        for start in 0..<100 {
            var seen: [Record] = []
            try journal.scan(from: records[start].position) { position, payload in
                seen.append(Record(position: position, payload: payload))
                return seen.count < 45
            }
            #expect(seen == Array(records[start...].prefix(45)))
        }
        journal.close()
    }

    @Test("a segment rolls over before its limit, and numbering goes on after a restart")
    func rollOver() async throws {
        let workspace = try Workspace()
        let payload = [UInt8](repeating: 9, count: 500)
        let positions = try await workspace.append(Array(repeating: payload, count: 7))
        // (2048 - 40) / 516 = 3 records per segment
        #expect(positions.map(\.segment) == [1, 1, 1, 2, 2, 2, 3])
        #expect(positions.map(\.offset) == [40, 556, 1072, 40, 556, 1072, 40])
        let more = try await workspace.append(Array(repeating: payload, count: 3))
        #expect(more.map(\.segment) == [3, 3, 4])
        #expect(try workspace.reopenedPayloads().count == 10)
        for number in try workspace.segmentNumbers() {
            #expect(try workspace.contents(segment: number).count <= 2048)
        }
    }

    @Test("segments are read one by one, the last one while it is open, until nobody wants more")
    func segmentBySegment() async throws {
        let workspace = try Workspace()
        let journal = try workspace.open().journal
        defer { journal.close() }
        for number in UInt8(0)..<7 {
            _ = try await journal.append([UInt8](repeating: number, count: 500))
        }
        let directory = workspace.configuration.directory
        let segments = try Journal.segments(directory: directory)
        #expect(segments == [1, 2, 3])
        var seen: [[UInt8]] = []
        for segment in segments.reversed() {
            var numbers: [UInt8] = []
            try Journal.read(directory: directory, segment: segment) { payload in
                numbers.append(payload[0])
                return numbers.count < 2
            }
            seen.append(numbers)
        }
        #expect(seen == [[6], [3, 4], [0, 1]])
    }

    @Test("reading without the lock sees a gapless beginning while the journal is written")
    func readDuringAppends() async throws {
        let workspace = try Workspace()
        let journal = try workspace.open().journal
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in UInt8(0)..<4 {
                group.addTask {
                    for index in UInt8(0)..<250 { _ = try await journal.append([task, index]) }
                }
            }
            group.addTask {
                for _ in 0..<100 {
                    var next = [UInt8](repeating: 0, count: 4)
                    for payload in try workspace.readPayloads() {
                        #expect(payload[1] == next[Int(payload[0])])
                        next[Int(payload[0])] += 1
                    }
                    await Task.yield()
                }
            }
            try await group.waitForAll()
        }
        journal.close()
        #expect(try workspace.readPayloads().count == 1000)
    }
}
