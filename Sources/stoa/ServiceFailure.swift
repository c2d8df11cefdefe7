import Gateway
import Journal
import LedgerClient
import NIOCore
import Provider

extension CommandFailure {
    /// Explains why a gateway could not start, or had to stop.
    init(_ error: GatewayError, node: String = "") {
        switch error {
        case .ledger(let error): self.init(error, node: node)
        case .invalidConfiguration:
            self.init("\(error.message); no money moved", hint: "see `stoa connect --help`")
        case .journal(.inUse):
            self.init(
                "\(error.message); no money moved",
                hint: "one gateway uses a home directory at a time: end the other, or give "
                    + "another --home"
            )
        case .journal:
            self.init(
                error.message,
                hint: "is the disk full or failing? Keep the folder gateway: what is promised and "
                    + "received is in it"
            )
        case .inconsistentJournal:
            self.init(
                "\(error.message); nothing was signed and no money moved",
                hint: """
                    two copies of it were used, or it is damaged. Keep it as evidence: move it out \
                    of the home directory and start again; `stoa channel close` brings back what \
                    its channels hold
                    """
            )
        case .otherChain:
            self.init(
                "\(error.message); nothing was signed and no money moved",
                hint: "give the --node of that chain, or another --home"
            )
        }
    }

    /// Explains why a provider could not start, or had to stop.
    init(_ error: ProviderError, node: String = "") {
        switch error {
        case .ledger(let error): self.init(error, node: node)
        case .invalidConfiguration:
            self.init("\(error.message); nothing is served", hint: "correct provider.yaml")
        case .journal(.inUse):
            self.init(
                "\(error.message); nothing is served",
                hint: "one provider uses a home directory at a time: end the other, which then "
                    + "serves all that provider.yaml says once it is started again"
            )
        case .journal:
            self.init(
                error.message,
                hint: "is the disk full or failing? Keep the folder provider: the vouchers in it "
                    + "are money until they are claimed"
            )
        case .inconsistentJournal:
            self.init(
                "\(error.message); nothing is served and no money moved",
                hint: """
                    two copies of it were used, or it is damaged. Keep it: the vouchers in it are \
                    money until they are claimed; bring back the latest copy that is whole
                    """
            )
        case .unusableOffer:
            self.init(
                "\(error.message); nothing is served",
                hint: "publish an offer with `stoa sell`, or take it out of provider.yaml"
            )
        case .missingKey:
            self.init(
                "\(error.message), so there is no key for the upstream; nothing is served",
                hint: "set it where the provider starts, or correct apiKeyEnvironment in "
                    + "provider.yaml"
            )
        case .otherChain:
            self.init(
                "\(error.message); nothing is served and no money moved",
                hint: "give the --node of that chain, or another --home"
            )
        }
    }
}
