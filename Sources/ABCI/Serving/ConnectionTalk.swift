/// One connection's side of the protocol without its socket: bytes in, bytes out.
///
/// ```
/// receive ──▶ frames ──▶ answers in the same order ──▶ bytes to write
///                              └─ malformed or refused: an exception, then isOver
/// ```
/// Every request of what has arrived is answered before anything is written, so Flush, which
/// asks for just that, costs nothing of its own.
struct ConnectionTalk {
    /// How many CheckTx are handed over together at most; the engine keeps 256 under way.
    static let checksMax = 256
    /// How many bytes of answers gather at most before they are written.
    static let gatheredBytesMax = 64 << 10

    /// What ended a run of CheckTx: their answers go out before it is looked at.
    private enum Next {
        case request(EngineRequest)
        case fault(FrameError)
    }

    private let application: any EngineApplication
    private let connection: ConnectionNumber
    private var frames = FrameBuffer()
    private var checks: [CheckTransactionRequest] = []
    private var next: Next?

    /// Why the connection must end, once it must.
    private(set) var failure: (any Error)?
    /// Whether the other side has shown that it is an engine: by Info, or, where the state is
    /// taken from others, by the first offer.
    private(set) var hasIntroduced = false
    /// The last request, for the log.
    private(set) var lastRequest = "none"

    init(application: any EngineApplication, connection: ConnectionNumber) {
        self.application = application
        self.connection = connection
    }

    var isOver: Bool { failure != nil }
    /// Whether a frame has begun and not ended.
    var isTorn: Bool { frames.byteCount > 0 }

    /// Takes in what arrived.
    mutating func receive(_ bytes: some Sequence<UInt8>) { frames.append(bytes) }

    /// The next bytes to write, or nil if more must arrive first.
    ///
    /// `bytesMax` says how long a frame may be; it is asked before each one.
    mutating func answers(bytesMax: () -> Int) -> [UInt8]? {
        var out: [UInt8] = []
        while !isOver, out.count < Self.gatheredBytesMax {
            do {
                guard try answerOne(into: &out, bytesMax: bytesMax) else { break }
            } catch {
                failure = error
                append(.exception(TextMessage("\(error)")), to: &out)
            }
        }
        return out.isEmpty ? nil : out
    }

    private mutating func answerOne(
        into out: inout [UInt8],
        bytesMax: () -> Int
    ) throws -> Bool {
        gatherChecks(bytesMax: bytesMax)
        if !checks.isEmpty {
            lastRequest = "CheckTx"
            defer { checks.removeAll(keepingCapacity: true) }
            for result in application.check(checks) { append(.checkTransaction(result), to: &out) }
            return true
        }
        switch next.take() {
        case .request(let request):
            lastRequest = request.name
            append(try answer(request), to: &out)
            hasIntroduced = hasIntroduced || request.isIntroduction
            return true
        case .fault(let fault): throw fault
        case nil: return false
        }
    }

    /// Takes CheckTx after CheckTx until something else comes, which then is `next`.
    private mutating func gatherChecks(bytesMax: () -> Int) {
        while next == nil, checks.count < Self.checksMax {
            do throws(FrameError) {
                guard let frame = try frames.nextFrame(bytesMax: bytesMax()) else { return }
                switch try EngineRequest(wireBytes: frame) {
                case .checkTransaction(let check): checks.append(check)
                case let request: next = .request(request)
                }
            } catch {
                next = .fault(error)
            }
        }
    }

    private func answer(_ request: EngineRequest) throws -> EngineResponse {
        switch request {
        case .echo(let message): .echo(message)
        case .flush: .flush
        default: try application.answer(request, on: connection)
        }
    }

    private func append(_ response: EngineResponse, to out: inout [UInt8]) {
        out += FrameBuffer.frame(response.wireBytes)
    }
}

extension EngineRequest {
    fileprivate var isIntroduction: Bool {
        switch self {
        case .info, .offerSnapshot: true
        default: false
        }
    }
}
