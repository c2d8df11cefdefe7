import CanonicalCoding
import HTTPTypes
import Hummingbird
import LedgerIndex
import MarketTypes
import WebServing

extension Portal {
    /// Blocks, transactions, proofs and the status.
    func addExplorer(to router: Router<WebContext>) {
        add("/explorer", to: router) { read in
            var fill = try await ExplorerPages.latest(read.source)
            fill.put("query", read["q"] ?? "")
            fill.put("isMissing", read["q"] != nil)
            return Sheet(
                template: "explorer-page",
                title: "Explorer",
                section: .explorer,
                fill: fill
            )
        }
        router.get("/explorer/find") { request, context in
            let read = PageRead(request: request, context: context, source: source)
            let text = String((read["q"] ?? "").prefix(200))
            let found = try await ExplorerPages.find(text, read.source)
            let path = found ?? PortalPaths.query("/explorer", [("q", text)])
            return Response(
                status: .seeOther,
                headers: [.location: path, .cacheControl: "no-store"]
            )
        }
        addBlocks(to: router)
        add("/explorer/proof", to: router) { read in
            let page = try await ProofPage.load(read["key"], read.source)
            return Sheet(
                template: "proof-page",
                title: "Proof",
                section: .explorer,
                fill: page.fill,
                scripts: ["proof.js"]
            )
        }
        add("/status", to: router) { read in
            let page = try await StatusPage.load(read.source, options.probes)
            return Sheet(
                template: "status-page",
                title: "Status",
                section: .none,
                fill: page.fill(read.source)
            )
        }
    }

    private func addBlocks(to router: Router<WebContext>) {
        add("/explorer/blocks", to: router) { read in
            let blocks = try await read.source.index.blocks(read.pageRequest(limit: 50))
            var fill = Fill()
            fill.put("blocks", blocks.items.map { ExplorerPages.block($0, read.source) })
            fill.put("pages", read.links("/explorer/blocks", [], next: blocks.next))
            return Sheet(
                template: "blocks-page",
                title: "Blocks",
                section: .explorer,
                fill: fill
            )
        }
        add("/explorer/transactions", to: router) { read in
            let found = try await read.source.index.transactions(
                of: nil,
                read.pageRequest(limit: 50)
            )
            var fill = Fill()
            fill.put(
                "transactions",
                found.items.map { ExplorerPages.transaction($0, read.source) }
            )
            fill.put("pages", read.links("/explorer/transactions", [], next: found.next))
            return Sheet(
                template: "transactions-page",
                title: "Transactions",
                section: .explorer,
                fill: fill
            )
        }
        add("/explorer/blocks/:height", to: router) { read in
            guard let text = read.context.parameters.get("height"), let height = UInt64(text),
                height < 1 << 35
            else {
                throw Problem.missing("That is no block's height.", hint: "Heights are numbers.")
            }
            return Sheet(
                template: "block-page",
                title: "Block \(NumberText.grouped(height))",
                section: .explorer,
                fill: try await ExplorerPages.blockPage(BlockHeight(height), read)
            )
        }
        add("/explorer/transactions/:digest", to: router) { read in
            let digest = try read.digest("digest", "transaction")
            return Sheet(
                template: "transaction-page",
                title: "Transaction \(NameText.short(digest))",
                section: .explorer,
                fill: try await ExplorerPages.transactionPage(digest, read)
            )
        }
    }
}
