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
    /// What a form takes beside the file in it, in bytes: generously counted.
    private static let formBytes = 4_096

    private let offer: Offer
    private let visitor: Visitor?
    private let signInHref: String?
    /// What is missing before a call can be paid; nil if nothing is.
    var setup: TrialSetup?

    /// Nil where the market spends for nobody, and where this offer is not sold for STOA any more.
    init?(_ page: OfferPage, _ read: PageRead, isHosted: Bool) {
        guard isHosted, page.offer.denomination == .native,
            OfferCards.warning(page.entry.record, at: read.source.now) == nil
        else { return nil }
        offer = page.offer
        visitor = read.visitor
        signInHref = read.signInHref
    }

    private var mayCall: Bool { visitor?.may(.callModels) ?? false }

    var scripts: [String] {
        guard mayCall, setup == nil else { return [] }
        return isMedia ? ["try-media.js", "try.js"] : ["try.js"]
    }

    private var isMedia: Bool { [.images, .speech, .transcription].contains(offer.interface) }

    func fill() -> Fill {
        var fill = Fill()
        fill.put("trialSignIn", signInHref)
        fill.put("trialRefused", visitor != nil && !mayCall)
        fill.put("trialSetup", mayCall ? setup?.fill() : nil)
        fill.put("trialForm", mayCall && setup == nil ? form : nil)
        return fill
    }

    private var form: Fill? {
        guard let visitor else { return nil }
        var fill = Fill(["trialModel": offer.model, "trialPath": offer.interface.path])
        fill.put("trialKind", offer.interface.name)
        fill.put("trialSeller", "\(offer.seller)")
        fill.put("trialToken", visitor.crossSiteToken)
        let tokensMax = min(offer.limits.outputTokensMax, Self.outputTokensMax)
        fill.put("trialTokens", "\(tokensMax)")
        let words = Words(offer.interface, tokensMax: tokensMax)
        fill.put("trialLabel", words.label)
        fill.put("trialText", words.text)
        fill.put("trialButton", words.button)
        fill.put("trialNote", words.note)
        fill.put("trialVoice", offer.interface == .speech)
        let offered = max(0, Int(offer.limits.requestBytesMax) - Self.formBytes)
        let fileBytesMax = min(offered, FileLimits.fileBytesMost)
        fill.put("trialFile", offer.interface.isUpload ? "\(fileBytesMax)" : nil)
        return fill
    }
}

/// What stands around the field of a trial.
private struct Words {
    let label: String
    /// What the field holds at first.
    var text = ""
    let button: String
    let note: String

    init(_ interface: CallInterface, tokensMax: UInt32) {
        switch interface {
        case .chat:
            label = "Your question"
            button = "Ask"
            note = "The answer has at most \(NumberText.count(tokensMax, "token", "tokens"))."
        case .embeddings:
            label = "A text"
            button = "Embed"
            note = "What comes back is a list of numbers."
        case .json:
            label = "The request’s body, JSON"
            text = #"{"input": {}}"#
            button = "Send"
            note = "It goes to this seller as it is typed."
        case .images:
            label = "What is in the picture"
            button = "Make a picture"
            note = "One picture is asked for."
        case .speech:
            label = "A text to speak"
            button = "Speak"
            note = "What comes back is sound."
        case .transcription:
            label = "A recording"
            button = "Write it down"
            note = "It goes to this seller as it is."
        }
    }
}
