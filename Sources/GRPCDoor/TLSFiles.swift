public import GRPCNIOTransportHTTP2Posix
import NIOSSL

/// Why a certificate cannot be used.
public struct TLSFileError: Error, CustomStringConvertible {
    /// A sentence for people, and what to do.
    public let description: String
}

extension HTTP2ServerTransport.Posix.TransportSecurity {
    /// TLS by two PEM files: the certificate with those that vouch for it, and its private key.
    ///
    /// - Throws: ``TLSFileError`` now rather than at a client's first connection.
    public static func files(certificate: String, privateKey: String) throws -> Self {
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(certificate)
            let key = try NIOSSLPrivateKey(file: privateKey, format: .pem)
            _ = try NIOSSLContext(
                configuration: .makeServerConfiguration(
                    certificateChain: chain.map { .certificate($0) },
                    privateKey: .privateKey(key)
                )
            )
        } catch {
            throw TLSFileError(
                description: """
                    the certificate cannot be used: \(error)
                    hint: both are PEM files, and the key is that of the first certificate
                    """
            )
        }
        return .tls(
            certificateChain: [.file(path: certificate, format: .pem)],
            privateKey: .file(path: privateKey, format: .pem)
        ) { $0.requireALPN = true }
    }
}
