import OpenAIWire
import Testing

@Suite("API failure")
struct APIFailureTests {
    @Test("has the status that client libraries act on for every kind")
    func statuses() {
        #expect(
            APIFailureKind.allCases.map(\.status)
                == [400, 401, 402, 404, 413, 429, 502, 503, 504, 404, 500, 403, 415, 500]
        )
        #expect(APIFailureKind.allCases.map(\.rawValue) == Array(1...14))
        #expect(Set(APIFailureKind.allCases.map(\.name)).count == APIFailureKind.allCases.count)
    }

    @Test("writes the envelope and its further members")
    func body() throws {
        let failure = APIFailure(
            .insufficientFunds,
            message: "The \"budget\" is spent.",
            hint: "stoa channel top-up",
            stoaCode: 512
        )
        #expect(
            text(failure.body)
                == #"{"error":{"message":"The \"budget\" is spent.","type":"insufficient_quota","#
                + #""param":null,"code":"insufficient_quota","hint":"stoa channel top-up","#
                + #""money_moved":false,"stoa_code":512}}"#
        )
    }

    @Test("stops retries after money moved and delays them after a rate limit")
    func headers() {
        func headers(_ failure: APIFailure) -> [String] {
            failure.headers.map { "\($0.name): \($0.value)" }
        }
        #expect(headers(APIFailure(.rateLimited, message: "")) == ["retry-after: 1"])
        #expect(
            headers(APIFailure(.overloaded, message: "", retryAfterSeconds: 30))
                == ["retry-after: 30"]
        )
        #expect(headers(APIFailure(.timeout, message: "")).isEmpty)
        #expect(
            headers(APIFailure(.upstreamFailed, message: "", moneyMoved: true))
                == ["x-should-retry: false"]
        )
    }

    @Test("lists models with members beyond the dialect, and refuses extras that are not JSON")
    func models() throws {
        #expect(throws: JSONRefusal.self) { try ModelListing.Extra(name: "x", value: utf8("{")) }
        let pricing = try ModelListing.Extra(name: "pricing", value: utf8(#"{"input":"1"}"#))
        let listings = [
            ModelListing(id: "a", createdSeconds: 7, owner: "s", extras: [pricing]),
            ModelListing(id: "b", createdSeconds: 0, owner: "t"),
        ]
        #expect(
            text(ModelListing.listBody(listings))
                == #"{"object":"list","data":[{"id":"a","object":"model","created":7,"#
                + #""owned_by":"s","pricing":{"input":"1"}},{"id":"b","object":"model","#
                + #""created":0,"owned_by":"t"}]}"#
        )
        #expect(text(ModelListing.listBody([])) == #"{"object":"list","data":[]}"#)
    }
}
