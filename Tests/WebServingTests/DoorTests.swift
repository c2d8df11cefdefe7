import AccessCore
import AccessStore
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import MarketTypes
import NIOCore
import NIOEmbedded
import Testing

@testable import WebServing

@Suite("Doors: what a request passes", .timeLimit(.minutes(1)))
struct DoorTests {
    @Test("ACC-34: an address draws from its own bucket, of IPv6 from its network's")
    func buckets() {
        for (source, name) in [
            ("10.0.0.1", "10.0.0.1"), ("::ffff:10.0.0.1", "10.0.0.1"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("2001:db8::1", "2001:db8:0:0::/64"),
            ("2001:db8:1:2::", "2001:db8:1:2::/64"), ("::1", "0:0:0:0::/64"),
            ("fe80::1", "fe80:0:0:0::/64"), ("local", "local"),
        ] {
            #expect(AddressBucket.name(of: source) == name, "\(source)")
        }
    }

    @Test("ACC-34: what a client writes before the proxy's address is no part of it")
    func forwarded() {
        func address(_ lines: String...) -> String? {
            AddressRate.address(in: lines)
        }
        #expect(address("1.2.3.4") == "1.2.3.4")
        #expect(address("6.6.6.6, 1.2.3.4") == "1.2.3.4")
        #expect(address("6.6.6.6", "2001:db8::1 ") == "2001:db8::1")
        // A mark that combines with the comma behind it makes one character of both.
        #expect(address("r4nd\u{D4E}, 1.2.3.4") == "1.2.3.4")
        for wrong in ["", "me", "1.2.3.4, ", "1.2.3.4, x", "1.2.3", "unknown"] {
            #expect(address(wrong) == nil, "\(wrong)")
        }
    }

    @Test("PRT-3: no mark that combines with it keeps a character of HTML from being escaped")
    func combined() {
        let special: [Unicode.Scalar] = ["&", "<", ">", "\"", "'"]
        for mark in ["\u{600}", "\u{D4E}", "\u{301}", "\u{200D}", "\u{FE0F}", "\u{1F3FB}"] {
            for scalar in special {
                let text = "\(mark)\(scalar)\(mark)x"
                #expect(!HTMLText.escape(text).unicodeScalars.dropFirst().contains {
                    $0 != "&" && special.contains($0)
                })
                #expect(HTMLText.separated(text).contains(Character(scalar)), "\(text)")
            }
        }
        #expect(HTMLText.escape("<a href=\"x\">'&") == "&lt;a href=&quot;x&quot;&gt;&#39;&amp;")
        for plain in ["", "Zoë & co", "👩‍👩‍👧 <3", "a\r\nb"] {
            #expect(HTMLText.separated(plain) == plain)
        }
    }

    @Test("a form with a field twice, or out of its form, is none")
    func forms() {
        for wrong in ["a=1&a=2", "a", "a=%", "a=%4", "a=%zz", "a=%+1", "a=%ff", "%=1"] {
            #expect(FormFields(wrong) == nil, "\(wrong)")
        }
        #expect(FormFields(String(repeating: "a", count: FormFields.bytesMax + 1)) == nil)
        let many = (0...FormFields.fieldsMax).map { "f\($0)=1" }.joined(separator: "&")
        #expect(FormFields(many) == nil)
        let form = FormFields("a=1+2&b=%C3%A9%26&c=")
        #expect(form?["a"] == "1 2" && form?["b"] == "é&" && form?["c"]?.isEmpty == true)
        #expect(form?["d"] == nil)
        #expect(FormFields.encoded("é &~") == "%C3%A9%20%26~")
    }

    private func request(
        _ method: HTTPRequest.Method = .get,
        _ fields: HTTPFields = [:],
        body: String = ""
    ) -> Request {
        Request(
            head: HTTPRequest(
                method: method,
                scheme: "http",
                authority: "localhost:8080",
                path: "/",
                headerFields: fields
            ),
            body: RequestBody(buffer: ByteBuffer(string: body))
        )
    }

    private var context: WebContext {
        WebContext(
            source: ApplicationRequestContextSource(
                channel: EmbeddedChannel(),
                logger: Logger(label: "test")
            )
        )
    }

    @Test("API8 (OWASP 2023): only listed origins may call, and never with cookies")
    func crossOrigin() async throws {
        let middleware = CrossOriginMiddleware(origins: ["https://app.example"])
        for origin in [
            "https://evil.example", "https://app.example.evil", "http://app.example", "null",
            "https://app.example:8443", "*",
        ] {
            let answer = try await middleware.handle(
                request(.get, [.origin: origin]),
                context: context
            ) { _, _ in Response(status: .ok) }
            #expect(answer.headers[.accessControlAllowOrigin] == nil, "\(origin)")
        }
        let allowed = try await middleware.handle(
            request(.get, [.origin: "https://app.example"]),
            context: context
        ) { _, _ in Response(status: .ok) }
        #expect(allowed.headers[.accessControlAllowOrigin] == "https://app.example")
        #expect(allowed.headers[.accessControlAllowCredentials] == nil)
        #expect(allowed.headers[.vary] == "Origin")
        let flight = try await middleware.handle(
            request(
                .options,
                [.origin: "https://app.example", .accessControlRequestMethod: "POST"]
            ),
            context: context
        ) { _, _ in Response(status: .notFound) }
        #expect(flight.status == .noContent)
    }

    @Test("ACC-36: while too many are served, the next is turned away, and later served again")
    func load() async throws {
        let middleware = LoadMiddleware(inFlightMax: 1)
        let (request, context) = (request(), context)
        _ = try await middleware.handle(request, context: context) { _, _ in
            let problem = await #expect(throws: Problem.self) {
                try await middleware.handle(request, context: context) { _, _ in
                    Response(status: .ok)
                }
            }
            #expect(problem?.status == .serviceUnavailable)
            #expect(problem?.headers[.retryAfter] == "1")
            return Response(status: .ok)
        }
        let later = try await middleware.handle(request, context: context) { _, _ in
            Response(status: .ok)
        }
        #expect(later.status == .ok)
    }

    @Test("ACC-37: an address has so many unfinished bodies; they count until they have come")
    func bodyShares() async throws {
        let middleware = BodyShareMiddleware(perAddressMax: 1)
        var (ours, others) = (context, context)
        (ours.source, others.source) = ("192.0.2.7", "192.0.2.8")
        let begun = request(.post, [.contentLength: "1"], body: "x")
        let bare = request()
        let local = context
        let (here, there) = (ours, others)
        let answer = try await middleware.handle(begun, context: here) { request, _ in
            let problem = await #expect(throws: Problem.self) {
                try await middleware.handle(begun, context: here) { _, _ in Response(status: .ok) }
            }
            #expect(problem?.status == .tooManyRequests)
            // Others, this machine, and what has no body are not turned away.
            for (next, context) in [(begun, there), (begun, local), (bare, here)] {
                let other = try await middleware.handle(next, context: context) { _, _ in
                    Response(status: .ok)
                }
                #expect(other.status == .ok)
            }
            // Once the body is here, the answer may take its time.
            var request = request
            _ = try await request.collectBody(upTo: 100)
            return try await middleware.handle(begun, context: here) { _, _ in
                Response(status: .accepted)
            }
        }
        #expect(answer.status == .accepted)
        #expect(middleware.addressCount == 0)
    }

    @Test("ACC-35: a body is refused by what it says of its length, and by its length")
    func bodies() async throws {
        let middleware = BodyLimitMiddleware(bytesMax: 4)
        for fields in [[.contentLength: "5"], [.contentLength: "x"]] as [HTTPFields] {
            await #expect(throws: Problem.self) {
                try await middleware.handle(request(.post, fields), context: context) { _, _ in
                    Response(status: .ok)
                }
            }
        }
        await #expect(throws: Problem.self) {
            try await middleware.handle(request(.post, body: "12345"), context: context) {
                request, _ in
                var request = request
                _ = try await request.collectBody(upTo: 100)
                return Response(status: .ok)
            }
        }
        let whole = try await middleware.handle(
            request(.post, body: "1234"),
            context: context
        ) { request, _ in
            var request = request
            let body = try await request.collectBody(upTo: 100)
            return Response(status: body.readableBytes == 4 ? .ok : .badRequest)
        }
        #expect(whole.status == .ok)
    }

    @Test("API5 (OWASP 2023): a missing scope is named, and nobody is nobody")
    func scopes() throws {
        var context = context
        #expect(try problem { try context.require(.readUsage) }.status == .unauthorized)
        let user = try #require(UserID(bytes: [UInt8](repeating: 1, count: 16)))
        context.caller = Caller(
            user: user,
            organisation: OrganisationID(of: user),
            account: nil,
            scopes: ScopeSet([.readUsage]),
            proof: .token(client: "c")
        )
        #expect(try context.require(.readUsage).user == user)
        let missing = try problem { try context.require(.callModels) }
        #expect(missing.status == .forbidden && missing.detail.contains("calls:write"))
        #expect(missing.headers[.wwwAuthenticate]?.contains("insufficient_scope") == true)
        #expect(try problem { try context.requireSession() }.code == "session_needed")
        #expect(try problem { try context.requireSigned(.readUsage) }.code == "signature_required")
        context.isSigned = true
        #expect(try context.requireSigned(.readUsage).user == user)
    }

    private func problem(_ body: () throws -> Caller) throws -> Problem {
        try #require(#expect(throws: Problem.self) { try body() })
    }

    @Test("ACC-24: with a public address, only its own pages are this site's")
    func ownPages() throws {
        var configuration = DoorConfiguration()
        for (fields, isOwn) in [
            ([.origin: "http://localhost:8080"], true), ([.origin: "http://localhost:9"], true),
            ([.origin: "http://evil.example"], false), ([.origin: "null"], false),
            ([.fetchSite: "same-origin"], true), ([.fetchSite: "same-site"], false),
            ([.fetchSite: "none"], false), ([:], false),
        ] as [(HTTPFields, Bool)] {
            let found = configuration.isSameSite(request(.post, fields), whenUnsaid: false)
            #expect(found == isOwn, "\(fields)")
        }
        configuration.party = try #require(
            RelyingParty(id: "market.example", origins: ["https://market.example"])
        )
        configuration.isTLS = true
        let local = request(.post, [.origin: "http://localhost:8080"])
        #expect(!configuration.isSameSite(local, whenUnsaid: true))
        let own = request(.post, [.origin: "https://market.example"])
        #expect(configuration.isSameSite(own, whenUnsaid: false))
        #expect(configuration.cookieName == "__Host-stoa")
        let token = try #require(SessionToken(bytes: [UInt8](repeating: 1, count: 32)))
        let cookie = configuration.cookie(of: token)
        for part in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
            #expect(cookie.contains(part))
        }
        #expect(!cookie.contains("Domain"))
    }
}
