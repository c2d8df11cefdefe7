import ProtobufWire
import Telemetry

/// Spans as a request to a collector: `ExportTraceServiceRequest` of the OpenTelemetry protocol,
/// version 1, in protobuf.
enum OTLPTraces {
    private enum Kind: UInt64 {
        case server = 2
        case client = 3
    }

    /// The content type of the bytes.
    static let contentType = "application/x-protobuf"
    /// The instrumentation scope that the spans are of.
    private static let scope = "stoa"

    /// The request that tells spans of one process.
    ///
    /// - Parameter resource: what the process says of itself, in the order given.
    static func request(_ spans: [SpanRecord], resource: [(String, String)]) -> [UInt8] {
        var writer = ProtobufWriter()
        writer.write(message: 1) { writer in
            writer.write(message: 1) { writer in
                for (key, value) in resource { text(key, value, field: 1, &writer) }
            }
            writer.write(message: 2) { writer in
                writer.write(message: 1) { $0.write(scope, field: 1) }
                for span in spans { writer.write(message: 2) { write(span, &$0) } }
            }
        }
        return writer.bytes
    }

    /// How many spans of a request a collector says that it did not take; nil if it took all, or
    /// its answer cannot be read.
    static func rejected(_ response: [UInt8]) -> UInt64? {
        do {
            var reader = ProtobufReader(response)
            while let field = try reader.nextField() {
                guard field.number == 1 else { continue }
                var partial = try field.message()
                while let field = try partial.nextField() {
                    guard field.number == 1, let count = UInt64(exactly: try field.int64()),
                        count > 0
                    else { continue }
                    return count
                }
            }
        } catch { return nil }
        return nil
    }

    private static func write(_ span: SpanRecord, _ writer: inout ProtobufWriter) {
        writer.write(span.context.trace, field: 1)
        writer.write(span.context.span, field: 2)
        writer.write(span.parent ?? [], field: 4)
        writer.write(span.name, field: 5)
        let kind = span.name == Span.requestName ? Kind.server : .client
        writer.write(kind.rawValue, field: 6)
        let start = Int64(clamping: span.startMicroseconds)
        let end = start.addingReportingOverflow(Int64(clamping: span.durationMicroseconds))
        writer.write(sfixed64: nanoseconds(start), field: 7)
        writer.write(sfixed64: nanoseconds(end.overflow ? .max : end.partialValue), field: 8)
        if let status = span.status {
            writer.write(message: 9) { writer in
                writer.write("http.response.status_code", field: 1)
                writer.write(message: 2) { $0.write(Int64(status), field: 3) }
            }
        }
        if let requestID = span.requestID { text("stoa.request_id", requestID, field: 9, &writer) }
        // Of a server's span what the client did wrong is no error; of a client's it is
        // (semantic conventions for HTTP spans, "Status").
        let errors = kind == .server ? 500 : 400
        if let status = span.status, status >= errors {
            writer.write(message: 15) { $0.write(UInt64(2), field: 3) }
        }
    }

    private static func nanoseconds(_ microseconds: Int64) -> Int64 {
        let (product, overflows) = microseconds.multipliedReportingOverflow(by: 1000)
        return overflows ? .max : product
    }

    private static func text(
        _ key: String,
        _ value: String,
        field: UInt32,
        _ writer: inout ProtobufWriter
    ) {
        writer.write(message: field) { writer in
            writer.write(key, field: 1)
            // Even an empty text is one.
            writer.write(message: 2) { $0.write(always: Array(value.utf8), field: 1) }
        }
    }
}
