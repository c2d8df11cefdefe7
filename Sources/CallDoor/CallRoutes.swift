import AccessCore
public import AccessStore
public import Gateway
import HTTPTypes
public import Hummingbird
import LedgerClient
public import MarketTypes
import NIOCore
import OpenAIWire
public import WebServing

/// The paths of a gateway for people who have a key of this market: OpenAI's and Anthropic's words
/// under `/v1`, paid from the caller's own account.
public struct CallRoutes: Sendable {
    private let wallets: HostedWallets
    private let budgets: any BudgetStore
    private let endings: BudgetEndings?
    private let now: @Sendable () -> Timestamp
    private let files: FileRoutes
    private let uploads = UploadSlots()

    /// The largest body of each path that takes files, in bytes.
    public static let uploadBytesMax = [
        // A little more, so that whoever reads it says what is too large.
        "/v1/audio/transcriptions": GatewayConfiguration().uploadBytesMax + (64 << 10),
        // The boundaries and fields around a file take some room.
        FileRoutes.path: FileLimits.fileBytesMost + (1 << 20),
    ]

    /// Creates the routes.
    ///
    /// - Parameters:
    ///   - wallets: pay for the calls.
    ///   - budgets: what each key may spend, and did.
    ///   - endings: tells the budgets how calls ended; nil if somebody else does at once.
    ///   - files: what organisations keep, to name it in calls.
    public init(
        wallets: HostedWallets,
        budgets: any BudgetStore,
        endings: BudgetEndings? = nil,
        files: FileStore,
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.wallets = wallets
        self.budgets = budgets
        self.endings = endings
        self.now = now
        self.files = FileRoutes(store: files, uploads: uploads, now: now)
    }

    /// Adds the routes; what a request passes first was added before.
    public func addRoutes(to router: Router<WebContext>) {
        let calls: [RouterPath] = [
            "/v1/chat/completions", "/v1/embeddings", "/v1/call", "/v1/messages", "/v1/responses",
            "/v1/images/generations", "/v1/audio/speech", "/v1/audio/transcriptions",
        ]
        for path in calls {
            router.post(path) { request, context in
                await Self.answering(request, context) { () async throws(APIFailure) in
                    try await call(request, context)
                }
            }
        }
        files.addRoutes(to: router)
        router.get("/v1/models") { request, context in
            await Self.answering(request, context) { () async throws(APIFailure) in
                try await wallets.answerModels(nil)
            }
        }
        router.get("/v1/models/**") { request, context in
            let name = String(request.uri.path.dropFirst("/v1/models/".count))
            return await Self.answering(request, context) { () async throws(APIFailure) in
                try await wallets.answerModels(name)
            }
        }
        router.get("/stoa/v1/allowance") { request, context in
            await Self.answering(request, context) { () async throws(APIFailure) in
                try await wallets.answerAllowance(payer(context, for: .readAccount).account)
            }
        }
        for path in ["/stoa/v1/status", "/stoa/v1/receipts"] {
            router.get(RouterPath(path)) { request, context in
                await Self.answering(request, context) { () async throws(APIFailure) in
                    let (caller, account) = try payer(context, for: .readUsage)
                    let lease = try await wallets.wallet(of: account)
                    return try await lease.answer(
                        request,
                        channel: context.channel,
                        requestID: context.requestID,
                        meter: nil,
                        buyer: try Self.buyer(caller)
                    )
                }
            }
        }
    }

    /// Turns failures into the envelope of the path's dialect.
    static func answering(
        _ request: Request,
        _ context: WebContext,
        _ answer: () async throws(APIFailure) -> Response
    ) async -> Response {
        do {
            return try await answer()
        } catch {
            return HostedWallets.answer(
                error,
                at: request.uri.path,
                requestID: context.requestID
            )
        }
    }

    private func call(
        _ request: Request,
        _ context: WebContext
    ) async throws(APIFailure) -> Response {
        if let key = context.admission?.key, key.mode == .test {
            _ = try Self.caller(context, for: .callModels)
            return try await wallets.answerTest(request, requestID: context.requestID)
        }
        let (caller, account) = try payer(context, for: .callModels)
        let key = context.admission?.key
        let counter = KeylessUse(caller.proof)?.counter(of: caller.organisation)
        let rest = key == nil ? KeylessUse.rest.counter(of: caller.organisation) : nil
        let meter = (key?.id ?? counter).map {
            KeyMeter(
                id: $0,
                rest: rest,
                rules: key?.budgets ?? .none,
                budgets: budgets,
                endings: endings,
                now: now
            )
        }
        let lease = try await wallets.wallet(of: account)
        let held = try await files.holding(request, context)
        defer { withExtendedLifetime(held.slot) {} }
        return try await lease.answer(
            held.request,
            channel: context.channel,
            requestID: context.requestID,
            meter: meter,
            buyer: try Self.buyer(caller),
            bodyBytesMax: held.bodyBytesMax
        )
    }

    /// Whoever calls, if they may do that, and the account that pays for them.
    private func payer(
        _ context: WebContext,
        for scope: Scope
    ) throws(APIFailure) -> (caller: Caller, account: AccountID) {
        let caller = try Self.caller(context, for: scope)
        guard let account = caller.account else {
            throw APIFailure(
                .insufficientFunds,
                message: "The organisation has no account that pays; nothing was charged.",
                hint: "Use a key of an organisation whose owner signed up with a passkey; the "
                    + "operator's own keys pay from the account of `stoa keys account WALLET`."
            )
        }
        return (caller, account)
    }

    /// On whose behalf a call is bought: what is not written down would be seen by nobody.
    private static func buyer(_ caller: Caller) throws(APIFailure) -> CallBuyer {
        guard let buyer = CallBuyer(caller) else {
            throw APIFailure(
                .internalFault,
                message: "Whoever calls cannot be written down; nothing was charged.",
                hint: "Tell the operator."
            )
        }
        return buyer
    }

    /// Whoever calls, if they may do that.
    static func caller(
        _ context: WebContext,
        for scope: Scope
    ) throws(APIFailure) -> Caller {
        guard let caller = context.caller else {
            throw APIFailure(
                .authentication,
                message: "The key is missing; nothing was charged.",
                hint: "Send a key of this market as 'Authorization: Bearer'; /account/keys makes "
                    + "one."
            )
        }
        let mustSign = scope == .callModels && caller.scopes.contains(.callModelsSigned)
        guard caller.scopes.contains(scope) || mustSign && context.isSigned else {
            guard !mustSign else { throw Self.unsigned }
            throw APIFailure(
                .permission,
                message: "The key lacks the scope \(scope.rawValue); nothing was charged.",
                hint: "Use a key that has it."
            )
        }
        return caller
    }

    private static var unsigned: APIFailure {
        APIFailure(
            .permission,
            message: "This key calls by signed requests alone; nothing was charged.",
            hint: "Sign the request (ACC-50), or use a key with the scope calls:write."
        )
    }
}
