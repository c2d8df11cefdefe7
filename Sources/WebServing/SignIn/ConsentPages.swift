public import AccessCore
public import Hummingbird

/// What somebody is asked when a program wants to act for them.
public struct ConsentQuestion: Sendable {
    /// What the program calls itself; whoever made it chose that.
    public let client: String
    /// Whether it can prove that it is the one that was registered.
    public let isConfidential: Bool
    /// What it asks for.
    public let scopes: ScopeSet
    /// Who is asked, and for which organisation.
    public let caller: Caller
    /// Where the answer leads.
    public let origin: String
    /// Where the form is sent, with `decision` `allow` or `deny`.
    public let action: String
    /// The form's hidden fields.
    public let fields: [(name: String, value: String)]
    /// Whether somebody said yes to another question, so that this one is asked instead.
    public let isChanged: Bool
}

/// Shows people what a program asks for, in the market's own look.
public protocol ConsentPages: Sendable {
    /// The page with the question; its form leads to this site and to the question's origin.
    func page(
        asking question: ConsentQuestion,
        _ request: Request,
        _ context: WebContext
    ) async throws -> Response

    /// The page that says why nothing can be asked; nil for whoever does not read pages.
    func page(
        explaining problem: Problem,
        _ request: Request,
        _ context: WebContext
    ) async -> Response?
}
