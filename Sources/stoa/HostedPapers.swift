import Gateway
import Identity
import MarketTypes
import NIOPosix
import Portal
import Synchronization

/// Finds what was signed of a hosted account's calls in its wallet's journal, also while the wallet
/// is open or its permission is over.
///
/// One journal is read at a time, from its end, and what waits has a limit: a page may cost that
/// much, however often it is asked for.
final class HostedPapers: PurchaseArchive {
    /// In how many segments of 64 MB a receipt is looked for: more than a log of receipts keeps.
    private static let segmentsMax = 4
    /// In how many the offer and the channel are, which may be older.
    private static let referencesMax = 16
    /// How many may wait, of one account and in all.
    private static let waitingOfAccountMax = 2
    private static let waitingMax = 8

    private struct Waiting {
        var isBusy = false
        var counts: [AccountID: Int] = [:]
        var line: [CheckedContinuation<Void, Never>] = []
    }

    /// Where the wallets' journals are, one folder for each account.
    private let directory: String
    private let waiting = Mutex(Waiting())

    init(directory: String) {
        self.directory = directory
    }

    /// See ``PurchaseArchive``; nil too if too many ask.
    func papers(of account: AccountID, receipt: Digest) async throws -> PurchasePapers? {
        guard join(account) else { return nil }
        await turn()
        defer { leave(account) }
        // Whoever left while they waited costs nothing.
        try Task.checkCancellation()
        let archive = ReceiptArchive(directory: "\(directory)/\(account)")
        return try await NIOThreadPool.singleton.runIfActive {
            try archive.newest(
                receipt,
                segmentsMax: Self.segmentsMax,
                referencesMax: Self.referencesMax
            ).map { call in
                PurchasePapers(
                    voucher: call.voucher,
                    receipt: call.receipt,
                    offer: call.offer,
                    fault: Self.fault(of: call)
                )
            }
        }
    }

    private func join(_ account: AccountID) -> Bool {
        waiting.withLock { waiting in
            let own = waiting.counts[account] ?? 0
            guard own < Self.waitingOfAccountMax,
                waiting.counts.values.reduce(0, +) < Self.waitingMax
            else { return false }
            waiting.counts[account] = own + 1
            return true
        }
    }

    private func turn() async {
        await withCheckedContinuation { continuation in
            let isFree = waiting.withLock { waiting in
                guard waiting.isBusy else {
                    waiting.isBusy = true
                    return true
                }
                waiting.line.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    /// Lets the next one in, if there is one.
    private func leave(_ account: AccountID) {
        let next = waiting.withLock { waiting -> CheckedContinuation<Void, Never>? in
            let rest = (waiting.counts[account] ?? 1) - 1
            waiting.counts[account] = rest > 0 ? rest : nil
            guard !waiting.line.isEmpty else {
                waiting.isBusy = false
                return nil
            }
            return waiting.line.removeFirst()
        }
        next?.resume()
    }

    private static func fault(of call: StoredCall) -> String? {
        do throws(StoredCallError) {
            try call.verify()
            return nil
        } catch {
            return "\(error)"
        }
    }
}
