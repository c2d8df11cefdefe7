import Foundation
import Testing

/// What a tool can enforce about the shape of the code; reasons stand in CONTRIBUTING.md.
@Suite("Tidy")
struct TidyTests {
    let tree: SourceTree

    init() throws {
        tree = try SourceTree()
    }

    static let ground: Set<String> = ["MarketTypes", "CanonicalCoding", "Identity", "ProtobufWire"]
    static let cores: Set<String> = [
        "AccessCore", "CometBFTTypes", "LedgerCore", "Proofs", "SettlementCore",
    ]

    private var pure: [SourceFile] {
        tree.sources.filter { Self.cores.contains($0.target) || Self.ground.contains($0.target) }
    }

    @Test("there are sources to look at")
    func findsSources() {
        #expect(tree.sources.count > 50)
    }

    @Test("no file is longer than 600 lines, and the median is near 110")
    func fileLength() {
        let long = tree.files.filter { $0.lines.count > 600 }.map(\.path)
        #expect(long.isEmpty)
        let soft = tree.sources.filter { $0.lines.count > 400 }.map(\.path)
        #expect(soft.isEmpty, "over 400 lines: which two things live in each?")
        let lengths = tree.sources.map(\.lines.count).sorted()
        #expect(lengths[lengths.count / 2] <= 160)
    }

    @Test("no line is longer than 100 columns")
    func lineLength() {
        let long = tree.files.flatMap { file in
            file.lines.enumerated().filter { $0.element.count > 100 }
                .map { "\(file.path):\($0.offset + 1)" }
        }
        #expect(long.isEmpty)
    }

    @Test("no function is longer than 70 lines")
    func functionLength() {
        var long: [String] = []
        for file in tree.files {
            var open: [(start: Int, indent: Int, name: String)] = []
            for (index, line) in file.lines.enumerated() {
                let indent = line.prefix { $0 == " " }.count
                let text = line.dropFirst(indent)
                if let last = open.last, text.hasPrefix("}"), indent == last.indent {
                    if index - last.start > 70 { long.append("\(file.path): \(last.name)") }
                    open.removeLast()
                }
                // A requirement of a protocol has no body, so only an opening brace counts.
                if text.hasSuffix("{"), isFunction(text) || text.hasPrefix(")") {
                    open.append((index, indent, String(text)))
                }
            }
        }
        #expect(long.isEmpty)
    }

    private func isFunction(_ line: Substring) -> Bool {
        guard !line.hasPrefix("//") else { return false }
        return line.contains("func ") || line.hasPrefix("init") || line.contains(" init(")
            || line.contains(" init?(")
    }

    @Test("P12: nothing in the ground or the cores depends on a clock, a process or an order")
    func pureCores() throws {
        let banned = [
            "import Foundation", "\\bDate\\(", "\\bDouble\\b", "\\bFloat\\b", "\\bUUID\\(",
            "\\.random\\(in:[^,]*\\)", "hashValue", "JSONEncoder", "ProcessInfo", "\\bTask\\b",
            "\\basync\\b", "\\bawait\\b", "Locale", "import Glibc", "import Dispatch", "import NIO",
            "Logger", "ContinuousClock", "\\.keys\\b", "\\.values\\b",
        ]
        for pattern in banned {
            #expect(try tree.matches(pattern, in: pure).isEmpty, "\(pattern)")
        }
    }

    @Test("P12: cores do not iterate over what has no order")
    func noUnorderedIteration() throws {
        let files = pure.filter { $0.name != "StagedState.swift" && $0.name != "SortedMap.swift" }
        let found = try tree.matches(
            ": \\[[A-Za-z.]+: [A-Za-z\\[\\]?]+\\] =|\\bSet<|Dictionary<",
            in: files
        )
        #expect(found.isEmpty, "only StagedState looks things up in a dictionary, and says why")
    }

    @Test("targets import only from floors below them")
    func layers() throws {
        let floors: [[String]] = [
            ["MarketTypes", "ProtobufWire"], ["CanonicalCoding"], ["Identity"],
            ["SettlementCore", "CometBFTTypes", "AccessCore"], ["LedgerCore"], ["Proofs"],
            ["Journal", "OpenAIWire", "LedgerStore", "AccessStore", "Telemetry"],
            ["Consensus", "LedgerClient"],
            [
                "ABCI", "CometBFTClient", "LedgerIndex", "LedgerNode", "ValidatorNode",
                "Simulation", "WebServing", "Webhooks", "Probes", "Receipts",
            ],
            ["Provider", "Gateway", "GRPCDoor"], ["MarketAPI", "Portal"], ["stoa", "stoa-grpc"],
        ]
        var wrong: [String] = []
        for (level, targets) in floors.enumerated() {
            let above = Set(floors[level...].flatMap(\.self)).subtracting(
                targets.count == 1 ? [] : []
            )
            for file in tree.sources where targets.contains(file.target) {
                for line in file.lines {
                    guard let module = importedModule(line), module != file.target,
                        above.contains(module)
                    else { continue }
                    wrong.append("\(file.path) imports \(module)")
                }
            }
        }
        #expect(wrong.isEmpty)
    }

    @Test("buyers and sellers never link the ledger's store, and no adapter imports the doors")
    func clientsDoNotOpenTheStore() {
        let wrong = tree.sources.filter {
            [
                "Provider", "Gateway", "GRPCDoor", "LedgerClient", "LedgerIndex", "CometBFTClient",
                "Proofs",
            ].contains($0.target)
        }
        .flatMap { file in
            file.lines.compactMap(importedModule)
                .filter { ["LedgerStore", "Consensus", "LedgerNode"].contains($0) }
                .map { "\(file.path) imports \($0)" }
        }
        #expect(wrong.isEmpty)
    }

    private func importedModule(_ line: String) -> String? {
        let words = line.split(separator: " ")
        guard let index = words.firstIndex(of: "import"), index <= 2, index + 1 < words.count,
            !line.hasPrefix(" ")
        else { return nil }
        return String(words[index + 1])
    }

    @Test("there are no force unwraps, forced tries or forced casts in sources")
    func noForce() throws {
        #expect(try tree.matches("\\btry!|\\bas!", in: tree.sources).isEmpty)
        #expect(try tree.matches("[A-Za-z0-9_\\])]!(\\.|\\)|,|$|\\[)", in: tree.sources).isEmpty)
    }

    @Test("escape hatches say why beside them")
    func escapeHatches() throws {
        var bare: [String] = []
        let pattern = "@unchecked Sendable|nonisolated\\(unsafe\\)|fatalError\\(|unsafeBitCast"
        let expression = try NSRegularExpression(pattern: pattern)
        for file in tree.sources {
            for (index, line) in file.lines.enumerated() {
                let code = line.components(separatedBy: "//").first ?? line
                guard
                    expression.firstMatch(in: code, range: NSRange(code.startIndex..., in: code))
                        != nil
                else { continue }
                let around = file.lines[max(0, index - 3)...min(file.lines.count - 1, index + 2)]
                if !around.contains(where: { $0.contains("//") }) {
                    bare.append("\(file.path):\(index + 1)")
                }
            }
        }
        #expect(bare.isEmpty)
    }

    @Test("no unstructured task outlives the call that made it")
    func structuredTasks() throws {
        let found = try tree.matches("\\bTask( \\{|\\.detached|\\(priority)", in: tree.sources)
        #expect(found.isEmpty)
    }

    @Test("no name names nothing")
    func names() {
        let empty = ["Util", "Helper", "Manager", "Common", "Misc"]
        let found = tree.files.map(\.name).filter { name in empty.contains { name.contains($0) } }
        #expect(found.isEmpty)
    }

    @Test("nothing is left unfinished")
    func unfinished() throws {
        let words = ["TO" + "DO", "FIX" + "ME", "XX" + "X", "not " + "implemented"]
        for word in words {
            let found = tree.files.flatMap { file in
                file.lines.filter { $0.contains(word) }.map { "\(file.path): \($0)" }
            }
            #expect(found.isEmpty)
        }
    }

    @Test("no test is switched off or cannot fail")
    func realTests() throws {
        let tests = tree.files.filter { $0.path.hasPrefix("Tests/") && $0.target != "TidyTests" }
        let found = try tree.matches(
            "#expect\\(true\\)|withKnownIssue|\\.disabled\\(",
            in: tests
        )
        #expect(found.isEmpty)
    }

    @Test("every public declaration has a doc comment, or conforms to a protocol that has one")
    func documented() {
        var bare: [String] = []
        let kinds = ["func ", "struct ", "enum ", "class ", "protocol ", "actor "]
        for file in tree.sources where file.target != "stoa" {
            for (index, line) in file.lines.enumerated() {
                let text = line.drop { $0 == " " }
                guard text.hasPrefix("public "), kinds.contains(where: { text.contains($0) }),
                    !text.contains("import "), !isRequirement(text)
                else { continue }
                var above = index - 1
                while above >= 0, file.lines[above].drop(while: { $0 == " " }).hasPrefix("@") {
                    above -= 1
                }
                let comment = above >= 0 ? file.lines[above].drop { $0 == " " } : ""
                if !comment.hasPrefix("///") { bare.append("\(file.path):\(index + 1): \(text)") }
            }
        }
        #expect(bare.isEmpty)
    }

    /// Members that a protocol documents: repeating it would say nothing.
    private func isRequirement(_ text: Substring) -> Bool {
        [
            "func encode(into", "func encode(to ", "static func <",
            "static func ==", "func hash(into",
            "func value(for", "func run()", "func status()", "func submit(", "func entry(",
            "func entries(", "func blocks(", "func next(", "func supply()",
            // WireMessage, EngineApplication, ApplicationStore, StateSyncing
            "func take(_ field", "func write(into writer", "func answer(", "func stage(",
            "func position(of", "func withState<", "func snapshots()", "func chunk(height",
            // LimitStore, ChatStreamDialect, MetricsFactory, LogHandler, RouterMiddleware
            "func reserve(", "func bind(_ reservation", "func settle(_ settlement",
            "func settle(voucher", "func boundVouchers(", "func releaseUnbound(",
            // CallEndings
            "func awaited()", "func ended(_ voucher", "func made(_ receipts",
            "func openReservations(", "func spending(", "func take(_ uses",
            "func events(_ chunk", "func end(usage", "func failure(_ failure",
            "func makeCounter(", "func makeMeter(", "func makeRecorder(", "func makeTimer(",
            "func destroy", "func log(event", "func handle(",
        ].contains { text.contains($0) }
    }
}
