public import Journal
public import LedgerClient
public import MarketTypes

/// Why a provider cannot start, or had to stop.
public enum ProviderError: Error, Hashable, Sendable {
    /// The configuration has faults; see ``ProviderConfiguration/validate()``.
    case invalidConfiguration([String])
    /// The journal cannot be opened, or can be written no more.
    case journal(JournalError)
    /// A record in the journal is none, or contradicts those before it.
    case inconsistentJournal(String)
    /// The ledger gave no answer at the start.
    case ledger(LedgerClientError)
    /// An offer is not on the ledger, or not one that this provider can serve.
    case unusableOffer(OfferID, String)
    /// The environment variable that should hold an upstream's key is not set.
    case missingKey(environment: String)
    /// The journal belongs to one chain, and the ledger serves another: a voucher of one is worth
    /// nothing on the other, and the channels of both may have the same names.
    case otherChain(journal: ChainID, ledger: ChainID)

    /// The number for logs and scripts; append-only.
    public var code: UInt32 {
        switch self {
        case .invalidConfiguration: 1
        case .journal: 2
        case .inconsistentJournal: 3
        case .ledger: 4
        case .unusableOffer: 5
        case .missingKey: 6
        case .otherChain: 7
        }
    }

    /// A sentence for people.
    public var message: String {
        switch self {
        case .invalidConfiguration(let faults):
            "the provider's configuration is wrong: " + faults.joined(separator: "; ")
        case .journal(.inUse): "another provider is using this journal"
        case .journal(let error): "the provider's journal cannot be used: \(error)"
        case .inconsistentJournal(let text): "the provider's journal contradicts itself: \(text)"
        case .ledger(let error): "the ledger cannot be reached: \(error.message)"
        case .unusableOffer(let offer, let reason):
            "the offer \(offer.digest) cannot be served: \(reason)"
        case .missingKey(let name): "the environment variable \(name) is not set"
        case .otherChain(let journal, let ledger):
            "the provider's journal belongs to the chain \(journal.digest), and the ledger serves "
                + "the chain \(ledger.digest)"
        }
    }

    init(journal error: any Error) {
        switch error {
        case let error as ProviderError: self = error
        case let error as JournalError: self = .journal(error)
        default: self = .inconsistentJournal("\(error)")
        }
    }
}
