import AccessCore
import AccessStore
import Gateway
import HTTPTypes
import Hummingbird
import Logging
import MarketTypes
import NIOCore
import OpenAIWire
import WebServing

/// `/v1/files`: what an organisation keeps at this market, to name it in its calls.
struct FileRoutes: Sendable {
    static let path = "/v1/files"

    let store: FileStore
    let uploads: UploadSlots
    let now: @Sendable () -> Timestamp

    func addRoutes(to router: Router<WebContext>) {
        router.post("/v1/files") { request, context in
            await CallRoutes.answering(request, context) { () async throws(APIFailure) in
                try await keep(request, context)
            }
        }
        router.get("/v1/files") { request, context in
            await CallRoutes.answering(request, context) { () async throws(APIFailure) in
                try await list(request, context)
            }
        }
        router.get("/v1/files/:file") { request, context in
            await CallRoutes.answering(request, context) { () async throws(APIFailure) in
                let (id, owner) = try name(context)
                let file = try await found(context) {
                    try await store.file(id, of: owner, at: now())
                }
                return Self.json { file.write(to: &$0) }
            }
        }
        router.get("/v1/files/:file/content") { request, context in
            await CallRoutes.answering(request, context) { () async throws(APIFailure) in
                try await content(context)
            }
        }
        router.delete("/v1/files/:file") { request, context in
            await CallRoutes.answering(request, context) { () async throws(APIFailure) in
                let (id, owner) = try name(context)
                try await found(context) { try await store.delete(id, of: owner, at: now()) }
                return Self.json { writer in
                    writer.member("id", id)
                    writer.member("object", "file")
                    writer.member("deleted", true)
                }
            }
        }
    }

    private func name(
        _ context: WebContext
    ) throws(APIFailure) -> (id: String, owner: OrganisationID) {
        let caller = try CallRoutes.caller(context, for: .callModels)
        return (context.parameters.get("file") ?? "", caller.organisation)
    }

    private func keep(
        _ request: Request,
        _ context: WebContext
    ) async throws(APIFailure) -> Response {
        let caller = try CallRoutes.caller(context, for: .callModels)
        let slot = try uploads.take(for: caller.organisation)
        defer { withExtendedLifetime(slot) {} }
        let most = CallRoutes.uploadBytesMax[Self.path] ?? 0
        let body = try await collect(request, upTo: most)
        let upload: FileUpload
        do {
            upload = try FileUpload(body, contentType: request.headers[.contentType])
        } catch {
            throw error.failure
        }
        let draft = FileDraft(
            filename: upload.filename,
            purpose: upload.purpose,
            type: upload.type,
            lifeSeconds: upload.lifeSeconds,
            content: upload.content
        )
        let file = try await found(context) {
            try await store.keep(draft, for: caller.organisation, at: now())
        }
        return Self.json { file.write(to: &$0) }
    }

    private func list(
        _ request: Request,
        _ context: WebContext
    ) async throws(APIFailure) -> Response {
        let caller = try CallRoutes.caller(context, for: .callModels)
        let parameters = request.uri.queryParameters
        var search = FileStore.Search()
        search.after = parameters["after"].map { String($0) }
        search.purpose = parameters["purpose"].map { String($0) }
        if let text = parameters["limit"] {
            guard let limit = Int(text), (1...10_000).contains(limit) else {
                throw RequestRefusal.outOfRange(param: "limit", rule: "1 to 10000").failure
            }
            search.limit = limit
        }
        if let order = parameters["order"] {
            guard order == "asc" || order == "desc" else {
                throw RequestRefusal.outOfRange(param: "order", rule: "'asc' or 'desc'").failure
            }
            search.isAscending = order == "asc"
        }
        let (asked, owner) = (search, caller.organisation)
        let page = try await found(context) { try await store.list(asked, of: owner, at: now()) }
        return Self.json { writer in
            writer.member("object", "list")
            writer.key("data")
            writer.array { writer in
                for file in page.files { writer.object { file.write(to: &$0) } }
            }
            writer.member("first_id", page.files.first?.id)
            writer.member("last_id", page.files.last?.id)
            writer.member("has_more", page.hasMore)
        }
    }

    private func content(_ context: WebContext) async throws(APIFailure) -> Response {
        let (id, owner) = try name(context)
        let slot = try uploads.take(for: owner)
        let kept = try await found(context) {
            try await store.content(of: id, of: owner, at: now())
        }
        let content = ByteBuffer(bytes: kept.content)
        // Never what its owner says it is: it comes from this market's own origin.
        return Response(
            status: .ok,
            headers: [
                .contentType: PlainMediaType.bytes, .contentDisposition: "attachment",
                .cacheControl: "private, no-store",
            ],
            // The place is taken until the client has the file: until then it is in memory.
            body: ResponseBody(contentLength: content.readableBytes) { writer in
                var rest = content
                while let part = rest.readSlice(length: min(rest.readableBytes, 1 << 16)),
                    part.readableBytes > 0
                {
                    try await writer.write(part)
                }
                try await writer.finish(nil)
                withExtendedLifetime(slot) {}
            }
        )
    }

    private func collect(
        _ request: Request,
        upTo bytesMax: Int
    ) async throws(APIFailure) -> [UInt8] {
        do {
            let buffer = try await request.body.collect(upTo: bytesMax)
            return Array(buffer.readableBytesView)
        } catch is NIOTooManyBytesError {
            throw APIFailure(
                .tooLarge,
                message: "The body exceeds \(bytesMax) bytes; nothing was charged."
            )
        } catch {
            // A middleware's own limit is a problem of its own.
            if let problem = error as? Problem, problem.status.code == 413 {
                throw APIFailure(.tooLarge, message: problem.detail, hint: problem.hint)
            }
            throw APIFailure(.invalidRequest, message: "The body broke off.")
        }
    }

    static func json(_ body: (inout JSONWriter) -> Void) -> Response {
        var writer = JSONWriter(capacityBytes: 512)
        writer.object(body)
        return Response(
            status: .ok,
            headers: [.contentType: "application/json", .cacheControl: "private, no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: writer.bytes))
        )
    }
}

extension FileRoutes {
    /// A call with all that it needs held.
    struct HeldCall {
        let request: Request
        /// The right to hold it, if it is large.
        let slot: UploadSlot?
        /// How large its body may be; nil for as large as usual.
        let bodyBytesMax: Int?
    }

    /// The paths whose bodies may name files.
    private static let naming: [String: Bool] = [
        "/v1/chat/completions": true, "/v1/responses": false,
    ]

    /// Puts the files that a call names into it, and takes a slot for what is large.
    func holding(
        _ request: Request,
        _ context: WebContext
    ) async throws(APIFailure) -> HeldCall {
        let caller = try CallRoutes.caller(context, for: .callModels)
        let path = request.uri.path
        guard let isChat = Self.naming[path] else {
            let isLarge = CallRoutes.uploadBytesMax[path] != nil
            let slot = isLarge ? try uploads.take(for: caller.organisation) : nil
            return HeldCall(request: request, slot: slot, bodyBytesMax: nil)
        }
        let body = try await collect(request, upTo: GatewayConfiguration().requestBytesMax)
        var request = request
        request.body = RequestBody(buffer: ByteBuffer(bytes: body))
        guard FileReferences.mayOccur(in: body) else {
            return HeldCall(request: request, slot: nil, bodyBytesMax: nil)
        }
        let references: FileReferences
        do {
            references = try isChat ? FileReferences(chat: body) : FileReferences(responses: body)
        } catch {
            throw error.failure
        }
        guard let param = references.firstParam else {
            return HeldCall(request: request, slot: nil, bodyBytesMax: nil)
        }
        let slot = try uploads.take(for: caller.organisation)
        let most = GatewayConfiguration().uploadBytesMax
        let contents = try await contents(
            references.ids,
            of: caller.organisation,
            bytesMax: (most - body.count) / 4 * 3,
            param,
            context
        )
        let filled = references.filled(contents)
        request.body = RequestBody(buffer: ByteBuffer(bytes: filled))
        return HeldCall(request: request, slot: slot, bodyBytesMax: max(most, filled.count))
    }

    private func contents(
        _ ids: [String],
        of owner: OrganisationID,
        bytesMax: Int,
        _ param: String,
        _ context: WebContext
    ) async throws(APIFailure) -> [(id: String, content: FileReferences.Content)] {
        var left = bytesMax
        var contents: [(id: String, content: FileReferences.Content)] = []
        for id in ids {
            let file = try await found(context, param) {
                try await store.file(id, of: owner, at: now())
            }
            guard file.bytes <= left else {
                throw APIFailure(
                    .tooLarge,
                    message: "The files of one call have at most \(bytesMax) bytes; nothing was "
                        + "charged.",
                    param: param
                )
            }
            left -= file.bytes
            let kept = try await found(context, param) {
                try await store.content(of: id, of: owner, at: now())
            }
            contents.append(
                (
                    id,
                    FileReferences.Content(
                        filename: kept.file.filename,
                        type: kept.file.type,
                        bytes: kept.content
                    )
                )
            )
        }
        return contents
    }

    /// What the store says, in the words of this door.
    private func found<Output: Sendable>(
        _ context: WebContext,
        _ param: String? = nil,
        _ body: () async throws -> Output
    ) async throws(APIFailure) -> Output {
        do {
            return try await body()
        } catch let refusal as FileRefusal {
            throw Self.failure(refusal, param)
        } catch {
            context.logger.error("files cannot be reached", metadata: ["error": "\(error)"])
            throw APIFailure(
                .overloaded,
                message: "The files cannot be reached now; nothing was charged.",
                hint: "Try again in a second; if it stays, tell the operator.",
                retryAfterSeconds: 1
            )
        }
    }

    private static func failure(_ refusal: FileRefusal, _ param: String?) -> APIFailure {
        let hint = "Delete files that are not needed (DELETE /v1/files/…)."
        switch refusal {
        case .unknown:
            return APIFailure(
                .notFound,
                message: "The organisation has no such file; nothing was charged.",
                param: param,
                hint: "GET /v1/files lists what it has; a file may have expired."
            )
        case .unfit:
            return APIFailure(
                .invalidRequest,
                message: "A file needs content, a name and a purpose, each of a fit length.",
                param: "file"
            )
        case .tooLarge(let most):
            return APIFailure(
                .tooLarge,
                message: "A file has at most \(most) bytes; nothing was kept.",
                param: "file"
            )
        case .organisationFull(let most):
            return APIFailure(
                .tooLarge,
                message: "The organisation keeps at most \(most) bytes; nothing was kept.",
                param: "file",
                hint: hint
            )
        case .tooMany(let most):
            return APIFailure(
                .tooLarge,
                message: "The organisation keeps at most \(most) files; nothing was kept.",
                param: "file",
                hint: hint
            )
        case .marketFull:
            return APIFailure(
                .overloaded,
                message: "This market has no room for further files; nothing was kept.",
                hint: "Tell its operator."
            )
        }
    }
}

extension KeptFile {
    /// Writes the members of OpenAI's object.
    fileprivate func write(to writer: inout JSONWriter) {
        writer.member("id", id)
        writer.member("object", "file")
        writer.member("bytes", UInt64(bytes))
        writer.member("created_at", createdAt.milliseconds / 1000)
        writer.key("expires_at")
        if let expiresAt {
            writer.integer(expiresAt.milliseconds / 1000)
        } else {
            writer.null()
        }
        writer.member("filename", filename)
        writer.member("purpose", purpose)
        writer.member("status", "processed")
    }
}
