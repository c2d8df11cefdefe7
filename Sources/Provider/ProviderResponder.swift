import CanonicalCoding
import HTTPTypes
import Hummingbird
import Identity
import MarketTypes
import NIOCore
import OpenAIWire
import SettlementCore

/// What a request knows of the connection it came on.
struct ProviderContext: InitializableFromSource, Sendable {
    let channel: any NIOCore.Channel

    init(source: ApplicationRequestContextSource) {
        channel = source.channel
    }
}

/// The provider's paths (docs/spec/call.md): those that are paid, one for each interface, and those
/// that anybody may read.
struct ProviderResponder: HTTPResponder {
    typealias Context = ProviderContext

    private let parts: ProviderParts
    private let runner: CallRunner

    init(parts: ProviderParts) {
        self.parts = parts
        runner = CallRunner(parts: parts)
    }

    func respond(to request: Request, context: ProviderContext) async throws -> Response {
        let path = request.uri.path
        switch (request.method, path) {
        case (.post, _):
            guard let interface = CallInterface(path: path) else { break }
            return await runner.run(request, for: interface, on: context.channel)
        case (.get, "/stoa/v1/offers"): return .json(parts.board.listing)
        case (.get, "/stoa/v1/health"): return health
        case (.get, _) where path.hasPrefix(LanePage.prefix):
            guard let page = LanePage(path) else { break }
            let standing = parts.desk.withBook { $0.standing(page.channel, page.lane) }
            return .json(page.body(standing))
        case (.get, _) where path.hasPrefix(PassPage.prefix):
            guard let page = PassPage(path) else { break }
            return .json(page.body(parts.desk.withBook { $0.passes.used(of: page.pass) }))
        case (.get, _) where path.hasPrefix(InclusionPage.prefix):
            guard let page = InclusionPage(path) else { break }
            return page.response(await parts.inclusions.find(page.receipt))
        default: break
        }
        return .failure(
            APIFailure(.notFound, message: "There is no \(request.method) \(path).")
        )
    }

    private var health: Response {
        guard parts.desk.isWorking, !parts.board.isDown else {
            let status = parts.desk.isWorking ? "upstreams down" : "journal failed"
            return .json(
                Array(#"{"status":"\#(status)"}"#.utf8),
                status: .serviceUnavailable
            )
        }
        return .json(Array(#"{"status":"ok"}"#.utf8))
    }
}

/// How one lane stands, in JSON (CALL-9).
struct LanePage: Hashable, Sendable {
    static let prefix = "/stoa/v1/lanes/"

    let channel: ChannelID
    let lane: LaneID

    /// Reads `/stoa/v1/lanes/<64 hex digits>/<decimal number>`; nil for anything else.
    init?(_ path: String) {
        let parts = path.dropFirst(Self.prefix.count)
            .split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.count == 2 * Digest.byteCount,
            let digest = Digest(hex: String(parts[0])), let number = UInt16(parts[1]),
            String(number) == parts[1]
        else { return nil }
        channel = ChannelID(digest)
        lane = LaneID(number)
    }

    func body(_ standing: LaneStanding) -> [UInt8] {
        var writer = JSONWriter(capacityBytes: 2048)
        writer.object { writer in
            writer.member("channel", channel.digest.description)
            writer.member("lane", lane.rawValue)
            writer.member("sequence", standing.sequence)
            writer.key("open")
            if let open = standing.open { writer.integer(open) } else { writer.null() }
            writer.member("voucher", base64: standing.last?.voucher.signed.canonicalBytes)
            writer.member("receipt", base64: standing.last?.receipt.signed.canonicalBytes)
        }
        return writer.bytes
    }
}
