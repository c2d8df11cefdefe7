import Glibc

/// A directory of which this process is the only user while the value lives.
///
/// LMDB itself would let a second process write between this one's staging and its commit.
final class DirectoryLock: Sendable {
    private let descriptor: Int32

    /// Creates the directory if it is missing, and takes its lock.
    init(_ directory: String) throws(StoreError) {
        guard mkdir(directory, 0o700) == 0 || errno == EEXIST else { throw .failed(code: errno) }
        descriptor = Glibc.open(directory + "/ledger.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .failed(code: errno) }
        // What throws is released, and closes the file.
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw errno == EWOULDBLOCK ? .inUse : .failed(code: errno)
        }
    }

    deinit { close(descriptor) }

    /// Makes the names of the files in `directory` durable; LMDB syncs only their contents.
    static func sync(_ directory: String) throws(StoreError) {
        let descriptor = Glibc.open(directory, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .failed(code: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .failed(code: errno) }
    }
}
