import FoundationEssentials
import Glibc

/// Writes a new file that only its owner can read; an existing one is left alone.
///
/// The file is there with all of its text or not at all, also after a power cut.
func writePrivateFile(_ text: String, to path: String) throws {
    let new = "\(path).\(UInt64.random(in: .min ... .max)).new"
    let file = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else {
        throw CommandFailure(
            "cannot write \(path): \(reason())",
            hint: "check the directory's permissions"
        )
    }
    defer { unlink(new) }
    do {
        defer { close(file) }
        guard (try? writeAll(Array(text.utf8), to: file)) != nil, fsync(file) == 0 else {
            throw CommandFailure("cannot write \(path): \(reason())", hint: "is the disk full?")
        }
    }
    guard link(new, path) == 0 || linkless(new, path) else {
        let isThere = errno == EEXIST
        throw CommandFailure(
            isThere
                ? "\(path) exists already and was left alone"
                : "cannot write \(path): \(reason())",
            hint: isThere ? "choose another name" : "check the directory's permissions"
        )
    }
    syncDirectory(of: path)
}

/// Where a file cannot have two names, as on some memory sticks, it gets its last one directly.
private func linkless(_ new: String, _ path: String) -> Bool {
    guard [EPERM, EOPNOTSUPP, ENOSYS].contains(errno) else { return false }
    guard access(path, F_OK) != 0 else {
        errno = EEXIST
        return false
    }
    return rename(new, path) == 0
}

/// Makes a new name in a directory last.
private func syncDirectory(of path: String) {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    let parent = parts.dropLast().joined(separator: "/")
    let start = path.hasPrefix("/") ? "/" : "."
    let directory = open(parent.isEmpty ? start : parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard directory >= 0 else { return }
    _ = fsync(directory)
    close(directory)
}

/// Says so if a file that holds a secret can be read by other users of this machine.
func warnIfOthersRead(_ path: String) {
    let about = try? FileManager.default.attributesOfItem(atPath: path)
    guard about?[.type] as? FileAttributeType == .typeRegular,
        // An integer, or a number of Foundation's if that is in the process: both print alike.
        let permissions = about?[.posixPermissions].flatMap({ UInt32("\($0)") }),
        permissions & 0o077 != 0
    else { return }
    note("others on this machine may use \(path): `chmod 600 \(path)`")
}

private func reason() -> String { String(cString: strerror(errno)) }
