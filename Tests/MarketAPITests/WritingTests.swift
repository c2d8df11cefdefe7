import CanonicalCoding
import HTTPTypes
import Identity
import LedgerClient
import LedgerCore
import LedgerIndex
import MarketTypes
import Testing
import WebServing

@testable import MarketAPI

@Suite("Writing to the market")
struct WritingTests {
    let market: MarketFixture

    init() async throws {
        market = try await MarketFixture()
    }

    private var transfer: String {
        #"{"type":"transfer","to":"\#(Person.bob.id)","amount":"1500000000"}"#
    }

    private func preparation(_ messages: String, _ more: String = "") -> String {
        #"{"key":"\#(Person.alice.key.publicKey)","messages":[\#(messages)]\#(more)}"#
    }

    @Test(
        "REST-9: messages that are not what the contract says are refused, with a pointer",
        arguments: [
            (#"{"type":"mint"}"#, "#/messages/0/type"), (#"{}"#, "#/messages/0/type"),
            (#"{"type":"transfer","amount":"1"}"#, "#/messages/0/to"),
            (#"{"type":"unbond","amount":"01"}"#, "#/messages/0/amount"),
            (#"{"type":"unbond","amount":1}"#, "#/messages/0/amount"),
            (
                #"{"type":"unbond","amount":"999999999999999999999999999999999999999"}"#,
                "#/messages/0/amount"
            ),
            (#"{"type":"unbond","amount":"1","x":1}"#, "#/messages/0/x"),
            (#"{"type":"withdrawBond","amount":"1"}"#, "#/messages/0/amount"),
            (
                #"{"type":"withdrawBond"},{"type":"closeChannel","channel":"00"}"#,
                "#/messages/1/channel"
            ),
        ]
    )
    func refusedMessages(messages: String, pointer: String) async throws {
        let problem = try await market.problem(
            "/transactions/prepare",
            method: .post,
            body: preparation(messages)
        )
        #expect(problem?.status == .badRequest)
        #expect(problem?.faults.map(\.pointer) == [pointer])
    }

    @Test("REST-9: every kind of message in the contract can be prepared")
    func everyMessage() async throws {
        let contract = market.server.contract
        let variants = contract.document["components"]?["schemas"]?["Message"]?["oneOf"]
        let names = try #require(variants?.elements).compactMap { $0["$ref"]?.string }
        #expect(names.count > 40)
        for name in names {
            let schema = contract.document["components"]?["schemas"]?[
                String(name.split(separator: "/").last ?? "")
            ]
            let message = try sample(try #require(schema))
            let answer = try await market.ask(
                "/transactions/prepare",
                method: .post,
                body: preparation(message.line)
            )
            let hex = try #require(answer.document["transaction"]?.string)
            let bytes = try #require(Hex.decode(hex))
            let transaction = try Transaction(canonicalBytes: bytes)
            #expect(transaction.messages.count == 1)
            let summary = try #require(answer.document["summary"]?.elements?.first?.string)
            for member in message.members ?? [] where member.name != "type" {
                guard let text = member.value.string, text.count > 60 else { continue }
                #expect(summary.contains(text) || member.name == "denomination", "\(summary)")
            }
        }
    }

    @Test(
        "REST-9: what a message means by a member that is left out stands in its sentence",
        arguments: [
            (
                #"{"type":"withdrawDividends","asset":"7"}"#,
                "Take dividends: asset 7, denomination STOA."
            ),
            (
                #"{"type":"withdrawDividends","asset":"7","denomination":"89"}"#,
                "Take dividends: asset 7, denomination unit 89."
            ),
            (
                #"{"type":"grantSession","messages":[1],"payees":[]}"#,
                "Let another key act for this account: messages 1 transfer, payees anybody."
            ),
            (
                #"{"type":"grantSession","messages":[1]}"#,
                "Let another key act for this account: messages 1 transfer, payees anybody."
            ),
            (#"{"type":"delegateVotes"}"#, "Let nobody vote for this account any more."),
            (#"{"type":"delegateVotes","delegate":"me"}"#, "Let another vote: delegate me."),
            (
                #"{"type":"transfer","amount":"5","denomination":"89"}"#,
                "Send money: amount 5 of unit 89."
            ),
        ]
    )
    func impliedMembers(message: String, sentence: String) throws {
        let members = try JSONReading.object(Array(message.utf8))
        #expect(MessageSummary(message: members).text == sentence)
    }

    /// A message with a value for each of its members.
    private func sample(_ schema: JSON) throws -> JSON {
        .object(
            (schema["properties"]?.members ?? []).map { name, value in
                if let constant = value["const"] { return (name, constant) }
                let reference = value["$ref"]?.string?.split(separator: "/").last ?? ""
                let other = name == "base" || name == "wanted"
                return switch reference {
                case "Address": (name, .text("\(Person.carol.id)"))
                case "Digest": (name, .text("\(digest(9))"))
                case "Denomination": (name, .text(other ? "\(digest(8))" : "native"))
                case "KeyText": (name, .text("\(Person.carol.key.publicKey)"))
                case "Amount", "Price18": (name, .text("12"))
                case "OrderSide": (name, .text("sell"))
                case "VoteChoice": (name, .text("veto"))
                case "Tags": (name, .array([.number(1)]))
                case "Payees": (name, .array([.text("\(Person.bob.id)")]))
                case "SpendingLimits": (name, .array([.money(Amount(obol: 5), .native)]))
                default: (name, .number(7))
                }
            }
        )
    }

    @Test("REST-9, REST-10: what is prepared, signed elsewhere and assembled moves the money")
    func roundTrip() async throws {
        let before = try await market.ask("/accounts/\(Person.bob.id)").document["balances"]
        let prepared = try await market.ask(
            "/transactions/prepare",
            method: .post,
            body: preparation(transfer)
        ).document
        #expect(
            prepared["summary"]?.elements?.first?.string
                == "Send money: to \(Person.bob.id), amount 1.500000000 STOA."
        )
        let (hex, signature) = try sign(prepared)
        let assembled = try await market.ask(
            "/transactions/assemble",
            method: .post,
            body: assembly(hex, signature)
        ).document
        #expect(assembled["outcome"]?["accepted"]?.bool == true)
        #expect(assembled["id"] == prepared["id"])
        let after = try await market.ask("/accounts/\(Person.bob.id)").document["balances"]
        func native(_ balances: JSON?) -> UInt128 {
            UInt128(balances?.elements?.first?["amount"]?.string ?? "") ?? 0
        }
        #expect(native(after) == native(before) + 1_500_000_000)
    }

    private func sign(_ prepared: JSON) throws -> (hex: String, signature: String) {
        let hex = try #require(prepared["transaction"]?.string)
        let transaction = try Transaction(canonicalBytes: try #require(Hex.decode(hex)))
        let signed = Person.alice.key.sign(transaction).signed
        return (hex, Hex.encode(signed.signature.bytes))
    }

    private func assembly(_ hex: String, _ signature: String, _ more: String = "") -> String {
        #"""
        {"transaction":"\#(hex)","key":"\#(Person.alice.key.publicKey)",
         "signature":{"type":"ed25519","signature":"\#(signature)"}\#(more)}
        """#
    }

    @Test("REST-10: a signature that does not verify is refused, and nothing is submitted")
    func wrongSignature() async throws {
        let prepared = try await market.ask(
            "/transactions/prepare",
            method: .post,
            body: preparation(transfer)
        ).document
        let hex = try #require(prepared["transaction"]?.string)
        let height = market.ledger.height
        let problem = try await market.problem(
            "/transactions/assemble",
            method: .post,
            body: assembly(hex, String(repeating: "0", count: 128))
        )
        #expect(problem?.faults.map(\.pointer) == ["#/signature"])
        #expect(market.ledger.height == height)
        let (_, signature) = try sign(prepared)
        let unsent = try await market.ask(
            "/transactions/assemble",
            method: .post,
            body: assembly(hex, signature, #","submit":false"#)
        )
        #expect(unsent.document["outcome"] == .null)
        #expect(market.ledger.height == height)
    }

    private func submission(_ bytes: [UInt8]) -> String {
        #"{"transaction":"\#(Hex.encode(bytes))"}"#
    }

    @Test("REST-7: the same key and body have the same answer, another body is refused")
    func idempotency() async throws {
        func send(_ bytes: [UInt8], key: String) async throws -> APIAnswer {
            try await market.ask(
                "/transactions",
                method: .post,
                headers: [.idempotencyKey: key],
                body: submission(bytes)
            )
        }
        let first = market.ledger.sign(.alice, [.withdrawBond])
        let one = try await send(first, key: "k1")
        #expect(one.headers[.idempotencyReplayed] == nil)
        #expect(one.document["accepted"]?.bool == false)
        #expect(one.document["moneyMoved"]?.bool == true)
        let again = try await send(first, key: "k1")
        #expect(again.headers[.idempotencyReplayed] == "true")
        #expect(again.document.line == one.document.line)
        let second = market.ledger.sign(.alice, [.unbond(Amount(obol: 1))])
        let height = market.ledger.height
        await #expect(throws: Problem.self) { try await send(second, key: "k1") }
        #expect(market.ledger.height == height)
        _ = try await send(second, key: "k2")
        // A key is its sender's: bob's is another.
        _ = try await send(market.ledger.sign(.bob, [.withdrawBond]), key: "k1")
    }

    @Test("REST-7: what could not enter a block is not kept under its key")
    func refusedAttempt() async throws {
        var bytes = market.ledger.sign(.alice, [.withdrawBond])
        bytes[bytes.count - 1] ^= 1
        let headers: HTTPFields = [.idempotencyKey: "k3"]
        for _ in 0..<2 {
            let problem = try await market.problem(
                "/transactions",
                method: .post,
                headers: headers,
                body: submission(bytes)
            )
            #expect(problem?.code == "ledger_refused")
            #expect(problem?.ledgerCode != nil)
        }
        bytes[bytes.count - 1] ^= 1
        _ = try await market.ask(
            "/transactions",
            method: .post,
            headers: headers,
            body: submission(bytes)
        )
    }

    @Test("REST-7: who submits nothing takes no key of the account that is named as the sender")
    func foreignKey() async throws {
        let bytes = market.ledger.sign(.alice, [.withdrawBond])
        let transaction = try Signed<Transaction>(canonicalBytes: bytes).document
        let stranger = Person.bob.key
        let body = #"""
            {"transaction":"\#(Hex.encode(transaction.canonicalBytes))",
             "key":"\#(stranger.publicKey)","submit":false,"signature":{"type":"ed25519",
             "signature":"\#(Hex.encode(stranger.sign(transaction).signed.signature.bytes))"}}
            """#
        func assemble(_ body: String) async throws -> APIAnswer {
            try await market.ask(
                "/transactions/assemble",
                method: .post,
                headers: [.idempotencyKey: "k4"],
                body: body
            )
        }
        for _ in 0..<2 {
            #expect(try await assemble(body).headers[.idempotencyReplayed] == nil)
        }
        let signature = Hex.encode(Person.alice.key.sign(transaction).signed.signature.bytes)
        let own = assembly(Hex.encode(transaction.canonicalBytes), signature)
        #expect(try await assemble(own).document["outcome"]?["moneyMoved"]?.bool == true)
        #expect(try await assemble(own).headers[.idempotencyReplayed] == "true")
    }

    @Test("REST-7: answers outlive the process, and go after a day")
    func keptAnswers() async throws {
        let path = market.directory + "/kept.sqlite"
        let attempt = AnswerStore.Attempt(name: "a", fingerprint: digest(1))
        let other = AnswerStore.Attempt(name: "a", fingerprint: digest(2))
        let start = MarketFixture.time
        do {
            let store = try AnswerStore(path: path)
            #expect(try await store.begin(attempt, at: start) == .new)
            #expect(try await store.begin(other, at: start) == .used)
            #expect(try await store.begin(attempt, at: start) == .new)
            try await store.endWithoutEffect(attempt)
            #expect(try await store.begin(other, at: start) == .used)
            try await store.endWithoutEffect(attempt)
            #expect(try await store.begin(other, at: start) == .new)
            try await store.endWithoutEffect(other)
            try await store.keep("{}", for: attempt, at: start)
        }
        let store = try AnswerStore(path: path)
        #expect(try await store.begin(attempt, at: start) == .answered("{}"))
        #expect(try await store.begin(other, at: start) == .used)
        let later = Timestamp(milliseconds: start.milliseconds + AnswerStore.keptMilliseconds + 1)
        #expect(try await store.begin(other, at: later) == .new)
    }

    @Test("REST-7: one key stands for one request, in any process, whatever became of it")
    func claimedKeys() async throws {
        let path = market.directory + "/claimed.sqlite"
        let attempt = AnswerStore.Attempt(name: "a", fingerprint: digest(1))
        let other = AnswerStore.Attempt(name: "a", fingerprint: digest(2))
        let start = MarketFixture.time
        let (one, two) = (try AnswerStore(path: path), try AnswerStore(path: path))
        #expect(try await one.begin(attempt, at: start) == .new)
        #expect(try await two.begin(other, at: start) == .used)
        #expect(try await two.begin(attempt, at: start) == .new)
        // The outcome of one is unknown: its process ended, or the ledger gave no answer.
        try await two.endWithoutEffect(attempt)
        let later = try AnswerStore(path: path)
        #expect(try await later.begin(other, at: start) == .used)
        #expect(try await later.begin(attempt, at: start) == .new)
        try await later.endWithoutEffect(attempt)
        #expect(try await later.begin(other, at: start) == .used)
        let day = Timestamp(milliseconds: start.milliseconds + AnswerStore.keptMilliseconds + 1)
        #expect(try await later.begin(other, at: day) == .new)
    }

    @Test("a submission that is no transaction is refused", arguments: ["00", "zz", "0"])
    func malformed(hex: String) async throws {
        let problem = try await market.problem(
            "/transactions",
            method: .post,
            body: #"{"transaction":"\#(hex)"}"#
        )
        #expect(problem?.faults.map(\.pointer) == ["#/transaction"])
    }
}
