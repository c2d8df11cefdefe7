import AsyncHTTPClient
import HTTPServing
import Identity
import Logging
import MarketTypes

/// What every call and every loop of one running provider shares.
struct ProviderParts: Sendable {
    let configuration: ProviderConfiguration
    let receiptKey: SigningKey
    let board: ServiceBoard
    let desk: VoucherDesk
    let directory: ChannelDirectory
    let passes: PassDirectory
    let plans: PlanReader
    let inclusions: InclusionReader
    let gate: CallGate
    let claims: ClaimSignal
    let presence: ClientPresence
    let client: HTTPClient
    let logger: Logger
    let metrics: ProviderMetrics
    let now: @Sendable () -> Timestamp
    /// A clock that only goes forward.
    let uptimeNanoseconds: @Sendable () -> UInt64
}
