import CanonicalCoding
import Foundation
import HTTPTypes
import Hummingbird
import Identity
import LedgerCore
import LedgerIndex
import MarketTypes
import NIOCore
import SettlementCore
import Testing

@testable import Portal

/// The folder of the files that are put into the program.
private let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../Sources/Portal/Resources").standardized

@Suite("PRT-1 to PRT-10: what pages are made of")
struct PageTests {
    private let files = PortalFiles()

    private func writer() throws -> PageWriter { try PageWriter(files: files, libraries: [:]) }

    private func write(_ template: String, _ fill: Fill) throws -> String {
        try writer().write(
            Sheet(template: template, title: "T", section: .market, fill: fill),
            PageWriter.Surroundings(),
            partOnly: false
        )
    }

    @Test("PRT-2: the program has every file of the folder")
    func embedded() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(EmbeddedFiles.all.map(\.name).sorted() == names)
        for (name, bytes) in EmbeddedFiles.all {
            let data = try Data(contentsOf: folder.appendingPathComponent(name))
            #expect(Array(data) == bytes, "\(name)")
        }
    }

    @Test("PRT-4: no template has a script, a style or a handler of its own")
    func policy() {
        for (name, text) in files.templates {
            for banned in [" style=", "javascript:", " onclick", " onload", "<style"] {
                #expect(!text.contains(banned), "\(name) has \(banned)")
            }
            #expect(text.components(of: "<script") == text.components(of: "<script src="))
        }
        #expect(!Reply.policy.contains("unsafe"))
    }

    @Test("PRT-3: only drawings are printed as they are")
    func unescaped() throws {
        for (name, text) in files.templates {
            for part in text.components(separatedBy: "{{{").dropFirst() {
                let field = part.prefix { $0 != "}" }
                #expect(field.hasSuffix("SVG"), "\(name) prints \(field)")
            }
            #expect(!text.contains("{{&"), "\(name)")
        }
    }

    private static let hostile = "<img src=x onerror=alert(1)>\"'&"

    @Test("PRT-3: hostile names are text, wherever they stand")
    func escaping() throws {
        for name in try writer().templateNames {
            var fill = Fill()
            var inner = Fill()
            for field in try fields(of: name) where !field.hasSuffix("SVG") {
                inner.put(field, Self.hostile)
            }
            for field in try fields(of: name) where !field.hasSuffix("SVG") {
                fill.put(field, [inner])
            }
            var flat = inner
            flat.put("sentence", [inner])
            for values in [fill, flat] {
                let html = try write(name, values)
                #expect(!html.contains("<img"), "\(name)")
                #expect(!html.contains("\"'&"), "\(name)")
            }
        }
    }

    /// The names that a template and those it includes ask for.
    private func fields(of name: String, depth: Int = 0) throws -> Set<String> {
        guard let text = files.templates[name], depth < 4 else { return [] }
        var found: Set<String> = []
        for part in text.components(separatedBy: "{{").dropFirst() {
            let tag = part.prefix { $0 != "}" }.drop { "{#^/$<>".contains($0) }
            if part.hasPrefix(">") {
                found.formUnion(try fields(of: String(tag), depth: depth + 1))
            } else if !part.hasPrefix("<"), !part.hasPrefix("$"), !tag.contains(".") {
                found.insert(String(tag))
            }
        }
        return found
    }

    @Test("PRT-5: a file's address names its content")
    func addresses() throws {
        let style = try #require(files.files["stoa.css"])
        #expect(style.path(under: "/a") == "/a/\(style.hash)/stoa.css")
        let other = try #require(StaticFile(name: "stoa.css", bytes: style.bytes + [32]))
        #expect(other.hash != style.hash)
        #expect(StaticFile(name: "passwords.txt", bytes: []) == nil)
        #expect(try #require(style.compressed).count < style.bytes.count / 2)
    }

    @Test("PRT-6: what is compressed is what was given")
    func gzip() throws {
        for count in [0, 1, 511, 70_000] {
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255) }
            let small = try #require(Gzip.compress(bytes))
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/bin/gzip")
            process.arguments = ["-dc"]
            let (input, output) = (Pipe(), Pipe())
            let file = FileManager.default.temporaryDirectory
                .appendingPathComponent("stoa-gzip-\(UInt64.random(in: 0 ... .max))")
            try Data(small).write(to: file)
            defer { try? FileManager.default.removeItem(at: file) }
            process.standardInput = try FileHandle(forReadingFrom: file)
            process.standardOutput = output
            _ = input
            try process.run()
            let back = try output.fileHandleForReading.readToEnd() ?? Data()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
            #expect(Array(back) == bytes)
        }
    }

    @Test("PRT-5: a tag that a client has is found in its list")
    func tags() {
        #expect(Reply.matches("\"a\", W/\"b\"", "\"b\""))
        #expect(!Reply.matches("\"ab\"", "\"b\""))
        #expect(!Reply.matches(nil, "\"b\""))
    }

    @Test("PRT-13: what restores history gets a page, and what is kept knows which is which")
    func parts() {
        func request(_ headers: HTTPFields) -> Request {
            Request(
                head: HTTPRequest(
                    method: .get,
                    scheme: "http",
                    authority: "localhost",
                    path: "/search",
                    headerFields: headers
                ),
                body: RequestBody(buffer: ByteBuffer())
            )
        }
        #expect(Reply.isForPart(request([.htmxRequest: "true"])))
        #expect(!Reply.isForPart(request([:])))
        let restoring = request([.htmxRequest: "true", .htmxHistoryRestore: "true"])
        #expect(!Reply.isForPart(restoring))
        let vary = Reply.page("", to: restoring).headers[.vary]
        #expect(vary?.contains("hx-history-restore-request") == true)
    }

    @Test("links that others published lead to the web or nowhere")
    func links() {
        #expect(AssetPage.safeLink("https://example.org/card") != nil)
        for bad in ["javascript:alert(1)", "data:text/html,x", "//x", "ftp://x", ""] {
            #expect(AssetPage.safeLink(bad) == nil)
        }
    }
}

@Suite("PRT-40: events in words")
struct SentenceTests {
    private let account = AccountID(Digest(sha256: [1]))
    private let asset = AssetID(Digest(sha256: [2]))

    @Test("names lead somewhere, amounts have their unit")
    func transfer() {
        let unit = Digest(sha256: [9])
        let json = """
            {"event":"accounts.transferred","from":"\(account)","to":"\(account)",\
            "amount":"1500000000","amountUnit":"\(unit)"}
            """
        let sentence = EventSentence(name: "accounts.transferred", json: json)
        #expect(
            sentence.pieces == [
                .account(account), .text(" paid "),
                .money(Amount(obol: 1_500_000_000), .issued(unit)),
                .text(" to "), .account(account),
            ]
        )
    }

    @Test("a sentence that begins with a word has a capital; names keep theirs")
    func capitals() {
        let sentence = EventSentence(
            name: "assets.published",
            json: #"{"event":"assets.published","asset":"\#(asset.digest)","version":2}"#
        )
        #expect(sentence.pieces.first == .text("Version "))
        #expect(sentence.pieces.contains(.asset(asset)))
    }

    @Test("an event that nobody wrote a phrase for is its name and fields")
    func unknown() {
        let sentence = EventSentence(
            name: "future.thingHappened",
            json: #"{"event":"x","count":3,"who":"\#(account)"}"#
        )
        #expect(sentence.pieces.first == .text("Thing happened"))
        #expect(sentence.pieces.contains(.account(account)))
    }

    @Test("damaged and hostile events are text", arguments: ["", "[]", "{", #"{"from":[1]}"#])
    func damaged(json: String) {
        let sentence = EventSentence(name: "accounts.transferred", json: json)
        #expect(sentence.pieces.contains(.text("somebody")))
    }

    private struct EventVector: Decodable {
        let name, bytes: String
    }

    @Test("every event of the market has what its sentence names, and amounts have their unit")
    func fields() throws {
        let path = folder.appendingPathComponent("../../../Vectors/canonical/market/events.json")
        let data = try Data(contentsOf: path.standardized)
        let vectors = try JSONDecoder().decode([EventVector].self, from: data)
        #expect(vectors.count > 90)
        for vector in vectors {
            let bytes = try #require(Hex.decode(vector.bytes))
            let record = try Event(canonicalBytes: bytes).record
            let sentence = EventSentence(name: record.name, json: record.json)
            #expect(!sentence.pieces.contains(.text("somebody")), "\(vector.name)")
            let names = Set(record.fields.map(\.name))
            let phrase = EventPhrases.phrase(of: record.name, has: names.contains)
            for field in record.fields where phrase?.contains("{\(field.name)}") ?? true {
                guard case .amount(let amount, let unit) = field.value else { continue }
                let isMoney = sentence.pieces.contains(.money(amount, unit))
                #expect(isMoney, "\(vector.name): \(field.name)")
            }
        }
    }

    @Test("a delegation that ends is not told as one that begins")
    func delegationEnds() {
        let sentence = EventSentence(
            name: "governance.delegated",
            json: #"{"event":"governance.delegated","account":"\#(account)"}"#
        )
        let pieces: [EventSentence.Piece] = [
            .account(account), .text(" lets nobody vote for it any more"),
        ]
        #expect(sentence.pieces == pieces)
    }

    @Test("PRT-78: what one’s own account did is told to “You”")
    func addressed() {
        let json = #"{"account":"\#(account)","own":"5"}"#
        let votes = EventSentence(name: "governance.votesChanged", json: json)
        #expect(votes.addressed(to: account).pieces.prefix(2) == [
            .text("You"), .text(" can vote with "),
        ])
        let other = AccountID(Digest(sha256: [7]))
        let bond = EventSentence(
            name: "bonds.changed",
            json: #"{"account":"\#(account)","active":"5"}"#
        )
        #expect(bond.addressed(to: account).pieces[1] == .text(" have "))
        #expect(bond.addressed(to: other) == bond)
        let paid = EventSentence(
            name: "accounts.transferred",
            json: #"{"from":"\#(other)","to":"\#(account)","amount":"1"}"#
        )
        #expect(paid.addressed(to: account).pieces.last == .text("you"))
    }

    @Test("every phrase closes its braces, and is of an event's component")
    func phrases() {
        let lacking = EventPhrases.lacking.map { ($0.key, $0.value.phrase) }
        for (name, phrase) in EventPhrases.all.map({ ($0.key, $0.value) }) + lacking {
            #expect(name.split(separator: ".").count == 2)
            let opened = phrase.components(of: "{")
            #expect(opened == phrase.components(of: "}"))
            #expect(!phrase.contains("{}"))
        }
    }
}

@Suite("PRT-50: what refusals mean")
struct ProblemTextTests {
    private let texts = ProblemTexts(table: PortalFiles().tables["refusals.tsv"] ?? "")

    private static let refusals = (UInt32(0)...3000).compactMap { Refusal(code: $0) }

    @Test("every refusal has a text, by its name and by its number", arguments: refusals)
    func complete(refusal: Refusal) throws {
        let text = try #require(texts[refusal.name])
        #expect(texts["\(refusal.code)"] == text)
        #expect(!text.meaning.isEmpty && !text.advice.isEmpty)
        let charged = text.money.contains("Only the fee was charged")
        #expect(charged == refusal.feeCharged)
    }

    @Test("the sentences are those of the sources: scripts/refusals writes them again")
    func current() throws {
        let sources = folder.appendingPathComponent("../..").standardized
        var comments = ""
        for target in ["LedgerCore", "SettlementCore"] {
            let base = sources.appendingPathComponent(target)
            let walker = try #require(FileManager.default.enumerator(atPath: base.path))
            for case let path as String in walker where path.hasSuffix(".swift") {
                let text = try String(
                    contentsOf: base.appendingPathComponent(path),
                    encoding: .utf8
                )
                for line in text.split(separator: "\n") {
                    let line = line.trimmingCharacters(in: .whitespaces)
                    if line.hasPrefix("///") { comments += line.dropFirst(3) }
                }
            }
        }
        comments = comments.replacing("`", with: "")
        for text in texts.all where text.number != nil {
            #expect(comments.contains(text.meaning), "\(text.code)")
        }
    }

    @Test("codes are stable words")
    func codes() {
        let codes = texts.all.map(\.code)
        #expect(Set(codes).count == codes.count)
        #expect(texts["nothing_like_it"] == nil)
    }
}

@Suite("PRT-41: prices and snippets")
struct PriceTextTests {
    @Test("a price is of what people compare")
    func rows() throws {
        let price = try #require(Price(amount: Amount(obol: 20), perUnits: 1))
        var prices = SortedMap<MarketTypes.Unit, Price>()
        prices[.inputToken] = price
        prices[.second] = price
        let table = PriceTable(prices)
        let rows = PriceText.rows(table, .native)
        #expect(rows.count == 2)
        let first = try #require(rows.first?.values["price"] as? [String: Any])
        #expect(first["digits"] as? String == "0.02")
    }

    @Test("a limit of what people compare is one of a million units")
    func limits() {
        let one = Amount(obol: 1_000_000_000)
        #expect(SearchForm.perMillion(one, .outputToken) == one)
        #expect(SearchForm.perMillion(one, .call) == Amount(obol: 1_000_000_000_000_000))
        #expect(SearchForm.perMillion(Amount(obol: .max), .call) == nil)
        // Of an hour, it is no whole number: an offer at that very price must be found.
        #expect(SearchForm.perMillion(one, .second) == Amount(obol: 277_777_777_778))
    }

    @Test("every language names the gateway and the model", arguments: CallInterface.allCases)
    func snippets(interface: CallInterface) {
        let snippets = Snippets(model: "some-model", interface: interface, gateway: "http://g:1")
        for (language, _, text) in snippets.all {
            #expect(text.contains("some-model"), "\(language)")
            #expect(text.contains("http://g:1/v1"), "\(language)")
        }
    }
}
