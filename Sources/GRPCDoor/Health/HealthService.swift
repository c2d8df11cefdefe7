import GRPCCore
import NIOCore
import ProtobufWire

/// gRPC's health service, as load balancers and orchestrators ask it.
struct HealthService: DoorService {
    static let name = "grpc.health.v1.Health"

    let board: HealthBoard
    let door: DoorState

    func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
        let check = Method<HealthRequest, HealthResponse>(
            name: "Check",
            limit: .seconds(10),
            kind: .brief
        )
        router.answer(check, of: Self.self, at: door) { request, _ in
            guard let standing = board.standing(of: request.service) else {
                throw RPCError.refusal(
                    .notFound,
                    "There is no such service here.",
                    reason: "no_such_service",
                    hint: "List names the services; \"\" is the whole."
                )
            }
            return HealthResponse(standing: standing)
        }
        let list = Method<EmptyRequest, HealthListResponse>(
            name: "List",
            limit: .seconds(10),
            kind: .brief
        )
        router.answer(list, of: Self.self, at: door) { _, _ in
            HealthListResponse(board: board)
        }
        let watch = Method<HealthRequest, HealthResponse>(name: "Watch", kind: .watch)
        router.stream(watch, of: Self.self, at: door) { request, _, writer in
            for await standing in board.changes(of: request.service) {
                try await writer.write(HealthResponse(standing: standing))
            }
        }
    }
}

/// Names a service.
struct HealthRequest: WireRequest {
    var service = ""

    init(fields reader: inout ProtobufReader) throws(ProtobufError) {
        while let field = try reader.nextField() {
            switch field.number {
            case 1: service = try field.string()
            default: break
            }
        }
    }
}

struct HealthResponse: WireResponse {
    let standing: HealthBoard.Standing

    func write(into writer: inout ProtobufWriter) {
        writer.write(standing.rawValue, field: 1)
    }
}

struct HealthListResponse: WireResponse {
    let board: HealthBoard

    func write(into writer: inout ProtobufWriter) {
        for (service, standing) in board.all {
            // An entry of a map: key and value are written even if they are empty.
            writer.write(message: 1) { writer in
                writer.write(service, field: 1)
                writer.write(HealthResponse(standing: standing), field: 2)
            }
        }
    }
}
