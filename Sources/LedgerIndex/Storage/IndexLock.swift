import Glibc
import Synchronization

/// The right to write one database: held by at most one process, and released when it ends.
final class IndexLock: Sendable {
    private let file: Int32

    /// Takes the lock of the database at `path`.
    ///
    /// - Throws: ``IndexError/busy(path:)`` if another holder has it, ``IndexError/missing(path:)``
    ///   if its directory cannot be written.
    init(_ path: String) throws(IndexError) {
        file = open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .missing(path: path) }
        // What throws is released, and closes the file.
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else { throw .busy(path: path) }
    }

    deinit { close(file) }
}
