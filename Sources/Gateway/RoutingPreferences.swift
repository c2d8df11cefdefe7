import Identity
import MarketTypes
import OpenAIWire
import SettlementCore

/// How a client wants sellers to be chosen: the member `provider` of a request's body, as
/// OpenRouter's clients write it. It is taken out before the seller sees the request.
struct RoutingPreferences: Hashable, Sendable {
    /// What goes first among the sellers that fit.
    enum Order: String, Hashable, Sendable {
        case price
        case latency
    }

    /// The most sellers that may be named.
    static let sellersMax = 64
    private static let known = [
        "sort", "only", "ignore", "max_price", "allow_fallbacks", "cache",
    ]
    /// The longest that an answer may be told again, in seconds.
    private static let cacheSecondsMax: UInt64 = 86_400

    var order = Order.price
    /// The only sellers to buy from; nil for everybody.
    var only: Set<AccountID>?
    /// Sellers not to buy from.
    var ignored: Set<AccountID> = []
    /// The most that the call may cost, in the smallest part of the offer's denomination.
    var chargeMax: Amount?
    /// Whether another seller is tried when the first fails.
    var allowsFallbacks = true
    /// How old an answer to the same call may be that is told again; nil asks a seller.
    var cacheSeconds: UInt32?

    /// No wishes.
    init() {}

    /// Reads the member `provider`.
    ///
    /// - Throws: ``RequestRefusal`` for a wish that has no meaning here: it must not look as if it
    ///   had been heeded.
    init(_ object: JSONObject) throws(RequestRefusal) {
        for member in object.members {
            let name = String(decoding: member.key, as: UTF8.self)
            guard Self.known.contains(name) else {
                throw .unsupported(
                    param: "provider.\(name)",
                    instead: "a wish is one of \(Self.known.joined(separator: ", "))"
                )
            }
        }
        order = try Self.order(object)
        only = try Self.accounts(object, "only")
        ignored = try Self.accounts(object, "ignore") ?? []
        do {
            chargeMax = try object.unsigned("max_price").map { Amount(obol: UInt128($0)) }
        } catch {
            throw .wrongType(param: "provider.max_price", expected: "a whole number of obol")
        }
        do {
            allowsFallbacks = try object.bool("allow_fallbacks") ?? true
        } catch {
            throw .wrongType(param: "provider.allow_fallbacks", expected: "a boolean")
        }
        guard object["cache"] != nil else { return }
        guard let seconds = try? object.unsigned("cache"),
            (1...Self.cacheSecondsMax).contains(seconds)
        else {
            throw .outOfRange(
                param: "provider.cache",
                rule: "a number of seconds from 1 to \(Self.cacheSecondsMax)"
            )
        }
        cacheSeconds = UInt32(seconds)
    }

    private static func order(_ object: JSONObject) throws(RequestRefusal) -> Order {
        guard object["sort"] != nil else { return .price }
        guard let text = try? object.string("sort"), let order = Order(rawValue: text) else {
            throw .outOfRange(param: "provider.sort", rule: "'price' or 'latency'")
        }
        return order
    }

    private static func accounts(
        _ object: JSONObject,
        _ name: String
    ) throws(RequestRefusal) -> Set<AccountID>? {
        guard object[name] != nil else { return nil }
        let fault = RequestRefusal.wrongType(
            param: "provider.\(name)",
            expected: "a list of at most \(sellersMax) addresses"
        )
        guard let list = try? object.array(name, countMax: sellersMax) else { throw fault }
        var accounts: Set<AccountID> = []
        for value in list {
            // An address has no character that would be escaped.
            let text = object.raw(value).dropFirst().dropLast()
            guard value.kind == .string,
                let account = AccountID(address: String(decoding: text, as: UTF8.self))
            else { throw fault }
            accounts.insert(account)
        }
        return accounts
    }

    /// The offers whose sellers may be bought from.
    func allowed(_ offers: [BoardOffer]) -> [BoardOffer] {
        guard only != nil || !ignored.isEmpty else { return offers }
        return offers.filter { allows($0.offer.seller) }
    }

    /// Whether that seller may be bought from.
    func allows(_ seller: AccountID) -> Bool {
        only?.contains(seller) ?? true && !ignored.contains(seller)
    }
}
