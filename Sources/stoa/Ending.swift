import ArgumentParser
import FoundationEssentials
import Glibc

/// How a command that failed ends: what it says, and the exit status.
struct Ending {
    let text: String
    let status: Int32

    /// Ends the process after saying why.
    func exit() -> Never {
        if !text.isEmpty { note(text) }
        Glibc.exit(status)
    }

    /// Ends the process from a signal's handler, while other threads are in the middle of things.
    func exitAtOnce() -> Never {
        note(text)
        _exit(status)
    }

    /// Whether this process was asked for JSON.
    private static var isJSON: Bool {
        CommandLine.arguments.prefix { $0 != "--" }.contains("--json")
    }

    private init(text: String, status: Int32) {
        self.text = text
        self.status = status
    }

    /// Says what went wrong, for programs if they asked for JSON.
    init(_ failure: CommandFailure) {
        let line = Self.isJSON ? try? OutputOptions.line(failure.document) : nil
        self.init(text: line ?? "Error: \(failure)", status: failure.kind.rawValue)
    }

    /// How any other error ends a command; nil for help and what else is no failure.
    ///
    /// - Parameter command: which command was running, if one was.
    init?(_ error: any Error, in command: (any ParsableCommand.Type)?) {
        if let failure = error as? CommandFailure {
            self.init(failure)
            return
        }
        let code = Stoa.exitCode(for: error)
        let message = Stoa.message(for: error)
        guard !code.isSuccess, !message.isEmpty else { return nil }
        let isUsage = code == .validationFailure
        let help = command.map { "see `\(Self.words(of: $0).joined(separator: " ")) --help`" }
        if Self.isJSON || (isUsage && help != nil) {
            self.init(
                CommandFailure(message, hint: help, kind: isUsage ? .usage : .failed)
            )
        } else {
            // The parser knows which command's usage to show.
            self.init(text: Stoa.fullMessage(for: error), status: code.rawValue)
        }
    }

    /// How a command is called, such as `stoa wallet send`.
    private static func words(of command: any ParsableCommand.Type) -> [String] {
        func path(to command: any ParsableCommand.Type, from parent: any ParsableCommand.Type)
            -> [String]?
        {
            let name = parent._commandName
            if parent == command { return [name] }
            for child in parent.configuration.subcommands {
                if let rest = path(to: command, from: child) { return [name] + rest }
            }
            return nil
        }
        return path(to: command, from: Stoa.self) ?? ["stoa"]
    }
}
