import Glibc

/// A file descriptor that closes itself.
struct OpenFile: ~Copyable, Sendable {
    let descriptor: Int32

    init(adopting descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Opens `path`; a file that `flags` create is readable by its owner alone.
    init(path: String, flags: Int32) throws(JournalError) {
        descriptor = open(path, flags | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .fileAccess(errno: errno) }
    }

    deinit {
        _ = close(descriptor)
    }

    func byteCount() throws(JournalError) -> UInt64 {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .fileAccess(errno: errno) }
        return UInt64(max(0, status.st_size))
    }

    /// Reads `count` bytes at `offset`, or fewer where the file ends before.
    func read(_ count: Int, at offset: UInt64) throws(JournalError) -> [UInt8] {
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            let raw = UnsafeMutableRawBufferPointer(buffer)
            while filled < count {
                let rest = UnsafeMutableRawBufferPointer(rebasing: raw[filled..<count])
                let got = pread(descriptor, rest.baseAddress, rest.count, off_t(offset) + filled)
                if got < 0 && errno == EINTR { continue }
                if got < 0 { failure = errno }
                if got <= 0 { return }
                filled += got
            }
        }
        guard failure == 0 else { throw .fileAccess(errno: failure) }
        return bytes
    }

    func write(_ bytes: [UInt8], at offset: UInt64) throws(JournalError) {
        try FileOperations.system.write(descriptor, bytes, offset)
    }

    func truncate(to byteCount: UInt64) throws(JournalError) {
        guard ftruncate(descriptor, off_t(byteCount)) == 0 else { throw .fileAccess(errno: errno) }
    }

    /// Makes contents and metadata durable.
    func synchronize() throws(JournalError) {
        guard fsync(descriptor) == 0 else { throw .fileAccess(errno: errno) }
    }
}

/// How records reach the disk, replaceable so that tests can watch it and make it fail.
struct FileOperations: Sendable {
    typealias Write = @Sendable (Int32, [UInt8], UInt64) throws(JournalError) -> Void
    typealias Synchronize = @Sendable (Int32) throws(JournalError) -> Void

    /// Writes all bytes at an offset.
    var write: Write
    /// Makes what was written durable, with the file's size but without its times.
    var synchronize: Synchronize

    static let system = FileOperations(
        write: { (descriptor, bytes, offset) throws(JournalError) in
            var written = 0
            while written < bytes.count {
                let count = bytes.withUnsafeBytes { bytes in
                    let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
                    return pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset) + written)
                }
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { throw .fileAccess(errno: count == 0 ? ENOSPC : errno) }
                written += count
            }
        },
        synchronize: { (descriptor) throws(JournalError) in
            guard fdatasync(descriptor) == 0 else { throw .fileAccess(errno: errno) }
        }
    )
}
