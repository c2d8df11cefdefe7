import ArgumentParser
import CanonicalCoding
import FoundationEssentials
import Identity
import LedgerClient
import LedgerCore
import MarketTypes
import SettlementCore

struct Fraud: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "report a seller whose signed receipts contradict each other or its prices",
        discussion: """
            Anybody may report. A file holds one signed receipt: what `stoa receipts show --json` \
            prints, or its canonical bytes in hex. One \
            file reports a charge that is not units × price; two files of one call report two \
            receipts for it; otherwise the first is the one that was claimed, with a higher \
            total than the second, which is of the same call or a later one. The seller loses \
            its bond: a quarter goes to the cheated buyer, an eighth to the reporter.

            EXAMPLE
              stoa receipts show 5c0f… --json > first.json
              stoa fraud --wallet alice first.json second.hex
            """
    )

    @Argument(help: "one or two files with a signed receipt, as JSON or hex")
    var receipts: [String]
    @OptionGroup var signing: SigningOptions

    func run() async throws {
        let proof = try proof()
        let outcome = try await signing.send { _, _ in [.reportFraud(proof)] }.outcome
        let slashed = outcome.result.events.compactMap { event in
            if case .bondSlashed(_, let amount, _) = event { amount } else { nil }
        }
        let amount = slashed.first ?? .zero
        try signing.output.print(
            [
                "slashedObol": "\(amount.obol)",
                "height": "\(outcome.height.rawValue)",
            ],
            "the seller lost its bond of \(amount) STOA in block \(outcome.height.rawValue)"
        )
    }

    private func proof() throws -> FraudProof {
        guard (1...2).contains(receipts.count) else {
            throw ValidationError("give one receipt or two")
        }
        let signed = try receipts.map(read)
        guard signed.count == 2 else { return .wrongCharge(signed[0]) }
        let (first, second) = (signed[0].document, signed[1].document)
        let isSameCall = first.lane == second.lane && first.sequence == second.sequence
        return isSameCall
            ? .equivocation(signed[0], signed[1])
            : .overclaim(claimed: signed[0], held: signed[1])
    }

    /// The member of the JSON document that has a receipt.
    private struct Shown: Decodable {
        let signed: String
    }

    private func read(_ file: String) throws -> Signed<Receipt> {
        let text = try readFile(file)
        let shown = try? JSONDecoder().decode(Shown.self, from: Data(text.utf8))
        let digits = (shown?.signed ?? text).filter { !$0.isWhitespace }
        guard let bytes = Hex.decode(digits),
            let receipt = try? Signed<Receipt>(canonicalBytes: bytes)
        else {
            throw CommandFailure(
                "\(file) has no signed receipt, neither as JSON nor in hex",
                hint: "`stoa receipts show ID --json > \(file)` writes one"
            )
        }
        return receipt
    }
}
