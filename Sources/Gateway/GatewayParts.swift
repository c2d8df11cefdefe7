import AsyncHTTPClient
import HTTPServing
import Identity
import LedgerClient
import Logging
import MarketTypes

/// Everything that a running gateway consists of, put together once its journal is replayed.
struct GatewayParts: Sendable {
    let configuration: GatewayConfiguration
    let account: AccountSession
    let ledger: any LedgerConnection
    let chain: ChainID
    let voucherKey: SigningKey
    let client: HTTPClient
    let logger: Logger
    let now: @Sendable () -> Timestamp

    let wallet: Wallet
    let book: CallBook
    let funder: ChannelFunder
    let board: OfferBoard
    let passes: PassShelf
    let health: SellerHealthTable
    let gate: CallGate
    let chores: ChoreList
    let presence: ClientPresence
    let answers = AnswerCache()

    /// The denominations that are paid in.
    let units: GatewayUnits
    let metrics: GatewayMetrics
}
