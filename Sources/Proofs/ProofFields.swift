import CanonicalCoding
import MarketTypes

/// The members of one object in a proof file: exactly those that are expected.
struct ProofFields {
    /// The largest single value in bytes: a light block is the largest there is.
    static let valueBytesMax = 256 << 10

    private let path: String
    private let members: [ProofJSON.Member]

    /// Opens an object; which members it must have is said later, by ``require(_:)``.
    init(_ value: ProofJSON, _ path: String) throws(ProofRefusal) {
        guard case .object(let members) = value else {
            let isWhole = path.isEmpty
            throw ProofRefusal(
                isWhole ? "file" : path,
                isWhole ? .malformedDocument : .malformedValue
            )
        }
        self.path = path
        self.members = members
    }

    /// Refuses members beyond `names`, in the file's order, and then missing ones, in this order.
    func require(_ names: [String]) throws(ProofRefusal) {
        for member in members where !names.contains(member.name) {
            throw ProofRefusal(name(member.name), .unknownField)
        }
        for name in names { _ = try self[name] }
    }

    /// The full name of a member.
    func name(_ member: String) -> String { path.isEmpty ? member : "\(path).\(member)" }

    subscript(_ member: String) -> ProofJSON {
        get throws(ProofRefusal) {
            guard let found = members.first(where: { $0.name == member }) else {
                throw ProofRefusal(name(member), .missingField)
            }
            return found.value
        }
    }

    func malformed(_ member: String) -> ProofRefusal {
        ProofRefusal(name(member), .malformedValue)
    }

    /// A refusal of the object as a whole.
    func refusal(_ fault: ProofFault) -> ProofRefusal { ProofRefusal(path, fault) }

    func text(_ member: String) throws(ProofRefusal) -> String {
        guard case .text(let text) = try self[member] else { throw malformed(member) }
        return text
    }

    /// A member that must be exactly `text`, because nothing else is known.
    func check(_ member: String, is expected: ProofJSON) throws(ProofRefusal) {
        guard try self[member] == expected else {
            throw ProofRefusal(name(member), .unsupported)
        }
    }

    func fields(_ member: String) throws(ProofRefusal) -> ProofFields {
        try ProofFields(try self[member], name(member))
    }

    func list(_ member: String, countMax: Int) throws(ProofRefusal) -> [ProofJSON] {
        guard case .list(let elements) = try self[member], elements.count <= countMax else {
            throw malformed(member)
        }
        return elements
    }

    /// Bytes in lower-case hex: upper case would be a second spelling.
    func bytes(_ member: String) throws(ProofRefusal) -> [UInt8] {
        guard let bytes = Self.bytes(try self[member]) else { throw malformed(member) }
        return bytes
    }

    static func bytes(_ value: ProofJSON) -> [UInt8]? {
        guard case .text(let text) = value, text.utf8.count <= 2 * valueBytesMax,
            !text.utf8.contains(where: { UInt8(ascii: "A")...UInt8(ascii: "F") ~= $0 })
        else { return nil }
        return Hex.decode(text)
    }

    func document<Document: CanonicalCodable>(
        _ member: String
    ) throws(ProofRefusal) -> Document {
        do {
            return try Document(canonicalBytes: try bytes(member))
        } catch {
            throw malformed(member)
        }
    }

    /// An integer of 64 bits, as decimal text without sign or leading zeros.
    func integer(_ member: String) throws(ProofRefusal) -> UInt64 {
        let text = try text(member)
        guard let number = UInt64(text), String(number) == text else { throw malformed(member) }
        return number
    }
}
