import GRPCCore

/// gRPC's reflection service, so that clients need no proto files: both versions, whose messages
/// are the same.
struct ReflectionAnswers: Sendable {
    let index: DescriptorIndex
    /// The services that the door has been set up with.
    let services: [String]

    private static let notFound: Int64 = 5
    private static let invalidArgument: Int64 = 3

    /// Answers one question.
    func answer(_ request: ReflectionRequest) -> ReflectionResponse {
        ReflectionResponse(request: request, answer: answer(request.question))
    }

    private func answer(_ question: ReflectionRequest.Question?) -> ReflectionResponse.Answer {
        switch question {
        case .services: .services(services)
        case .file(let name):
            index.file(named: name).map { .files($0) } ?? missing("There is no such file.")
        case .symbol(let name):
            index.file(containing: name).map { .files($0) } ?? missing("Nothing has this name.")
        case .extensions(let type):
            index.isMessage(type)
                ? .noExtensions(type: type) : missing("There is no such message.")
        case .fileOfExtension: missing("There is no such extension.")
        case nil: .refused(code: Self.invalidArgument, "The request asks nothing.")
        }
    }

    private func missing(_ text: String) -> ReflectionResponse.Answer {
        .refused(code: Self.notFound, text)
    }
}

/// Reflection as clients of today ask for it.
struct ReflectionService: DoorService {
    static let name = "grpc.reflection.v1.ServerReflection"

    let answers: ReflectionAnswers
    let door: DoorState

    func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
        router.addReflection(Self.self, answers, door)
    }
}

/// Reflection as most clients still ask for it.
struct ReflectionAlphaService: DoorService {
    static let name = "grpc.reflection.v1alpha.ServerReflection"

    let answers: ReflectionAnswers
    let door: DoorState

    func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
        router.addReflection(Self.self, answers, door)
    }
}

extension RPCRouter {
    fileprivate mutating func addReflection(
        _ service: (some DoorService).Type,
        _ answers: ReflectionAnswers,
        _ door: DoorState
    ) {
        let method = Method<ReflectionRequest, ReflectionResponse>(
            name: "ServerReflectionInfo",
            kind: .watch
        )
        converse(method, of: service, at: door) { answers.answer($0) }
    }
}
