import FoundationEssentials
import Logging
import NIOCore
import NIOPosix

/// Says at the start which servers behind the offers do not answer yet. They may come later: what
/// serves a large model takes minutes to start.
struct UpstreamCheck {
    private static let timeout = TimeAmount.seconds(2)

    let eventLoopGroup: any EventLoopGroup
    let logger: Logger

    /// Connects to each address once, and sends nothing.
    func run(_ addresses: Set<String>) async {
        await withDiscardingTaskGroup { group in
            for address in addresses {
                group.addTask {
                    guard await !answers(address) else { return }
                    logger.warning(
                        "nobody answers there yet: calls fail, and cost nothing, until it does",
                        metadata: ["upstream": "\(address)"]
                    )
                }
            }
        }
    }

    private func answers(_ address: String) async -> Bool {
        guard let url = URL(string: address), let host = url.host() else { return false }
        let port = url.port ?? (url.scheme == "https" ? 443 : 80)
        let connection = ClientBootstrap(group: eventLoopGroup)
            .connectTimeout(Self.timeout)
            .connect(host: host, port: port)
        guard let channel = try? await connection.get() else { return false }
        channel.close(promise: nil)
        return true
    }
}
