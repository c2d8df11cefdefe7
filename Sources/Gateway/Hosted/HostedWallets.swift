public import AsyncHTTPClient
public import HTTPServing
public import Hummingbird
public import Identity
import Journal
public import LedgerClient
import LedgerCore
public import Logging
public import MarketTypes
import NIOCore
public import OpenAIWire
public import ServiceLifecycle
import Synchronization
public import Telemetry

/// Gateways of other people's accounts, each with a journal of its own, opened by their first call.
///
/// Nobody hands their key over: an account grants a key of this process a session on the ledger, by
/// which it may lock so much in channels until it ends or is revoked (docs/spec/authorization.md).
///
/// ```
/// (nothing) ──call──▶ opening ──▶ open ──idle, revoked, granted anew──▶ closing ──▶ (nothing)
/// ```
public final class HostedWallets: Service {
    /// How long a call waits for its wallet.
    private static let waitSeconds: Int64 = 20
    /// How long a process that leaves keeps all its wallets: the last connections that it accepted
    /// bring their requests.
    private static let leavingMilliseconds = ListeningSocket.graceMilliseconds + 200
    /// How long it keeps one that nobody uses after that.
    private static let leavingIdleMilliseconds: Int64 = 100

    let configuration: HostedConfiguration
    let ledger: any LedgerConnection
    private let keys: @Sendable (AccountID) -> SigningKey?
    private let voucherKeys: @Sendable (AccountID) -> SigningKey?
    private let endings: (any CallEndings)?
    private let httpClient: HTTPClient
    private let logger: Logger
    /// Of all wallets together.
    private let metrics: GatewayMetrics
    let now: @Sendable () -> Timestamp
    private let presence: ClientPresence
    private let shelf: HostedShelf
    let models = Mutex<HostedModels?>(nil)

    /// Creates the host; nothing is opened before ``run()``.
    ///
    /// - Parameters:
    ///   - keys: the key that acts for an account, always the same for the same account; it signs
    ///     transactions and vouchers, which have tags of their own. Nil if it cannot be had.
    ///   - voucherKeys: the key that signs vouchers for an account, if it is another: each of
    ///     several processes that act for one account has its own, so that none uses another's
    ///     channels.
    ///   - endings: hears how vouchers ended, for whoever counts money beside the wallets.
    ///   - httpClient: reaches the sellers; made with
    ///     ``GatewayService/clientConfiguration(for:)``.
    ///   - presence: tells when a client left; the connections' handler has the same.
    ///   - telemetry: is told what the operator sees, of all wallets together.
    public init(
        configuration: HostedConfiguration,
        ledger: any LedgerConnection,
        keys: @escaping @Sendable (AccountID) -> SigningKey?,
        voucherKeys: (@Sendable (AccountID) -> SigningKey?)? = nil,
        endings: (any CallEndings)?,
        httpClient: HTTPClient,
        presence: ClientPresence,
        logger: Logger,
        telemetry: ServiceTelemetry = .off("market"),
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.configuration = configuration
        self.ledger = ledger
        self.keys = keys
        self.voucherKeys = voucherKeys ?? keys
        self.endings = endings
        self.httpClient = httpClient
        self.presence = presence
        self.logger = logger
        metrics = GatewayMetrics(telemetry)
        self.now = now
        shelf = HostedShelf(walletsMax: configuration.walletsMax)
    }

    /// Whose session an account must grant: the account that the key of this process would control.
    public func sessionKey(of account: AccountID) -> AccountID? { keys(account)?.accountID }

    /// Opens and closes wallets as they are asked for, until shutdown.
    public func run() async throws {
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                await withDiscardingTaskGroup { group in
                    group.addTask { await self.closeIdle() }
                    group.addTask { await self.closeLeaving() }
                    for await account in shelf.wanted {
                        group.addTask { await self.serve(account) }
                    }
                }
            } onGracefulShutdown: {
                self.shelf.shutDown()
            }
        } onCancel: {
            self.shelf.shutDown()
        }
    }

    /// The wallet of an account, opened if it is not.
    ///
    /// - Throws: what the client is told: that nothing was granted, that the grant is over, or that
    ///   no further wallet can be opened.
    public func wallet(of account: AccountID) async throws(APIFailure) -> HostedLease {
        try await lease(account, Self.waitSeconds).get()
    }

    func lease(_ account: AccountID, _ seconds: Int64) async -> HostedShelf.Answer {
        await shelf.lease(
            account,
            waitingAtMost: .seconds(seconds),
            on: httpClient.eventLoopGroup.any()
        )
    }

    /// A wallet if it is open.
    func opened(_ account: AccountID) -> HostedWallet? { shelf.opened(account) }

    /// The answer to a call that failed, in the words of its path.
    public static func answer(
        _ failure: APIFailure,
        at path: String,
        requestID: String
    ) -> Response {
        CallDesk.failure(failure, at: path, requestID: requestID)
    }

    /// Gives wallets up as soon as no call needs them, so that a successor can open them while this
    /// process answers its last requests (HST-11). None is opened by waiting for it any more.
    public func leave() { shelf.leave() }

    private func closeLeaving() async {
        await cancelWhenGracefulShutdown {
            for await _ in self.shelf.leaving {
                try? await Task.sleep(for: .milliseconds(Self.leavingMilliseconds))
                while !Task.isCancelled {
                    self.shelf.closeIdle(milliseconds: Self.leavingIdleMilliseconds)
                    try? await Task.sleep(for: .milliseconds(Self.leavingIdleMilliseconds))
                }
            }
        }
    }

    private func closeIdle() async {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                self.shelf.closeIdle(milliseconds: Int64(self.configuration.idleSeconds) * 1_000)
                try? await Task.sleep(for: .seconds(5))
            }
        }
    }

    /// Opens a wallet, runs it until it is closed, and makes way for the next.
    private func serve(_ account: AccountID) async {
        let open: OpenGateway
        do {
            open = try await gatewayOnceFree(account)
        } catch let failure as APIFailure {
            return shelf.failed(account, failure)
        } catch {
            logger.error(
                "a hosted wallet does not open",
                metadata: ["account": "\(account)", "error": "\(error)"]
            )
            return shelf.failed(account, Self.broken)
        }
        defer { open.journal.close() }
        let wallet = HostedWallet(desk: CallDesk(parts: open.parts), stop: StopRequest())
        shelf.opened(account, wallet)
        let services = (open.services + [wallet.stop]).map { service in
            ServiceGroupConfiguration.ServiceConfiguration(
                service: service,
                successTerminationBehavior: .gracefullyShutdownGroup
            )
        }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(services: services, logger: logger)
        )
        do {
            try await group.run()
        } catch {
            logger.error(
                "a hosted wallet ended",
                metadata: ["account": "\(account)", "error": "\(error)"]
            )
        }
        await shelf.closed(account)
    }

    /// The gateway, once the process before this one has let go of its journal.
    private func gatewayOnceFree(_ account: AccountID) async throws -> OpenGateway {
        let deadline = NIODeadline.now() + .seconds(Self.waitSeconds)
        while true {
            do {
                return try await gateway(of: account)
            } catch GatewayError.journal(.inUse) {
                guard !shelf.isLeaving, NIODeadline.now() < deadline else { throw Self.elsewhere }
                try await Task.sleep(for: .milliseconds(100))
            }
        }
    }

    private func gateway(of account: AccountID) async throws -> OpenGateway {
        guard let key = keys(account), let voucherKey = voucherKeys(account) else {
            throw Self.broken
        }
        let (limit, height) = try await limit(of: account)
        let shelf = shelf
        let assembly = GatewayAssembly(
            configuration: configuration.gateway(
                of: account,
                name: account.description,
                limit: limit
            ),
            account: AccountSession(key: key, for: account, ledger: ledger),
            voucherKey: voucherKey,
            ledger: ledger,
            httpClient: httpClient,
            logger: logger,
            metrics: metrics,
            now: now,
            presence: presence,
            endings: endings,
            // What is granted or taken back since is followed.
            startsAt: height,
            onAuthorityChange: { shelf.close(account) }
        )
        return try await assembly.open()
    }

    /// What the account lets this process spend in a period, and the height that was so at.
    private func limit(
        of account: AccountID
    ) async throws(APIFailure) -> (Amount, BlockHeight) {
        let allowance = try await self.allowance(of: account)
        guard allowance.isLive, let session = allowance.granted,
            let limit = session.grant.limits.first?.amount
        else {
            let was = allowance.granted == nil ? "has not allowed" : "does not allow"
            throw APIFailure(
                .insufficientFunds,
                message: "The account \(was) this market to spend for it; nothing was charged.",
                hint: "Sign in and allow an amount on \(configuration.allowancePage); for a wallet "
                    + "of the command line, `stoa session grant`, as `stoa keys account` prints it."
            )
        }
        let tags = session.grant.scope.messages
        guard HostedConfiguration.messageTags.allSatisfy(tags.contains) else {
            throw APIFailure(
                .insufficientFunds,
                message: "The account's grant does not allow channels; nothing was charged.",
                hint: "Grant it anew on \(configuration.allowancePage)."
            )
        }
        return (limit, allowance.height)
    }

    private static var elsewhere: APIFailure {
        APIFailure(
            .overloaded,
            message: "Another process of this market has the wallet; nothing was charged.",
            hint: "Try again in a second; tell the operator if it lasts.",
            retryAfterSeconds: 1
        )
    }

    static var broken: APIFailure {
        APIFailure(
            .internalFault,
            message: "The wallet cannot be opened; nothing was charged.",
            hint: "Tell the operator; the log says why."
        )
    }
}
