import ArgumentParser
import AsyncHTTPClient
import Gateway

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

    /// The sellers of all wallets are reached by one client.
    func clientConfiguration(_ hosted: HostedConfiguration) -> HTTPClient.Configuration {
        var gateway = GatewayConfiguration()
        gateway.concurrentCallsMax = hosted.concurrentCallsMax * 4
        gateway.sellers.allowPrivateEndpoints = hosted.allowPrivateEndpoints
        return GatewayService.clientConfiguration(for: gateway)
    }
}
