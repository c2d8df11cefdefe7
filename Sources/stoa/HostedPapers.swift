import Gateway
import Identity
import MarketTypes
import NIOPosix
import Portal

/// Finds what was signed of a hosted account's calls in its wallet's journal, also while the wallet
/// is open or its permission is over.
struct HostedPapers: PurchaseArchive {
    /// The most calls of a journal that are looked through for one.
    private static let callsMax = 1_000_000

    /// Where the wallets' journals are, one folder for each account.
    let directory: String

    func papers(of account: AccountID, receipt: Digest) async throws -> PurchasePapers? {
        let archive = ReceiptArchive(directory: "\(directory)/\(account)")
        // A journal is as long as its account is busy: others must not wait for it.
        return try await NIOThreadPool.singleton.runIfActive {
            try Self.find(receipt, in: archive)
        }
    }

    private static func find(
        _ receipt: Digest,
        in archive: ReceiptArchive
    ) throws -> PurchasePapers? {
        var found: StoredCall?
        var calls = 0
        try archive.forEach { call in
            calls += 1
            if call.digest == receipt { found = call }
            return found == nil && calls < callsMax
        }
        return found.map { call in
            PurchasePapers(
                voucher: call.voucher,
                receipt: call.receipt,
                offer: call.offer,
                fault: fault(of: call)
            )
        }
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
