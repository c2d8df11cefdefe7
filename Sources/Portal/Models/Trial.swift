import AccessCore
import AccessStore
import LedgerCore
import LedgerIndex
import MarketTypes
import SettlementCore
import WebServing

/// Asking an offer from its own page: the market pays from the visitor's account.
struct Trial: Sendable {
    /// The most tokens of an answer that is only tried, so that a try costs little.
    static let outputTokensMax: UInt32 = 512

    private let offer: Offer
    private let visitor: Visitor?
    private let signInHref: String?

    /// Nil where the market spends for nobody, where this offer is not sold for STOA any more, and
    /// for what a line of text cannot ask or a page of text cannot show.
    init?(_ page: OfferPage, _ read: PageRead, isHosted: Bool) {
        guard isHosted, page.offer.denomination == .native,
            Self.words(page.offer.interface, 0) != nil,
            OfferCards.warning(page.entry.record, at: read.source.now) == nil
        else { return nil }
        offer = page.offer
        visitor = read.visitor
        signInHref = read.signInHref
    }

    private var mayCall: Bool { visitor?.may(.callModels) ?? false }

    var scripts: [String] { mayCall ? ["try.js"] : [] }

    func fill() -> Fill {
        var fill = Fill()
        fill.put("trialSignIn", signInHref)
        fill.put("trialRefused", visitor != nil && !mayCall)
        fill.put("trialForm", mayCall ? form : nil)
        return fill
    }

    private var form: Fill? {
        guard let visitor else { return nil }
        var fill = Fill(["trialModel": offer.model, "trialPath": offer.interface.path])
        fill.put("trialKind", offer.interface.name)
        fill.put("trialSeller", "\(offer.seller)")
        fill.put("trialToken", visitor.session.crossSiteToken)
        let most = min(offer.limits.outputTokensMax, Self.outputTokensMax)
        fill.put("trialTokens", "\(most)")
        guard let (label, text, button, note) = Self.words(offer.interface, most) else {
            return nil
        }
        fill.put("trialLabel", label)
        fill.put("trialText", text)
        fill.put("trialButton", button)
        fill.put("trialNote", note)
        return fill
    }

    private static func words(
        _ interface: CallInterface,
        _ most: UInt32
    ) -> (String, String, String, String)? {
        switch interface {
        case .chat:
            (
                "Your question", "", "Ask",
                "The answer has at most \(NumberText.count(most, "token", "tokens"))."
            )
        case .embeddings:
            ("A text", "", "Embed", "What comes back is a list of numbers.")
        case .json:
            (
                "The request’s body, JSON", #"{"input": {}}"#, "Send",
                "It goes to this seller as it is typed."
            )
        case .images, .speech, .transcription: nil
        }
    }
}
