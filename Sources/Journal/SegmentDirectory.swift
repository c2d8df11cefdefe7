import Glibc

/// The files of a journal: `<16 hex digits>.journal`, and `journal.lock`.
struct SegmentDirectory: Sendable {
    private static let suffix = ".journal"
    /// A segment under this name is not yet part of the journal.
    private static let unfinishedName = "segment.new"
    private static let nameDigits = 16

    let path: String

    /// Creates the directory unless it exists, and makes its entry in the parent durable.
    func create() throws(JournalError) {
        guard mkdir(path, 0o700) != 0 else {
            return try OpenFile(path: path + "/..", flags: O_RDONLY | O_DIRECTORY).synchronize()
        }
        guard errno == EEXIST else { throw .fileAccess(errno: errno) }
    }

    /// Takes the journal for this process until the returned file closes.
    func lock() throws(JournalError) -> OpenFile {
        let file = try OpenFile(path: path + "/journal.lock", flags: O_RDWR | O_CREAT)
        guard flock(file.descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw errno == EWOULDBLOCK ? .inUse : .fileAccess(errno: errno)
        }
        return file
    }

    /// The numbers of all segments, ascending and without a gap.
    func segmentNumbers() throws(JournalError) -> [UInt64] {
        let numbers = try fileNames().compactMap(Self.number(named:)).sorted()
        for (before, number) in zip(numbers, numbers.dropFirst()) where number != before + 1 {
            throw .corrupt(at: RecordPosition(segment: before + 1, offset: 0), .segmentMissing)
        }
        return numbers
    }

    /// Opens a segment and checks its header.
    func open(_ number: UInt64, flags: Int32 = O_RDONLY) throws(JournalError) -> Segment {
        let file = try OpenFile(path: path(of: number), flags: flags)
        let header = try SegmentHeader(file.read(SegmentHeader.bytes, at: 0), number: number)
        return Segment(file: file, header: header)
    }

    /// Creates a segment with its header; it is durable and complete, or not there at all.
    func create(_ number: UInt64, previousEnd: UInt64) throws(JournalError) -> Segment {
        let header = SegmentHeader(
            number: number,
            previousEnd: previousEnd,
            salt: .random(in: .min ... .max)
        )
        let unfinished = path + "/" + Self.unfinishedName
        let file = try OpenFile(path: unfinished, flags: O_RDWR | O_CREAT | O_TRUNC)
        try file.write(header.encoded, at: 0)
        try file.synchronize()
        guard rename(unfinished, path(of: number)) == 0 else { throw .fileAccess(errno: errno) }
        try synchronize()
        return Segment(file: file, header: header)
    }

    /// Makes the names of the files durable: a synced file under a lost name is lost.
    func synchronize() throws(JournalError) {
        try OpenFile(path: path, flags: O_RDONLY | O_DIRECTORY).synchronize()
    }

    private func path(of number: UInt64) -> String {
        let digits = String(number, radix: 16)
        let zeros = String(repeating: "0", count: Self.nameDigits - digits.utf8.count)
        return path + "/" + zeros + digits + Self.suffix
    }

    private static func number(named name: String) -> UInt64? {
        guard name.hasSuffix(suffix), name.utf8.count == nameDigits + suffix.utf8.count else {
            return nil
        }
        let digits = name.utf8.prefix(nameDigits)
        let isLowercaseHex = digits.allSatisfy { byte in
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
        }
        guard isLowercaseHex else { return nil }
        let number = UInt64(name.prefix(nameDigits), radix: 16) ?? 0
        return (1...UInt64(Int64.max)).contains(number) ? number : nil
    }

    private func fileNames() throws(JournalError) -> [String] {
        guard let listing = opendir(path) else { throw .fileAccess(errno: errno) }
        defer { _ = closedir(listing) }
        var names: [String] = []
        errno = 0
        while let entry = readdir(listing) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { raw in
                String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
            }
            names.append(name)
            errno = 0
        }
        guard errno == 0 else { throw .fileAccess(errno: errno) }
        return names
    }
}

/// One open segment.
struct Segment: ~Copyable {
    let file: OpenFile
    let header: SegmentHeader
}
