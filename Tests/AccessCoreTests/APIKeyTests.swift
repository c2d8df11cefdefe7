import AccessCore
import MarketTypes
import Testing

@Suite("ACC-10 to ACC-16: API keys")
struct APIKeyTests {
    let text: APIKeyText

    init() throws {
        text = try #require(
            APIKeyText(mode: .live, random: bytes(APIKeyText.randomBytesCount))
        )
    }

    @Test("ACC-11: whatever is no key is told from a key that was mistyped")
    func refusedTexts() throws {
        let whole = text.text
        for wrong in [
            "", "stoa_live_", whole + "0", String(whole.dropLast()),
            whole.replacing("live", with: "prod"), whole.replacing("stoa", with: "stop"),
            whole.replacing("_", with: "-"), String(repeating: "_", count: 72),
        ] {
            #expect(throws: KeyRefusal.malformed) { try APIKeyText(wrong) }
        }
        // Any character but those of the marker, replaced by another, or two neighbours exchanged.
        var typed = Array(whole)
        for place in 10..<typed.count where typed[place] != "_" {
            let kept = typed[place]
            typed[place] = kept == "x" ? "y" : "x"
            #expect(throws: KeyRefusal.mistyped) { try APIKeyText(String(typed)) }
            typed[place] = kept
            guard place + 1 < typed.count, typed[place] != typed[place + 1],
                typed[place + 1] != "_"
            else { continue }
            typed.swapAt(place, place + 1)
            #expect(throws: KeyRefusal.mistyped) { try APIKeyText(String(typed)) }
            typed.swapAt(place, place + 1)
        }
    }

    @Test("ACC-10: a key reads back, and shows no secret when it is printed")
    func roundTrip() throws {
        for seed in UInt8(0)..<50 {
            let key = try #require(
                APIKeyText(
                    mode: .test,
                    random: seed == 0
                        ? [UInt8](repeating: 255, count: APIKeyText.randomBytesCount)
                        : bytes(APIKeyText.randomBytesCount, seed: seed)
                )
            )
            #expect(try APIKeyText(key.text) == key)
            #expect(key.text.utf8.count == APIKeyText.charactersCount)
            #expect(key.text.hasPrefix(key.prefix + "_"))
            #expect(key.description.utf8.count < 30)
        }
        #expect(APIKeyText(mode: .live, random: bytes(40)) == nil)
    }

    private func key(expires days: UInt64 = 90) throws -> APIKey {
        let user = try #require(UserID(bytes: bytes(16)))
        return APIKey(
            id: text.id,
            mode: .live,
            user: user,
            organisation: OrganisationID(of: user),
            label: "build",
            scopes: ScopeSet([.callModels]),
            budgets: .none,
            created: .start,
            expires: Timestamp.start.adding(milliseconds: days * 86_400_000),
            state: .active
        )
    }

    @Test("ACC-13: a key that is over is over in every way, and says which")
    func over() throws {
        let (now, hour) = (Timestamp.start, UInt64(3_600_000))
        let other = try #require(APIKeyID(text: "abcdefghijkl"))
        var revoked = try key()
        revoked.revoke(at: now)
        #expect(throws: KeyRefusal.revoked) { try revoked.checkUsable(at: now) }
        let before = revoked
        #expect(throws: KeyRefusal.revoked) {
            try revoked.replace(by: other, overlapMilliseconds: hour, at: now)
        }
        revoked.revoke(at: now.adding(milliseconds: hour))
        #expect(revoked == before)

        var replaced = try key()
        try replaced.replace(by: other, overlapMilliseconds: hour, at: now)
        try replaced.checkUsable(at: now.adding(milliseconds: hour - 1))
        #expect(throws: KeyRefusal.replaced) {
            try replaced.checkUsable(at: now.adding(milliseconds: hour))
        }
        #expect(throws: KeyRefusal.replacedAlready) {
            try replaced.replace(by: other, overlapMilliseconds: hour, at: now)
        }
        let short = try key(expires: 1)
        #expect(throws: KeyRefusal.expired) {
            try short.checkUsable(at: now.adding(milliseconds: 86_400_000))
        }
    }

    @Test("ACC-14: an overlap is never longer than a week, nor than the key")
    func overlapIsBounded() throws {
        let other = try #require(APIKeyID(text: "abcdefghijkl"))
        var long = try key()
        try long.replace(by: other, overlapMilliseconds: .max, at: .start)
        let week = Timestamp.start.adding(milliseconds: APIKey.overlapMillisecondsMax)
        #expect(long.state == .replaced(by: other, until: week))
        var short = try key(expires: 1)
        try short.replace(by: other, overlapMilliseconds: .max, at: .start)
        #expect(short.state == .replaced(by: other, until: short.expires))
    }

    @Test("ACC-12: nobody makes a key that may do more than they may")
    func requests() throws {
        let allowed = ScopeSet([.callModels, .readUsage, .writeKeys])
        let day = Timestamp.start.adding(milliseconds: 86_400_000)
        var request = APIKeyRequest(label: "build", scopes: .all, expires: day)
        #expect(throws: KeyRefusal.scopesExceeded) {
            try request.check(allowed: allowed, at: .start)
        }
        request.scopes = .none
        #expect(throws: KeyRefusal.scopesExceeded) {
            try request.check(allowed: allowed, at: .start)
        }
        request.scopes = ScopeSet([.callModels])
        try request.check(allowed: allowed, at: .start)
        for expires in [
            Timestamp.start, Timestamp.start.adding(milliseconds: 367 * 86_400_000),
        ] {
            request.expires = expires
            #expect(throws: KeyRefusal.expiryOutOfRange) {
                try request.check(allowed: allowed, at: .start)
            }
        }
        request.expires = day
        for label in ["", " a", "a ", "a\nb", "a\u{202E}b", String(repeating: "a", count: 65)] {
            request.label = label
            #expect(throws: KeyRefusal.labelUnfit) {
                try request.check(allowed: allowed, at: .start)
            }
        }
    }

    @Test("codes are what they were")
    func codes() {
        #expect(KeyRefusal.allCases.map(\.code) == Array(1...12))
        #expect(PasskeyRefusal.allCases.map(\.code) == Array(1...19))
        #expect(OrganisationRefusal.allCases.map(\.code) == Array(1...11))
        #expect(SignedRequestRefusal.allCases.map(\.code) == Array(1...6))
    }
}
