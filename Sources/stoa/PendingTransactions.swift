import CanonicalCoding
import FoundationEssentials
import Glibc
import Identity
import LedgerClient
import LedgerCore
import MarketTypes
import Synchronization

/// Signed transactions of this home whose outcome is not known: a file for each, from before it is
/// submitted until the ledger has said what became of it.
///
/// Whatever ends this process in between, the next command finds the very bytes and submits them
/// again; the same bytes take effect once.
final class PendingTransactions: SubmissionKeeping {
    /// The most that are kept; whoever has more looks at them first.
    static let countMax = 64
    private static let suffix = ".pending"

    /// A transaction that waits for its outcome.
    struct Record {
        let file: String
        let signed: Signed<Transaction>
        /// The digest of the command's words, by which its repetition is known.
        let command: Digest

        var transaction: Transaction { signed.document }

        /// Whether another attempt at these messages is this transaction's repetition: they are
        /// the same, or the same command made them and they differ in what it looked up.
        func isRepeated(by messages: [Message]) -> Bool {
            if transaction.messages == messages { return true }
            let kinds = [transaction.messages, messages].map { list in
                // Version and tag.
                list.map { Array($0.canonicalBytes.prefix(2)) }
            }
            return command == Digest.ofCommand && kinds[0] == kinds[1]
        }
    }

    private struct State {
        /// The files of this process, locked as long as it lives.
        var held: [Digest: Int32] = [:]
        var latest: TransactionReference?
    }

    let home: HomeOptions
    private let state = Mutex(State())

    init(home: HomeOptions) {
        self.home = home
    }

    /// The transaction that this process sent last, if its outcome is not known yet.
    var unanswered: TransactionReference? { state.withLock { $0.latest } }

    private func path(_ digest: Digest) -> String {
        home.path("pending", "\(digest)\(Self.suffix)")
    }

    func keep(_ transaction: Signed<Transaction>) throws(LedgerClientError) {
        let digest = transaction.document.signingDigest
        let file: Int32
        do {
            file = try write(transaction, digest)
        } catch let error as LedgerClientError {
            throw error
        } catch {
            throw LedgerClientError(.badRequest, "nothing was sent: \(error)")
        }
        state.withLock { state in
            state.held[digest] = file
            state.latest = TransactionReference(transaction.document, isKept: true)
        }
    }

    func settle(_ digest: Digest) {
        remove(path(digest))
        state.withLock { state in
            if let file = state.held.removeValue(forKey: digest) { close(file) }
            if state.latest?.digest == digest { state.latest = nil }
        }
    }

    private func write(_ signed: Signed<Transaction>, _ digest: Digest) throws -> Int32 {
        let directory = try home.makeDirectory("pending")
        guard names(Self.suffix).count < Self.countMax else {
            throw CommandFailure(
                "\(Self.countMax) transactions wait for their outcome already",
                hint: "see `stoa wallet pending`"
            )
        }
        let (path, draft) = (path(digest), home.path("pending", "\(digest).new"))
        let file = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw CommandFailure("cannot write \(draft)") }
        defer { unlink(draft) }
        let record = Record(file: path, signed: signed, command: .ofCommand)
        let bytes = Array(record.text.utf8)
        // Whole and locked before it has its name: others see that somebody waits for it.
        guard flock(file, LOCK_EX | LOCK_NB) == 0,
            Glibc.write(file, bytes, bytes.count) == bytes.count, fsync(file) == 0
        else {
            close(file)
            throw CommandFailure("cannot write \(draft)", hint: "is the disk full?")
        }
        guard link(draft, path) == 0, sync(directory: directory) else {
            let isThere = errno == EEXIST
            close(file)
            if isThere {
                throw LedgerClientError(.overloaded, "another process sends this very transaction")
            }
            throw CommandFailure("cannot write \(path)")
        }
        return file
    }

    private func sync(directory: String) -> Bool {
        let file = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard file >= 0 else { return false }
        defer { close(file) }
        return fsync(file) == 0
    }

    /// The files of a kind.
    func names(_ suffix: String) -> [String] {
        let found = try? FileManager.default.contentsOfDirectory(atPath: home.path("pending"))
        return (found ?? []).filter { $0.hasSuffix(suffix) }.sorted()
    }

    /// What waits for its outcome and has nobody who waits for it, in the order of their numbers.
    ///
    /// A file that cannot be read is named and left alone: what it holds may have been sent.
    func records() -> [Record] {
        names(Self.suffix).compactMap { name in
            let path = home.path("pending", name)
            switch Self.read(path) {
            case .record(let record): return record
            case .notOurs: return nil
            case .unreadable:
                note(
                    "\(path) cannot be read and was left alone: the transaction in it may have "
                        + "been sent, or may be a newer version's"
                )
                return nil
            }
        }.sorted { $0.transaction.sequence < $1.transaction.sequence }
    }

    private enum Reading {
        case record(Record)
        /// The process that made it waits for its outcome, or it has one by now.
        case notOurs
        case unreadable
    }

    private static func read(_ path: String) -> Reading {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return errno == ENOENT ? .notOurs : .unreadable }
        defer { close(file) }
        guard flock(file, LOCK_SH | LOCK_NB) == 0 else { return .notOurs }
        // By its name: what was settled a moment ago has none any more.
        guard let text = try? readFile(path) else {
            return access(path, F_OK) == 0 ? .unreadable : .notOurs
        }
        let words = text.split(whereSeparator: \.isWhitespace)
        guard words.count == 4, let record = Record(file: path, words) else { return .unreadable }
        return .record(record)
    }

    /// Removes a transaction's files; that they are gone already is as well.
    func forget(_ digest: Digest) {
        remove(path(digest))
        remove(toldPath(digest))
    }

    /// Removes a file; that it is gone already is as well.
    func remove(_ path: String) { unlink(path) }
}

extension PendingTransactions.Record {
    /// Reads a file's first words; nil if they are not those of a record.
    init?(file: String, _ words: [Substring]) {
        guard words.count >= 4, words[0] == "signed", words[2] == "command",
            let bytes = Hex.decode(words[1]), let command = Digest(hex: String(words[3])),
            let signed = try? Signed<Transaction>(canonicalBytes: bytes)
        else { return nil }
        self.init(file: file, signed: signed, command: command)
    }

    /// The words that it is read from.
    var text: String { "signed \(Hex.encode(signed.canonicalBytes))\ncommand \(command)\n" }
}

extension Digest {
    /// The digest of this process's words, but for those that change nothing on the ledger.
    static let ofCommand: Digest = {
        var words: [String] = []
        var isValue = false
        let options = ["--node", "--genesis", "--fee-max", "--passphrase-file"]
        for word in CommandLine.arguments.dropFirst() {
            let name = String(word.prefix { $0 != "=" })
            if isValue {
                isValue = false
            } else if options.contains(name) {
                isValue = name == word
            } else if !["--json", "--yes"].contains(word) {
                words.append(word)
            }
        }
        return Digest(sha256: Array(words.joined(separator: "\0").utf8))
    }()
}
