import ArgumentParser
import FoundationEssentials

/// The key of a gateway or market from where no other user of this machine sees it.
struct GatewayKeyFile: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "a file whose first line is the API key (else STOA_API_KEY)",
            valueName: "file"
        )
    )
    var apiKeyFile: String?

    /// The key, or nil if there is none.
    func key() throws -> String? {
        guard let apiKeyFile else {
            let set = ProcessInfo.processInfo.environment["STOA_API_KEY"] ?? ""
            return set.isEmpty ? nil : set
        }
        let key = try readSecretLine(apiKeyFile)
        guard !key.isEmpty else {
            throw CommandFailure(
                "the first line of \(apiKeyFile) is empty",
                hint: "it should be the API key and nothing else"
            )
        }
        return key
    }
}

/// What a gateway wants its clients to send.
struct GatewayKeyOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "what clients must send as their API key; every user of this machine can read it, so "
                + "prefer --api-key-file",
            valueName: "key"
        )
    )
    var apiKey: String?
    @OptionGroup var file: GatewayKeyFile

    func validate() throws {
        guard apiKey == nil || file.apiKeyFile == nil else {
            throw ValidationError("--api-key and --api-key-file are two keys")
        }
    }

    /// The key, or nil if every local program may call.
    func key() throws -> String? {
        try apiKey ?? file.key()
    }
}
