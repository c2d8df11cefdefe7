import ArgumentParser
import CanonicalCoding
import Gateway
import Identity
import LedgerCore
import MarketTypes
import SettlementCore

struct ReceiptGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "receipts",
        abstract: "what was bought, and whether it checks",
        discussion: """
            Reads the gateway's journals in the home directory, of each chain; needs no network.

            EXAMPLE
              stoa receipts list
            """,
        subcommands: [ReceiptList.self, ReceiptShow.self, ReceiptVerify.self]
    )
}

/// A receipt as the command line prints it.
struct ReceiptDocument: Encodable {
    let receipt, voucher, channel, offer, seller, model, status: String
    /// The signed receipt's canonical bytes in hex, as `stoa fraud` takes it.
    let signed: String
    let lane: UInt16
    let sequence: UInt64
    let units: [String: UInt64]
    /// What the amounts count: `native`, whose smallest part is the obol, or 64 digits.
    let denomination: String
    let chargeObol, totalObol, request, response, weights: String
    let chunks: UInt32
    let parameters: [String: String]
    let startedAtMilliseconds, finishedAtMilliseconds: UInt64

    init(_ call: StoredCall) {
        let paper = call.receipt.document
        receipt = call.digest.description
        signed = Hex.encode(call.receipt.canonicalBytes)
        voucher = paper.voucher.description
        channel = paper.channel.digest.description
        offer = paper.offer.digest.description
        seller = call.offer.seller.description
        model = call.offer.model
        status = paper.status.name
        denomination = EventRecord.Value.denomination(call.offer.denomination).plain
        lane = paper.lane.rawValue
        sequence = paper.sequence
        units = Dictionary(
            uniqueKeysWithValues: paper.units.entries.map { ($0.key.name, $0.value) }
        )
        chargeObol = "\(paper.charge.obol)"
        totalObol = "\(paper.total.obol)"
        request = paper.request.description
        response = paper.response.description
        weights = paper.weights.description
        chunks = paper.chunks
        parameters = Dictionary(
            uniqueKeysWithValues: paper.parameters.map { ($0.name, $0.value) }
        )
        startedAtMilliseconds = paper.startedAt.milliseconds
        finishedAtMilliseconds = paper.finishedAt.milliseconds
    }

    /// What the charge counts, in a few characters.
    var chargeUnit: String {
        denomination == "native" ? "obol" : "of \(denomination.prefix(8))…"
    }

    /// The units in a few words, by name.
    var unitText: String {
        units.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
    }
}

/// Where the gateway's journals are.
struct ArchiveOptions: ParsableArguments {
    @OptionGroup var home: HomeOptions

    /// One for each chain that was bought on; at least one, so that reading none says why.
    var archives: [ReceiptArchive] {
        let found = home.gatewayJournals
        return found.isEmpty ? [ReceiptArchive(directory: home.path("gateway"))] : found
    }

    /// The last `limit` calls of all chains, the newest first.
    func recent(_ limit: Int) throws -> [StoredCall] {
        let archives = archives
        let calls = try read { try archives.flatMap { try $0.recent(limit: limit) } }
        // One journal is in the order in which receipts came.
        guard archives.count > 1 else { return calls }
        let ends = { (call: StoredCall) in call.receipt.document.finishedAt }
        return Array(calls.sorted { ends($0) > ends($1) }.prefix(limit))
    }

    /// The one call whose receipt begins with `prefix`.
    func find(_ prefix: String) throws -> StoredCall {
        let found = try read { try archives.flatMap { try $0.find(digestPrefix: prefix) } }
        guard let call = found.first, found.count == 1 else {
            throw CommandFailure(
                "“\(prefix)” names \(found.isEmpty ? "no receipt" : "several receipts")",
                hint: "see `stoa receipts list`"
            )
        }
        return call
    }

    /// Reads the journal, and explains what keeps it from being read.
    func read<Output>(_ body: () throws -> Output) throws -> Output {
        do {
            return try body()
        } catch let error as GatewayError {
            throw CommandFailure(
                "the receipts in \(home.path("gateway")) cannot be read: \(error.message)",
                hint: "has `stoa connect` run with this home directory?"
            )
        }
    }
}

struct ReceiptList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "the latest receipts, the newest first",
        discussion: "EXAMPLE\n  stoa receipts list --limit 5"
    )

    @Option(help: "how many to show")
    var limit = 20
    @OptionGroup var target: ArchiveOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let calls = try target.recent(limit)
        let documents = calls.map(ReceiptDocument.init)
        let rows = documents.map {
            [
                String($0.receipt.prefix(16)), $0.model, $0.status, $0.unitText,
                "\($0.chargeObol) \($0.chargeUnit)", "\($0.lane)/\($0.sequence)",
            ]
        }
        try output.print(
            documents,
            table(["RECEIPT", "MODEL", "STATUS", "UNITS", "CHARGE", "LANE/CALL"], rows)
        )
    }
}

struct ReceiptShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "one receipt, whole",
        discussion: "EXAMPLE\n  stoa receipts show 4f1d"
    )

    @Argument(help: "the receipt's digest, or the first digits of it")
    var receipt: String
    @OptionGroup var target: ArchiveOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let document = ReceiptDocument(try target.find(receipt))
        let parameters = document.parameters.sorted { $0.key < $1.key }
            .map { "\($0.key)=\($0.value)" }.joined(separator: " ")
        try output.print(
            document,
            """
            receipt     \(document.receipt)
            status      \(document.status), \(document.chunks) chunks
            model       \(document.model), weights \(document.weights)
            seller      \(document.seller)
            units       \(document.unitText)
            charge      \(document.chargeObol) \(document.chargeUnit)
            unit        \(document.denomination)
            lane        \(document.lane), call \(document.sequence), \
            \(document.totalObol) \(document.chargeUnit) in all
            channel     \(document.channel)
            offer       \(document.offer)
            request     \(document.request)
            response    \(document.response)
            parameters  \(parameters)
            """
        )
    }
}

struct ReceiptVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "check signatures and arithmetic without a network",
        discussion: """
            Checks that the seller signed the receipt, that it answers a voucher of yours, that \
            the charge is units times the price of the offer both sides named, and that it stayed \
            below your cap.

            EXAMPLE
              stoa receipts verify 4f1d
              stoa receipts verify --all
            """
    )

    @Argument(help: "the receipt's digest, or the first digits of it")
    var receipt: String?
    @Flag(help: "check every receipt in the journal")
    var all = false
    @OptionGroup var target: ArchiveOptions
    @OptionGroup var output: OutputOptions

    struct Summary: Encodable {
        let verified, refused: Int
        /// What was charged in STOA, in obol.
        let chargeObol: String
        /// What was charged by denomination, in its smallest part.
        let charges: [String: String]
        let firstRefusal: String?
    }

    func validate() throws {
        if all == (receipt != nil) {
            throw ValidationError("give a receipt's digest, or --all")
        }
    }

    func run() async throws {
        if let receipt { try verifyOne(receipt) } else { try verifyAll() }
    }

    private func verifyOne(_ prefix: String) throws {
        let call = try target.find(prefix)
        do {
            try call.verify()
        } catch {
            throw CommandFailure(
                "refused: \(error); this receipt does not check",
                hint: "the seller's signed statement is evidence: keep the journal"
            )
        }
        let paper = call.receipt.document
        let unit = ReceiptDocument(call).chargeUnit
        try output.print(
            ["verdict": "verified", "receipt": call.digest.description],
            """
            verified: signed by the seller's receipt key, answers your voucher,
            \(paper.charge.obol) \(unit) is the price of what it counts, weights \
            \(String(paper.weights.description.prefix(16)))…
            """
        )
    }

    private func verifyAll() throws {
        var verified = 0
        var refused = 0
        var charges: [String: UInt128] = [:]
        var first: String?
        try target.read {
            for archive in target.archives {
                try archive.forEach { call in
                    do {
                        try call.verify()
                        verified += 1
                        let unit = EventRecord.Value.denomination(call.offer.denomination).plain
                        charges[unit, default: 0] &+= call.receipt.document.charge.obol
                    } catch {
                        refused += 1
                        first = first ?? "\(call.digest): \(error)"
                    }
                    return true
                }
            }
        }
        let summary = Summary(
            verified: verified,
            refused: refused,
            chargeObol: "\(charges["native"] ?? 0)",
            charges: charges.mapValues { "\($0)" },
            firstRefusal: first
        )
        let sums = charges.sorted { $0.key < $1.key }.map { unit, sum in
            "\(sum) " + (unit == "native" ? "obol" : "of \(unit)")
        }
        try output.print(
            summary,
            "\(verified) receipts check, \(refused) do not; "
                + (sums.isEmpty ? "0 obol" : sums.joined(separator: ", ")) + " in all"
        )
        if refused > 0 { throw ExitCode(1) }
    }
}
