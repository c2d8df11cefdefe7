import CanonicalCoding
import FoundationEssentials
import Glibc
import Identity
import LedgerClient
import LedgerCore
import MarketTypes

/// What took effect and was told, but perhaps not to whoever gives the same command again: it is
/// kept with its outcome until that command takes it for its own, or nobody will.
extension PendingTransactions {
    private static let toldSuffix = ".done"
    /// How long it is kept at least, once its last block is over.
    private static let toldSeconds = 86_400

    func toldPath(_ digest: Digest) -> String {
        home.path("pending", "\(digest)\(Self.toldSuffix)")
    }

    /// Files what was told: what took effect stays for the same command, what can take no effect
    /// any more goes, and what may yet stays as it is.
    ///
    /// Only after the word: whatever ends this process before it, the next one says it.
    func conclude(_ one: SettledTransaction) {
        switch one.end {
        case .open, .used: return
        case .dropped: break
        case .inBlock(let outcome):
            // One that cannot be filed stays as it is, and is asked for and told again.
            guard !outcome.result.isAccepted || file(one.record, outcome) else { return }
        }
        remove(one.record.file)
    }

    private func file(_ record: Record, _ outcome: TransactionOutcome) -> Bool {
        let path = toldPath(record.transaction.signingDigest)
        makeRoom()
        let result = Hex.encode(outcome.result.canonicalBytes)
        let text = record.text + "outcome \(outcome.height.rawValue) \(result)\n"
        return (try? writePrivateFile(text, to: path)) != nil || access(path, F_OK) == 0
    }

    /// Removes the oldest, so that there are never more than may be.
    private func makeRoom() {
        let paths = names(Self.toldSuffix).map { home.path("pending", $0) }
        guard paths.count >= Self.countMax else { return }
        let oldest = paths.sorted { (seconds($0) ?? 0) < (seconds($1) ?? 0) }
        for path in oldest.prefix(paths.count - Self.countMax + 1) { remove(path) }
    }

    /// When a file was written, in seconds.
    private func seconds(_ path: String) -> Int? {
        let about = try? FileManager.default.attributesOfItem(atPath: path)
        return (about?[.modificationDate] as? Date).map { Int($0.timeIntervalSince1970) }
    }

    /// What an account's commands were not told themselves, in the order of their numbers; what
    /// nobody will ask for any more is removed.
    func told(of account: AccountID, _ status: LedgerStatus) -> [SettledTransaction] {
        let now = Int(wallClock().milliseconds / 1000)
        return names(Self.toldSuffix).compactMap { name -> SettledTransaction? in
            let path = home.path("pending", name)
            guard let one = readTold(path), one.record.transaction.chain == status.chain else {
                return nil
            }
            let isOver = status.height > one.record.transaction.validUntil
            if isOver, let written = seconds(path), written + Self.toldSeconds < now {
                remove(path)
                return nil
            }
            return one.record.transaction.sender == account ? one : nil
        }.sorted { $0.record.transaction.sequence < $1.record.transaction.sequence }
    }

    private func readTold(_ path: String) -> SettledTransaction? {
        let words = (try? readFile(path))?.split(whereSeparator: \.isWhitespace) ?? []
        guard words.count == 7, words[4] == "outcome", let record = Record(file: path, words),
            let height = UInt64(words[5]), let bytes = Hex.decode(words[6]),
            let result = try? TransactionResult(canonicalBytes: bytes)
        else { return nil }
        let outcome = TransactionOutcome(
            digest: record.transaction.signingDigest,
            height: BlockHeight(height),
            result: result
        )
        return SettledTransaction(record: record, end: .inBlock(outcome))
    }
}

extension PendingTransactions {
    /// The sole right to settle and take over what is kept in this home.
    final class Claim {
        private var file: Int32?

        fileprivate init(_ file: Int32?) {
            self.file = file
        }

        /// Lets others go on; again it does nothing.
        func release() {
            if let file { close(file) }
            file = nil
        }

        deinit { release() }
    }

    /// Waits until no other process settles what is kept in this home: two runs of a command must
    /// not both take one transaction for their own.
    func claim() async throws -> Claim {
        let directory = home.path("pending")
        let file = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        // Where nothing was ever kept there is nothing to settle.
        guard file >= 0 else {
            if errno == ENOENT { return Claim(nil) }
            throw CommandFailure(
                "cannot read \(directory); nothing was sent, no money moved",
                hint: "check the directory's permissions",
                moneyMoved: .no
            )
        }
        let claim = Claim(file)
        for _ in 0..<Self.claimAttemptsMax {
            if flock(file, LOCK_EX | LOCK_NB) == 0 { return claim }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw CommandFailure(
            "another command still asks what became of earlier transactions; nothing was sent, "
                + "no money moved",
            hint: "try again in a moment",
            kind: .unreachable,
            moneyMoved: .no
        )
    }

    /// A minute's worth of them.
    private static let claimAttemptsMax = 1200
}
