import AccessStore
import ArgumentParser
import AsyncHTTPClient
import Gateway
import HTTPServing
import Identity
import LedgerClient
import Logging
import MarketTypes
import Telemetry

/// How the wallets of people who have a key of this market are hosted.
struct HostingOptions: ParsableArguments {
    @Option(help: "the most accounts whose wallets are open at once")
    var walletsMax = 256
    @Option(help: "close a wallet that nobody called with for so many seconds")
    var walletIdleSeconds = 900
    @Flag(
        help: "buy from endpoints on this machine or a private network too; on for a local market"
    )
    var allowPrivateSellers = false
    @Option(
        help: ArgumentHelp(
            "this door's name among several of one market, each with a home of its own; it stays",
            valueName: "name"
        )
    )
    var door: String?
    @Option(help: "the most bytes of files that one organisation keeps here")
    var organisationFilesBytesMax = FileLimits().organisationBytesMax
    @Option(help: "the most files that one organisation keeps here")
    var organisationFilesMax = FileLimits().organisationFilesMax
    @Option(help: "the most bytes of files of all organisations; 0 keeps none")
    var filesBytesMax = FileLimits().totalBytesMax
    @Option(
        help: ArgumentHelp(
            "what organisations keep; several doors of one machine may share it (default: "
                + "files.sqlite in the home directory)",
            valueName: "file"
        )
    )
    var filesDatabase: String?

    /// What organisations keep, in one file.
    func files(_ home: HomeOptions) throws -> FileStore {
        guard organisationFilesBytesMax >= 0, filesBytesMax >= 0,
            (0...100_000).contains(organisationFilesMax)
        else {
            throw ValidationError(
                "limits of files are not negative, and --organisation-files-max is at most 100000"
            )
        }
        var limits = FileLimits()
        limits.organisationBytesMax = organisationFilesBytesMax
        limits.organisationFilesMax = organisationFilesMax
        limits.totalBytesMax = filesBytesMax
        _ = try home.makeDirectory()
        let path = filesDatabase ?? home.path("files.sqlite")
        do {
            return try FileStore(path: path, limits: limits)
        } catch {
            throw CommandFailure("the files cannot be opened: \(error)", hint: "check \(path)")
        }
    }

    /// What signs vouchers; each of several doors has keys of its own.
    func voucherKeys(
        _ sealing: SealingKey
    ) throws -> (@Sendable (AccountID) -> SigningKey?)? {
        guard let door else { return nil }
        let letters = Set("abcdefghijklmnopqrstuvwxyz0123456789-")
        guard (1...32).contains(door.count), door.allSatisfy(letters.contains) else {
            throw ValidationError("--door is 1 to 32 of a to z, 0 to 9 and -")
        }
        return { sealing.voucherKey(of: $0, door: door) }
    }

    func configuration(
        _ home: HomeOptions,
        isLocalMarket: Bool
    ) throws -> HostedConfiguration {
        guard (1...4_096).contains(walletsMax) else {
            throw ValidationError("--wallets-max is 1 to 4096")
        }
        guard (1...86_400).contains(walletIdleSeconds) else {
            throw ValidationError("--wallet-idle-seconds is 1 to 86400")
        }
        var configuration = HostedConfiguration(directory: try home.makeDirectory("hosted"))
        configuration.walletsMax = walletsMax
        configuration.idleSeconds = walletIdleSeconds
        configuration.allowPrivateEndpoints = allowPrivateSellers || isLocalMarket
        return configuration
    }

    /// The wallets, whose keys are sealed as everything of the market is.
    func wallets(
        _ configuration: HostedConfiguration,
        _ sealing: SealingKey,
        ledger: any LedgerConnection,
        endings: any CallEndings,
        sellers: HTTPClient,
        presence: ClientPresence,
        telemetry: ServiceTelemetry,
        logger: Logger
    ) throws -> HostedWallets {
        HostedWallets(
            configuration: configuration,
            ledger: ledger,
            keys: { sealing.actingKey(of: $0) },
            voucherKeys: try voucherKeys(sealing),
            endings: endings,
            httpClient: sellers,
            presence: presence,
            logger: logger,
            telemetry: telemetry,
            now: wallClock
        )
    }

    /// The sellers of all wallets are reached by one client.
    func clientConfiguration(_ hosted: HostedConfiguration) -> HTTPClient.Configuration {
        var gateway = GatewayConfiguration()
        gateway.concurrentCallsMax = hosted.concurrentCallsMax * 4
        gateway.sellers.allowPrivateEndpoints = hosted.allowPrivateEndpoints
        return GatewayService.clientConfiguration(for: gateway)
    }
}
