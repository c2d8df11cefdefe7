import HTTPTypes
public import Hummingbird
public import LedgerClient
public import LedgerIndex
public import MarketTypes
public import WebServing

/// The pages that the market shows to people (docs/spec/portal.md).
public struct Portal: Sendable {
    /// What an operator can choose.
    public struct Options: Sendable {
        /// Where the examples call the market: a gateway that pays for the caller.
        public var gatewayURL = "http://127.0.0.1:8090"
        /// A folder with files that others wrote (`htmx.min.js`); pages work without them.
        public var libraries: String?
        /// A folder with templates and styles instead of those in the program, for whoever
        /// changes them; read when the portal is made.
        public var pages: String?

        /// Chooses what is usual.
        public init() {}
    }

    let ledger: any LedgerConnection
    let index: IndexReader
    let now: @Sendable () -> Timestamp
    let options: Options
    let writer: PageWriter
    let files: [String: StaticFile]
    let libraries: [String: StaticFile]
    let problems: ProblemTexts

    /// Creates the pages.
    ///
    /// - Parameters:
    ///   - ledger: shows entries with proofs, and takes transactions.
    ///   - index: answers what is searched, listed and looked back at.
    ///   - options: what the operator chose.
    ///   - now: the wall clock.
    /// - Throws: an error if a folder or a template cannot be read.
    public init(
        ledger: any LedgerConnection,
        index: IndexReader,
        options: Options = Options(),
        now: @escaping @Sendable () -> Timestamp
    ) throws {
        self.ledger = ledger
        self.index = index
        self.now = now
        self.options = options
        let own = try options.pages.map { try PortalFiles(folder: $0) } ?? PortalFiles()
        files = own.files
        libraries = try options.libraries.map { try PortalFiles(folder: $0).files } ?? [:]
        problems = ProblemTexts(table: own.tables["refusals.tsv"] ?? "")
        writer = try PageWriter(files: own, libraries: libraries)
    }

    /// Adds every page.
    ///
    /// What was added to the router before keeps its own errors; what comes after has pages'.
    public func addRoutes(to router: Router<WebContext>) {
        router.add(middleware: PageErrors(portal: self))
        addFiles(to: router)
        addMarket(to: router)
        addOwnership(to: router)
        addExplorer(to: router)
        addReference(to: router)
    }

    private func addFiles(to router: Router<WebContext>) {
        for (folder, files) in [(PortalPaths.assets, files), (PortalPaths.libraries, libraries)] {
            router.get("\(folder)/:hash/:name") { request, context in
                guard let name = context.parameters.get("name"), let file = files[name],
                    context.parameters.get("hash") == file.hash
                else { throw HTTPError(.notFound) }
                return Reply.file(file, to: request)
            }
        }
        router.get("/favicon.ico") { request, _ in
            guard let file = self.files["mark.svg"] else { throw HTTPError(.notFound) }
            return Reply.file(file, to: request)
        }
    }

    /// What a page asks.
    var source: PageSource { PageSource(ledger: ledger, index: index, now: now()) }

    /// Adds a page at a path.
    func add(
        _ path: RouterPath,
        to router: Router<WebContext>,
        _ make: @escaping @Sendable (PageRead) async throws -> Sheet
    ) {
        router.get(path) { request, context in
            let read = PageRead(request: request, context: context, source: source)
            let sheet = try await make(read)
            return try await reply(sheet, request)
        }
    }

    private func reply(_ sheet: Sheet, _ request: Request) async throws -> Response {
        let partOnly = request.headers[.htmxRequest] == "true"
        let latest = partOnly ? nil : try await latest()
        let html = writer.write(sheet, latest: latest, partOnly: partOnly)
        return Reply.page(html, status: sheet.status, to: request)
    }

    /// The last block that the index has, for what stands around each page.
    private func latest() async throws -> Fill? {
        let source = source
        return try await source.latestBlock().map { block in
            var fill = source.time(block.time)
            fill.put("height", block.height.rawValue)
            return fill
        }
    }

    /// A problem as a page.
    func page(_ problem: Problem, _ request: Request, _ context: WebContext) async -> Response {
        var fill = Fill()
        fill.put("status", "\(problem.status.code)")
        fill.put("reason", Self.heading(problem))
        fill.put("detail", problem.detail)
        fill.put("hint", problem.hint)
        fill.put("requestID", context.requestID)
        fill.put("moved", problem.moneyMoved)
        let sheet = Sheet(
            template: "problem-page",
            title: Self.heading(problem),
            section: .none,
            fill: fill
        )
        let latest = try? await latest()
        let html = writer.write(sheet, latest: latest ?? nil, partOnly: false)
        return Reply.page(html, status: problem.status, to: request)
    }

    private static func heading(_ problem: Problem) -> String {
        switch problem.status {
        case .notFound: "Nothing is here"
        case .badRequest: "That question means nothing here"
        case .serviceUnavailable: "Not now"
        default: "Something went wrong"
        }
    }
}
