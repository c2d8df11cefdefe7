import GRPCCore

/// Whether money moved although a call has no answer.
enum MoneyMoved: String, Sendable {
    case no = "false"
    case unknown
}

extension RPCError {
    /// What a refused client reads in the trailers (GRPC-10).
    private enum Trailer {
        static let reason = "stoa-reason"
        static let code = "stoa-code"
        static let moneyMoved = "stoa-money-moved"
        static let hint = "stoa-hint"
    }

    /// An error that says what happened, whether money moved, and who must do what.
    ///
    /// - Parameters:
    ///   - reason: a stable word for programs.
    ///   - number: the ledger's or settlement's number of the refusal, if it has one.
    static func refusal(
        _ status: Code,
        _ message: String,
        reason: String,
        number: UInt32? = nil,
        moneyMoved: MoneyMoved = .no,
        hint: String? = nil
    ) -> RPCError {
        var metadata = Metadata()
        metadata.addString(headerText(reason), forKey: Trailer.reason)
        if let number { metadata.addString("\(number)", forKey: Trailer.code) }
        metadata.addString(moneyMoved.rawValue, forKey: Trailer.moneyMoved)
        if let hint { metadata.addString(headerText(hint), forKey: Trailer.hint) }
        return RPCError(code: status, message: cut(message), metadata: metadata)
    }

    /// The longest message and hint: trailers share what a client reads of headers, 8 KiB.
    private static let textBytesMax = 1024

    private static func cut(_ text: String) -> String {
        guard text.utf8.count > textBytesMax else { return text }
        return String(decoding: text.utf8.prefix(textBytesMax), as: UTF8.self)
    }

    /// Text as a header may carry it: printable ASCII.
    private static func headerText(_ text: String) -> String {
        let printable: ClosedRange<UInt8> = 0x20...0x7e
        let bytes = text.utf8.prefix(textBytesMax).map { byte in
            printable.contains(byte) ? byte : UInt8(ascii: "?")
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
