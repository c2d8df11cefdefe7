import AsyncHTTPClient
import Identity
import LedgerCore
import MarketTypes
import NIOHTTP1
import SettlementCore
import Synchronization

/// An offer that can be bought from, with what is computed once for all its calls.
struct BoardOffer: Sendable {
    let id: OfferID
    let offer: Offer
    /// What the seller stands to lose, as the ledger last said.
    let bond: Amount
    let publishedAt: BlockHeight
    /// A `POST` to the seller's provider, without voucher and body.
    let request: HTTPClient.Request

    /// Returns nil if the endpoint is no URL.
    init?(_ record: OfferRecord, bond: Amount) {
        let offer = record.offer
        guard
            let request = try? HTTPClient.Request(
                url: SellerEndpoint.url(offer.endpoint, offer.interface.path),
                method: .POST
            )
        else { return nil }
        id = offer.id
        self.offer = offer
        self.bond = bond
        publishedAt = record.publishedAt
        self.request = request
    }
}

/// Spells the URLs of a seller's provider.
enum SellerEndpoint {
    static func url(_ endpoint: String, _ path: String) -> String {
        endpoint.hasSuffix("/") ? endpoint.dropLast() + path : endpoint + path
    }
}

/// Which offers a gateway would buy from, whatever their price.
struct OfferFilter: Sendable {
    let allow: [AccountID]
    let deny: [AccountID]
    let minimumBond: Amount
    let allowPrivateEndpoints: Bool
    /// In which the buyer pays.
    let denominations: [Denomination]

    init(_ selection: SellerSelection, denominations: [Denomination] = [.native]) {
        self.denominations = denominations
        allow = selection.allow.compactMap(AccountID.init(address:))
        deny = selection.deny.compactMap(AccountID.init(address:))
        minimumBond = Amount(obol: UInt128(selection.minimumBondObol))
        allowPrivateEndpoints = selection.allowPrivateEndpoints
    }

    /// Whether to look further at the offer; the bond is asked for afterwards.
    ///
    /// One that a pass of the buyer's pays for need not be current.
    func admits(_ record: OfferRecord, now: Timestamp, isHeld: Bool = false) -> Bool {
        let offer = record.offer
        return (isHeld || record.standing == .current) && offer.expiresAt > now
            && denominations.contains(offer.denomination)
            && (allow.isEmpty || allow.contains(offer.seller))
            && !deny.contains(offer.seller)
            && (allowPrivateEndpoints || !PrivateAddress.isNamed(by: offer.endpoint))
    }
}

/// The offers that calls choose from: replaced as a whole, read by every call.
final class OfferBoard: Sendable {
    private struct Shelf: Hashable {
        let model: String
        let interface: CallInterface
    }

    private struct Contents {
        var shelves: [Shelf: [BoardOffer]] = [:]
        var all: [BoardOffer] = []
    }

    private let contents = Mutex(Contents())

    /// Replaces everything on the board.
    func replace(with offers: [BoardOffer]) {
        var next = Contents()
        next.all = offers.sorted { ($0.offer.model, $0.id) < ($1.offer.model, $1.id) }
        for offer in next.all {
            let shelf = Shelf(model: offer.offer.model, interface: offer.offer.interface)
            next.shelves[shelf, default: []].append(offer)
        }
        contents.withLock { $0 = next }
    }

    /// Everything on the board, by model and then by name.
    var all: [BoardOffer] { contents.withLock { $0.all } }

    /// What can be bought under this model name and interface.
    func offers(model: String, interface: CallInterface) -> [BoardOffer] {
        contents.withLock { $0.shelves[Shelf(model: model, interface: interface)] } ?? []
    }

    /// The endpoint that `seller` serves from now, if it offers anything.
    func endpoint(of seller: AccountID) -> String? {
        contents.withLock { $0.all.first { $0.offer.seller == seller }?.offer.endpoint }
    }

    /// At most `limit` different model names that can be called through `interface`.
    func modelNames(_ interface: CallInterface, limit: Int) -> [String] {
        var names: [String] = []
        for offer in all.map(\.offer) where offer.interface == interface {
            if names.last != offer.model { names.append(offer.model) }
        }
        return Array(names.prefix(limit))
    }
}
