import ArgumentParser
import NIOSSL

/// How `stoa serve` speaks TLS by itself.
struct TLSOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "a PEM file with the certificate and those that vouch for it; needs --private-key",
            valueName: "file"
        )
    )
    var certificate: String?
    @Option(
        help: ArgumentHelp("a PEM file with the certificate's private key", valueName: "file")
    )
    var privateKey: String?

    /// What the server offers; nil without a certificate.
    func configuration() throws -> TLSConfiguration? {
        guard let certificate, let privateKey else {
            guard certificate == nil, privateKey == nil else {
                throw ValidationError("--certificate and --private-key go together")
            }
            return nil
        }
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(certificate)
            let key = try NIOSSLPrivateKey(file: privateKey, format: .pem)
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) },
                privateKey: .privateKey(key)
            )
            configuration.minimumTLSVersion = .tlsv12
            configuration.applicationProtocols = ["http/1.1"]
            // Whether key and certificate belong together is found out now, not by a client.
            _ = try NIOSSLContext(configuration: configuration)
            return configuration
        } catch {
            throw CommandFailure(
                "the certificate cannot be used: \(error)",
                hint: "both are PEM files, and the key is that of the first certificate"
            )
        }
    }
}
