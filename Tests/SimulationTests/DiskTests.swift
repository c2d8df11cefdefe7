import Testing

@testable import Simulation

/// The simulated disk, without which recovery would be tested against nothing.
@Suite("Simulated disk")
struct DiskTests {
    private func disk(_ count: Int, seed: UInt64 = 1) throws -> SimulatedDisk {
        let disk = SimulatedDisk(chance: Chance(seed: seed))
        for index in 0..<count {
            try disk.append([UInt8](repeating: UInt8(index), count: 20))
            try disk.sync()
        }
        return disk
    }

    @Test("what was synced survives a crash; of the rest, some first part, and never half a record")
    func crash() throws {
        var kept: Set<Int> = []
        for seed in UInt64(0)..<60 {
            let disk = try disk(3, seed: seed)
            for index in 3..<6 { try disk.append([UInt8](repeating: UInt8(index), count: 20)) }
            #expect(!disk.crash())
            let records = try disk.recover()
            kept.insert(records.count)
            #expect(records.enumerated().allSatisfy { $0.element.first == UInt8($0.offset) })
            // And the log goes on after the torn tail.
            try disk.append([9])
            try disk.sync()
            #expect(try disk.recover().count == records.count + 1)
        }
        #expect(kept == [3, 4, 5, 6])
    }

    @Test("a full disk refuses a record and writes nothing")
    func full() throws {
        let disk = try disk(2)
        disk.bytesMax = 80
        #expect(throws: DiskError.full) { try disk.append([UInt8](repeating: 0, count: 20)) }
        disk.bytesMax = .max
        #expect(try disk.recover().count == 2)
    }

    @Test("a lying disk loses synced records, and says so only to the test")
    func lies() throws {
        let disk = try disk(5)
        disk.lostRecords = 2
        #expect(disk.crash() && !disk.isSpoiled)
        #expect(try disk.recover().count == 3)
    }

    @Test("a spoiled record in the middle is no torn tail")
    func spoiled() throws {
        let disk = try disk(5)
        disk.spoilsRecord = true
        #expect(disk.crash() && disk.isSpoiled)
        #expect(throws: DiskError.damaged) { try disk.recover() }
    }

    @Test("a machine that stops during a sync has written all or nothing of it")
    func stopsInSync() throws {
        var counts: Set<Int> = []
        for seed in UInt64(0)..<40 {
            let disk = try disk(1, seed: seed)
            disk.crashPermille = 1000
            try disk.append([7])
            #expect(throws: DiskError.crashed) { try disk.sync() }
            _ = disk.crash()
            counts.insert(try disk.recover().count)
        }
        #expect(counts == [1, 2])
    }
}
