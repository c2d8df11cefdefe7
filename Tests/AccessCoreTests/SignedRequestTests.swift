import AccessCore
import MarketTypes
import Testing

@Suite("ACC-50 to ACC-53: signed requests")
struct SignedRequestTests {
    let key: APIKeyText
    let content = RequestContent(method: "POST", target: "/api/v1/x?a=1", body: [1, 2, 3])
    let requestKey: [UInt8]

    init() throws {
        key = try #require(APIKeyText(mode: .live, random: bytes(41)))
        requestKey = try #require(Ed25519.publicKey(seed: key.requestSeed))
    }

    private func signed(_ nonce: [UInt8]? = nil) throws -> String {
        try #require(content.field(signedBy: key, nonce: nonce ?? bytes(16), at: .start))
    }

    @Test("ACC-51: a field in any other form is refused")
    func malformed() throws {
        let right = try signed()
        _ = try SignedRequest(field: right)
        for wrong in [
            "", "Stoa-Ed25519", right + ",", right + ", x=1", right + " ", " " + right,
            right.replacing("id=", with: "ID="), right.replacing("ts=", with: "ts=0"),
            right.replacing(", ts", with: ",ts"), right.replacing("nonce=", with: "nonce=AA"),
            right.replacing("Stoa-Ed25519 ", with: "Stoa-Ed25519  "), String(right.dropLast()),
            right + String(repeating: " ", count: 300),
        ] {
            #expect(throws: SignedRequestRefusal.malformed, "\(wrong)") {
                try SignedRequest(field: wrong)
            }
        }
    }

    @Test("ACC-52: another method, target, body, time, nonce or key is another request")
    func otherContent() throws {
        let field = try SignedRequest(field: try signed())
        try field.check(content, requestKey: requestKey, at: .start)
        for other in [
            RequestContent(method: "PUT", target: "/api/v1/x?a=1", body: [1, 2, 3]),
            RequestContent(method: "POST", target: "/api/v1/x?a=2", body: [1, 2, 3]),
            RequestContent(method: "POST", target: "/api/v1/x?a=1", body: [1, 2]),
        ] {
            #expect(throws: SignedRequestRefusal.invalidSignature) {
                try field.check(other, requestKey: requestKey, at: .start)
            }
        }
        let time = "ts=\(Timestamp.start.milliseconds)"
        let moved = try signed().replacing(
            time,
            with: "ts=\(Timestamp.start.milliseconds + 1)"
        )
        #expect(throws: SignedRequestRefusal.invalidSignature) {
            try SignedRequest(field: moved)
                .check(content, requestKey: requestKey, at: .start)
        }
        let stranger = try #require(APIKeyText(mode: .live, random: bytes(41, seed: 2)))
        let strange = try #require(Ed25519.publicKey(seed: stranger.requestSeed))
        #expect(throws: SignedRequestRefusal.invalidSignature) {
            try field.check(content, requestKey: strange, at: .start)
        }
    }

    @Test("ACC-53: an old request is refused, and its nonce is kept for as long as it is not")
    func window() throws {
        let field = try SignedRequest(field: try signed())
        let window = SignedRequest.windowMilliseconds
        try field.check(
            content,
            requestKey: requestKey,
            at: Timestamp.start.adding(milliseconds: window)
        )
        let (late, early) = (
            Timestamp.start.adding(milliseconds: window + 1),
            Timestamp(milliseconds: Timestamp.start.milliseconds - window - 1)
        )
        for now in [late, early] {
            #expect(throws: SignedRequestRefusal.outsideWindow) {
                try field.check(content, requestKey: requestKey, at: now)
            }
        }
        #expect(field.forgottenAfter > late)
    }
}
