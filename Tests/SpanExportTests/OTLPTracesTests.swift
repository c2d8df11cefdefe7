import Logging
import ProtobufWire
import Testing

@testable import SpanExport
@testable import Telemetry

@Suite("TEL-18: spans as a collector reads them")
struct OTLPTracesTests: Sendable {
    private func span(
        _ name: String = Span.requestName,
        status: Int? = 200,
        start: UInt64 = 1_700_000_000_000_001,
        duration: UInt64 = 25
    ) throws -> SpanRecord {
        let context = try #require(
            TraceContext(
                trace: Array(1...16),
                span: Array(17...24),
                isSampled: true
            )
        )
        return SpanRecord(
            context: context,
            parent: nil,
            name: name,
            service: "gateway",
            startMicroseconds: start,
            durationMicroseconds: duration,
            requestID: nil,
            status: status
        )
    }

    /// The bytes of a request's only span.
    private func encoded(_ span: SpanRecord) throws -> [ProtobufReader.Field] {
        func only(_ number: UInt32, of bytes: [UInt8]) throws -> [UInt8] {
            var reader = ProtobufReader(bytes)
            while let field = try reader.nextField() {
                if field.number == number { return try field.bytes() }
            }
            return []
        }
        let request = OTLPTraces.request([span], resource: [])
        let scope = try only(2, of: try only(1, of: request))
        var reader = ProtobufReader(try only(2, of: scope))
        var fields: [ProtobufReader.Field] = []
        while let field = try reader.nextField() { fields.append(field) }
        return fields
    }

    @Test("A request's span is a server's; what the client did wrong is no error of it")
    func kinds() throws {
        for (name, kind, status, isError) in [
            ("request", 2, 404, false), ("request", 2, 500, true), ("seller", 3, 404, true),
            ("upstream", 3, 200, false),
        ] {
            let fields = try encoded(try span(name, status: status))
            #expect(try fields.first { $0.number == 6 }?.uint64() == UInt64(kind))
            #expect(fields.contains { $0.number == 15 } == isError, "\(name) \(status)")
        }
    }

    @Test("Times that do not fit are cut, and never wrap")
    func times() throws {
        let fields = try encoded(try span(start: .max, duration: .max))
        #expect(try fields.first { $0.number == 7 }?.sfixed64() == .max)
        #expect(try fields.first { $0.number == 8 }?.sfixed64() == .max)
        let plain = try encoded(try span())
        #expect(try plain.first { $0.number == 7 }?.sfixed64() == 1_700_000_000_000_001_000)
        #expect(try plain.first { $0.number == 8 }?.sfixed64() == 1_700_000_000_000_026_000)
    }

    @Test("A collector's answer that is no message counts as taken")
    func answers() {
        #expect(OTLPTraces.rejected([]) == nil)
        #expect(OTLPTraces.rejected([0xFF, 0xFF]) == nil)
        #expect(OTLPTraces.rejected([0x0A, 0x02, 0x08, 0x07]) == 7)
        #expect(OTLPTraces.rejected([0x0A, 0x00]) == nil)
        // A negative number is none.
        let negative = [0x0A, 0x0B, 0x08] + [UInt8](repeating: 0xFF, count: 9) + [0x01]
        #expect(OTLPTraces.rejected(negative) == nil)
    }

    @Test("What waits for a collector that is away is bounded")
    func bounded() throws {
        let destination = try #require(
            try OTLPDestination(
                base: "http://127.0.0.1:1",
                environment: [:],
                service: "gateway",
                version: "1"
            )
        )
        let exporter = SpanExporter(
            to: destination,
            service: "gateway",
            metrics: .off,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        let one = try span()
        for _ in 0..<SpanExporter.waitingMax + 10 { exporter.add(one) }
        #expect(exporter.queue == (SpanExporter.waitingMax, 10))
    }
}
