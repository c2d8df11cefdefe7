import ArgumentParser
import CanonicalCoding
import Identity
import LedgerClient
import LedgerCore
import MarketTypes

struct EscrowGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "escrow",
        abstract: "pay for one job: lock money, get what was agreed, approve or dispute it",
        discussion: """
            What nobody accepts or delivers in time comes back by itself; what the buyer says \
            nothing about in time is paid by itself. A job is named by its 64 hex digits, or the \
            first of them.

            EXAMPLE
              stoa escrow lock --wallet alice --seller bob --amount 20 --document task.md
              stoa escrow accept --wallet bob 5c01ab
              stoa escrow deliver --wallet bob 5c01ab result.zip
              stoa escrow approve --wallet alice 5c01ab
            """,
        subcommands: [
            EscrowLock.self, EscrowAccept.self, EscrowDeliver.self, EscrowApprove.self,
            EscrowCancel.self, EscrowShow.self, EscrowList.self,
        ]
    )
}

struct EscrowLock: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lock",
        abstract: "lock the pay for a job",
        discussion: """
            EXAMPLE
              stoa escrow lock --wallet alice --seller bob --amount 20 --document task.md
            """
    )

    @Option(help: "who is to do it: a wallet's name or an address")
    var seller: String
    @Option(help: "the pay, in the unit")
    var amount: String
    @Option(help: UnitName.help)
    var unit = UnitName("STOA")
    @Option(help: ArgumentHelp("what is to be done: its digest is agreed", valueName: "file"))
    var document: String
    @Option(help: ArgumentHelp("an asset of the seller's whose income the pay is", valueName: "id"))
    var asset: String?
    @Option(help: "how many blocks the seller has to accept")
    var acceptBlocks: UInt64 = 3_600
    @Option(help: "how many blocks the seller has to deliver, from now")
    var deliverBlocks: UInt64 = 86_400
    @Option(help: "how many blocks you have to look at what was delivered")
    var reviewBlocks: UInt64 = 86_400
    @OptionGroup var sender: JobSender

    func run() async throws {
        let document = try contentDigest(document)
        try await sender.execute { ledger, _ in
            let known = try await unit.find(ledger, home: sender.home, wallet: sender.wallet)
            let height = try await ledger.status().height
            guard let acceptBy = height.advanced(byBlocks: acceptBlocks),
                let deliverBy = height.advanced(byBlocks: deliverBlocks)
            else { throw ValidationError("so many blocks cannot be counted") }
            let seller = try Wallets(home: sender.home).resolve(seller)
            let asset = try asset.map { text in
                try AssetName(text: text).resolve(home: sender.home, wallet: self.seller)
            }
            return .escrows(
                .lock(
                    JobTerms(
                        seller: seller,
                        asset: asset,
                        denomination: known.denomination,
                        amount: try known.amount(amount),
                        document: document,
                        acceptBy: acceptBy,
                        deliverBy: deliverBy,
                        reviewBlocks: reviewBlocks
                    )
                )
            )
        }
    }
}

struct EscrowAccept: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "accept",
        abstract: "take a job",
        discussion: "EXAMPLE\n  stoa escrow accept 5c01ab --wallet bob"
    )

    @Argument(help: "the job")
    var job: ObjectName
    @OptionGroup var sender: JobSender

    func run() async throws {
        try await sender.execute { ledger, _ in
            .escrows(.accept(try await job.escrow(ledger).id))
        }
    }
}

struct EscrowDeliver: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deliver",
        abstract: "say by its digest what was done; send the file itself as you agreed",
        discussion: "EXAMPLE\n  stoa escrow deliver 5c01ab greek.txt --wallet bob"
    )

    @Argument(help: "the job")
    var job: ObjectName
    @Argument(help: "what was done")
    var file: String
    @OptionGroup var sender: JobSender

    func run() async throws {
        let content = try contentDigest(file)
        try await sender.execute { ledger, _ in
            .escrows(.deliver(try await job.escrow(ledger).id, content: content))
        }
    }
}

struct EscrowApprove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve",
        abstract: "pay the seller, who may do it too once the review is over",
        discussion: "EXAMPLE\n  stoa escrow approve 5c01ab --wallet alice"
    )

    @Argument(help: "the job")
    var job: ObjectName
    @OptionGroup var sender: JobSender

    func run() async throws {
        try await sender.execute { ledger, _ in
            .escrows(.approve(try await job.escrow(ledger).id))
        }
    }
}

struct EscrowCancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract:
            "give the pay back: the buyer may until it is accepted, the seller until it is paid",
        discussion: "EXAMPLE\n  stoa escrow cancel 5c01ab --wallet alice"
    )

    @Argument(help: "the job")
    var job: ObjectName
    @OptionGroup var sender: JobSender

    func run() async throws {
        try await sender.execute { ledger, _ in
            .escrows(.cancel(try await job.escrow(ledger).id))
        }
    }
}

/// A job as the command line prints it.
struct EscrowDocument: Encodable {
    let escrow, buyer, seller, status, amount, unit, document: String
    let content, dispute, outcome: String?
    let acceptBy, deliverBy: UInt64
    let reviewBy: UInt64?

    init(_ id: EscrowID, _ escrow: Escrow, _ unit: KnownUnit) {
        let terms = escrow.terms
        self.escrow = "\(id.digest)"
        buyer = "\(escrow.buyer)"
        seller = "\(terms.seller)"
        amount = unit.digits(terms.amount)
        self.unit = unit.name
        document = "\(terms.document)"
        acceptBy = terms.acceptBy.rawValue
        deliverBy = terms.deliverBy.rawValue
        switch escrow.status {
        case .offered:
            (status, content, dispute, outcome, reviewBy) = ("offered", nil, nil, nil, nil)
        case .accepted:
            (status, content, dispute, outcome, reviewBy) = ("accepted", nil, nil, nil, nil)
        case .delivered(let digest, let height):
            (status, content, dispute, outcome, reviewBy) = (
                "delivered", "\(digest)", nil, nil, height.rawValue
            )
        case .disputed(let name):
            (status, content, dispute, outcome, reviewBy) = ("disputed", nil, "\(name)", nil, nil)
        case .ended(let end):
            (status, content, dispute, outcome, reviewBy) = ("ended", nil, nil, "\(end)", nil)
        }
    }

    var row: [String] {
        [
            String(escrow.prefix(16)), status + (outcome.map { ", \($0)" } ?? ""),
            "\(amount) \(unit)",
            String(buyer.prefix(16)), String(seller.prefix(16)),
        ]
    }

    static let heading = ["JOB", "STATUS", "PAY", "BUYER", "SELLER"]
}

struct EscrowShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "a job, and where it stands",
        discussion: "EXAMPLE\n  stoa escrow show 5c01ab"
    )

    @Argument(help: "the job")
    var job: ObjectName
    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let document = try await node.ask { ledger in
            let (id, escrow) = try await job.escrow(ledger)
            return EscrowDocument(id, escrow, try await ledger.known(escrow.terms.denomination))
        }
        try output.print(document, table(EscrowDocument.heading, [document.row]))
    }
}

struct EscrowList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "all jobs, or those of one account that have not ended",
        discussion: "EXAMPLE\n  stoa escrow list --of alice"
    )

    @Option(help: "whose jobs: a wallet's name or an address")
    var of: String?
    @OptionGroup var home: HomeOptions
    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let party = try of.map { try Wallets(home: home).resolve($0) }
        let documents = try await node.ask { ledger in
            var documents: [EscrowDocument] = []
            for (key, value) in try await ledger.listed(.escrows, limit: 4096) {
                guard let name = Digest(bytes: key.suffix(Digest.byteCount)) else { continue }
                let escrow = try Escrow(canonicalBytes: value)
                if let party {
                    guard [escrow.buyer, escrow.terms.seller].contains(party) else { continue }
                    if case .ended = escrow.status { continue }
                }
                let unit = try await ledger.known(escrow.terms.denomination)
                documents.append(EscrowDocument(EscrowID(name), escrow, unit))
            }
            return documents
        }
        try output.print(documents, table(EscrowDocument.heading, documents.map(\.row)))
    }
}
