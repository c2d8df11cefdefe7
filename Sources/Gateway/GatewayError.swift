import CanonicalCoding
public import Journal
public import LedgerClient
public import MarketTypes
import SettlementCore

/// Why a gateway cannot start, or its journal cannot be read.
public enum GatewayError: Error, Hashable, Sendable {
    /// The configuration has faults; see ``GatewayConfiguration/validate()``.
    case invalidConfiguration([String])
    /// The journal cannot be opened or read.
    case journal(JournalError)
    /// A record in the journal is none, or contradicts those before it.
    case inconsistentJournal(String)
    /// The ledger gave no answer at the start.
    case ledger(LedgerClientError)
    /// The journal belongs to one chain, and the ledger serves another: a promise of one is worth
    /// nothing on the other, and the channels of both may have the same names.
    case otherChain(journal: ChainID, ledger: ChainID)

    /// The number for logs and scripts; append-only.
    public var code: UInt32 {
        switch self {
        case .invalidConfiguration: 1
        case .journal: 2
        case .inconsistentJournal: 3
        case .ledger: 4
        case .otherChain: 5
        }
    }

    /// A sentence for people.
    public var message: String {
        switch self {
        case .invalidConfiguration(let faults):
            "the gateway's configuration is wrong: " + faults.joined(separator: "; ")
        case .journal(.inUse): "another gateway is using this journal"
        case .journal(let error): "the gateway's journal cannot be read: \(error)"
        case .inconsistentJournal(let text): "the gateway's journal contradicts itself: \(text)"
        case .ledger(let error): "the ledger cannot be reached: \(error.message)"
        case .otherChain(let journal, let ledger):
            "the gateway's journal belongs to the chain \(journal.digest), and the ledger serves "
                + "the chain \(ledger.digest)"
        }
    }

    init(journal error: any Error) {
        switch error {
        case let error as GatewayError: self = error
        case let error as JournalError: self = .journal(error)
        default: self = .inconsistentJournal("\(error)")
        }
    }
}
