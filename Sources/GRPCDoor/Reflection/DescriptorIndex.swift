import OpenAIWire
import ProtobufWire

/// Compiled proto files, and which of them declares which name.
struct DescriptorIndex: Sendable {
    /// A file's serialized descriptor, and the files that it imports.
    private struct File: Sendable {
        let bytes: [UInt8]
        let imports: [String]
    }

    private var files: [String: File] = [:]
    /// The file of each fully qualified name.
    private var fileOfSymbol: [String: String] = [:]
    private var messages: Set<String> = []

    /// The files that were compiled from `proto/`.
    static func compiled() throws(ProtobufError) -> DescriptorIndex {
        guard let set = Base64.decode(Array(CompiledDescriptors.base64.utf8)) else {
            throw .truncated
        }
        return try DescriptorIndex(set: set)
    }

    /// Reads a serialized `FileDescriptorSet`.
    init(set: [UInt8]) throws(ProtobufError) {
        var reader = ProtobufReader(set)
        while let field = try reader.nextField() {
            if field.number == 1 { try add(file: try field.bytes()) }
        }
    }

    /// The services of all files, in order of name.
    private(set) var services: [String] = []

    /// The file of this name and all that it imports, each once, the file itself first; nil if
    /// there is none.
    func file(named name: String) -> [[UInt8]]? {
        guard files[name] != nil else { return nil }
        var names = [name]
        var index = 0
        while index < names.count {
            for needed in files[names[index]]?.imports ?? [] where !names.contains(needed) {
                names.append(needed)
            }
            index += 1
        }
        return names.compactMap { files[$0]?.bytes }
    }

    /// As ``file(named:)``, of the file that declares a fully qualified name.
    func file(containing symbol: String) -> [[UInt8]]? {
        fileOfSymbol[symbol].flatMap { file(named: $0) }
    }

    /// Whether this is a message's fully qualified name.
    func isMessage(_ name: String) -> Bool { messages.contains(name) }
}

/// What the fields of descriptors mean: google/protobuf/descriptor.proto.
extension DescriptorIndex {
    private mutating func add(file bytes: [UInt8]) throws(ProtobufError) {
        let name = try Self.text(1, in: ProtobufReader(bytes)) ?? ""
        let package = try Self.text(2, in: ProtobufReader(bytes)) ?? ""
        let scope = package.isEmpty ? "" : package + "."
        var imports: [String] = []
        var reader = ProtobufReader(bytes)
        while let field = try reader.nextField() {
            switch field.number {
            case 3: imports.append(try field.string())
            case 4: try add(message: try field.message(), scope, name)
            case 5: try add(enumeration: try field.message(), scope, name)
            case 6: try add(service: try field.message(), scope, name)
            default: break
            }
        }
        files[name] = File(bytes: bytes, imports: imports)
        services.sort()
    }

    private mutating func add(
        message: ProtobufReader,
        _ scope: String,
        _ file: String
    ) throws(ProtobufError) {
        let name = scope + (try Self.text(1, in: message) ?? "")
        note(name, file)
        messages.insert(name)
        var reader = message
        while let field = try reader.nextField() {
            switch field.number {
            case 2, 8:  // fields and oneofs
                note(name + "." + (try Self.text(1, in: try field.message()) ?? ""), file)
            case 3: try add(message: try field.message(), name + ".", file)
            case 4: try add(enumeration: try field.message(), name + ".", file)
            default: break
            }
        }
    }

    /// Adds an enumeration; its values are names beside it, not inside it.
    private mutating func add(
        enumeration: ProtobufReader,
        _ scope: String,
        _ file: String
    ) throws(ProtobufError) {
        note(scope + (try Self.text(1, in: enumeration) ?? ""), file)
        var reader = enumeration
        while let field = try reader.nextField() {
            guard field.number == 2 else { continue }
            note(scope + (try Self.text(1, in: try field.message()) ?? ""), file)
        }
    }

    private mutating func add(
        service: ProtobufReader,
        _ scope: String,
        _ file: String
    ) throws(ProtobufError) {
        let name = scope + (try Self.text(1, in: service) ?? "")
        note(name, file)
        services.append(name)
        var reader = service
        while let field = try reader.nextField() {
            guard field.number == 2 else { continue }
            note(name + "." + (try Self.text(1, in: try field.message()) ?? ""), file)
        }
    }

    private mutating func note(_ symbol: String, _ file: String) { fileOfSymbol[symbol] = file }

    /// The text in the first field of this number.
    private static func text(
        _ number: UInt32,
        in message: ProtobufReader
    ) throws(ProtobufError) -> String? {
        var reader = message
        while let field = try reader.nextField() {
            if field.number == number { return try field.string() }
        }
        return nil
    }
}
