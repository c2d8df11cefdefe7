import CanonicalCoding
import HTTPTypes
import Hummingbird
import Identity
import MarketTypes
import NIOCore
import OpenAIWire
import SettlementCore
import Synchronization
import Testing

/// One admitted call of the fake seller: the answer and the receipt, right or wrong.
struct Serving: Sendable {
    let provider: FakeProvider
    let voucher: Verified<Voucher>
    let offer: Offer
    let conduct: FakeProvider.Conduct
    let inputTokens: UInt64
    let channel: any NIOCore.Channel

    static let words = ["Hello", " from", " the", " stoa"]

    /// An error that a client would take for the market's, also for a reader that is less strict.
    private static let marketWords = [
        "null", #"{"id":"c","choices":5,"error":{"message":"Send 50 STOA"}}"#,
        #"{"err\u006fr":{"message":"Send 50 STOA","money_moved":false,"status":402}}"#,
    ]
    private static let chatAnswer = #"""
        {"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,\#
        "message":{"role":"assistant","content":"Hello"},"finish_reason":"stop"}],\#
        "usage":{"prompt_tokens":20,"completion_tokens":4,"total_tokens":24}}
        """#
    private static let vectorAnswer =
        #"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[1.0,-0.5]}],"#
        + #""usage":{"prompt_tokens":3,"total_tokens":3}}"#

    func whole(path: String) async throws -> Response {
        if conduct == .hold { try await waitForRelease() }
        let failed = conduct == .upstreamFails
        let text =
            switch path {
            case _ where failed: #"{"error":{"message":"upstream"}}"#
            case CallInterface.chat.path: Self.chatAnswer
            case CallInterface.embeddings.path: Self.vectorAnswer
            default: #"{"result":42}"#
            }
        let body = Array(text.utf8)
        var chain = ResponseChain(voucher: voucher.digest)
        chain.append(conduct == .wrongResponse ? body + [0] : body)
        let receipt = try finish(failed ? .failed : .delivered, chain, outputTokens: 4)
        if conduct == .dropAfter {
            try await channel.close()
            return Response(status: .ok)
        }
        var headers: HTTPFields = [.contentType: "application/json"]
        headers[HTTPField.Name("stoa-receipt") ?? .accept] = receipt
        return Response(
            status: failed
                ? .serviceUnavailable : conduct == .chargedFailure ? .internalServerError : .ok,
            headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: body))
        )
    }

    func stream() async throws -> Response {
        if conduct == .upstreamFails { return try await whole(path: CallInterface.chat.path) }
        return Response(
            status: .ok,
            headers: [.contentType: "text/event-stream"],
            body: ResponseBody { writer in
                try await send(to: &writer)
                try await writer.finish(nil)
            }
        )
    }

    @concurrent
    private func send(to writer: inout any ResponseBodyWriter) async throws {
        var chain = ResponseChain(voucher: voucher.digest)
        func event(_ data: [UInt8]) -> ByteBuffer {
            chain.append(data)
            return ByteBuffer(bytes: EventStreamWriter.event(data: data))
        }
        do {
            for word in Self.words.prefix(conduct == .dieMidStream ? 2 : 4) {
                try await writer.write(event(chunk(word)))
            }
            if conduct == .speaksAsMarket {
                for text in Self.marketWords { try await writer.write(event(Array(text.utf8))) }
                try await writer.write(event(chunk(" for you")))
            }
            while conduct == .endless {
                try await writer.write(event(chunk(" more")))
                provider.state.withLock { $0.chunksSent += 1 }
                try await Task.sleep(for: .milliseconds(2))
            }
            while conduct == .hold, !provider.state.withLock({ $0.released }) {
                // A comment: no chunk, but writing it fails once the buyer is gone.
                try await writer.write(ByteBuffer(bytes: EventStreamWriter.comment("wait")))
                try await Task.sleep(for: .milliseconds(2))
            }
        } catch {
            _ = try finish(.partial, chain, outputTokens: 2)
            throw error
        }
        if conduct == .dieMidStream {
            _ = try finish(.partial, chain, outputTokens: 2)
            return try await channel.close()
        }
        try await writer.write(event(usage))
        try await writer.write(event(Array("[DONE]".utf8)))
        if conduct == .wrongResponse { chain.append([0]) }
        guard let receipt = try finish(.delivered, chain, outputTokens: 4) else { return }
        let last = EventStreamWriter.event(name: "stoa-receipt", data: Array(receipt.utf8))
        try await writer.write(ByteBuffer(bytes: last))
        provider.state.withLock { $0.isLingering = conduct == .lingers }
        defer { provider.state.withLock { $0.isLingering = false } }
        while conduct == .lingers {
            try await writer.write(ByteBuffer(bytes: EventStreamWriter.comment("still here")))
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    private func chunk(_ word: String) -> [UInt8] {
        let text = #"{"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"#
        return Array((text + #""delta":{"content":"\#(word)"}}]}"#).utf8)
    }

    private var usage: [UInt8] {
        Array(
            (#"{"id":"c","object":"chat.completion.chunk","choices":[],"#
                + #""usage":{"prompt_tokens":20,"completion_tokens":4}}"#).utf8
        )
    }

    private func waitForRelease() async throws {
        while !provider.state.withLock({ $0.released }) {
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    /// Ends the call in the seller's books, and returns what is sent as the receipt.
    private func finish(
        _ status: CallStatus,
        _ chain: ResponseChain,
        outputTokens: UInt64
    ) throws -> String? {
        var units = UnitCounts()
        for (unit, _) in offer.prices.prices.entries {
            switch unit {
            case .inputToken: units[unit] = inputTokens
            case .outputToken: units[unit] = outputTokens
            default: units[unit] = 1
            }
        }
        let outcome = CallOutcome(
            status: status,
            units: units,
            response: chain,
            parameters: [],
            startedAt: testNow(),
            finishedAt: testNow()
        )
        let right = try provider.state.withLock { state in
            let channel = try #require(state.channels[voucher.document.channel])
            let draft = try channel.draft(voucher, under: offer, outcome: outcome)
            let receipt = provider.receiptKey.sign(draft)
            try state.channels[voucher.document.channel]?.finish(receipt)
            return receipt
        }
        switch conduct {
        case .noReceipt: return nil
        case .malformedReceipt: return "AAAA"
        case .foreignSignature:
            return base64(provider.strangerKey.sign(right.document).signed)
        default: return base64(try bent(right, chain))
        }
    }

    /// The receipt as a crooked seller would write it.
    private func bent(
        _ right: Verified<Receipt>,
        _ chain: ResponseChain
    ) throws -> Signed<Receipt> {
        let paper = right.document
        var units = paper.units
        var charge = paper.charge
        var total = paper.total
        switch conduct {
        case .wrongCharge:
            charge = Amount(obol: charge.obol + 1)
            total = Amount(obol: total.obol + 1)
        case .wrongTotal: total = Amount(obol: total.obol + 1)
        case .overUnits:
            units[.outputToken] = 101
            charge = try offer.prices.charge(for: units)
            total = Amount(obol: total.obol - paper.charge.obol + charge.obol)
        default: return right.signed
        }
        let receipt = Receipt(
            voucher: voucher,
            status: paper.status,
            units: units,
            charge: charge,
            total: total,
            response: chain,
            weights: paper.weights,
            parameters: paper.parameters,
            startedAt: paper.startedAt,
            finishedAt: paper.finishedAt
        )
        return provider.receiptKey.sign(receipt).signed
    }

    private func base64(_ receipt: Signed<Receipt>) -> String {
        String(decoding: Base64.encode(receipt.canonicalBytes), as: UTF8.self)
    }
}
