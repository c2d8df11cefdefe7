/// Turns an upstream's vectors into the encoding that the client asked for.
public enum EmbeddingsResponse {
    /// The longest vector in numbers; today's models have at most 8,192.
    public static let dimensionsMax = 65_536
    /// The longest number in bytes.
    static let numberBytesMax = 64

    /// Replaces each `data[].embedding` list with base64 of little-endian 32-bit floats.
    ///
    /// A vector that is a string already is checked and kept; all other bytes stay as they are.
    ///
    /// - Throws: ``JSONRefusal`` if the body is not a list of at most `vectorsMax` embeddings, or
    ///   a number is not finite in 32 bits.
    public static func base64Body(
        _ body: [UInt8],
        vectorsMax: Int,
        limits: JSONLimits = .standard
    ) throws(JSONRefusal) -> [UInt8] {
        let response = try JSONObject(body, limits: limits)
        guard let entries = try response.array("data", countMax: vectorsMax) else {
            throw JSONRefusal(.wrongKind, offsetBytes: 0)
        }
        var data: [UInt8] = [UInt8(ascii: "[")]
        for entry in entries {
            let entry = try response.object(entry)
            if data.count > 1 { data.append(UInt8(ascii: ",")) }
            var editor = JSONObjectEditor(entry)
            editor.set("embedding", raw: try base64Text(of: entry))
            data.append(contentsOf: editor.finish())
        }
        data.append(UInt8(ascii: "]"))
        var editor = JSONObjectEditor(response)
        editor.set("data", raw: data)
        return editor.finish()
    }

    /// The quoted base64 of an entry's vector.
    private static func base64Text(of entry: JSONObject) throws(JSONRefusal) -> [UInt8] {
        guard let vector = entry["embedding"] else {
            throw JSONRefusal(.wrongKind, offsetBytes: entry.text.lowerBound)
        }
        if vector.kind == .string {
            let text = Array(entry.raw(vector).dropFirst().dropLast())
            guard let decoded = Base64.decode(text), decoded.count % 4 == 0 else {
                throw JSONRefusal(.outOfRange, offsetBytes: vector.range.lowerBound)
            }
            return Array(entry.raw(vector))
        }
        var quoted = [UInt8(ascii: "\"")]
        quoted.append(contentsOf: Base64.encode(try littleEndianFloats(of: vector, in: entry)))
        quoted.append(UInt8(ascii: "\""))
        return quoted
    }

    private static func littleEndianFloats(
        of vector: JSONValue,
        in entry: JSONObject
    ) throws(JSONRefusal) -> [UInt8] {
        var scanner = JSONScanner(entry.bytes, in: vector.range, depthMax: 1)
        guard vector.kind == .array else { throw scanner.refusal(.wrongKind) }
        try scanner.openContainer(depth: 0)
        var result: [UInt8] = []
        // Eight bytes of text and more are usual for each number, so this is about enough.
        result.reserveCapacity(min(vector.range.count / 2, dimensionsMax * 4))
        while try scanner.moveToElement(isFirst: result.isEmpty) {
            guard result.count < dimensionsMax * 4 else { throw scanner.refusal(.tooManyMembers) }
            let start = scanner.position
            let kind = try scanner.value(depth: 1)
            guard
                kind == .number, scanner.position - start <= numberBytesMax,
                let number = Float(
                    String(decoding: entry.bytes[start..<scanner.position], as: UTF8.self)
                ),
                number.isFinite
            else { throw JSONRefusal(.outOfRange, offsetBytes: start) }
            withUnsafeBytes(of: number.bitPattern.littleEndian) { result.append(contentsOf: $0) }
        }
        return result
    }
}
