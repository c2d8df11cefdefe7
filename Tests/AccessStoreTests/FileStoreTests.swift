import AccessCore
import Foundation
import GRDB
import MarketTypes
import Testing

@testable import AccessStore

@Suite("Files that are kept", .timeLimit(.minutes(1)))
struct FileStoreTests {
    private let path = NSTemporaryDirectory() + "/files-\(UUID().uuidString).sqlite"
    private let start = Timestamp(milliseconds: 1_800_000_000_000)

    private func owner(_ number: UInt8) throws -> OrganisationID {
        try #require(OrganisationID(bytes: Array(repeating: number, count: 16)))
    }

    private func later(seconds: UInt64) -> Timestamp {
        Timestamp(milliseconds: start.milliseconds + seconds * 1000)
    }

    private func draft(
        _ bytes: Int = 10,
        name: String = "a.txt",
        purpose: String = "user_data",
        lifeSeconds: UInt64? = nil
    ) -> FileDraft {
        FileDraft(
            filename: name,
            purpose: purpose,
            type: "text/plain",
            lifeSeconds: lifeSeconds,
            content: Array(repeating: 0x61, count: bytes)
        )
    }

    private func limits(_ change: (inout FileLimits) -> Void) -> FileLimits {
        var limits = FileLimits()
        change(&limits)
        return limits
    }

    @Test("FILE-3: a file is on the disk before it is answered, whatever becomes of the power")
    func synced() async throws {
        let level = try await FileStore(path: path).pool.writeWithoutTransaction { db in
            try Int.fetchOne(db, sql: "PRAGMA synchronous")
        }
        #expect(level == 2)
    }

    @Test("FILE-4: a file without content, name or purpose is refused")
    func unfit() async throws {
        let store = try FileStore(path: path)
        let wrong = [
            draft(0), draft(name: ""), draft(purpose: ""),
            draft(name: String(repeating: "a", count: 256)),
            draft(purpose: String(repeating: "a", count: 101)),
        ]
        for draft in wrong {
            await #expect(throws: FileRefusal.unfit) {
                try await store.keep(draft, for: owner(1), at: start)
            }
        }
        #expect(try await store.list(FileStore.Search(), of: owner(1), at: start).files.isEmpty)
    }

    @Test("FILE-5: bytes and files are bounded, of a file, of an organisation and of all")
    func bounds() async throws {
        let store = try FileStore(
            path: path,
            limits: limits {
                $0.fileBytesMax = 100
                $0.organisationBytesMax = 150
                $0.organisationFilesMax = 3
                $0.totalBytesMax = 200
            }
        )
        await #expect(throws: FileRefusal.tooLarge(bytesMax: 100)) {
            try await store.keep(draft(101), for: owner(1), at: start)
        }
        let first = try await store.keep(draft(100), for: owner(1), at: start)
        await #expect(throws: FileRefusal.organisationFull(bytesMax: 150)) {
            try await store.keep(draft(51), for: owner(1), at: start)
        }
        _ = try await store.keep(draft(50), for: owner(1), at: start)
        await #expect(throws: FileRefusal.marketFull) {
            try await store.keep(draft(51), for: owner(2), at: start)
        }
        try await store.delete(first.id, of: owner(1), at: start)
        for _ in 0..<2 { _ = try await store.keep(draft(1), for: owner(1), at: start) }
        await #expect(throws: FileRefusal.tooMany(filesMax: 3)) {
            try await store.keep(draft(1), for: owner(1), at: start)
        }
        #expect(try await store.list(FileStore.Search(), of: owner(1), at: start).files.count == 3)
    }

    @Test("FILE-2: only its owner finds a file")
    func owners() async throws {
        let store = try FileStore(path: path)
        let file = try await store.keep(draft(), for: owner(1), at: start)
        await #expect(throws: FileRefusal.unknown) {
            try await store.file(file.id, of: owner(2), at: start)
        }
        await #expect(throws: FileRefusal.unknown) {
            _ = try await store.content(of: file.id, of: owner(2), at: start)
        }
        await #expect(throws: FileRefusal.unknown) {
            try await store.delete(file.id, of: owner(2), at: start)
        }
        var search = FileStore.Search()
        #expect(try await store.list(search, of: owner(2), at: start).files.isEmpty)
        search.after = file.id
        await #expect(throws: FileRefusal.unknown) {
            _ = try await store.list(search, of: owner(2), at: start)
        }
        #expect(try await store.file(file.id, of: owner(1), at: start) == file)
        #expect(try await store.content(of: file.id, of: owner(1), at: start).content.count == 10)
    }

    @Test("FILE-6: lists come in pages, in either order")
    func pages() async throws {
        let store = try FileStore(path: path)
        var ids: [String] = []
        for place in 0..<5 {
            let draft = draft(name: "\(place)", purpose: place == 2 ? "vision" : "user_data")
            ids.append(try await store.keep(draft, for: owner(1), at: start).id)
        }
        var search = FileStore.Search()
        search.limit = 2
        var page = try await store.list(search, of: owner(1), at: start)
        #expect(page.files.map(\.id) == [ids[4], ids[3]] && page.hasMore)
        search.after = page.files.last?.id
        search.limit = 3
        page = try await store.list(search, of: owner(1), at: start)
        #expect(page.files.map(\.id) == [ids[2], ids[1], ids[0]] && !page.hasMore)
        search.isAscending = true
        page = try await store.list(search, of: owner(1), at: start)
        #expect(page.files.map(\.id) == [ids[4]])
        search = FileStore.Search()
        search.purpose = "vision"
        page = try await store.list(search, of: owner(1), at: start)
        #expect(page.files.map(\.id) == [ids[2]])
    }

    @Test("FILE-6: a file is gone at its end, and its room with the next one")
    func expiry() async throws {
        let store = try FileStore(path: path, limits: limits { $0.organisationFilesMax = 1 })
        let file = try await store.keep(draft(lifeSeconds: 3600), for: owner(1), at: start)
        #expect(file.expiresAt == later(seconds: 3600))
        #expect(try await store.file(file.id, of: owner(1), at: later(seconds: 3599)) == file)
        await #expect(throws: FileRefusal.unknown) {
            try await store.file(file.id, of: owner(1), at: later(seconds: 3600))
        }
        _ = try await store.keep(draft(), for: owner(1), at: later(seconds: 3600))
        let endless = draft(lifeSeconds: .max)
        #expect(
            try await store.keep(endless, for: owner(2), at: start).expiresAt
                == Timestamp(milliseconds: .max)
        )
    }

    @Test("FILE-3: a file is there for whoever opens the store next, and a deleted one's bytes not")
    func durable() async throws {
        let marker = Array("a secret that was deleted".utf8)
        let draft = FileDraft(
            filename: "a",
            purpose: "user_data",
            type: "text/plain",
            lifeSeconds: nil,
            content: Array(repeating: marker, count: 40_000).flatMap(\.self)
        )
        var kept: KeptFile?
        do {
            let store = try FileStore(path: path)
            kept = try await store.keep(self.draft(name: "kept"), for: owner(1), at: start)
            let gone = try await store.keep(draft, for: owner(1), at: start)
            try await store.delete(gone.id, of: owner(1), at: start)
        }
        let store = try FileStore(path: path)
        let files = try await store.list(FileStore.Search(), of: owner(1), at: start).files
        #expect(files == [try #require(kept)])
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        let size = try #require(attributes[.size] as? Int)
        #expect(size < 200_000, "the room was given back")
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        #expect(bytes.range(of: Data(marker)) == nil)
    }
}
