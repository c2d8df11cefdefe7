import Glibc
import Synchronization

/// Asks for passphrases on a terminal, and remembers them while this process runs: one command may
/// open several keys of one wallet, and what was typed once must hold for all of them.
///
/// Unlike getpass(3), Ctrl-C and Ctrl-Z do what they always do, the end of input is no passphrase,
/// and a control character (an arrow key, say) cannot become a part of one unseen.
enum PassphrasePrompt {
    /// The longest passphrase that is taken from a terminal.
    private static let bytesMax = 1024

    private static let typed = Mutex<[String: [UInt8]]>([:])

    /// The passphrase of a wallet, asked for once.
    ///
    /// - Parameter isNew: whether a key is made with it, so that it is asked for twice.
    static func ask(of wallet: String?, isNew: Bool) throws -> [UInt8] {
        let name = wallet ?? ""
        if let known = typed.withLock({ $0[name] }) { return known }
        let terminal = try Terminal()
        let asked = wallet.map { "passphrase of wallet \($0): " } ?? "passphrase: "
        let first = try terminal.read(asked)
        if isNew, try terminal.read("again: ") != first {
            throw CommandFailure("the passphrases differ; no key was made")
        }
        typed.withLock { $0[name] = first }
        return first
    }

    /// The terminal of this process, with what is typed unseen while a line is read.
    private struct Terminal {
        private let file: Int32
        private let usual: termios

        init() throws {
            let own = open("/dev/tty", O_RDWR | O_CLOEXEC)
            file = own >= 0 ? own : STDIN_FILENO
            var settings = termios()
            guard tcgetattr(file, &settings) == 0 else {
                throw CommandFailure(
                    "a passphrase is needed and there is no terminal to ask on",
                    hint: "set STOA_PASSPHRASE or give --passphrase-file"
                )
            }
            usual = settings
        }

        func read(_ prompt: String) throws -> [UInt8] {
            hide()
            say(prompt)
            defer {
                show()
                say("\n")
            }
            var line: [UInt8] = []
            while true {
                var byte: UInt8 = 0
                let count = Glibc.read(file, &byte, 1)
                if count < 0, errno == EINTR { continue }
                guard count == 1 else { throw Self.nothing }
                switch byte {
                case UInt8(ascii: "\n"), UInt8(ascii: "\r"): return line
                case 3: interrupt(SIGINT)
                case 28: interrupt(SIGQUIT)
                case 26:
                    interrupt(SIGTSTP)
                    say(prompt)
                case 4:
                    guard !line.isEmpty else { throw Self.nothing }
                case 21: line = []
                case 8, 127:
                    // A character is its first byte and those that continue it.
                    while let last = line.popLast(), last & 0xC0 == 0x80 {}
                case 0..<32:
                    throw CommandFailure(
                        "a key was pressed that is no character; nothing was done",
                        hint: "type the passphrase again, without arrows and the like"
                    )
                default:
                    guard line.count < PassphrasePrompt.bytesMax else {
                        throw CommandFailure("a passphrase has at most 1024 bytes")
                    }
                    line.append(byte)
                }
            }
        }

        private static let nothing = CommandFailure(
            "no passphrase was given; nothing was done",
            hint: "type it, set STOA_PASSPHRASE or give --passphrase-file"
        )

        /// Leaves the terminal as it was while a signal does its work.
        private func interrupt(_ number: Int32) {
            show()
            raise(number)
            hide()
        }

        /// Each byte comes as it is typed, and none is shown; other processes' signals find the
        /// terminal as it was.
        private func hide() {
            var hidden = usual
            hidden.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG | IEXTEN)
            (hidden.c_cc.5, hidden.c_cc.6) = (0, 1)  // VTIME and VMIN: wait for one byte
            shownTerminal.pointee = (file, usual)
            for number in [SIGTERM, SIGHUP, SIGINT] { signal(number, showTerminalAgain) }
            _ = tcsetattr(file, TCSAFLUSH, &hidden)
        }

        private func show() {
            var shown = usual
            _ = tcsetattr(file, TCSANOW, &shown)
            for number in [SIGTERM, SIGHUP, SIGINT] { signal(number, SIG_DFL) }
        }

        private func say(_ text: String) {
            let bytes = Array(text.utf8)
            _ = write(file == STDIN_FILENO ? STDERR_FILENO : file, bytes, bytes.count)
        }
    }
}

/// How the terminal was before it hid what is typed: all that a signal's handler may look at.
// Unchecked: one prompt at a time writes it, before its handler is set, and the handler reads it.
private nonisolated(unsafe) let shownTerminal = {
    let place = UnsafeMutablePointer<(file: Int32, settings: termios)>.allocate(capacity: 1)
    place.initialize(to: (STDIN_FILENO, termios()))
    return place
}()

/// Shows again what is typed, and lets the signal end the process.
private let showTerminalAgain: @convention(c) (Int32) -> Void = { number in
    _ = tcsetattr(shownTerminal.pointee.file, TCSANOW, &shownTerminal.pointee.settings)
    signal(number, SIG_DFL)
    raise(number)
}
