import GRPCCore
import NIOCore

/// A service of this door: its name, and the methods that it puts into a router.
protocol DoorService: RegistrableRPCService {
    /// The fully qualified name.
    static var name: String { get }
}

/// How a method is called.
struct Method<Input: WireRequest, Output: WireResponse>: Sendable {
    let name: String
    /// The longest it takes; nil for one that ends with its client.
    var limit: TimeAmount?
    var kind = DoorState.Kind.call
    var stake = Stake.nothing
    /// How long the whole message may take to come; nil for as long as most have.
    var messageSecondsMax: Int64?
    /// The largest request, in bytes.
    var bytesMax = Input.bytesMax
}

extension RPCRouter {
    /// Adds a method with one answer.
    mutating func answer<Input, Output>(
        _ method: Method<Input, Output>,
        of service: (some DoorService).Type,
        at door: DoorState,
        _ work: @Sendable @escaping (Input, CallScope) async throws -> Output
    ) {
        register(method, service, .unary) { request, context in
            let scope = method.scope(request.metadata, context, door)
            let input = try await scope.message(
                of: request.messages,
                within: method.patience(door)
            )
            let output = try await scope.run { try await work(input, scope) }
            return StreamingServerResponse(single: ServerResponse(message: output))
        }
    }

    /// Adds a method whose answers are written one after the other.
    mutating func stream<Input, Output>(
        _ method: Method<Input, Output>,
        of service: (some DoorService).Type,
        at door: DoorState,
        _ work: @Sendable @escaping (Input, CallScope, RPCWriter<Output>) async throws -> Void
    ) {
        register(method, service, .serverStreaming) { request, context in
            let scope = method.scope(request.metadata, context, door)
            let input = try await scope.message(
                of: request.messages,
                within: method.patience(door)
            )
            return StreamingServerResponse { writer in
                try await scope.run { try await work(input, scope, writer) }
                return [:]
            }
        }
    }

    /// Adds a method in which questions and answers alternate.
    mutating func converse<Input, Output>(
        _ method: Method<Input, Output>,
        of service: (some DoorService).Type,
        at door: DoorState,
        _ work: @Sendable @escaping (Input) -> Output
    ) {
        register(method, service, .bidirectionalStreaming) { request, context in
            let scope = method.scope(request.metadata, context, door)
            let clock = QuestionClock(.seconds(door.limits.questionSecondsMax))
            return StreamingServerResponse { writer in
                try await scope.run(clock: clock) {
                    for try await question in request.messages {
                        clock.wind()
                        try await writer.write(work(question))
                    }
                }
                return [:]
            }
        }
    }

    private mutating func register<Input, Output>(
        _ method: Method<Input, Output>,
        _ service: (some DoorService).Type,
        _ type: MethodDescriptor.RPCType,
        _ handler:
            @Sendable @escaping (
                StreamingServerRequest<Input>, ServerContext
            ) async throws -> StreamingServerResponse<Output>
    ) {
        registerHandler(
            forMethod: MethodDescriptor(
                fullyQualifiedService: service.name,
                method: method.name,
                type: type
            ),
            deserializer: WireReading<Input>(bytesMax: method.bytesMax),
            serializer: WireWriting<Output>(),
            handler: handler
        )
    }
}

extension Method {
    fileprivate func scope(
        _ metadata: Metadata,
        _ context: ServerContext,
        _ door: DoorState
    ) -> CallScope {
        CallScope(
            context: context,
            metadata: metadata,
            deadline: CallDeadline(metadata, limit: limit),
            kind: kind,
            stake: stake,
            door: door
        )
    }

    fileprivate func patience(_ door: DoorState) -> TimeAmount {
        .seconds(messageSecondsMax ?? door.limits.messageSecondsMax)
    }
}
