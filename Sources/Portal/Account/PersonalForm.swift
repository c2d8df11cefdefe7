import AccessCore
import HTTPTypes
import Hummingbird
import NIOCore
import WebServing

/// What came of a form that somebody who is signed in sent.
enum FormOutcome {
    /// Another page shows it.
    case moved(String)
    /// It is shown at once, and never again.
    case shown(Sheet)
}

/// A page behind sign-in, and what its forms do.
struct PersonalPage: Sendable {
    /// A form's fields, with who sent them.
    struct Sent: Sendable {
        let read: PageRead
        let visitor: Visitor
        let fields: FormFields

        /// A field's text without white space around it; nil if it is not there or empty.
        subscript(name: String) -> String? {
            guard let text = fields[name] else { return nil }
            let trimmed = text.drop { $0.isWhitespace }
            let end = trimmed.lastIndex { !$0.isWhitespace }
            guard let end else { return nil }
            return String(trimmed[...end])
        }

        /// Whether a box is ticked.
        func isChecked(_ name: String) -> Bool { fields[name] != nil }
    }

    let path: String
    let load: @Sendable (PageRead, Visitor) async throws -> Sheet
}

extension Portal {
    /// Adds a page that only somebody who is signed in sees; a stranger is shown the way in.
    func add(_ page: PersonalPage, to router: Router<WebContext>) {
        router.get(RouterPath(page.path)) { request, context in
            guard let visitor = try await visitor(context) else {
                return Reply.moved(to: LocalPath(request.head.path).after(PortalPaths.signIn))
            }
            let read = PageRead(
                request: request,
                context: context,
                source: source,
                visitor: visitor
            )
            var sheet = try await page.load(read, visitor)
            sheet.isPersonal = true
            return try await reply(sheet, request, visitor)
        }
    }

    /// Adds what a form of a page does: it has the token of the session and of the organisation
    /// that the session acts for, or nothing is done.
    ///
    /// What is refused is said on the page that the form stands on.
    func add(
        form path: String,
        of page: PersonalPage,
        to router: Router<WebContext>,
        _ act: @escaping @Sendable (PersonalPage.Sent) async throws -> FormOutcome
    ) {
        router.post(RouterPath(path)) { request, context in
            guard let visitor = try await visitor(context) else {
                return Reply.moved(to: LocalPath(page.path).after(PortalPaths.signIn))
            }
            var read = PageRead(
                request: request,
                context: context,
                source: source,
                visitor: visitor
            )
            do {
                let fields = try await Self.fields(request)
                read.typed = fields
                try visitor.check(crossSiteToken: fields["token"] ?? "")
                let sent = PersonalPage.Sent(read: read, visitor: visitor, fields: fields)
                switch try await act(sent) {
                case .moved(let path): return Reply.moved(to: path)
                case .shown(var sheet):
                    sheet.isPersonal = true
                    return try await reply(sheet, request, visitor)
                }
            } catch {
                guard PageErrors.isForPeople(request), let problem = Problem.explaining(error),
                    problem.status.code < 500, problem.status != .notFound
                else { throw error }
                var sheet = try await page.load(read, visitor)
                sheet.fill.put("fault", problem.detail)
                sheet.fill.put("faultHint", problem.hint)
                sheet.fill.put("done", Optional<String>.none)
                sheet.status = problem.status
                sheet.isPersonal = true
                return try await reply(sheet, request, visitor)
            }
        }
    }

    private static func fields(_ request: Request) async throws -> FormFields {
        var request = request
        let type = request.headers[.contentType]?.split(separator: ";").first
        let buffer = try await request.collectBody(upTo: FormFields.bytesMax)
        guard type?.lowercased() == "application/x-www-form-urlencoded",
            let fields = FormFields(String(decoding: buffer.readableBytesView, as: UTF8.self))
        else {
            throw Problem(
                .badRequest,
                "invalid_request",
                "The form did not arrive whole.",
                hint: "Open the page again and send it once more."
            )
        }
        return fields
    }
}

extension Problem {
    /// The form is of another session, or of another site.
    static let staleForm = Problem(
        .forbidden,
        "cross_site_request",
        "This form is of another session; nothing was done.",
        hint: "The page below is a fresh one: send it again."
    )

    /// The session was made to act for another organisation while the form was open.
    static func form(of before: String, sentFor now: String) -> Problem {
        Problem(
            .forbidden,
            "cross_site_request",
            "This form was shown while you acted for “\(before)”, and you act for “\(now)” now; "
                + "nothing was done.",
            hint: "The page below is of “\(now)”: send it again to do it there, or act for "
                + "“\(before)” again under Organisation first."
        )
    }

    /// Something that somebody typed cannot be used.
    static func unfit(_ what: String, hint: String? = nil) -> Problem {
        Problem(.badRequest, "invalid_request", what, hint: hint)
    }
}
