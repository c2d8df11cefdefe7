/// One model of the list that `GET /v1/models` answers with.
public struct ModelListing: Hashable, Sendable {
    /// A further member of a listing.
    public struct Extra: Hashable, Sendable {
        /// The member's key.
        public let name: String
        /// The member's value, as JSON text.
        public let value: [UInt8]

        /// Creates a member.
        ///
        /// - Throws: ``JSONRefusal`` if `value` is not one JSON value.
        public init(name: String, value: [UInt8]) throws(JSONRefusal) {
            _ = try JSONKind.checking(value)
            self.name = name
            self.value = value
        }
    }

    /// The name that requests use.
    public let id: String
    /// When the model was offered, in seconds since 1970.
    public let createdSeconds: UInt64
    /// Who offers it.
    public let owner: String
    /// Members beyond OpenAI's, which its client keeps in `model_extra`.
    public let extras: [Extra]

    /// Creates a listing.
    public init(id: String, createdSeconds: UInt64, owner: String, extras: [Extra] = []) {
        self.id = id
        self.createdSeconds = createdSeconds
        self.owner = owner
        self.extras = extras
    }

    /// Writes `{"id","object":"model","created","owned_by",...}`.
    public func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("id", id)
            writer.member("object", "model")
            writer.member("created", createdSeconds)
            writer.member("owned_by", owner)
            for extra in extras {
                writer.key(extra.name)
                writer.raw(extra.value)
            }
        }
    }

    /// The body of `GET /v1/models`: `{"object":"list","data":[...]}`.
    public static func listBody(_ listings: [ModelListing]) -> [UInt8] {
        var writer = JSONWriter(capacityBytes: 64 + listings.count * 192)
        writer.object { writer in
            writer.member("object", "list")
            writer.key("data")
            writer.array { writer in
                for listing in listings { listing.write(to: &writer) }
            }
        }
        return writer.bytes
    }
}
