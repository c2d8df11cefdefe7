import CanonicalCoding
import Hummingbird
import Identity
import LedgerIndex
import MarketTypes
import WebServing

/// A request to a page, read strictly, with what the page may ask.
struct PageRead: Sendable {
    let request: Request
    let context: WebContext
    let source: PageSource
    /// Who is signed in; nil if nobody is.
    let visitor: Visitor?
    /// What was typed into the page's form, if it is shown again because that was refused.
    var typed: FormFields?
    private let query: FormQuery

    init(request: Request, context: WebContext, source: PageSource, visitor: Visitor? = nil) {
        self.request = request
        self.context = context
        self.source = source
        self.visitor = visitor
        query = FormQuery(request.uri.query)
    }

    /// A part of the path that is a digest.
    func digest(_ name: String, _ what: String) throws -> Digest {
        guard let text = context.parameters.get(name), let digest = Digest(hex: text) else {
            throw Problem.missing(
                "There is no \(what) of this name.",
                hint: "Names are 64 hex digits."
            )
        }
        return digest
    }

    /// A parameter that is there and not empty.
    subscript(name: String) -> String? {
        guard let text = query[name], !text.isEmpty else { return nil }
        return text
    }

    /// A field of a form that was sent, even if it is empty; nil if it was not there.
    func given(_ name: String) -> String? { query[name] }

    /// The scripts with which the visitor signs; a stranger needs none.
    var signingScripts: [String] { visitor == nil ? [] : SignedActions.scripts }

    /// Where a stranger signs in to come back here; nil for whoever is signed in.
    var signInHref: String? {
        visitor == nil ? LocalPath(request.head.path).after(PortalPaths.signIn) : nil
    }

    func pageRequest(limit: Int) throws -> PageRequest {
        try PageRequest(limit: limit, after: self["cursor"])
    }

    /// Links to the next page and back to the first, for the template `pages`.
    func links(_ path: String, _ parameters: [(String, String?)], next: String?) -> Fill {
        var fill = Fill()
        fill.put(
            "nextHref",
            next.map { PortalPaths.query(path, parameters + [("cursor", $0)]) }
        )
        fill.put("firstHref", self["cursor"].map { _ in PortalPaths.query(path, parameters) })
        fill.put("pagesAny", next != nil || self["cursor"] != nil)
        return fill
    }
}
