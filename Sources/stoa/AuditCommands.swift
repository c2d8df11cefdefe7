import AccessCore
import AccessStore
import ArgumentParser
import MarketTypes

struct AuditGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "check and export the log of who did what",
        discussion: """
            Each record has the hash of the one before. Keep a head that `verify` printed \
            somewhere else, and nobody can shorten or rewrite the log unseen.

            EXAMPLES
              stoa audit verify
              stoa audit verify --seen 120:5f0c…
              stoa audit export > audit.jsonl
            """,
        subcommands: [AuditVerify.self, AuditExport.self]
    )
}

struct AuditVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "walk the log and check every hash",
        discussion: "EXAMPLE\n  stoa audit verify --seen 120:5f0c…"
    )

    @Option(
        help: ArgumentHelp("a head that was seen earlier", valueName: "count:hash")
    )
    var seen: String?
    @OptionGroup var options: AccessCommandOptions

    private struct Document: Encodable {
        let records: UInt64
        let head: String
    }

    func run() async throws {
        let known = try seen.map { try head($0) }
        let database = try options.access.open(options.home)
        do {
            let end = try await database.verifyAudit(seen: known)
            try options.output.print(
                Document(records: end.count, head: "\(end.count):\(end.hash)"),
                "\(end.count) records, unbroken; head \(end.count):\(end.hash)"
            )
        } catch let fault as AuditFault {
            let sentence =
                switch fault {
                case .gap(let place): "a record is missing before number \(place)"
                case .broken(let place): "record \(place) does not follow the one before it"
                case .altered(let place): "record \(place) was altered"
                case .cut(let place): "the log ends before record \(place), which was there"
                }
            throw CommandFailure(sentence, hint: "whoever can write \(database.path) did this")
        }
    }

    private func head(_ text: String) throws -> AuditHead {
        let parts = text.split(separator: ":")
        guard parts.count == 2, let count = UInt64(parts[0]),
            let hash = Digest(hex: String(parts[1]))
        else {
            throw CommandFailure(
                "“\(text)” is no head",
                hint: "it is what `stoa audit verify` prints"
            )
        }
        return AuditHead(count: count, hash: hash)
    }
}

struct AuditExport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "write the log as lines of JSON, with the hashes",
        discussion: "EXAMPLE\n  stoa audit export --after 1000 > audit.jsonl"
    )

    @Option(help: "leave out the records up to this one")
    var after: UInt64 = 0
    @OptionGroup var options: AccessCommandOptions

    private struct Document: Encodable {
        let sequence, time: UInt64
        let action, organisation, actor, subject, detail, source, previous, hash: String

        init(_ record: AuditRecord) {
            sequence = record.sequence
            time = record.time.milliseconds
            action = record.action.rawValue
            organisation = record.organisation.description
            actor = record.actor
            subject = record.subject
            detail = record.detail
            source = record.source
            previous = record.previous.description
            hash = record.hash.description
        }
    }

    func run() async throws {
        let database = try options.access.open(options.home)
        var place = after
        while true {
            let records = try await database.auditRecords(
                after: place,
                of: nil,
                limit: AccessDatabase.auditPageMax
            )
            for record in records {
                try writeOutput(try OutputOptions.line(Document(record)) + "\n")
            }
            guard let last = records.last else { return }
            place = last.sequence
        }
    }
}
