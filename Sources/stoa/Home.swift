import ArgumentParser
import FoundationEssentials
import Glibc
import Identity
import MarketTypes

/// Where this user's keys, logs and configuration are kept.
struct HomeOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "where keys, logs and configuration are kept (STOA_HOME, else ~/.stoa)",
            valueName: "directory"
        )
    )
    var home: String?

    @Option(
        help: ArgumentHelp(
            "a file whose first line is the passphrase (else passphrase in the home directory, "
                + "else STOA_PASSPHRASE, else a prompt)",
            valueName: "file"
        )
    )
    var passphraseFile: String?

    /// The home directory's path.
    var path: String {
        if let home { return home }
        let environment = ProcessInfo.processInfo.environment
        if let set = environment["STOA_HOME"], !set.isEmpty { return set }
        return (environment["HOME"] ?? ".") + "/.stoa"
    }

    /// The path of something in the home directory.
    func path(_ parts: String...) -> String {
        ([path] + parts).joined(separator: "/")
    }

    /// Makes a directory in the home directory, closed to others.
    func makeDirectory(_ parts: String...) throws -> String {
        let target = ([path] + parts).joined(separator: "/")
        do {
            try FileManager.default.createDirectory(
                atPath: target,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw CommandFailure(
                "cannot make the directory \(target)",
                hint: "check --home and its permissions"
            )
        }
        return target
    }

    /// The passphrase, from wherever the user keeps it; typed ones are asked for once.
    ///
    /// - Parameters:
    ///   - wallet: whose it is, for the prompt.
    ///   - isNew: whether a key is made, so that a prompt asks twice.
    func passphrase(of wallet: String? = nil, isNew: Bool = false) throws -> [UInt8] {
        if let file = passphraseFile ?? existing(path("passphrase")) {
            return Array(try readSecretLine(file).utf8)
        }
        if let set = ProcessInfo.processInfo.environment["STOA_PASSPHRASE"] {
            return Array(set.utf8)
        }
        guard isatty(STDIN_FILENO) == 1 else {
            throw CommandFailure(
                "a passphrase is needed and there is no terminal to ask on",
                hint: "set STOA_PASSPHRASE or give --passphrase-file"
            )
        }
        return try PassphrasePrompt.ask(of: wallet, isNew: isNew)
    }

    private func existing(_ path: String) -> String? {
        FileManager.default.fileExists(atPath: path) ? path : nil
    }
}

/// Reads the first line of a file that holds a secret.
func readSecretLine(_ path: String) throws -> String {
    let text = try readFile(path)
    warnIfOthersRead(path)
    let line = text.utf8.prefix { $0 != UInt8(ascii: "\n") }
    // A file from an editor of another system ends its lines with two characters.
    return String(decoding: line.last == UInt8(ascii: "\r") ? line.dropLast() : line, as: UTF8.self)
}

/// Reads a small text file.
func readFile(_ path: String) throws -> String {
    do {
        return try String(contentsOfFile: path, encoding: .utf8)
    } catch {
        throw CommandFailure("cannot read \(path)", hint: "does it exist, and may you read it?")
    }
}
