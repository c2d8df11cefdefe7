import AccessCore
import HTTPTypes
import Identity
import LedgerIndex
import MarketTypes
import NIOCore
import WebServing

/// A request that is what the contract says: every parameter known, of its form, or its standard.
struct APIRequest: Sendable {
    let operation: Operation
    let path: [String: String]
    let query: [String: JSON]
    let headers: [String: String]
    /// The body as a tree; nil if there is none.
    let body: JSON?
    /// Who makes it, if that is proven.
    let caller: Caller?
    /// The address that it came from, for what is logged of it.
    let source: String
    /// Answers requests inside this one.
    let server: APIServer
    /// The connection, for answers without an end; nil inside a batch.
    let channel: (any Channel)?

    /// A text in the path; the router has found it there.
    func name(_ parameter: String) -> String { path[parameter] ?? "" }

    /// A digest in the path.
    func digest(_ parameter: String) throws(Problem) -> Digest {
        try Self.digest(name(parameter), at: "{\(parameter)}")
    }

    /// An address in the path.
    func account(_ parameter: String) throws(Problem) -> AccountID {
        try Self.account(name(parameter), at: "{\(parameter)}")
    }

    /// A text in the query.
    func text(_ parameter: String) -> String? { query[parameter]?.string }

    /// A whole number in the query.
    func number(_ parameter: String) -> UInt64? { query[parameter]?.integer }

    /// A flag in the query.
    func flag(_ parameter: String) -> Bool? { query[parameter]?.bool }

    /// An address in the query.
    func accountFilter(_ parameter: String) throws(Problem) -> AccountID? {
        guard let text = text(parameter) else { return nil }
        return try Self.account(text, at: "?\(parameter)")
    }

    /// A digest in the query.
    func digestFilter(_ parameter: String) throws(Problem) -> Digest? {
        guard let text = text(parameter) else { return nil }
        return try Self.digest(text, at: "?\(parameter)")
    }

    /// A denomination in the query.
    func denominationFilter(_ parameter: String) throws(Problem) -> Denomination? {
        guard let text = text(parameter) else { return nil }
        guard let denomination = Denomination(indexText: text) else {
            throw .badRequest("must be “native” or a unit's name", at: "?\(parameter)")
        }
        return denomination
    }

    /// An amount in the query.
    func amountFilter(_ parameter: String) throws(Problem) -> Amount? {
        guard let text = text(parameter) else { return nil }
        guard let amount = try? Amount(obolText: text) else {
            throw .badRequest("is more than can be counted", at: "?\(parameter)")
        }
        return amount
    }

    /// How many items are wanted.
    var limit: Int { Int(clamping: number("limit") ?? 50) }

    /// Which part of an index' list is wanted.
    func page() throws(Problem) -> PageRequest {
        do {
            return try PageRequest(limit: limit, after: text("cursor"))
        } catch {
            throw .badRequest("must be from 1 to \(PageRequest.limitMax)", at: "?limit")
        }
    }

    /// Which members are wanted; nil for all.
    var fields: [String]? { query["fields"]?.elements?.compactMap(\.string) }

    static func digest(_ text: String, at pointer: String) throws(Problem) -> Digest {
        guard let digest = Digest(hex: text) else {
            throw .badRequest("must be 64 lower-case hex digits", at: pointer)
        }
        return digest
    }

    static func account(_ text: String, at pointer: String) throws(Problem) -> AccountID {
        guard let account = AccountID(address: text) else {
            throw .badRequest("is no address: a digit is wrong or missing", at: pointer)
        }
        return account
    }
}

extension Problem {
    /// One part of the request is wrong.
    static func badRequest(_ detail: String, at pointer: String) -> Problem {
        badRequest([Fault(detail, at: pointer)])
    }

    /// Parts of the request are wrong.
    static func badRequest(_ faults: [Fault]) -> Problem {
        Problem(
            .badRequest,
            "invalid_request",
            "The request is not what the contract asks for; nothing was done.",
            hint: "GET /api/v1/openapi.json says what is.",
            faults: faults
        )
    }

    /// There is nothing of this name.
    static func notFound(_ what: String) -> Problem {
        Problem(.notFound, "not_found", "There is no such \(what).")
    }
}
