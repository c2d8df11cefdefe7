import AccessCore
import AccessStore
import HTTPTypes
public import Hummingbird
public import WebServing

extension Portal: ConsentPages {
    /// The question, with whom it is asked and where its answer leads.
    public func page(
        asking question: ConsentQuestion,
        _ request: Request,
        _ context: WebContext
    ) async throws -> Response {
        let visitor = try await visitor(context)
        var fill = Fill(["clientName": question.client, "origin": question.origin])
        fill.put("clientInitial", question.client.first.map { $0.uppercased() } ?? "·")
        fill.put("token", visitor?.crossSiteToken)
        fill.put("isConfidential", question.isConfidential)
        fill.put("isChanged", question.isChanged)
        fill.put("action", question.action)
        fill.put(
            "fields",
            question.fields.map { Fill(["fieldName": $0.name, "fieldValue": $0.value]) }
        )
        fill.put(
            "scopes",
            question.scopes.scopes.map { scope in
                var fill = Fill(["scopeName": scope.rawValue])
                fill.put("scopeSentence", ScopeText.sentence(scope))
                fill.put("isStrong", ScopeText.group(scope) == .administer)
                fill.put("spends", [.callModels, .callModelsSigned].contains(scope))
                return fill
            }
        )
        fill.put(
            "actsFor",
            visitor.map { $0.isAlone ? "yourself" : $0.organisation?.name ?? "yourself" }
        )
        fill.put("isAlone", visitor?.isAlone ?? true)
        fill.put("personName", visitor?.name)
        var sheet = Sheet(
            template: "consent-page",
            title: "Allow \(question.client)?",
            section: .none,
            fill: fill
        )
        sheet.isPersonal = true
        sheet.isDoor = true
        var response = try await reply(sheet, request, visitor)
        // Browsers hold a form's whole way, redirects too, against this policy.
        response.headers[.contentSecurityPolicy] = Reply.policy.replacing(
            "form-action 'self'",
            with: "form-action 'self' \(question.origin)"
        )
        return response
    }

    /// A problem as a page, for whoever reads pages.
    public func page(
        explaining problem: Problem,
        _ request: Request,
        _ context: WebContext
    ) async -> Response? {
        guard (request.headers[.accept] ?? "").contains("text/html") else { return nil }
        return await page(problem, request, context)
    }
}
