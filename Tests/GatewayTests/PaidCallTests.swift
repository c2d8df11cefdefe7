import Foundation
import Identity
import Journal
import MarketTypes
import NIOHTTP1
import OpenAIWire
import SettlementCore
import Testing

@testable import Gateway

/// What a client sees of calls that go well, and what the journal keeps of them.
@Suite("Paid calls", .timeLimit(.minutes(2)))
struct PaidCallTests {
    @Test("a chat answer carries its cost and the name of its receipt")
    func chat() async throws {
        try await withMarket { market in
            let (answer, receipts) = try await market.withGateway { buyer in
                (try await buyer.chat(), try await buyer.get("/stoa/v1/receipts").json)
            }
            #expect(answer.status == 200)
            #expect(answer.header("x-stoa-cost") == "240")  // (20 + 4) tokens at 10 obol
            let usage = try #require(try answer.json.object("usage"))
            #expect(try usage.unsigned("cost") == 240)
            #expect(try usage.unsigned("prompt_tokens") == 20)
            let name = try #require(answer.header("x-stoa-receipt"))
            #expect(try usage.string("receipt") == name)
            let seller = market.sellers[0].account.accountID
            #expect(answer.header("x-stoa-seller") == seller.description)
            #expect(answer.header("x-request-id")?.isEmpty == false)
            #expect(try receipts.objects("data").first?.string("id") == name)
            #expect(market.sellers[0].earned == 240)
        }
    }

    @Test("P5: a stored receipt verifies without asking anybody, and a changed one does not")
    func archive() async throws {
        try await withMarket { market in
            let name = try await market.withGateway { buyer in
                _ = try await buyer.chat(Buyer.stream)
                let answer = try await buyer.chat()
                return try #require(answer.header("x-stoa-receipt"))
            }
            let archive = ReceiptArchive(directory: market.journalDirectory)
            #expect(try archive.recent(limit: 10).count == 2)
            #expect(try archive.recent(limit: 1).first?.digest.description == name)
            let found = try archive.find(digestPrefix: String(name.prefix(12)).uppercased())
            let call = try #require(found.first)
            #expect(found.count == 1)
            try call.verify()
            try StoredCall(voucher: call.voucher, receipt: call.receipt, offer: call.offer).verify()
            let other = try #require(try archive.recent(limit: 2).last)
            let mixed = StoredCall(
                voucher: call.voucher,
                receipt: other.receipt,
                offer: call.offer,
                channel: call.channel
            )
            #expect(throws: StoredCallError.self) { try mixed.verify() }
            let forged = StoredCall(
                voucher: call.voucher,
                receipt: Signed(
                    document: other.receipt.document,
                    key: call.receipt.key,
                    signature: call.receipt.signature
                ),
                offer: call.offer
            )
            #expect(throws: StoredCallError.signature(.invalidSignature)) { try forged.verify() }
            #expect(try archive.find(digestPrefix: "00ff00ff00").isEmpty)
        }
    }

    /// A copy of a journal with hardly more than one record in a segment.
    private func segmented(_ directory: String) async throws -> String {
        var records: [[UInt8]] = []
        try Journal.read(directory: directory) { _, bytes in
            records.append(bytes)
            return true
        }
        let most = try #require(records.map(\.count).max())
        let copy = directory + "-segmented"
        let configuration = JournalConfiguration(
            directory: copy,
            segmentBytesMax: UInt64(most) + 1_000,
            recordBytesMax: most,
            queuedBytesMax: most + 100
        )
        let journal = try Journal.open(configuration) { _, _ in }
        for record in records { _ = try await journal.append(record) }
        journal.close()
        return copy
    }

    @Test("PRT-116: a receipt is found from the journal's end, wherever what it refers to is")
    func newestFirst() async throws {
        try await withMarket { market in
            try await market.withGateway { buyer in
                for _ in 0..<3 { _ = try await buyer.chat() }
            }
            let whole = ReceiptArchive(directory: market.journalDirectory)
            let copy = try await segmented(market.journalDirectory)
            defer { try? FileManager.default.removeItem(atPath: copy) }
            let parts = ReceiptArchive(directory: copy)
            let calls = try whole.recent(limit: 9)
            #expect(calls.count == 3)
            for archive in [whole, parts] {
                for call in calls {
                    let found = try archive.newest(
                        call.digest,
                        segmentsMax: 100,
                        referencesMax: 100
                    )
                    #expect(found == call)
                }
                #expect(try archive.newest(.zero, segmentsMax: 100, referencesMax: 100) == nil)
            }
            // Too far back: the receipt, or what it refers to.
            let (last, first) = (try #require(calls.first), try #require(calls.last))
            #expect(try parts.newest(first.digest, segmentsMax: 1, referencesMax: 100) == nil)
            #expect(try parts.newest(last.digest, segmentsMax: 100, referencesMax: 1) == nil)
        }
    }

    @Test("the archive can be read while the gateway runs")
    func archiveBesideGateway() async throws {
        try await withMarket { market in
            try await market.withGateway { buyer in
                _ = try await buyer.chat()
                let archive = ReceiptArchive(directory: market.journalDirectory)
                #expect(try archive.recent(limit: 5).count == 1)
            }
        }
    }

    @Test("a stream ends with the receipt's name and [DONE], and has no usage unless asked")
    func stream() async throws {
        try await withMarket { market in
            let answer = try await market.withGateway { try await $0.chat(Buyer.stream) }
            #expect(answer.status == 200)
            #expect(answer.header("content-type") == "text/event-stream")
            let events = try answer.events
            #expect(events.count == 5)
            #expect(events.last == "[DONE]")
            #expect(!events.contains { $0.contains("usage") })
            #expect(answer.text.contains(": stoa-receipt "))
            #expect(answer.text.contains(" cost=240"))
            #expect(!answer.text.contains("event: stoa-receipt"))
            #expect(market.sellers[0].earned == 240)
        }
    }

    @Test("a stream with usage has the cost and the receipt in its last chunk")
    func streamWithUsage() async throws {
        try await withMarket { market in
            let answer = try await market.withGateway { try await $0.chat(Buyer.streamWithUsage) }
            let events = try answer.events
            #expect(events.count == 6)
            let last = try JSONObject(Array(events[4].utf8))
            let usage = try #require(try last.object("usage"))
            #expect(try usage.unsigned("cost") == 240)
            let archive = ReceiptArchive(directory: market.journalDirectory)
            let stored = try #require(try archive.recent(limit: 1).first)
            #expect(try usage.string("receipt") == stored.digest.description)
            #expect(stored.receipt.document.chunks == 6)
        }
    }

    @Test("embeddings come as base64 when the client asks, and as numbers when it does not")
    func embeddings() async throws {
        try await withMarket { market in
            let (packed, plain) = try await market.withGateway { buyer in
                let path = "/v1/embeddings"
                let body = #"{"model":"stoa-embed","input":"x""#
                return (
                    try await buyer.post(path, body + #","encoding_format":"base64"}"#),
                    try await buyer.post(path, body + "}")
                )
            }
            let vector = try #require(try packed.json.objects("data").first?.string("embedding"))
            let bytes = try #require(Base64.decode(Array(vector.utf8)))
            #expect(bytes == [0, 0, 0x80, 0x3F, 0, 0, 0, 0xBF])
            #expect(try plain.json.objects("data").first?["embedding"]?.kind == .array)
            #expect(try packed.json.number("usage", "cost") == 200)
        }
    }

    @Test("any JSON can be bought through /v1/call")
    func json() async throws {
        try await withMarket { market in
            let answer = try await market.withGateway { buyer in
                try await buyer.post(
                    "/v1/call",
                    "[1,2,3]",
                    headers: ["x-stoa-model": "stoa-tool"]
                )
            }
            #expect(answer.text == #"{"result":42}"#)
            #expect(answer.header("x-stoa-cost") == "10")
        }
    }

    @Test("models are listed with prices, seller and bond")
    func models() async throws {
        try await withMarket(sellers: 2) { market in
            let (list, one, none) = try await market.withGateway { buyer in
                (
                    try await buyer.get("/v1/models").json,
                    try await buyer.get("/v1/models/stoa-small").json,
                    try await buyer.get("/v1/models/nothing")
                )
            }
            let data = try list.objects("data")
            let names = try data.map { try $0.string("id") }
            #expect(names == ["stoa-embed", "stoa-small", "stoa-tool"])
            #expect(
                try one.string("owned_by") == market.sellers[0].account.accountID.description
            )
            #expect(try one.number("prices", "input_token", "obol") == 10)
            #expect(try one.number("bond_obol") == 0)
            #expect(try one.objects("offers").count == 2)
            #expect(none.status == 404)
        }
    }

    @Test("P3: many calls are bought with one transaction")
    func oneTransaction() async throws {
        try await withMarket { market in
            let before = market.ledger.submissions
            try await market.withGateway { buyer in
                for _ in 0..<20 {
                    let answer = try await buyer.chat()
                    #expect(answer.status == 200)
                }
            }
            #expect(market.ledger.submissions == before + 1)
            #expect(market.sellers[0].earned == 20 * 240)
        }
    }
}
