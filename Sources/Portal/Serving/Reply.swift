import CanonicalCoding
import HTTPTypes
import Hummingbird
import MarketTypes
import NIOCore
import WebServing

extension HTTPField.Name {
    fileprivate static func named(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else {
            preconditionFailure("\(name) is written here and a valid name")
        }
        return name
    }

    static let permissionsPolicy = named("permissions-policy")
    static let openerPolicy = named("cross-origin-opener-policy")
    static let resourcePolicy = named("cross-origin-resource-policy")
    static let referrerPolicy = named("referrer-policy")
    static let htmxRequest = named("hx-request")
    static let htmxHistoryRestore = named("hx-history-restore-request")
    static let secFetchSite = named("sec-fetch-site")
}

/// What a browser is sent, with what belongs on it.
enum Reply {
    /// Only what this origin serves runs, and nothing that stands inside a page (PRT-4).
    static let policy = PageSafetyMiddleware.pagePolicy

    /// A page: asked for again each time, and not sent again if it is the same.
    static func page(
        _ html: String,
        status: HTTPResponse.Status = .ok,
        to request: Request
    ) -> Response {
        let bytes = Array(html.utf8)
        let tag = "\"\(Digest(sha256: bytes).description.prefix(24))\""
        var headers: HTTPFields = [
            .contentType: "text/html; charset=utf-8",
            .cacheControl: "no-cache",
            .contentSecurityPolicy: policy,
            .referrerPolicy: "same-origin",
            .openerPolicy: "same-origin",
            .permissionsPolicy: "camera=(), microphone=(), geolocation=(), payment=()",
            // Whoever signs in or out is shown another page under the same address.
            .vary: "accept-encoding, cookie, hx-request, hx-history-restore-request",
        ]
        guard status == .ok else {
            headers[.cacheControl] = "no-store"
            return response(status, headers, bytes, to: request)
        }
        headers[.eTag] = tag
        if matches(request.headers[.ifNoneMatch], tag) {
            return Response(status: .notModified, headers: headers)
        }
        return response(.ok, headers, bytes, to: request)
    }

    /// A page that has something in it which only one person may see: kept nowhere, compared with
    /// nothing and not compressed, since its length would tell of its secrets (PRT-6).
    static func personal(
        _ html: String,
        status: HTTPResponse.Status = .ok,
        to request: Request
    ) -> Response {
        let isHead = request.method == .head
        let body = ResponseBody(byteBuffer: ByteBuffer(string: html))
        return Response(
            status: status,
            headers: [
                .contentType: "text/html; charset=utf-8",
                .cacheControl: "no-store",
                .contentSecurityPolicy: policy,
                .referrerPolicy: "same-origin",
                .openerPolicy: "same-origin",
                .permissionsPolicy: "camera=(), microphone=(), geolocation=(), payment=()",
                .vary: "cookie",
            ],
            body: isHead ? .init() : body
        )
    }

    /// Whether a script asks for the part of a page that follows a form, and not for a page that it
    /// puts in the place of all that is shown: it asks so when it restores history.
    static func isForPart(_ request: Request) -> Bool {
        request.headers[.htmxRequest] == "true"
            && request.headers[.htmxHistoryRestore] != "true"
    }

    /// The way to another page.
    static func moved(to path: String, cookie: String? = nil) -> Response {
        var headers: HTTPFields = [.location: path, .cacheControl: "no-store"]
        if let cookie { headers[.setCookie] = cookie }
        return Response(status: .seeOther, headers: headers)
    }

    /// Whether a client has what `tag` names; a tag that was compressed on the way is weak.
    static func matches(_ header: String?, _ tag: String) -> Bool {
        (header ?? "").split(separator: ",").contains { part in
            let part = part.drop { $0 == " " }
            return part == tag[...] || part == "W/\(tag)"
        }
    }

    static func acceptsGzip(_ request: Request) -> Bool {
        (request.headers[.acceptEncoding] ?? "").split(separator: ",").contains { part in
            let words = part.split(separator: ";").map { $0.filter { $0 != " " } }
            return words.first == "gzip" && !words.dropFirst().contains { $0 == "q=0" }
        }
    }

    private static func response(
        _ status: HTTPResponse.Status,
        _ headers: HTTPFields,
        _ bytes: [UInt8],
        to request: Request
    ) -> Response {
        var headers = headers
        var body = bytes
        if bytes.count >= Gzip.bytesMin, acceptsGzip(request), let small = Gzip.compress(bytes) {
            headers[.contentEncoding] = "gzip"
            body = small
        }
        let isHead = request.method == .head
        return Response(
            status: status,
            headers: headers,
            body: isHead ? .init() : ResponseBody(byteBuffer: ByteBuffer(bytes: body))
        )
    }

    /// A file of the pages.
    ///
    /// - Parameter mayStay: whether the address names its content, so that it never changes.
    static func file(_ file: StaticFile, to request: Request, mayStay: Bool) -> Response {
        var headers: HTTPFields = [
            .contentType: file.contentType,
            .cacheControl: mayStay ? "public, max-age=31536000, immutable" : "no-cache",
            .eTag: "\"\(file.hash)\"",
            .vary: "accept-encoding",
            .resourcePolicy: "same-origin",
        ]
        if matches(request.headers[.ifNoneMatch], "\"\(file.hash)\"") {
            return Response(status: .notModified, headers: headers)
        }
        var body = file.bytes
        if let small = file.compressed, acceptsGzip(request) {
            headers[.contentEncoding] = "gzip"
            body = small
        }
        let isHead = request.method == .head
        return Response(
            status: .ok,
            headers: headers,
            body: isHead ? .init() : ResponseBody(byteBuffer: ByteBuffer(bytes: body))
        )
    }
}
