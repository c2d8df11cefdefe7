import LedgerClient
import LedgerCore
import LedgerIndex
import MarketTypes
import WebServing

extension MarketAPI {
    /// Escrowed jobs, disputes and jurors.
    var jobHandlers: [String: OperationTable.Handler] {
        [
            "listEscrows": { try await escrows($0) },
            "getEscrow": { request in
                let id = EscrowID(try request.digest("escrow"))
                return try await one(Escrow.self, .escrow(id), "escrow") { $0.apiDocument(id) }
            },
            "listDisputes": { request in
                let phase = request.text("phase")
                return try await list(request, under: .disputes) { listing in
                    let dispute = try Self.decode(Dispute.self, listing.value)
                    guard phase.map({ $0 == dispute.phase.name }) ?? true else { return nil }
                    return dispute.apiDocument(DisputeID(try listing.name))
                }
            },
            "getDispute": { request in
                let id = DisputeID(try request.digest("dispute"))
                return try await one(Dispute.self, .dispute(id), "dispute") { $0.apiDocument(id) }
            },
            "listJurors": { request in
                let found = try await read(JurorTable.self, .jurors)
                let height = try await ledger.status().height
                return try Self.slice(
                    found?.value.jurors ?? [],
                    request,
                    at: found?.height ?? height,
                    by: \.account.digest.bytes
                ) { juror in
                    .object(
                        "juror",
                        [("id", .account(juror.account)), ("stake", .obol(juror.stake))]
                    )
                }
            },
        ]
    }

    /// A page of a short table that is one entry of the state, in order of the rows' keys.
    ///
    /// Rows come and go between two pages: the cursor names the last one, not how many there were.
    static func slice<Element>(
        _ elements: [Element],
        _ request: APIRequest,
        at height: BlockHeight,
        by key: (Element) -> [UInt8],
        _ make: (Element) -> JSON
    ) throws(Problem) -> APIAnswer {
        let cursor = QuestionCursor(request)
        var rest = elements[...]
        if let last = try cursor.key(request.text("cursor")) {
            rest = rest.drop { !last.lexicographicallyPrecedes(key($0)) }
        }
        let items = rest.prefix(request.limit)
        let next = items.count < rest.count ? items.last.map { cursor.text(key($0)) } : nil
        return .list(items.map(make), next: next, at: height)
    }

    private func escrows(_ request: APIRequest) async throws -> APIAnswer {
        let status = request.text("status")
        func show(_ escrow: Escrow, _ id: EscrowID) -> JSON? {
            status.map { $0 == escrow.status.name } ?? true ? escrow.apiDocument(id) : nil
        }
        guard let party = try request.accountFilter("party") else {
            return try await list(request, under: .escrows) { listing in
                show(try Self.decode(Escrow.self, listing.value), EscrowID(try listing.name))
            }
        }
        return try await list(request, under: .escrows(of: party)) { listing in
            let id = EscrowID(try listing.name)
            return try await ledger.read(Escrow.self, .escrow(id)).flatMap { show($0, id) }
        }
    }
}

extension Escrow.Status {
    fileprivate var name: String {
        switch self {
        case .offered: "offered"
        case .accepted: "accepted"
        case .delivered: "delivered"
        case .disputed: "disputed"
        case .ended: "ended"
        }
    }
}

extension EscrowOutcome {
    fileprivate var apiName: String {
        switch self {
        case .paid: "paid"
        case .refunded: "refunded"
        case .split: "split"
        }
    }
}

extension Escrow {
    fileprivate func apiDocument(_ id: EscrowID) -> JSON {
        var (content, reviewBy): (Digest?, BlockHeight?) = (nil, nil)
        var (dispute, outcome): (Digest?, EscrowOutcome?) = (nil, nil)
        switch status {
        case .offered, .accepted: break
        case .delivered(let delivered, let height): (content, reviewBy) = (delivered, height)
        case .disputed(let name): dispute = name
        case .ended(let ending): outcome = ending
        }
        return .object(
            "escrow",
            [
                ("id", .digest(id.digest)), ("buyer", .account(buyer)),
                ("seller", .account(terms.seller)), ("asset", .digest(terms.asset?.digest)),
                ("amount", .obol(terms.amount)), ("denomination", .unit(terms.denomination)),
                ("document", .digest(terms.document)), ("acceptBy", .height(at: terms.acceptBy)),
                ("deliverBy", .height(at: terms.deliverBy)),
                ("reviewBlocks", .number(terms.reviewBlocks)), ("status", .text(status.name)),
                ("delivered", .digest(content)), ("reviewBy", .height(at: reviewBy)),
                ("dispute", .digest(dispute)), ("outcome", .optional(outcome?.apiName)),
            ]
        )
    }
}

extension Dispute.Phase {
    fileprivate var name: String {
        switch self {
        case .answering: "answering"
        case .revealing: "revealing"
        case .voting: "voting"
        case .opening: "opening"
        case .decided: "decided"
        case .ended: "ended"
        }
    }
}

extension Verdict {
    fileprivate var apiName: String {
        switch self {
        case .buyer: "buyer"
        case .seller: "seller"
        case .split: "split"
        }
    }
}

extension Dispute {
    fileprivate func apiDocument(_ id: DisputeID) -> JSON {
        var escrow: EscrowID?
        var claim: BondClaim?
        switch subject {
        case .job(let job): escrow = job
        case .bond(let bond): claim = bond
        }
        return .object(
            "dispute",
            [
                ("id", .digest(id.digest)), ("escrow", .digest(escrow?.digest)),
                ("claimChannel", .digest(claim?.channel.digest)),
                ("claim", claim.map { .obol($0.amount) } ?? .null),
                ("buyer", .account(buyer)), ("seller", .account(seller)),
                ("opener", .account(opener)), ("round", .number(UInt64(round))),
                ("phase", .text(phase.name)), ("until", .height(at: until)), ("bond", .obol(bond)),
                ("evidence", .list(evidence) { .digest($0) }),
                (
                    "seats",
                    .list(seats) { seat in
                        .object([
                            ("juror", .account(seat.juror)),
                            ("voted", .flag(seat.commitment != nil)),
                            ("vote", .optional(seat.vote?.apiName)),
                        ])
                    }
                ),
                ("verdict", .optional(verdict?.apiName)),
            ]
        )
    }
}
