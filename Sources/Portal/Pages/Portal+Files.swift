import AccessCore
import AccessStore
import Hummingbird
import MarketTypes
import WebServing

extension Portal {
    /// How many files a page lists.
    private static let filesShown = 50

    /// What an organisation keeps at this market, to name it in its calls.
    func addFilePages(_ store: FileStore, to router: Router<WebContext>) {
        let page = PersonalPage(path: PortalPaths.files) { read, visitor in
            try visitor.require(.callModels, to: "see its files")
            return try await files(read, visitor, store)
        }
        add(page, to: router)
        add(form: page.path + "/:file/delete", of: page, to: router) { sent in
            try sent.visitor.require(.callModels, to: "delete its files")
            do {
                try await store.delete(
                    sent.read.context.parameters.get("file") ?? "",
                    of: sent.visitor.caller.organisation,
                    at: now()
                )
            } catch FileRefusal.unknown {
                // Somebody was quicker: it is gone, as was asked for.
            }
            return .moved(page.path + "?done=deleted")
        }
    }

    private func files(
        _ read: PageRead,
        _ visitor: Visitor,
        _ store: FileStore
    ) async throws -> Sheet {
        let now = read.source.now
        let kept = try await list(store, of: visitor, after: read["cursor"], at: now)
        let limits = store.limits
        var fill = Fill()
        fill.put("token", visitor.crossSiteToken)
        fill.put("organisationName", visitor.isAlone ? nil : visitor.organisation?.name)
        fill.put("fileBytesMax", "\(limits.fileBytesMax)")
        fill.put("fileSizeMax", SizeText.short(limits.fileBytesMax))
        fill.put("organisationSizeMax", SizeText.short(limits.organisationBytesMax))
        fill.put("filesMax", NumberText.grouped(limits.organisationFilesMax))
        fill.put(
            "files",
            kept.files.map { file in
                var fill = Fill(["fileID": file.id, "fileName": file.filename])
                fill.put("size", SizeText.short(file.bytes))
                fill.put("exactSize", NumberText.count(file.bytes, "byte", "bytes"))
                fill.put("came", TimeText.fill(file.createdAt, now: now))
                fill.put("ends", file.expiresAt.map { TimeText.full($0) })
                return fill
            }
        )
        fill.put("code", kept.files.first.map { Self.naming($0, at: origin(of: read.request)) })
        let done = ["kept": "The file is kept.", "deleted": "The file is gone."]
        fill.put("done", read["done"].flatMap { done[$0] })
        fill.put("pages", read.links(PortalPaths.files, [], next: kept.next))
        return Sheet(
            template: "files-page",
            title: "Files",
            section: .none,
            fill: fill,
            scripts: ["files.js"]
        )
    }

    private func list(
        _ store: FileStore,
        of visitor: Visitor,
        after cursor: String?,
        at now: Timestamp
    ) async throws -> (files: [KeptFile], next: String?) {
        var search = FileStore.Search()
        search.limit = Self.filesShown
        search.after = cursor
        let organisation = visitor.caller.organisation
        do {
            let page = try await store.list(search, of: organisation, at: now)
            return (page.files, page.hasMore ? page.files.last?.id : nil)
        } catch FileRefusal.unknown {
            // The file that the page would begin after is gone: from the start, then.
            search.after = nil
            let page = try await store.list(search, of: organisation, at: now)
            return (page.files, page.hasMore ? page.files.last?.id : nil)
        }
    }

    /// A chat that has a file in it, as a program writes it.
    private static func naming(_ file: KeptFile, at origin: String) -> String {
        """
        curl \(origin)/v1/chat/completions \\
          -H "authorization: Bearer $STOA_KEY" -H "content-type: application/json" \\
          -d '{"model": "MODEL", "messages": [{"role": "user", "content": [
            {"type": "text", "text": "What does it say?"},
            {"type": "file", "file": {"file_id": "\(file.id)"}}]}]}'
        """
    }
}
