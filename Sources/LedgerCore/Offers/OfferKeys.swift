import CanonicalCoding
public import MarketTypes

extension StateKey {
    /// Where an offer stands.
    public static func offer(_ offer: OfferID) -> StateKey {
        StateKey(.offer) { $0.encode(offer.digest) }
    }

    /// What the keys of all offers begin with, in order of their digests.
    public static let offers = StateKey(.offer)
}
