import ArgumentParser
import CanonicalCoding
import FoundationEssentials
import Identity
import LedgerClient
import LedgerCore
import MarketTypes

/// The options of the commands that send one message about a job, a jury or a dispute.
struct JobSender: ParsableArguments {
    @OptionGroup var signing: SigningOptions

    var home: HomeOptions { signing.home }
    var node: NodeOptions { signing.node }
    var output: OutputOptions { signing.output }
    /// Whose assets bare names are.
    var wallet: String { signing.actor }

    /// Executes the message that `make` makes, and prints what it brought about.
    func execute(
        _ make: (any LedgerConnection, AccountID) async throws -> Message
    ) async throws {
        let outcome = try await signing.send { [try await make($0, $1)] }.outcome
        var escrow: String?
        var dispute: String?
        for event in outcome.result.events {
            if case .escrows(.locked(let id, _, _)) = event { escrow = "\(id.digest)" }
            if case .disputes(.opened(let id, _, _, _)) = event { dispute = "\(id.digest)" }
            if case .disputes(.claimOpened(let id, _, _, _)) = event { dispute = "\(id.digest)" }
        }
        try output.print(
            Document(
                escrow: escrow,
                dispute: dispute,
                transaction: outcome.digest.description,
                height: outcome.height.rawValue,
                events: outcome.result.events.map(\.record.document)
            ),
            outcome.result.events.map(\.record.text).joined(separator: "\n")
        )
    }

    private struct Document: Encodable {
        let escrow, dispute: String?
        let transaction: String
        let height: UInt64
        let events: [[String: String]]
    }
}

/// A job or dispute as people name it: its 64 hex digits, or the first of them.
struct ObjectName: ExpressibleByArgument {
    /// The fewest hex digits that name something.
    private static let digitsMin = 6
    private static let listMax = 1 << 16
    let text: String

    init?(argument: String) {
        guard argument.utf8.count >= Self.digitsMin else { return nil }
        text = argument
    }

    /// The job that is meant.
    func escrow(_ ledger: any LedgerConnection) async throws -> (id: EscrowID, escrow: Escrow) {
        let (name, bytes) = try await find(ledger, prefix: .escrows, kind: "job", list: "escrow")
        return (EscrowID(name), try Escrow(canonicalBytes: bytes))
    }

    /// The dispute that is meant.
    func dispute(_ ledger: any LedgerConnection) async throws -> (id: DisputeID, dispute: Dispute) {
        let (name, bytes) = try await find(
            ledger,
            prefix: .disputes,
            kind: "dispute",
            list: "dispute"
        )
        return (DisputeID(name), try Dispute(canonicalBytes: bytes))
    }

    /// The one entry under a prefix whose name begins with the digits.
    func find(
        _ ledger: any LedgerConnection,
        prefix: StateKey,
        kind: String,
        list: String
    ) async throws -> (name: Digest, bytes: [UInt8]) {
        let found = try await ledger.listed(prefix, limit: Self.listMax).compactMap {
            key,
            value -> (Digest, [UInt8])? in
            guard let name = Digest(bytes: key.suffix(Digest.byteCount)),
                name.description.hasPrefix(text)
            else { return nil }
            return (name, value)
        }
        guard let match = found.first, found.count == 1 else {
            throw CommandFailure(
                "“\(text)” names \(found.isEmpty ? "no" : "more than one") \(kind)",
                hint: "see `stoa \(list) list`"
            )
        }
        return match
    }
}

/// Numbers that a party or juror must show later: kept in the home directory, for its owner alone.
struct JobSecrets {
    let home: HomeOptions

    /// A fresh number, written down under `name` before anybody sees what it hashes to; the one
    /// that is there already if there is one.
    func make(_ name: String) throws -> Digest {
        if let known = try? read(name) { return known }
        let number = try fresh()
        _ = try home.makeDirectory("disputes")
        try writePrivateFile("\(number)\n", to: home.path("disputes", name))
        return number
    }

    /// A number that nobody knows.
    func fresh() throws -> Digest {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<Digest.byteCount).map { _ in UInt8.random(in: 0...255, using: &generator) }
        guard let number = Digest(bytes: bytes) else { throw CommandFailure("no number was made") }
        return number
    }

    /// The number under `name`.
    func read(_ name: String) throws -> Digest {
        let path = home.path("disputes", name)
        guard let text = try? String(contentsOfFile: path, encoding: .utf8),
            let number = Digest(hex: String(text.prefix(2 * Digest.byteCount)))
        else {
            throw CommandFailure(
                "there is no \(path)",
                hint: "it is written by the command that bound it, in that home directory"
            )
        }
        return number
    }

    /// How an opener's number in a round is named: the first about a bond by what it hashes to,
    /// since there can be other claims by the same channel; the others by job or dispute.
    static func opener(
        _ id: DisputeID,
        _ dispute: Dispute,
        _ account: AccountID,
        round: UInt8
    ) -> String {
        switch dispute.subject {
        case .job(let escrow): return opener(escrow, account, round: round)
        case .bond:
            let isFirst = round == 0 && dispute.opener == account
            return isFirst ? "\(dispute.commitment)" : "\(id.digest)-\(account)-\(round)"
        }
    }

    /// How an opener's number is named: by the job, who opened, and the round.
    static func opener(_ escrow: EscrowID, _ account: AccountID, round: UInt8) -> String {
        "\(escrow.digest)-\(account)-\(round)"
    }

    /// How a vote's salt is named.
    static func vote(_ dispute: DisputeID, _ account: AccountID, round: UInt8) -> String {
        "\(dispute.digest)-vote-\(account)-\(round)"
    }
}

/// The digest of a file's content.
func contentDigest(_ path: String) throws -> Digest {
    guard let data = try? Data(contentsOf: URL(filePath: path)) else {
        throw CommandFailure("cannot read \(path)", hint: "does it exist, and may you read it?")
    }
    return Digest(sha256: Array(data))
}
