import FoundationEssentials
import Identity
import MarketTypes

/// The keystore files in a home directory, one for each wallet.
struct Wallets {
    let home: HomeOptions

    private func file(_ name: String) -> String { home.path("wallets", name + ".key") }

    /// The names of all wallets, in order.
    func names() -> [String] {
        let found = try? FileManager.default.contentsOfDirectory(atPath: home.path("wallets"))
        return (found ?? []).filter { $0.hasSuffix(".key") }.map { String($0.dropLast(4)) }.sorted()
    }

    func exists(_ name: String) -> Bool {
        FileManager.default.fileExists(atPath: file(name))
    }

    /// Makes a key, seals it and writes its file.
    func create(_ name: String, passphrase: [UInt8]) throws -> SigningKey {
        guard isValid(name) else {
            throw CommandFailure(
                "“\(name)” is no wallet name",
                hint: "use letters, digits, dot, dash and underscore"
            )
        }
        guard !passphrase.isEmpty else {
            throw CommandFailure(
                "an empty passphrase protects nothing; no key was made",
                hint: "check STOA_PASSPHRASE, and the first line of --passphrase-file"
            )
        }
        guard let key = SigningKey.generate() else {
            throw CommandFailure("the system has no secure memory left")
        }
        _ = try home.makeDirectory("wallets")
        let text = try explained(name) { try Keystore.seal(key, passphrase: passphrase) }
        try writePrivateFile(text, to: file(name))
        return key
    }

    /// Opens a wallet.
    func open(_ name: String, passphrase: [UInt8]) throws -> SigningKey {
        let text = try text(name)
        return try explained(name) { try Keystore.open(text, passphrase: passphrase) }
    }

    /// Opens a wallet, or makes it on first use.
    func openOrCreate(_ name: String, passphrase: [UInt8]) throws -> SigningKey {
        exists(name)
            ? try open(name, passphrase: passphrase) : try create(name, passphrase: passphrase)
    }

    /// Opens the key that a wallet has beside its own, such as that of its vouchers; made on first
    /// use, once the passphrase has opened the wallet: a slip of the keys must not seal it.
    func companion(_ kind: String, of name: String, passphrase: [UInt8]) throws -> SigningKey {
        let companion = name + "." + kind
        if exists(companion) { return try open(companion, passphrase: passphrase) }
        if exists(name) { _ = try open(name, passphrase: passphrase) }
        return try create(companion, passphrase: passphrase)
    }

    /// Whose key a wallet holds; needs no passphrase.
    func account(_ name: String) throws -> AccountID {
        let text = try text(name)
        return try explained(name) { try Keystore.account(in: text) }
    }

    /// An address, or the account of the wallet of that name.
    func resolve(_ text: String) throws -> AccountID {
        if let account = AccountID(address: text) { return account }
        if exists(text) { return try account(text) }
        throw CommandFailure(
            "“\(text)” is neither an address nor a wallet",
            hint: "see `stoa wallet list`, or make one with `stoa wallet new`"
        )
    }

    private func text(_ name: String) throws -> String {
        guard isValid(name), exists(name) else {
            throw CommandFailure(
                "there is no wallet “\(name)” in \(home.path("wallets"))",
                hint: "make one with `stoa wallet new \(name)`"
            )
        }
        warnIfOthersRead(file(name))
        return try readFile(file(name))
    }

    private func isValid(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 64 && name.first != "."
            && name.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                    || "._-".utf8.contains(byte)
            }
    }

    private func explained<Output>(_ name: String, _ body: () throws -> Output) throws -> Output {
        do {
            return try body()
        } catch let error as KeystoreError {
            switch error {
            case .wrongPassphrase:
                throw CommandFailure(
                    "the passphrase does not open wallet “\(name)”",
                    hint: "check --passphrase-file, else the file passphrase in the home "
                        + "directory, else STOA_PASSPHRASE; the wallet may be damaged too"
                )
            case .malformed:
                throw CommandFailure("the file of wallet “\(name)” is damaged or not a keystore")
            case .tooCostly:
                throw CommandFailure(
                    "opening wallet “\(name)” would take more memory or time than is reasonable"
                )
            case .outOfMemory:
                throw CommandFailure("there is not enough memory to open wallet “\(name)”")
            }
        }
    }
}
