import AccessCore
import AccessStore
import CanonicalCoding
import Foundation
import HTTPTypes
import Hummingbird
import LedgerCore
import MarketTypes
import NIOCore
import SettlementCore
import Testing
import WebServing

@testable import Portal

@Suite("PRT-71: where people go on after signing in")
struct LocalPathTests {
    @Test(
        "what is no path of this site is the wallet",
        arguments: [
            nil, "", "wallet", "//evil.example", "/\\evil.example", "/a\\b", "https://evil.example",
            "/ a", "/\n", "/\u{0}", "/\u{7F}", "/é", "\\/a", "javascript:alert(1)", "?next=/",
            "/" + String(repeating: "a", count: LocalPath.bytesMax),
        ]
    )
    func refused(text: String?) {
        #expect(LocalPath(text) == .wallet)
    }

    @Test("paths are kept whole", arguments: ["/", "/a?b=c%20d&e=/f", "/oauth/authorize?x=%2F%2F"])
    func kept(text: String) {
        #expect(LocalPath(text).text == text)
        #expect(LocalPath(text).after("/sign-in").hasPrefix("/sign-in?next=%2F"))
    }
}

@Suite("PRT-73, PRT-74: what is sent to one person")
struct PersonalReplyTests {
    private let request = Request(
        head: HTTPRequest(
            method: .get,
            scheme: "http",
            authority: "localhost",
            path: "/wallet",
            headerFields: [.acceptEncoding: "gzip", .ifNoneMatch: "*"]
        ),
        body: RequestBody(buffer: ByteBuffer())
    )

    @Test("it is kept nowhere, compared with nothing and not compressed")
    func headers() {
        let html = String(repeating: "secret ", count: 400)
        let response = Reply.personal(html, to: request)
        #expect(response.headers[.cacheControl] == "no-store")
        #expect(response.headers[.eTag] == nil)
        #expect(response.headers[.contentEncoding] == nil)
        #expect(response.headers[.contentSecurityPolicy] == Reply.policy)
        #expect(Reply.page(html, to: request).headers[.contentEncoding] == "gzip")
        #expect(Reply.page(html, to: request).headers[.vary]?.contains("cookie") == true)
    }

    @Test("every form that changes something carries the session's token")
    func tokens() {
        for (name, text) in PortalFiles().templates {
            for part in text.components(separatedBy: "<form").dropFirst() {
                let form = part.components(separatedBy: "</form>")[0]
                // Signing out is of every session, and asks for no page's token.
                guard form.contains("method=\"post\""), !form.contains("/sign-out\"") else {
                    continue
                }
                #expect(form.contains("name=\"token\" value=\"{{token}}\""), "\(name)")
            }
        }
    }

    @Test("every form that signs names a kind of message, and sends nothing without a script")
    func signing() {
        for (name, text) in PortalFiles().templates {
            for part in text.components(separatedBy: "data-transact=").dropFirst() {
                let form = part.components(separatedBy: "</form>")[0]
                #expect(form.contains("js-only"), "\(name)")
            }
        }
    }
}

@Suite("PRT-90: the form of a key")
struct KeyFormTests {
    private static let whole = [
        "label": "Nightly", "days": "30", "scope.calls:write": "1", "budget.day": "0.5",
        "model1": "llama", "model1.total": "1000",
    ]

    private func request(_ fields: [String: String]) throws -> APIKeyRequest {
        try KeyForm { fields[$0] }.request(at: Timestamp(milliseconds: 1_000))
    }

    @Test("fields become a request")
    func whole() throws {
        let made = try request(Self.whole)
        #expect(made.label == "Nightly" && made.scopes == ScopeSet([.callModels]))
        #expect(made.expires.milliseconds == 1_000 + 30 * 86_400_000)
        #expect(made.mode == .live)
        let rules = made.budgets.rules
        #expect(rules.map(\.model) == [nil, "llama"])
        #expect(rules.map(\.window) == [.day, .total])
        #expect(rules.map(\.limit.obol) == [500_000_000, 1_000_000_000_000])
    }

    @Test(
        "what cannot be is refused in words",
        arguments: [
            (["scope.calls:write": nil], "could do nothing"), (["days": "31"], "needs an end"),
            (["days": nil], "needs an end"), (["budget.day": "-1"], "no amount"),
            (["budget.day": "0.0000000001"], "no amount"), (["budget.day": "1e9"], "no amount"),
            (["budget.day": String(repeating: "9", count: 40)], "no amount"),
            (["budget.day": "0,5"], "no amount"), (["budget.day": "1,000"], "no amount"),
            (["budget.day": "1 0"], "no amount"), (["budget.day": "1.000,5"], "no amount"),
            (["model1.total": nil], "has no budget"), (["model1": nil], "without a name"),
            (["model2": "llama", "model2.total": "1"], "two budgets"),
        ] as [([String: String?], String)]
    )
    func refused(changes: [String: String?], words: String) throws {
        var fields = Self.whole
        for (name, value) in changes { fields[name] = value }
        let problem = #expect(throws: Problem.self) { try request(fields) }
        #expect(problem?.detail.contains(words) == true)
        #expect(problem?.status == .badRequest)
    }

    @Test("PRT-90: every key that may be used is shown, however many are over")
    func list() throws {
        let user = try #require(UserID(bytes: [UInt8](repeating: 1, count: 16)))
        let keys = try (0..<200).map { place in
            var key = APIKey(
                id: try #require(APIKeyID(text: "abcdefghi\(100 + place)")),
                mode: .live,
                user: user,
                organisation: OrganisationID(of: user),
                label: "\(place)",
                scopes: ScopeSet([.callModels]),
                budgets: .none,
                created: Timestamp(milliseconds: 1_000),
                expires: Timestamp(milliseconds: 9_000),
                state: .active
            )
            // The oldest sixty live.
            if place < 140 { key.revoke(at: Timestamp(milliseconds: 2_000)) }
            return KeyListing(key: key, used: nil)
        }
        let now = Timestamp(milliseconds: 3_000)
        let (shown, isCut) = KeysPage.shown(keys, at: now)
        #expect(shown.map(\.key.label) == (Array(140..<200) + Array(0..<50)).map { "\($0)" })
        #expect(isCut)
        #expect(!KeysPage.shown(Array(keys.suffix(110)), at: now).isCut)
    }

    @Test(
        "PRT-93: the row of pages marks the one that is open, and stands on no other",
        arguments: [
            ("/wallet", "/wallet"), ("/account", "/account"), ("/account/keys", "/account/keys"),
            ("/account/keys/new", "/account/keys"), ("/account/keysmith", "/account"),
            ("/account/invoices/2026-11", "/account/invoices"), ("/wallets", nil), ("/", nil),
            ("/accounts/stoa1x", nil),
        ] as [(String, String?)]
    )
    func places(path: String, place: String?) {
        #expect(AccountPages.place(of: path) == place)
    }

    @Test("every scope and role has its own sentence")
    func sentences() {
        #expect(Set(Scope.allCases.map(ScopeText.sentence)).count == Scope.allCases.count)
        #expect(Set(Scope.allCases.map(ScopeText.short)).count == Scope.allCases.count)
        #expect(Set(Role.allCases.map(ScopeText.sentence)).count == Role.allCases.count)
        // Whoever has a key that makes keys, lets in members or sends messages on has more than it.
        let strong = Scope.allCases.filter { ScopeText.group($0) == .administer }
        #expect(strong == [.writeKeys, .writeOrganisation, .writeWebhooks])
        let roles = ScopeText.options(grantedBy: .admin, chosen: .viewer).map { $0.text("value") }
        #expect(roles == ["admin", "developer", "billing", "viewer"])
    }
}

@Suite("PRT-91: the audit log in sentences")
struct AuditListTests {
    private let user = UserID(bytes: [UInt8](repeating: 1, count: 16))

    private func fills(_ subject: String, _ actions: [AuditAction]) throws -> [Fill] {
        let user = try #require(user)
        let records = actions.enumerated().map { place, action in
            AuditRecord(
                AuditEntry(
                    action,
                    in: OrganisationID(of: user),
                    by: "system",
                    subject: subject,
                    source: "192.0.2.7"
                ),
                sequence: UInt64(place) + 1,
                time: Timestamp(milliseconds: 1_000),
                previous: .zero
            )
        }
        return AuditList(records: records, hasMore: false, names: [user: "Ada"])
            .fills(at: Timestamp(milliseconds: 2_000))
    }

    @Test("each action has a sentence of its own")
    func sentences() throws {
        let acts = try fills("key:4fGh2KqLmN8p", AuditAction.allCases).map { $0.text("act") }
        #expect(Set(acts).count == AuditAction.allCases.count)
    }

    @Test("whose use was unusual is said by name")
    func unusual() throws {
        let user = try #require(user)
        for (subject, text) in [
            ("4fGh2KqLmN8p", "the key 4fGh2KqLmN8p"), ("session user:\(user)", "session of Ada"),
            ("client client-a user:\(user)", "client client-a of Ada"),
        ] {
            #expect(try fills(subject, [.keyUnusual]).first?.text("subject") == text)
        }
    }
}

@Suite("PRT-94, PRT-95: days and months")
struct DayAndMonthTests {
    @Test("a month is from its first moment until the next one's")
    func months() throws {
        let month = try #require(Month(text: "2026-11"))
        #expect(TimeText.iso(month.start) == "2026-11-01T00:00:00Z")
        #expect(TimeText.iso(month.next.start) == "2026-12-01T00:00:00Z")
        #expect(TimeText.iso(month.next.next.start) == "2027-01-01T00:00:00Z")
        #expect(month.title == "November 2026" && month.text == "2026-11")
        #expect(try #require(Month(text: "1970-01")).previous.text == "1970-01")
        for year in 1970...2100 {
            for number in 1...12 {
                let text = "\(year)-\(number < 10 ? "0" : "")\(number)"
                let month = try #require(Month(text: text))
                #expect(Month(month.start) == month && month.next.previous == month)
                #expect(Month(Timestamp(milliseconds: month.next.start.milliseconds - 1)) == month)
            }
        }
    }

    @Test(
        "nothing else is a month",
        arguments: [
            "", "2026", "2026-1", "2026-13", "2026-00", "1969-12", "+026-11", "2026-+1", "20261-1",
            "2026-11-01", "٢٠٢٦-١١",
        ]
    )
    func noMonths(text: String) {
        #expect(Month(text: text) == nil)
    }

    @Test("the largest day reaches the top, and a day of nothing has no bar")
    func bars() {
        let bars = DayBars(
            days: [(10, 0), (11, 4), (12, 1)].map {
                DayBars.Day(day: $0, value: $1, title: "<\($0)>")
            },
            topText: "4"
        )
        let markup = bars.svg.markup
        #expect(markup.components(separatedBy: "class=\"part\"").count == 3)
        #expect(markup.components(separatedBy: "class=\"hit\"").count == 4)
        #expect(markup.contains("height=\"178\"") && !markup.contains("<10>"))
        #expect(DayBars(days: [], topText: "0").svg.markup.contains("<line"))
        let nothing = DayBars(days: [DayBars.Day(day: 1, value: 0, title: "")], topText: "0")
        #expect(!nothing.svg.markup.contains("class=\"part\""))
    }
}

@Suite("PRT-81: what an account lets others spend")
struct SpendingPermissionTests {
    private let account = AccountID(Digest(sha256: [1]))
    private let delegate = AccountID(Digest(sha256: [2]))

    /// A session's entry as the ledger writes it.
    private func session(
        by grantor: AccountID,
        isRevoked: Bool = false,
        spent: UInt128 = 0
    ) throws -> Session {
        let grant = SessionGrant(
            session: delegate,
            scope: SessionScope(messages: SpendingPermission.messages),
            limits: [SessionLimit(.native, Amount(obol: 3_000_000_000))],
            periodBlocks: 3600,
            validUntil: BlockHeight(10_000)
        )
        var encoder = CanonicalEncoder()
        encoder.encode(grant)
        encoder.encode(grantor.digest)
        encoder.encode(isRevoked)
        encoder.encode(UInt64(100))
        encoder.encode(Amount(obol: spent))
        return try Session(canonicalBytes: [CanonicalEncoder.version] + encoder.bytes)
    }

    private func fill(_ session: Session?, at height: UInt64) -> Fill {
        SpendingPermission(
            delegate: delegate,
            session: session,
            authority: account,
            livesMax: 2_592_000
        ).fill(at: BlockHeight(height))
    }

    private func granted(_ fill: Fill) -> [String: Any]? {
        fill.values["granted"] as? [String: Any]
    }

    @Test("nothing was granted, or it has ended")
    func ended() throws {
        #expect(granted(fill(nil, at: 200)) == nil)
        #expect(fill(nil, at: 200).values["ended"] as? Bool == false)
        for session in [
            try session(by: account, isRevoked: true), try session(by: delegate),
        ] {
            #expect(granted(fill(session, at: 200)) == nil)
            #expect(fill(session, at: 200).values["ended"] as? Bool == true)
        }
        #expect(granted(fill(try session(by: account), at: 10_000)) == nil)
        #expect(granted(fill(try session(by: account), at: 9_999)) != nil)
    }

    @Test("what is spent counts in its period, and a period that is over has nothing spent")
    func spent() throws {
        let session = try session(by: account, spent: 1_500_000_000)
        let now = try #require(granted(fill(session, at: 200)))
        #expect(now["spentPart"] as? String == "50%")
        #expect(now["period"] as? String == "3,600 blocks, about an hour")
        let later = try #require(granted(fill(session, at: 3_700)))
        #expect(later["spentPart"] as? String == "0%")
        #expect(fill(session, at: 200).text("messageTags") == "[6,7,9,10]")
    }
}
