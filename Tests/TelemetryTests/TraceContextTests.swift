import Foundation
import Logging
import Synchronization
import Telemetry
import Testing

@Suite("Traces")
struct TraceContextTests {
    static let valid = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    @Test(
        "what does not follow the specification is none",
        arguments: [
            "", "00", valid + "-", valid + "0", valid.uppercased(),
            "ff" + valid.dropFirst(2),
            "00-" + String(repeating: "0", count: 32) + valid.dropFirst(35),
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            valid.replacingOccurrences(of: "-", with: "_"), "0g" + valid.dropFirst(2),
            "cc" + valid.dropFirst(2) + "x",
        ]
    )
    func refused(header: String) {
        #expect(TraceContext(header: header) == nil)
    }

    @Test("a header reads as it was written, and a later version may say more")
    func read() throws {
        let context = try #require(TraceContext(header: Self.valid))
        #expect(context.header == Self.valid)
        #expect(context.isSampled)
        let later = try #require(TraceContext(header: "cc" + Self.valid.dropFirst(2) + "-more"))
        #expect(later.trace == context.trace)
        let child = context.child(random: 7)
        #expect(child.trace == context.trace)
        #expect(child.header.hasSuffix("-0000000000000007-01"))
        #expect(context.child(random: 0).span != Array(repeating: 0, count: 8))
    }
}

@Suite("Logs as JSON")
struct JSONLogTests {
    @Test("a message is one line of JSON, and secrets are left out")
    func oneLine() throws {
        let lines = Mutex<[String]>([])
        var logger = Logger(label: "stoa.test") { label in
            JSONLogHandler(label: label) { line in lines.withLock { $0.append(line) } }
        }
        logger[metadataKey: "request"] = "req_1"
        logger.info(
            "a \"line\"\nand\u{2028}more",
            metadata: ["Authorization": "Bearer x", "n": "1"]
        )
        logger.debug("too quiet")
        let found = lines.withLock { $0 }
        #expect(found.count == 1)
        #expect(found[0].filter { $0 == "\n" }.count == 1)
        let object =
            try JSONSerialization.jsonObject(with: Data(found[0].utf8)) as? [String: String]
        #expect(object?["message"] == "a \"line\"\nand\u{2028}more")
        #expect(object?["Authorization"] == "[left out]")
        #expect(object?["request"] == "req_1")
        #expect(object?["level"] == "info")
        #expect(object?["time"]?.contains("T") == true)
    }
}
