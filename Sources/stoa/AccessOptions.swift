import AccessCore
import AccessStore
import ArgumentParser
import CallDoor
import Telemetry
import WebServing

/// Where it is kept who may do what.
struct AccessOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "the SQLite file of users, keys and limits (access.sqlite in the home directory)",
            valueName: "file"
        )
    )
    var accessDatabase: String?

    @Option(help: "how new keys sign tokens: EdDSA or ES256")
    var tokenAlgorithm = "EdDSA"

    /// The key of the file beside the database.
    func sealingKey(_ database: AccessDatabase) throws -> SealingKey {
        let path = database.path + ".key"
        return try explainingAccess(path) { try SealingKey(path: path) }
    }

    /// What makes tokens; its keys are sealed.
    func issuer(_ database: AccessDatabase, _ sealing: SealingKey) throws -> TokenIssuer {
        guard let algorithm = TokenAlgorithm(rawValue: tokenAlgorithm) else {
            throw CommandFailure(
                "“\(tokenAlgorithm)” signs no tokens here",
                hint: "use EdDSA or ES256"
            )
        }
        return TokenIssuer(database, sealing: sealing, algorithm: algorithm)
    }

    /// Opens the database, making an empty one if there is none.
    func open(_ home: HomeOptions) throws -> AccessDatabase {
        if accessDatabase == nil { _ = try home.makeDirectory() }
        let path = accessDatabase ?? home.path("access.sqlite")
        return try explainingAccess(path) { try AccessDatabase(path: path) }
    }
}

/// Runs `body`, and explains the errors of the access database.
func explainingAccess<Output>(_ path: String, _ body: () throws -> Output) throws -> Output {
    do {
        return try body()
    } catch let error as AccessStoreError {
        throw CommandFailure("\(error)", hint: "check \(path), or give another --access-database")
    }
}

/// How the door of `stoa serve` stands in the world.
struct DoorOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "the address under which people reach the pages: over TLS, here or at a proxy",
            valueName: "https://host"
        )
    )
    var publicURL: String?
    @Option(
        help: ArgumentHelp(
            "an origin whose pages may call the API with a key of their own; may be repeated",
            valueName: "https://host"
        )
    )
    var allowOrigin: [String] = []
    @Flag(help: "believe the client addresses that a proxy before this process writes")
    var trustForwarded = false
    @Option(help: "how many requests a minute one address may make; a quarter of them at once")
    var addressRate: UInt64 = 1_200
    @Option(help: "for how many seconds a client may send nothing while it is its turn")
    var idleSeconds: Int64 = 60

    @Option(
        help: ArgumentHelp(
            "a PostgreSQL database that counts limits for doors on several machines, instead of "
                + "the access database; PGPASSWORD or a passfile has the password",
            valueName: "postgres://user@host/database"
        )
    )
    var limits: String?

    /// What counts limits; PostgreSQL must answer, so that a wrong address is known at once.
    func limitStore(
        _ database: AccessDatabase,
        _ telemetry: ServiceTelemetry
    ) async throws -> any LimitStore {
        guard let limits else { return SQLiteLimits(database) }
        guard let address = PostgresAddress(limits) else {
            throw CommandFailure(
                "--limits is no address of a database, or has a password in it",
                hint: "it looks like postgres://user@host/database; PGPASSWORD or a passfile has "
                    + "the password"
            )
        }
        let store = PostgresLimits(address)
        do {
            try await store.check()
        } catch let error as AccessStoreError {
            throw CommandFailure(
                "\(error)",
                hint: "does PostgreSQL run at \(address), and may this user make a schema there?"
            )
        }
        telemetry.readiness.add(Readiness.Check("limits") {
            do {
                try await store.check()
                return nil
            } catch {
                return "their database does not answer"
            }
        })
        return store
    }

    /// - Parameter speaksTLS: whether this process does.
    func configuration(speaksTLS: Bool) throws -> DoorConfiguration {
        var configuration = DoorConfiguration()
        configuration.isTLS = speaksTLS
        configuration.uploadBytesMax = CallRoutes.uploadBytesMax
        configuration.trustsForwarded = trustForwarded
        let rate = RatePolicy(
            "address",
            tokensPerWindow: addressRate,
            windowMilliseconds: 60_000,
            burst: max(1, addressRate / 4)
        )
        guard let rate else {
            throw CommandFailure("--address-rate is 1 to \(RatePolicy.tokensMax)")
        }
        configuration.addressRate = rate
        for origin in allowOrigin {
            guard origin.hasPrefix("https://") || origin.hasPrefix("http://"),
                !origin.dropFirst(8).contains("/"), origin != "*"
            else {
                throw CommandFailure(
                    "“\(origin)” is no origin",
                    hint: "it looks like https://app.example"
                )
            }
        }
        guard allowOrigin.count <= DoorConfiguration.allowedOriginsMax else {
            throw CommandFailure("more origins are allowed than this door takes")
        }
        configuration.allowedOrigins = allowOrigin
        guard let publicURL else { return configuration }
        let host = publicURL.dropFirst("https://".count).prefix { $0 != ":" }
        guard publicURL.hasPrefix("https://"),
            let party = RelyingParty(id: String(host), origins: [publicURL])
        else {
            throw CommandFailure(
                "“\(publicURL)” is no address for pages",
                hint: "it looks like https://market.example, without a path"
            )
        }
        configuration.party = party
        configuration.isTLS = true
        return configuration
    }
}
