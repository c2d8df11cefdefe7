import SpanExport
import Testing

@Suite("TEL-17: where spans are sent")
struct OTLPDestinationTests: Sendable {
    private func find(
        _ base: String? = nil,
        _ environment: [String: String] = [:]
    ) throws(OTLPRefusal) -> OTLPDestination? {
        try OTLPDestination(
            base: base,
            environment: environment,
            service: "gateway",
            version: "9.9"
        )
    }

    @Test("Nobody asked: nothing is sent")
    func unasked() throws {
        #expect(try find() == nil)
        #expect(try find(nil, ["OTEL_EXPORTER_OTLP_ENDPOINT": ""]) == nil)
        let asked = ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"]
        #expect(try find(nil, asked.merging(["OTEL_SDK_DISABLED": "TRUE"]) { $1 }) == nil)
        #expect(try find(nil, asked.merging(["OTEL_TRACES_EXPORTER": "none"]) { $1 }) == nil)
    }

    @Test(
        "An address that requests cannot go to, or that has a password, is refused",
        arguments: [
            "", "collector:4318", "ftp://collector", "http://", "http:///v1", "//collector",
            "http://user:secret@collector:4318", "http://user@collector", "http://a b",
            "http://collector\n", "http://c?x=1", "http://c/#x",
            "http://" + String(repeating: "a", count: 1024),
        ]
    )
    func badAddresses(address: String) {
        #expect(throws: OTLPRefusal.badAddress) { try find(address) }
    }

    @Test("Another protocol is refused by its name")
    func protocols() throws {
        let grpc = ["OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"]
        #expect(throws: OTLPRefusal.otherProtocol("grpc")) { try find("http://c:4317", grpc) }
        let both = grpc.merging(["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf"]) { $1 }
        #expect(try find("http://c:4318", both) != nil)
    }

    @Test(
        "Headers that are none, or that are ours, are refused",
        arguments: [
            "novalue", "=x", "a b=c", "a=b,,=c", "content-type=text/plain", "Host=x",
            "User-Agent=x", "a=%0d%0ax", "a=%ZZ", "tr%C3%A4=1",
        ]
    )
    func badHeaders(text: String) {
        #expect(throws: OTLPRefusal.badHeaders) {
            try find("http://c", ["OTEL_EXPORTER_OTLP_HEADERS": text])
        }
    }

    @Test("The option goes before the environment, and the exact address is taken as it is")
    func precedence() throws {
        let environment = [
            "OTEL_EXPORTER_OTLP_ENDPOINT": "https://base/otlp/",
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://exact/here",
        ]
        #expect(try find("http://c:4318", environment)?.url == "http://c:4318/v1/traces")
        #expect(try find(nil, environment)?.url == "https://exact/here")
        let base = ["OTEL_EXPORTER_OTLP_ENDPOINT": "https://base/otlp/"]
        #expect(try find(nil, base)?.url == "https://base/otlp/v1/traces")
    }

    @Test("Headers and attributes are percent-decoded, and a name of the service goes first")
    func pairs() throws {
        let found = try #require(
            try find(
                "http://c",
                [
                    "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20x%3D, api-key = k",
                    "OTEL_RESOURCE_ATTRIBUTES": "service.name=other,host.name=h%2C1",
                ]
            )
        )
        #expect(found.headers.map { "\($0.name): \($0.value)" }
            == ["authorization: Bearer x=", "api-key: k"])
        #expect(found.resource.map { "\($0.0)=\($0.1)" }
            == ["service.name=other", "service.version=9.9", "host.name=h,1"])
        let named = try find("http://c", ["OTEL_SERVICE_NAME": "mine"])
        #expect(named?.resource.first?.1 == "mine")
        #expect(try find("http://c")?.resource.first?.1 == "stoa-gateway")
    }
}
