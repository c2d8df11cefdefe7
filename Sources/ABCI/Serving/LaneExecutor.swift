import Dispatch

/// Runs one connection's task on a thread that may block.
///
/// Executing a block takes as long as it takes and committing waits for the disk; on the shared
/// pool of tasks, which has as many threads as there are cores, either would hold up everybody.
/// Jobs run one at a time, so a connection's calls keep their order by themselves.
final class LaneExecutor: TaskExecutor {
    private let queue: DispatchQueue

    init(_ connection: ConnectionNumber) {
        queue = DispatchQueue(label: "stoa.abci.\(connection.rawValue)")
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
