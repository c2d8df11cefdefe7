/// The kinds of failure that a client of the OpenAI dialect can tell apart.
///
/// `type` and `code` are OpenAI's own words wherever it has one, because client libraries and
/// proxies compare them.
public enum APIFailureKind: UInt32, CaseIterable, Hashable, Sendable {
    /// The request breaks a rule and would break it again.
    case invalidRequest = 1
    /// The key is missing or unknown.
    case authentication = 2
    /// The wallet, budget or channel cannot pay.
    ///
    /// Status 402 and not OpenAI's 429, because clients retry 429 and money does not come back
    /// by asking again. The type is OpenAI's word for an empty account, which tools recognise.
    case insufficientFunds = 3
    /// No seller offers the model.
    case modelNotFound = 4
    /// The body is longer than the limit.
    case tooLarge = 5
    /// Too many requests; worth retrying later.
    case rateLimited = 6
    /// The seller or its upstream failed.
    case upstreamFailed = 7
    /// All sellers are busy.
    case overloaded = 8
    /// The seller did not answer in time.
    case timeout = 9
    /// There is no such path or method.
    case notFound = 10
    /// A fault of this server.
    case internalFault = 11
    /// The key may not do this.
    case permission = 12
    /// The request has something that this seller does not take, though another may.
    case unsupportedMedia = 13
    /// The call was served, and its receipt cannot be written: it may be charged later.
    case receiptMissing = 14

    /// The HTTP status.
    public var status: Int {
        switch self {
        case .invalidRequest: 400
        case .authentication: 401
        case .insufficientFunds: 402
        case .permission: 403
        case .modelNotFound, .notFound: 404
        case .tooLarge: 413
        case .unsupportedMedia: 415
        case .rateLimited: 429
        case .internalFault, .receiptMissing: 500
        case .upstreamFailed: 502
        case .overloaded: 503
        case .timeout: 504
        }
    }

    /// The `type` member.
    public var type: String {
        switch self {
        case .invalidRequest, .modelNotFound, .notFound, .tooLarge, .unsupportedMedia:
            "invalid_request_error"
        case .authentication: "authentication_error"
        case .permission: "permission_error"
        case .insufficientFunds: "insufficient_quota"
        case .rateLimited: "rate_limit_error"
        case .internalFault, .upstreamFailed, .overloaded, .timeout, .receiptMissing:
            "server_error"
        }
    }

    /// The `code` member.
    public var name: String {
        switch self {
        case .invalidRequest: "invalid_request"
        case .authentication: "invalid_api_key"
        case .insufficientFunds: "insufficient_quota"
        case .modelNotFound: "model_not_found"
        case .tooLarge: "request_too_large"
        case .rateLimited: "rate_limit_exceeded"
        case .upstreamFailed: "upstream_failed"
        case .overloaded: "overloaded"
        case .timeout: "timeout"
        case .notFound: "not_found"
        case .internalFault: "internal_error"
        case .permission: "insufficient_permissions"
        case .unsupportedMedia: "unsupported_media"
        case .receiptMissing: "receipt_missing"
        }
    }
}

/// An answer that says why a call failed, in the envelope of the OpenAI dialect.
public struct APIFailure: Error, Hashable, Sendable {
    /// What failed, and so the HTTP status.
    public let kind: APIFailureKind
    /// A sentence for the developer.
    public let message: String
    /// The parameter at fault.
    public let param: String?
    /// What to do about it.
    public let hint: String?
    /// Whether the call was charged all the same; nil if that is found out only later.
    public let moneyMoved: Bool?
    /// The number of the refusal beneath, for looking it up.
    public let stoaCode: UInt32?
    /// When to ask again, in seconds.
    public let retryAfterSeconds: UInt32?

    /// Creates a failure; rate limits that name no time ask for one second of patience.
    public init(
        _ kind: APIFailureKind,
        message: String,
        param: String? = nil,
        hint: String? = nil,
        moneyMoved: Bool? = false,
        stoaCode: UInt32? = nil,
        retryAfterSeconds: UInt32? = nil
    ) {
        self.kind = kind
        self.message = message
        self.param = param
        self.hint = hint
        self.moneyMoved = moneyMoved
        self.stoaCode = stoaCode
        self.retryAfterSeconds = retryAfterSeconds ?? (kind == .rateLimited ? 1 : nil)
    }

    /// The headers that steer the retries of client libraries.
    ///
    /// `x-should-retry` stops a client from paying twice for a call that failed and was charged, or
    /// may have been.
    public var headers: [(name: String, value: String)] {
        var headers: [(name: String, value: String)] = []
        if let retryAfterSeconds { headers.append(("retry-after", "\(retryAfterSeconds)")) }
        if moneyMoved != false { headers.append(("x-should-retry", "false")) }
        return headers
    }

    /// The body: `{"error":{"message","type","param","code",...}}`.
    public var body: [UInt8] {
        var writer = JSONWriter(capacityBytes: 256)
        writer.object { writer in
            writer.key("error")
            writer.object { writer in
                writer.member("message", message)
                writer.member("type", kind.type)
                writer.member("param", param)
                writer.member("code", kind.name)
                if let hint { writer.member("hint", hint) }
                writer.key("money_moved")
                if let moneyMoved { writer.bool(moneyMoved) } else { writer.null() }
                if let stoaCode { writer.member("stoa_code", stoaCode) }
            }
        }
        return writer.bytes
    }
}
