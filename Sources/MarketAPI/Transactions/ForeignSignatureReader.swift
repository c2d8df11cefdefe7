import Identity
import MarketTypes
import WebServing

/// Makes the ledger's signature of what a browser or a wallet answers.
struct ForeignSignatureReader {
    private let fields: MessageFields

    init(_ fields: MessageFields) {
        self.fields = fields
    }

    /// The signature; whether it verifies is another question.
    func signature() throws(Problem) -> Signature {
        let made: Signature?
        switch fields.kind {
        case "ed25519": made = Signature(scheme: .ed25519, bytes: try hex("signature"))
        case "webauthn": made = try assertion()?.wrapped
        case "eip191": made = try ethereum(.personalText)
        case "eip712": made = try ethereum(.typedData)
        default: made = try ethereum(.digest)
        }
        guard let made else { throw fields.fault("is no signature of its kind", "signature") }
        return made
    }

    private func ethereum(_ format: EthereumSignature.Format) throws(Problem) -> Signature? {
        let bytes = try hex("signature")
        guard bytes.count == 64 || bytes.count == 65 else { return nil }
        return EthereumSignature(format: format, rs: Array(bytes.prefix(64)))?.wrapped
    }

    private func assertion() throws(Problem) -> WebAuthnAssertion? {
        WebAuthnAssertion(
            authenticatorData: try base64("authenticatorData"),
            clientDataJSON: try base64("clientDataJSON"),
            derSignature: try base64("signature")
        )
    }

    private func hex(_ name: String) throws(Problem) -> [UInt8] {
        let text = fields.members[name]?.string ?? ""
        guard let bytes = Hex.decode(text.hasPrefix("0x") ? String(text.dropFirst(2)) : text) else {
            throw fields.fault("does not decode", name)
        }
        return bytes
    }

    private func base64(_ name: String) throws(Problem) -> [UInt8] {
        guard let bytes = Base64URLText.decode(fields.members[name]?.string ?? "") else {
            throw fields.fault("does not decode", name)
        }
        return bytes
    }
}
