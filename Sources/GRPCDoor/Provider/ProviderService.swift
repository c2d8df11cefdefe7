import AsyncHTTPClient
import GRPCCore
import MarketTypes
import NIOCore
import NIOHTTP1
import OpenAIWire
import SettlementCore

/// The provider's methods, answered by its HTTP interface (docs/spec/call.md).
struct ProviderService: DoorService {
    static let name = "stoa.provider.v1.Provider"

    let backend: Backend
    let limits: GRPCDoorConfiguration.Limits
    let door: DoorState

    func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
        router.answer(read("Offers"), of: Self.self, at: door) { (_: EmptyRequest, scope) in
            guard let offers = OffersResponse(json: try await get("/stoa/v1/offers", scope)) else {
                throw ProviderRefusals.malformed
            }
            return offers
        }
        router.answer(read("Lane"), of: Self.self, at: door) { request, scope in
            try await lane(request, scope)
        }
        router.answer(paid("Call"), of: Self.self, at: door) { request, scope in
            try await PaidExchange(request, backend, limits, scope).whole()
        }
        router.stream(paid("StreamCall"), of: Self.self, at: door) { request, scope, writer in
            try await PaidExchange(request, backend, limits, scope).stream(to: writer)
        }
    }

    private func read<Input, Output>(_ name: String) -> Method<Input, Output> {
        Method(name: name, limit: .seconds(limits.nodeSecondsMax))
    }

    private func paid<Output>(_ name: String) -> Method<CallRequest, Output> {
        Method(
            name: name,
            limit: .seconds(limits.callSecondsMax),
            stake: .voucher,
            messageSecondsMax: limits.bodySecondsMax,
            bytesMax: limits.bodyBytesMax + 2048
        )
    }

    private func lane(_ request: LaneRequest, _ scope: CallScope) async throws -> LaneResponse {
        guard request.channel.count == Digest.byteCount, let lane = UInt16(exactly: request.lane)
        else {
            throw RPCError.refusal(
                .invalidArgument,
                "A channel has \(Digest.byteCount) bytes, and a lane is below 65536.",
                reason: "bad_lane",
                hint: "Mend the request."
            )
        }
        let path = "/stoa/v1/lanes/\(Hex.encode(request.channel))/\(lane)"
        guard let standing = LaneResponse(json: try await get(path, scope)) else {
            throw ProviderRefusals.malformed
        }
        return standing
    }

    private func get(_ path: String, _ scope: CallScope) async throws -> [UInt8] {
        let answer = try await backend.get(
            path,
            answerBytesMax: limits.answerBytesMax,
            deadline: scope.deadline?.time ?? .now() + .seconds(limits.nodeSecondsMax)
        )
        guard answer.status == 200 else {
            throw ProviderRefusals.unanswered(answer)
        }
        return answer.body
    }
}
