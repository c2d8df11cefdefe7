import AsyncHTTPClient
import CanonicalCoding
import HTTPTypes
import Hummingbird
import Identity
import LedgerClient
import LedgerCore
import MarketTypes
import NIOCore
import OpenAIWire
import SettlementCore
import Synchronization
import Testing

/// A seller's side of call.md: honest, or crooked in one way.
final class FakeProvider: Sendable {
    /// What the seller does with calls.
    enum Conduct: Hashable, Sendable {
        case honest
        /// Charges one obol more than units × price.
        case wrongCharge
        /// Adds one obol to the running total, as if for an earlier call.
        case wrongTotal
        /// Signs receipts with another key.
        case foreignSignature
        case noReceipt
        /// Sends bytes that are no receipt.
        case malformedReceipt
        /// The receipt is about other bytes than were sent.
        case wrongResponse
        /// Counts more units than the call could use, at the right price.
        case overUnits
        /// Refuses every voucher with this number.
        case refuse(UInt32)
        /// The upstream fails: a failed receipt.
        case upstreamFails
        /// Answers 503 and neither admits nor signs.
        case busy
        /// Takes the voucher, sends two chunks, and drops the connection.
        case dieMidStream
        /// Drops the connection before it takes the voucher.
        case dropBefore
        /// Takes the voucher, finishes the receipt, and drops the connection.
        case dropAfter
        /// Sends chunks until the buyer goes away.
        case endless
        /// Sends all of a stream, and then remarks until the buyer goes away.
        case lingers
        /// Says that the request is at fault, whatever it is, and neither admits nor signs.
        case calledFaulty
        /// Does not take what is in the request, and neither admits nor signs.
        case takesNoLinks
        /// A receipt of a delivered call beside an answer that says it failed.
        case chargedFailure
        /// Speaks as the market in a stream's middle, and charges it as delivered.
        case speaksAsMarket
        /// Answers as a stream though nobody asked for one.
        case streamsAlways
        /// Takes the voucher and waits until it is released; a stream also until the buyer leaves.
        case hold
    }

    struct State {
        var conduct = Conduct.honest
        var channels: [ChannelID: PayeeChannel] = [:]
        var calls = 0
        var inProgress = 0
        var inProgressMax = 0
        var answersLanes = true
        /// How often somebody asked how a lane stands.
        var lanesAsked = 0
        var released = false
        var chunksSent = 0
        var isLingering = false
    }

    let account: SigningKey
    let receiptKey: SigningKey
    let strangerKey: SigningKey
    let ledger: FakeLedger
    let state = Mutex(State())
    let offers = Mutex<[OfferID: Offer]>([:])

    init(seed: UInt8, ledger: FakeLedger) throws {
        func key(_ part: UInt8) throws -> SigningKey {
            var bytes = [UInt8](repeating: seed, count: 32)
            bytes[0] = part
            return try #require(SigningKey(seed: bytes))
        }
        account = try key(1)
        receiptKey = try key(2)
        strangerKey = try key(3)
        self.ledger = ledger
    }

    var conduct: Conduct {
        get { state.withLock { $0.conduct } }
        set { state.withLock { $0.conduct = newValue } }
    }

    /// How many vouchers arrived.
    var calls: Int { state.withLock { $0.calls } }

    /// What the receipts of all channels add up to, in obol.
    var earned: UInt128 {
        state.withLock { $0.channels.values.reduce(0) { $0 + $1.earned.obol } }
    }

    func release() { state.withLock { $0.released = true } }

    /// Serves until cancelled; tells the port.
    func run(onListening: @escaping @Sendable (Int) -> Void) async throws {
        let app = Application(
            responder: CallbackResponder(callback: { (request: Request, context: Context) in
                try await self.respond(to: request, context)
            }),
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { onListening($0.localAddress?.port ?? 0) },
            logger: quietLogger
        )
        try await app.run()
    }

    struct Context: InitializableFromSource, Sendable {
        let channel: any NIOCore.Channel
        init(source: ApplicationRequestContextSource) { channel = source.channel }
    }

    private func respond(to request: Request, _ context: Context) async throws -> Response {
        let path = request.uri.path
        if path.hasPrefix("/stoa/v1/lanes/") { return lane(path) }
        let body = try await request.body.collect(upTo: 1 << 22)
        let bytes = body.getBytes(at: body.readerIndex, length: body.readableBytes) ?? []
        state.withLock {
            $0.calls += 1
            $0.inProgress += 1
            $0.inProgressMax = max($0.inProgressMax, $0.inProgress)
        }
        defer { state.withLock { $0.inProgress -= 1 } }
        let conduct = self.conduct
        switch conduct {
        case .refuse(let code): return refusal(code)
        case .busy: return Response(status: .serviceUnavailable)
        case .takesNoLinks: return Response(status: .unsupportedMediaType)
        case .calledFaulty:
            let body = #"{"error":{"message":"not this","type":"invalid_request_error"}}"#
            return Response(
                status: .badRequest,
                body: ResponseBody(byteBuffer: ByteBuffer(string: body))
            )
        case .dropBefore:
            try await context.channel.close()
            return Response(status: .ok)
        default: break
        }
        guard let text = request.headers[HTTPField.Name("stoa-voucher") ?? .accept],
            let paper = Base64.decode(Array(text.utf8)),
            let signed = try? Signed<Voucher>(canonicalBytes: paper),
            let voucher = try? signed.verified(),
            let offer = offers.withLock({ $0[voucher.document.offer] })
        else { return refusal(700 + SettlementRefusal.wrongOffer.code) }
        do {
            try await admit(voucher, offer, path: path, body: bytes)
        } catch let refusal as SettlementRefusal {
            return self.refusal(700 + refusal.code)
        }
        let serving = Serving(
            provider: self,
            voucher: voucher,
            offer: offer,
            conduct: conduct,
            inputTokens: UInt64(min(bytes.count, 20)),
            channel: context.channel
        )
        let isStreaming = (try? ChatRequest(bytes))?.isStreaming == true
        if path == CallInterface.chat.path, isStreaming || conduct == .streamsAlways {
            return try await serving.stream()
        }
        return try await serving.whole(path: path)
    }

    private func admit(
        _ voucher: Verified<Voucher>,
        _ offer: Offer,
        path: String,
        body: [UInt8]
    ) async throws {
        let id = voucher.document.channel
        guard let onLedger = try await ledger.channel(id) else {
            throw SettlementRefusal.wrongChannel
        }
        let terms = onLedger.terms(id: id, chain: ledger.genesis.chain)
        let asked = (try? ChatRequest(body))?.outputTokensMax
        let units = offer.unitsMax(
            requestBytes: body.count,
            outputTokens: UInt32(clamping: asked ?? UInt64(offer.limits.outputTokensMax))
        )
        let charge = try offer.prices.charge(for: units)
        try state.withLock { state in
            if state.channels[id] == nil { state.channels[id] = PayeeChannel(terms: terms) }
            try state.channels[id]?.update(terms)
            try state.channels[id]?.admit(
                voucher,
                under: offer,
                request: RequestDigest.of(path: path, body: body),
                chargeMax: charge,
                now: testNow()
            )
        }
    }

    private func refusal(_ code: UInt32) -> Response {
        let body = #"{"error":{"message":"no","code":"voucher_refused","stoa_code":\#(code)}}"#
        return Response(
            status: HTTPResponse.Status(code: 402),
            body: ResponseBody(byteBuffer: ByteBuffer(string: body))
        )
    }

    /// `GET /stoa/v1/lanes/<channel>/<lane>` (CALL-9).
    private func lane(_ path: String) -> Response {
        let parts = path.split(separator: "/")
        let answers = state.withLock { state in
            state.lanesAsked += 1
            return state.answersLanes
        }
        guard answers else {
            return Response(status: .serviceUnavailable)
        }
        guard parts.count == 5, let id = Digest(hex: String(parts[3])).map(ChannelID.init),
            let lane = Int(parts[4]),
            let entry = state.withLock({ $0.channels[id]?.lanes[lane] })
        else { return Response(status: .notFound) }
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("channel", id.digest.description)
            writer.member("lane", lane)
            writer.member("sequence", entry.sequence)
            writer.key("open")
            if let open = entry.open {
                writer.integer(open.document.sequence)
            } else {
                writer.null()
            }
            func text(_ paper: [UInt8]?) -> String? {
                paper.map { String(decoding: Base64.encode($0), as: UTF8.self) }
            }
            writer.member("voucher", text(entry.last?.voucher.signed.canonicalBytes))
            writer.member("receipt", text(entry.last?.receipt.signed.canonicalBytes))
        }
        return Response(
            status: .ok,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: writer.bytes))
        )
    }
}
