import CanonicalCoding
import CometBFTTypes
import FoundationEssentials
import Identity
import LedgerCore
import MarketTypes
import Proofs
import SettlementCore

extension OutputOptions {
    /// Prints what a file proves of a receipt.
    func print(_ verdict: ReceiptVerdict) throws {
        try print(ReceiptVerdictDocument(verdict), verdict.text)
    }

    /// Prints what a file proves of an entry.
    func print(_ verdict: StateVerdict) throws {
        try print(StateVerdictDocument(verdict), verdict.text)
    }
}

extension Timestamp {
    /// Such as `2026-11-23T10:00:00Z`.
    fileprivate var text: String {
        let seconds = TimeInterval(milliseconds / 1000)
        return Date(timeIntervalSince1970: seconds).formatted(.iso8601)
    }
}

extension SealVerdict {
    /// Who vouches, what is trusted, and what that leaves open.
    fileprivate var text: String {
        switch sealer {
        case .sequencer:
            return """
                sealed by    the sequencer of chain \(chain.digest)
                trusting     the genesis, which names the sequencer's key; it vouches alone:
                             not proven that it told everybody the same
                """
        case .validators(let sealer):
            let tally = sealer.tally
            let permille = tally.signedPower.multipliedFullWidth(by: 1000)
            let tenths = tally.totalPower.dividingFullWidth(permille).quotient
            return """
                signed by    \(tally.signers) of \(tally.validators) validators with \
                \(tenths / 10).\(tenths % 10) % of the power (\(tally.signedPower) of \
                \(tally.totalPower))
                of the set   \(sealer.validatorsHash)
                of chain     \(chain.digest)
                trusting     \(sealer.trustText)
                """
        }
    }

    fileprivate var headerText: String { time.map { "header of \($0.text)" } ?? "header undated" }
}

extension ValidatorSealer {
    fileprivate var trustText: String {
        let source =
            isGenesisTrusted
            ? "the genesis, which names the first validators"
            : "the set \(trustedHash), because --validators-hash says so"
        guard blocksBetween > 0 else { return source }
        let since = trustedTime.map { " since \($0.text)" } ?? ""
        return source + ", and \(blocksBetween) blocks that lead from them to this set;\n"
            + "             not proven: that those who left it\(since) could not lie unpunished"
    }
}

extension ReceiptVerdict {
    fileprivate var text: String {
        """
        proven: receipt \(digest)
        payer        \(channel.payer)
        payee        \(channel.payee)
        model        \(offer.model), weights \(offer.weights)
        \(receipt.status.name.padded(to: 12)) \(unitText) in \(chunkText), \(receipt.startedAt.text)
        charge       \(chargeText), the price of that under offer \(receipt.offer.digest)
        call         lane \(receipt.lane.rawValue), number \(receipt.sequence), of channel \
        \(receipt.channel.digest)
        claim        number \(claimIndex) of the channel, paid in block \
        \(claim.height.rawValue): this is receipt \(inclusion.index + 1) of \(inclusion.count)
        state        of block \(seal.height.rawValue), \(seal.headerText)
        \(seal.text)
        not proven   what was asked and answered (the digests fit only whoever has the texts),
                     and that the answer was any good
        """
    }

    private var unitText: String {
        receipt.units.entries.isEmpty
            ? "nothing"
            : receipt.units.entries.map { "\($0.value) \($0.key.name)" }.joined(separator: ", ")
    }

    private var chunkText: String {
        receipt.chunks == 1 ? "one chunk" : "\(receipt.chunks) chunks"
    }

    private var chargeText: String {
        switch offer.denomination {
        case .native: "\(receipt.charge.obol) obol (\(receipt.charge) STOA)"
        case .issued(let id): "\(receipt.charge.obol) of \(id)"
        }
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - utf8.count))
    }
}

extension StateVerdict {
    fileprivate var text: String {
        """
        proven: \(kind) is \(value == nil ? "absent from" : "in") the state of block \
        \(seal.height.rawValue), \(seal.headerText)
        key          \(Hex.encode(key.bytes))
        value        \(valueText)
        \(seal.text)
        not proven   that this is so in any later block
        """
    }

    private var valueText: String {
        guard let value else { return "nothing stored" }
        return described(value) ?? "\(value.count) bytes: \(Hex.encode(value))"
    }
}
