import Hummingbird
import LedgerCore
import LedgerIndex
import MarketTypes
import SettlementCore
import WebServing

extension Portal {
    /// The documentation: the first call, and every operation of the API.
    func addDocs(to router: Router<WebContext>) {
        add("/docs", to: router) { read in try await quickstart(read) }
        add("/docs/api", to: router) { _ in
            var groups: [(name: String, text: String, operations: [Fill])] = []
            for operation in options.operations {
                let group = operation.group
                let place = groups.firstIndex { $0.name == group.name } ?? groups.endIndex
                if place == groups.endIndex { groups.append((group.name, group.text, [])) }
                var fill = Fill(["method": operation.method, "apiPath": operation.path])
                fill.put("summary", operation.summary)
                fill.put("operationHref", PortalPaths.operation(operation.id))
                groups[place].operations.append(fill)
            }
            var fill = Fill()
            fill.put("operationCount", options.operations.count)
            fill.put(
                "calls",
                Self.calls.map { Fill(["method": $0.0, "apiPath": $0.1, "summary": $0.2]) }
            )
            fill.put(
                "groups",
                groups.map { group in
                    var fill = Fill(["groupID": group.name, "groupText": group.text])
                    fill.put("groupName", group.name.capitalizedFirst)
                    fill.put("operations", group.operations)
                    return fill
                }
            )
            return Sheet(template: "api-page", title: "API", section: .docs, fill: fill)
        }
        add("/docs/api/:operation", to: router) { read in
            let name = read.context.parameters.get("operation") ?? ""
            guard let operation = options.operations.first(where: { $0.id == name }) else {
                throw Problem.missing(
                    "The API has no operation of this name.",
                    hint: "All of them are under /docs/api."
                )
            }
            let page = OperationPage(operation) { read[$0] }
            return Sheet(
                template: "operation-page",
                title: operation.summary,
                section: .docs,
                fill: page.fill(origin: origin(of: read.request)),
                scripts: ["answer.js"]
            )
        }
    }

    /// The doors for calls, which others wrote the contract of.
    private static let calls = [
        ("POST", "/v1/chat/completions", "Chat, whole or streamed"),
        ("POST", "/v1/responses", "Chat by OpenAI’s newer words"),
        ("POST", "/v1/messages", "Chat by Anthropic’s words"),
        ("POST", "/v1/embeddings", "Texts as vectors"),
        ("POST", "/v1/images/generations", "Pictures"),
        ("POST", "/v1/audio/speech", "Speech from text"),
        ("POST", "/v1/audio/transcriptions", "Text from a recording"),
        ("POST", "/v1/call", "Any JSON that a seller understands"),
        ("GET", "/v1/models", "What can be called"),
        ("POST", "/v1/files", "A file to name in calls; GET lists, DELETE ends"),
    ]

    /// Whether this market pays for people: it is called itself then, with a key of theirs.
    var isHosted: Bool { access?.delegate != nil }

    /// How a chat that is on offer here is called, and the offer; without one, a model of no name.
    ///
    /// What is copied has to work: not every offer is a chat, and the market pays in STOA alone.
    func example(_ read: PageRead) async throws -> (snippets: Snippets, offer: OfferEntry?) {
        var newest = OfferSearch()
        newest.order = .newest
        newest.interface = .chat
        newest.denomination = .native
        let offer = try await read.source.index.search(newest, PageRequest(limit: 1)).items.first
        var snippets = Snippets(
            model: offer?.record.offer.model ?? "my-model",
            interface: .chat,
            gateway: isHosted ? origin(of: read.request) : options.gatewayURL
        )
        snippets.apiKey = isHosted ? "stoa_live_…" : nil
        return (snippets, offer)
    }

    /// From nothing to an answer, with the names of this market.
    private func quickstart(_ read: PageRead) async throws -> Sheet {
        let (snippets, offer) = try await example(read)
        var fill = Fill()
        fill.put("isHosted", isHosted)
        fill.put("gateway", options.gatewayURL)
        fill.put("model", snippets.model)
        fill.put("modelHref", offer.map { PortalPaths.offer($0.id) + "#try" })
        fill.put("faucetAmount", access?.faucet.map { UnitName.native.text($0.amount) })
        fill.put("isStranger", read.visitor == nil)
        fill.put("downloadHref", AssetPage.safeLink(options.download ?? ""))
        for (name, code) in commands(origin: origin(of: read.request)) {
            fill.put(name, Fill(["code": code]))
        }
        fill.put(
            "snippets",
            snippets.all.map { language, title, text in
                var fill = Fill(["language": language, "languageTitle": title, "code": text])
                fill.put("isFirst", language == "curl")
                return fill
            }
        )
        return Sheet(template: "docs-page", title: "Docs", section: .docs, fill: fill)
    }

    /// The commands that the documentation shows, each to copy.
    private func commands(origin: String) -> [(name: String, code: String)] {
        [
            (
                "buildStep",
                "./scripts/demo --once\nexport PATH=\"$PWD/.build/release:$PATH\""
            ),
            ("nodeStep", "export STOA_NODE=\(SellForm.quoted(options.node))"),
            ("upStep", "stoa up"),
            (
                "connectStep",
                """
                stoa wallet new buyer
                stoa wallet balance buyer
                stoa connect --wallet buyer --budget 10
                """
            ),
            (
                "receiptStep",
                """
                stoa receipts list
                stoa receipts verify 4f1d             # signatures and arithmetic, offline
                stoa prove receipt 4f1d > sale.proof  # for somebody else, once it is claimed
                stoa verify receipt sale.proof        # needs nothing but the genesis
                """
            ),
            (
                "eventsStep",
                """
                curl -N '\(origin)/api/v1/events?topics=receipts' \\
                  -H 'authorization: Bearer stoa_live_…'
                """
            ),
            (
                "sellStep",
                """
                stoa sell my-model --wallet seller --upstream http://127.0.0.1:8080 \\
                  --price-in 20 --price-out 60 --bond 100
                """
            ),
            (
                "ownStep",
                """
                stoa asset publish tune --file tune.bin --parent mona/base:base-model:20%
                stoa shares issue tune 1000
                stoa exchange pool create shares:finn/tune 100 STOA 200
                """
            ),
        ]
    }
}
