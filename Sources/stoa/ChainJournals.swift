import FoundationEssentials
import Gateway
import MarketTypes
import Provider

/// The journals of a home directory, one for each chain that it was used with.
///
/// A promise of one chain is worth nothing on another, and the first channels of one buyer have
/// the same names on all of them: two chains in one journal would contradict each other. So a
/// chain that is run anew, or a test, begins its own, and what the others owe stays there.
enum ChainJournals {
    /// The directory of a chain's journal: `base`, or beside it if that belongs to another chain.
    ///
    /// - Parameter recorded: the chain of the journal in a directory, nil if it has none yet.
    static func directory(
        _ base: String,
        of chain: ChainID,
        recorded: (String) throws -> ChainID?
    ) throws -> String {
        let own = "\(base)-\(chain.digest.description.prefix(digits))"
        if isThere(own) { return own }
        guard isThere(base), let other = try recorded(base), other != chain else {
            return try made(base)
        }
        note(
            """
            \(base) belongs to the chain \(other.digest) and is left alone; \
            this chain's journal is \(own)
            """
        )
        return try made(own)
    }

    /// The directories that there are, of all chains.
    static func all(_ base: String) -> [String] {
        let name = base.split(separator: "/").last.map(String.init) ?? base
        let parent = String(base.dropLast(name.utf8.count))
        let found = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
        let others = found.filter { other in
            other.hasPrefix(name + "-") && other.utf8.count == name.utf8.count + 1 + digits
        }
        return ([name] + others.sorted()).map { parent + $0 }.filter(isThere)
    }

    /// How many digits of the chain a directory's name has.
    private static let digits = 16

    private static func isThere(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: path)
    }

    private static func made(_ path: String) throws -> String {
        do {
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw CommandFailure(
                "cannot make the directory \(path)",
                hint: "check --home and its permissions"
            )
        }
        return path
    }
}

extension HomeOptions {
    /// The directory of a chain's journal of vouchers given and receipts got.
    func gatewayJournal(of chain: ChainID) throws -> String {
        do {
            return try ChainJournals.directory(path("gateway"), of: chain) {
                try ReceiptArchive(directory: $0).chain()
            }
        } catch let error as GatewayError {
            throw CommandFailure(error)
        }
    }

    /// The gateway's journals, of all chains.
    var gatewayJournals: [ReceiptArchive] {
        ChainJournals.all(path("gateway")).map(ReceiptArchive.init)
    }

    /// The provider's journals, of all chains.
    var providerJournals: [ClaimArchive] {
        ChainJournals.all(path("provider")).map(ClaimArchive.init)
    }
}

extension ProviderConfiguration {
    /// The same configuration with the journal of `chain`; see ``ChainJournals``.
    func serving(_ chain: ChainID) throws -> ProviderConfiguration {
        var serving = self
        do {
            serving.journalDirectory = try ChainJournals.directory(journalDirectory, of: chain) {
                try ClaimArchive(directory: $0).chain()
            }
        } catch let error as ProviderError {
            throw CommandFailure(error)
        }
        return serving
    }
}
