import Foundation
import Glibc
import Synchronization
import Testing

@testable import LedgerIndex

@Suite("IDX-4: the right to write")
struct LockTests {
    @Test("A refused lock closes its own file, and nothing that another thread opened since")
    func refused() throws {
        let path = FileManager.default.temporaryDirectory
            .appendingPathComponent("stoa-lock-\(UUID())").path
        defer { unlink(path + ".lock") }
        let lock = try IndexLock(path)
        let isOver = Atomic(false)
        let stolen = Atomic(0)
        let done = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            while !isOver.load(ordering: .relaxed) {
                let file = open("/dev/null", O_RDONLY | O_CLOEXEC)
                for _ in 0..<20 { sched_yield() }
                if close(file) != 0 { stolen.add(1, ordering: .relaxed) }
            }
            done.signal()
        }
        for _ in 0..<20_000 {
            #expect(throws: IndexError.busy(path: path)) { try IndexLock(path) }
        }
        isOver.store(true, ordering: .relaxed)
        done.wait()
        #expect(stolen.load(ordering: .relaxed) == 0)
        withExtendedLifetime(lock) {}
    }
}
