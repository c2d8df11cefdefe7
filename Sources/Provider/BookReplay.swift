import CanonicalCoding
import Identity
import Journal
import Logging
import MarketTypes
import SettlementCore

/// What a journal was read back into, and the journal itself.
struct ReplayedBook {
    let book: ChannelBook
    let anchors: ReceiptAnchors
    let journal: Journal
}

/// Reads a provider's journal back into a book.
enum BookReplay {
    /// Opens the journal and replays all of it; one of another chain is left as it is.
    ///
    /// - Throws: ``ProviderError``.
    static func open(
        _ configuration: ProviderConfiguration,
        of chain: ChainID
    ) throws(ProviderError) -> ReplayedBook {
        var book = ChannelBook()
        var anchors = ReceiptAnchors(receiptsMax: configuration.anchoredReceiptsMax)
        var found: ChainID?
        var settings = JournalConfiguration(directory: configuration.journalDirectory)
        // Every call has one record waiting at most; room for two each means it never overflows.
        settings.queuedRecordsMax = max(
            settings.queuedRecordsMax,
            2 * configuration.concurrentCallsMax + 1024
        )
        do {
            let journal = try Journal.open(settings) { position, bytes in
                do {
                    let change = try BookChange(canonicalBytes: bytes)
                    anchors.take(change, at: position, before: book)
                    try book.apply(change)
                    if case .terms(let terms) = change, found == nil {
                        // The first channel's chain is that of all of it.
                        guard terms.chain == chain else {
                            throw ProviderError.otherChain(journal: terms.chain, ledger: chain)
                        }
                        found = terms.chain
                    }
                } catch let error as ProviderError {
                    throw error
                } catch {
                    throw ProviderError.inconsistentJournal(
                        "segment \(position.segment), offset \(position.offset): \(error)"
                    )
                }
            }
            book.channelsMax = configuration.channelsMax
            return ReplayedBook(book: book, anchors: anchors, journal: journal)
        } catch {
            throw ProviderError(journal: error)
        }
    }

    /// The failed receipts of all calls that were open (CALL-10).
    ///
    /// A receipt that another key would have to sign is left out; its lane stays taken.
    static func failedReceipts(
        _ book: ChannelBook,
        key: SigningKey,
        now: Timestamp
    ) throws(BookRefusal) -> [BookChange] {
        var changes: [BookChange] = []
        for voucher in book.openVouchers {
            guard let offer = book.offers[voucher.document.offer] else { throw .unknownOffer }
            guard offer.receiptKey == key.publicKey else { continue }
            let outcome = CallOutcome(
                status: .failed,
                units: UnitCounts(),
                response: ResponseChain(voucher: voucher.digest),
                parameters: [],
                startedAt: now,
                finishedAt: now
            )
            let receipt = try book.draft(voucher, under: offer, outcome: outcome)
            changes.append(.receipt(key.sign(receipt)))
        }
        return changes
    }
}
