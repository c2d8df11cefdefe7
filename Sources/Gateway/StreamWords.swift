import OpenAIWire

/// How a stream is told to a client: chunk by chunk as the seller said it, or in another dialect.
struct StreamWords {
    private var dialect: (any ChatStreamDialect)?

    init(_ call: ClientCall, createdSeconds: UInt64) {
        dialect =
            switch call.dialect {
            case .own: nil
            case .messages(let model): MessagesStream(model: model, requestID: call.requestID)
            case .responses(let request):
                ResponsesStream(
                    request: request,
                    requestID: call.requestID,
                    createdSeconds: createdSeconds
                )
            }
    }

    mutating func chunk(_ data: [UInt8]) -> [UInt8] {
        dialect?.events(data) ?? EventStreamWriter.event(data: data)
    }

    /// The last words of a stream that was delivered.
    mutating func end(usage: [UInt8]?) -> [UInt8] {
        if let last = dialect?.end(usage: usage) { return last }
        return (usage.map { EventStreamWriter.event(data: $0) } ?? []) + EventStreamWriter.done
    }

    mutating func failure(_ failure: APIFailure) -> [UInt8] {
        dialect?.failure(failure) ?? EventStreamWriter.event(data: failure.body)
    }
}
