public import Hummingbird
import LedgerCore
public import MarketTypes
public import NIOCore
public import OpenAIWire
import ServiceLifecycle
public import SettlementCore

/// One account's gateway in this process, while it is open.
struct HostedWallet: Sendable {
    let desk: CallDesk
    let stop: StopRequest
}

/// The right to use a wallet; it stays open at least as long.
public final class HostedLease: Sendable {
    /// Whose wallet it is.
    public let account: AccountID
    private let wallet: HostedWallet
    private let onRelease: @Sendable (AccountID) -> Void

    init(
        _ account: AccountID,
        _ wallet: HostedWallet,
        onRelease: @escaping @Sendable (AccountID) -> Void
    ) {
        self.account = account
        self.wallet = wallet
        self.onRelease = onRelease
    }

    deinit {
        onRelease(account)
    }

    /// Answers one of a gateway's paths, and pays from this wallet.
    ///
    /// - Parameters:
    ///   - channel: the connection, which tells when the client leaves.
    ///   - meter: counts what whoever calls may spend; nil counts nothing.
    ///   - buyer: on whose behalf it is; receipts are listed of the same organisation alone.
    ///   - bodyBytesMax: the largest body, if that is not as usual.
    /// - Throws: ``APIFailure``.
    public func answer(
        _ request: Request,
        channel: any NIOCore.Channel,
        requestID: String,
        meter: (any CallMeter)?,
        buyer: CallBuyer,
        bodyBytesMax: Int? = nil
    ) async throws(APIFailure) -> Response {
        var response: Response
        do throws(APIFailure) {
            response = try await wallet.desk.answer(
                request,
                channel: channel,
                requestID: requestID,
                meter: meter,
                buyer: buyer,
                bodyBytesMax: bodyBytesMax
            )
        } catch {
            wallet.desk.parts.metrics.failed(error, path: request.uri.path)
            throw error
        }
        let body = response.body
        // A whole answer is paid and complete; the server writes it at once if it is left alone.
        guard body.contentLength == nil else { return response }
        // A stream is written after this returns, and needs the wallet until it is over.
        response.body = ResponseBody(contentLength: body.contentLength) { writer in
            try await body.write(writer)
            withExtendedLifetime(self) {}
        }
        return response
    }

    /// What was bought last, the newest first, of what `view` shows.
    public func receipts(limit: Int, in view: PurchaseView) -> [BoughtCall] {
        wallet.desk.parts.book.recent.newest(limit, in: view).map { BoughtCall($0) }
    }

    /// What became of what is locked in its channels.
    var channelUse: [ChannelID: HostedChannelUse] { wallet.channelUse }

    /// What the wallet paid in all, in obol.
    public var spent: Amount {
        wallet.desk.parts.wallet.withLock { $0.spent[.native] ?? .zero }
    }
}

/// A paid call, as pages list it.
public struct BoughtCall: Hashable, Sendable {
    /// The receipt's digest.
    public let receipt: Digest
    /// Who was paid.
    public let seller: AccountID
    /// What was called.
    public let model: String
    /// What it cost.
    public let charge: Amount
    /// Counted in what.
    public let denomination: Denomination
    /// How much of the answer was delivered.
    public let status: CallStatus
    /// Whether the whole answer was.
    public var isDelivered: Bool { status == .delivered }
    /// When it ended.
    public let finishedAt: Timestamp
    /// On whose behalf it was bought; nil if nobody wrote that down.
    public let buyer: CallBuyer?

    init(_ receipt: RecentReceipt) {
        self.receipt = receipt.digest
        seller = receipt.seller
        model = receipt.model
        charge = receipt.charge
        denomination = receipt.denomination
        status = receipt.status
        finishedAt = receipt.finishedAt
        buyer = receipt.buyer
    }
}

/// Ends a wallet's services when asked, or when it was idle for long enough.
struct StopRequest: Service {
    private let asked: AsyncStream<Void>
    private let ask: AsyncStream<Void>.Continuation

    init() {
        (asked, ask) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1))
    }

    func callAsFunction() { ask.yield() }

    func run() async {
        for await _ in asked.cancelOnGracefulShutdown() { return }
    }
}
