import ProtobufWire

/// A question about what the server serves.
struct ReflectionRequest: WireRequest {
    /// What is asked.
    enum Question: Hashable, Sendable {
        case file(String)
        case symbol(String)
        case fileOfExtension(type: String, number: Int32)
        case extensions(type: String)
        case services
    }

    /// The question's bytes, which the answer repeats.
    private(set) var host = ""
    private(set) var question: Question?
    /// The question's own field, for repeating it.
    private(set) var text = ""

    init(fields reader: inout ProtobufReader) throws(ProtobufError) {
        while let field = try reader.nextField() {
            switch field.number {
            case 1: host = try field.string()
            case 3:
                text = try field.string()
                question = .file(text)
            case 4:
                text = try field.string()
                question = .symbol(text)
            case 5: question = try Self.extensionQuestion(try field.message())
            case 6:
                text = try field.string()
                question = .extensions(type: text)
            case 7:
                text = try field.string()
                question = .services
            default: break
            }
        }
    }

    private static func extensionQuestion(
        _ message: ProtobufReader
    ) throws(ProtobufError) -> Question {
        var reader = message
        var type = ""
        var number: Int32 = 0
        while let field = try reader.nextField() {
            switch field.number {
            case 1: type = try field.string()
            case 2: number = try field.int32()
            default: break
            }
        }
        return .fileOfExtension(type: type, number: number)
    }
}

extension ReflectionRequest: WireResponse {
    func write(into writer: inout ProtobufWriter) {
        writer.write(host, field: 1)
        switch question {
        case .file: writer.write(always: Array(text.utf8), field: 3)
        case .symbol: writer.write(always: Array(text.utf8), field: 4)
        case .fileOfExtension(let type, let number):
            writer.write(message: 5) { writer in
                writer.write(type, field: 1)
                writer.write(Int64(number), field: 2)
            }
        case .extensions: writer.write(always: Array(text.utf8), field: 6)
        case .services: writer.write(always: Array(text.utf8), field: 7)
        case nil: break
        }
    }
}

/// The answer to one question.
struct ReflectionResponse: WireResponse {
    /// What is answered.
    enum Answer: Hashable, Sendable {
        /// Serialized descriptors.
        case files([[UInt8]])
        /// A message that nothing extends.
        case noExtensions(type: String)
        case services([String])
        /// A status code of gRPC, and a sentence.
        case refused(code: Int64, String)
    }

    let request: ReflectionRequest
    let answer: Answer

    func write(into writer: inout ProtobufWriter) {
        writer.write(request.host, field: 1)
        writer.write(request, field: 2)
        switch answer {
        case .files(let files):
            writer.write(message: 4) { writer in
                for file in files { writer.write(always: file, field: 1) }
            }
        case .noExtensions(let type):
            writer.write(message: 5) { $0.write(type, field: 1) }
        case .services(let names):
            writer.write(message: 6) { writer in
                for name in names { writer.write(message: 1) { $0.write(name, field: 1) } }
            }
        case .refused(let code, let message):
            writer.write(message: 7) { writer in
                writer.write(code, field: 1)
                writer.write(message, field: 2)
            }
        }
    }
}
