import ArgumentParser
import Glibc

/// Asks the person at the terminal before a key signs.
struct SigningQuestion: ParsableArguments {
    @Flag(help: "sign without asking, as scripts want it; where no terminal is, nobody is asked")
    var yes = false

    /// Fails unless whoever sits at the terminal agrees to what was shown before.
    func ask(_ question: String) throws {
        guard !yes, isatty(STDIN_FILENO) == 1 else { return }
        guard isAgreed(question) else {
            throw CommandFailure(
                "nothing was signed",
                hint: "answer y to sign what is shown; --yes signs without asking"
            )
        }
    }
}

/// Whether whoever sits at the terminal says yes to a question.
func isAgreed(_ question: String) -> Bool {
    note("\(question) [y/N]")
    return ["y", "yes"].contains(readLine()?.lowercased())
}
