import HTTPTypes
public import Hummingbird
public import LedgerClient
public import LedgerIndex
public import MarketTypes
public import Probes
public import WebServing

/// The pages that the market shows to people (docs/spec/portal.md).
public struct Portal: Sendable {
    /// What an operator can choose.
    public struct Options: Sendable {
        /// Where the examples call the market: a gateway that pays for the caller.
        public var gatewayURL = "http://127.0.0.1:8090"
        /// The ledger's node, as whoever sells names it to their own program.
        public var node = "http://127.0.0.1:26600"
        /// Where people get the program; nil if the operator names no place.
        public var download: String?
        /// A folder with files that others wrote (`htmx.min.js`); pages work without them.
        public var libraries: String?
        /// A folder with templates and styles instead of those in the program, for whoever
        /// changes them; read when the portal is made.
        public var pages: String?
        /// What the API's pages tell of it; none without it.
        public var operations: [OperationDescription] = []
        /// What the status page tells of the past; nothing without it.
        public var probes: ProbeHistory?

        /// Chooses what is usual.
        public init() {}
    }

    let ledger: any LedgerConnection
    let index: IndexReader
    let now: @Sendable () -> Timestamp
    let options: Options
    let access: PortalAccess?
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
    ///   - access: what the pages behind sign-in stand on; nil for a portal without them.
    ///   - now: the wall clock.
    /// - Throws: an error if a folder or a template cannot be read.
    public init(
        ledger: any LedgerConnection,
        index: IndexReader,
        options: Options = Options(),
        access: PortalAccess? = nil,
        now: @escaping @Sendable () -> Timestamp
    ) throws {
        self.ledger = ledger
        self.index = index
        self.now = now
        self.options = options
        self.access = access
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
        addSelling(to: router)
        addOwnership(to: router)
        addExplorer(to: router)
        addReference(to: router)
        addDocs(to: router)
        if let access { addAccount(access, to: router) }
    }

    private func addFiles(to router: Router<WebContext>) {
        for (folder, files) in [(PortalPaths.assets, files), (PortalPaths.libraries, libraries)] {
            router.get("\(folder)/:hash/:name") { request, context in
                guard let name = context.parameters.get("name"), let file = files[name] else {
                    throw HTTPError(.notFound)
                }
                // A page of the version before this one has its hash, and wants the file all the
                // same.
                let isNamed = context.parameters.get("hash") == file.hash
                return Reply.file(file, to: request, mayStay: isNamed)
            }
        }
        router.get("/favicon.ico") { request, _ in
            guard let file = self.files["mark.svg"] else { throw HTTPError(.notFound) }
            return Reply.file(file, to: request, mayStay: false)
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
            let read = PageRead(
                request: request,
                context: context,
                source: source,
                visitor: try await visitor(context)
            )
            return try await reply(try await make(read), request, read.visitor)
        }
    }

    /// Who is signed in; nil if nobody is, or nobody can.
    func visitor(_ context: WebContext) async throws -> Visitor? {
        guard let access else { return nil }
        return try await Visitor.load(context, access)
    }

    /// A page written; whatever names a person, or has their token in it, is nobody's to keep.
    func reply(
        _ sheet: Sheet,
        _ request: Request,
        _ visitor: Visitor?
    ) async throws -> Response {
        let partOnly = Reply.isForPart(request) && sheet.part != nil
        let latest = partOnly ? nil : try await latest()
        var surroundings = PageWriter.Surroundings(
            latest: latest,
            visitor: visitor?.fill(signer: sheet.signer ?? visitor?.passkey()),
            signInHref: access == nil || sheet.isDoor
                ? nil : LocalPath(request.head.path).after(PortalPaths.signIn)
        )
        surroundings.origin = origin(of: request)
        surroundings.isSandbox = access?.faucet != nil
        if let visitor { surroundings.add(visitor, at: request.uri.path) }
        let html = writer.write(sheet, surroundings, partOnly: partOnly)
        guard visitor == nil || partOnly, !sheet.isPersonal else {
            return Reply.personal(html, status: sheet.status, to: request)
        }
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
        var sheet = Sheet(
            template: "problem-page",
            title: Self.heading(problem),
            section: .none,
            fill: fill
        )
        let visitor = try? await visitor(context)
        let latest = try? await latest()
        var surroundings = PageWriter.Surroundings(
            latest: latest ?? nil,
            visitor: visitor?.fill(signer: nil),
            signInHref: access == nil ? nil : LocalPath(nil).after(PortalPaths.signIn)
        )
        surroundings.origin = origin(of: request)
        surroundings.isSandbox = access?.faucet != nil
        if let visitor { surroundings.add(visitor, at: request.uri.path) }
        // In another organisation they may have another role.
        let mayElsewhere = problem.status == .forbidden && (visitor?.organisations.count ?? 0) > 1
        sheet.fill.put("switchHref", mayElsewhere ? PortalPaths.organisation : nil)
        let isOfList = problem.status == .badRequest && request.method == .get
            && request.uri.queryParameters["cursor"] != nil
        sheet.fill.put("againHref", isOfList ? LocalPath(request.uri.path).text : nil)
        sheet.fill.put("isSecond", mayElsewhere || isOfList)
        let html = writer.write(sheet, surroundings, partOnly: false)
        return Reply.personal(html, status: problem.status, to: request)
    }

    private static func heading(_ problem: Problem) -> String {
        switch problem.status {
        case .notFound: "Nothing is here"
        case .badRequest: "This cannot be answered"
        case .serviceUnavailable: "Not now"
        case .forbidden: "You may not do that here"
        case .unauthorized: "Sign in first"
        case .tooManyRequests: "That is enough for now"
        case .conflict: "That does not go together"
        default: "Something went wrong"
        }
    }
}
