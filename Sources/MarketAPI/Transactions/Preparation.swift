import CanonicalCoding
import Identity
import LedgerClient
import LedgerCore
import LedgerIndex
import MarketTypes
import OpenAIWire
import WebServing

extension MarketAPI {
    /// Makes the bytes of a transaction for a key that is elsewhere.
    func prepare(_ request: APIRequest) async throws -> APIAnswer {
        let body = MessageFields(members: request.body ?? .null, pointer: "#")
        let key = try body.key("key")
        let sender = try body.accountIfPresent("sender") ?? key.accountID
        var messages: [Message] = []
        var summary: [String] = []
        for (index, message) in (body.members["messages"]?.elements ?? []).enumerated() {
            messages.append(try MessageReader(message, at: "#/messages/\(index)").message())
            summary.append(MessageSummary(message: message).text)
        }
        let status = try await ledger.status()
        let account = try await ledger.account(sender)
        let draft = TransactionDraft(
            key: key,
            sender: sender,
            sequence: account.sequence + 1,
            validForBlocks: body.members["validForBlocks"]?.integer ?? 1000,
            messages: messages
        )
        let transaction = draft.transaction(status)
        let sentences = PlainSentence(
            ledger: ledger,
            index: index,
            sender: sender,
            height: status.height,
            pace: await BlockPace.latest(status, index)
        )
        var words = PreparationWords(summary: summary)
        for (message, line) in zip(messages, summary) {
            words.plain.append(await sentences.text(of: message) ?? line)
        }
        let forecast = Forecast(ledger: ledger, sentences: sentences, fee: transaction.fee)
        words.obstacles = await forecast.obstacles(messages, balance: account.balance)
        let document = Self.show(transaction, key: key, words)
        return .one(document, at: status.height, .personal)
    }

    private static func show(
        _ transaction: Transaction,
        key: PublicKey,
        _ words: PreparationWords
    ) -> JSON {
        let digest = transaction.signingDigest
        let purpose = Transaction.signingTag
        return .object(
            "preparedTransaction",
            [
                ("id", .digest(digest)),
                ("transaction", .text(Hex.encode(transaction.canonicalBytes))),
                ("chain", .digest(transaction.chain.digest)),
                ("sender", .account(transaction.sender)), ("key", .text("\(key)")),
                ("sequence", .number(transaction.sequence)), ("fee", .obol(transaction.fee)),
                ("validUntil", .height(at: transaction.validUntil)),
                ("summary", .list(words.summary) { .text($0) }),
                ("plain", .list(words.plain) { .text($0) }),
                ("obstacles", .list(words.obstacles) { .text($0) }),
                (
                    "challenge",
                    .text(Base64URLText.encode(WebAuthnAssertion.challenge(for: digest)))
                ),
                ("personalText", .text(EthereumSignature.text(of: digest, for: purpose))),
                ("typedData", typedData(digest, purpose)),
            ]
        )
    }

    /// What `eth_signTypedData_v4` takes (docs/spec/identity.md).
    private static func typedData(_ digest: Digest, _ purpose: DomainTag) -> JSON {
        func type(_ members: [(String, String)]) -> JSON {
            .list(members) { .object([("name", .text($0.0)), ("type", .text($0.1))]) }
        }
        return .object([
            (
                "types",
                .object([
                    ("EIP712Domain", type([("name", "string"), ("version", "string")])),
                    ("StoaDocument", type([("digest", "bytes32"), ("purpose", "string")])),
                ])
            ),
            ("primaryType", .text("StoaDocument")),
            ("domain", .object([("name", .text("Stoa")), ("version", .text("1"))])),
            (
                "message",
                .object([("digest", .text("0x\(digest)")), ("purpose", .text(purpose.rawValue))])
            ),
        ])
    }
}

/// What is said of a transaction to whoever is asked to sign it.
private struct PreparationWords {
    /// For each message a sentence with every member in it.
    let summary: [String]
    /// For each message what it does in plain words.
    var plain: [String] = []
    /// Why the ledger would refuse it now.
    var obstacles: [String] = []
}

/// A transaction before its fee and its end are known.
private struct TransactionDraft {
    let key: PublicKey
    let sender: AccountID
    let sequence: UInt64
    let validForBlocks: UInt64
    let messages: [Message]

    func transaction(_ status: LedgerStatus) -> Transaction {
        // Amounts are fixed-width, so the fee does not change the size it depends on.
        let bytes = draft(status, .zero).canonicalBytes.count
        let signature = key.canonicalBytes.count + Self.signatureBytes(of: key)
        return draft(status, status.parameters.fee(bytes: bytes + signature))
    }

    private func draft(_ status: LedgerStatus, _ fee: Amount) -> Transaction {
        Transaction(
            chain: status.chain,
            sender: sender,
            sequence: sequence,
            fee: fee,
            validUntil: status.height.advanced(byBlocks: validForBlocks) ?? status.height,
            messages: messages
        )
    }

    /// As much as the signature can need, with its scheme and length: a browser decides how long
    /// its client data is, and a fee that is too small is refused.
    private static func signatureBytes(of key: PublicKey) -> Int {
        switch key.scheme {
        case .ed25519, .secp256k1: 80
        case .p256WebAuthn: 768
        case .multisignature:
            16
                + (KeyPolicy(key)?.members ?? []).reduce(0) { sum, member in
                    sum + 16 + signatureBytes(of: member)
                }
        }
    }
}

/// Base64 with the alphabet for URLs, without padding (RFC 4648, 5).
enum Base64URLText {
    static func encode(_ bytes: [UInt8]) -> String {
        String(
            decoding: Base64.encode(bytes).compactMap { byte -> UInt8? in
                switch byte {
                case UInt8(ascii: "+"): UInt8(ascii: "-")
                case UInt8(ascii: "/"): UInt8(ascii: "_")
                case UInt8(ascii: "="): nil
                default: byte
                }
            },
            as: UTF8.self
        )
    }

    /// The bytes; nil if the text is of another form.
    static func decode(_ text: String) -> [UInt8]? {
        var plain = text.utf8.map { byte -> UInt8 in
            switch byte {
            case UInt8(ascii: "-"): UInt8(ascii: "+")
            case UInt8(ascii: "_"): UInt8(ascii: "/")
            default: byte
            }
        }
        plain += [UInt8](repeating: UInt8(ascii: "="), count: (4 - plain.count % 4) % 4)
        return Base64.decode(plain)
    }
}
