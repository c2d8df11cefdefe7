import Foundation

/// A text file of the repository, split into lines.
struct SourceFile: Sendable {
    /// The path below the repository's root, with forward slashes.
    let path: String
    let lines: [String]

    /// The first folder below `Sources` or `Tests`: the target.
    var target: String {
        let parts = path.split(separator: "/")
        return parts.count > 1 ? String(parts[1]) : ""
    }

    /// The file's name without its folder.
    var name: String { path.split(separator: "/").last.map(String.init) ?? path }
}

/// The Swift files of this repository, found from where this file stands.
struct SourceTree: Sendable {
    let root: URL
    let files: [SourceFile]

    init() throws {
        var root = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { root.deleteLastPathComponent() }
        self.root = root
        var found: [SourceFile] = []
        for folder in ["Sources", "Tests", "Benchmarks"] {
            let base = root.appendingPathComponent(folder)
            guard let walker = FileManager.default.enumerator(atPath: base.path) else { continue }
            for case let path as String in walker
            where path.hasSuffix(".swift") && !path.contains(".build") {
                let text = try String(
                    contentsOf: base.appendingPathComponent(path),
                    encoding: .utf8
                )
                let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
                found.append(SourceFile(path: "\(folder)/\(path)", lines: lines.map(String.init)))
            }
        }
        files = found.sorted { $0.path < $1.path }
    }

    /// The files under `Sources`.
    var sources: [SourceFile] { files.filter { $0.path.hasPrefix("Sources/") } }

    /// The lines of `files` in which `pattern` occurs, as `path:line: text`, comments left out.
    func matches(
        _ pattern: String,
        in files: [SourceFile],
        except: (SourceFile, String) -> Bool = { _, _ in
            false
        }
    ) throws -> [String] {
        let expression = try NSRegularExpression(pattern: pattern)
        var found: [String] = []
        for file in files {
            for (index, line) in file.lines.enumerated() {
                let code = line.components(separatedBy: "//").first ?? line
                let range = NSRange(code.startIndex..., in: code)
                guard expression.firstMatch(in: code, range: range) != nil, !except(file, line)
                else { continue }
                found.append("\(file.path):\(index + 1): \(line)")
            }
        }
        return found
    }
}
