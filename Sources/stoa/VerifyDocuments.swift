import CometBFTTypes
import Identity
import LedgerCore
import MarketTypes
import Proofs
import SettlementCore

/// Who vouches for a state, as the command line prints it in JSON.
struct SealDocument: Encodable {
    let chain, sealedBy: String
    let height: UInt64
    let timeMilliseconds: UInt64?
    let signers, validators: Int?
    let signedPower, totalPower, validatorsHash, trustedValidatorsHash: String?
    let blocksBetween: Int?

    init(_ seal: SealVerdict) {
        chain = seal.chain.digest.description
        height = seal.height.rawValue
        timeMilliseconds = seal.time?.milliseconds
        let found: ValidatorSealer?
        switch seal.sealer {
        case .sequencer:
            sealedBy = "sequencer"
            found = nil
        case .validators(let sealer):
            sealedBy = "validators"
            found = sealer
        }
        signers = found?.tally.signers
        validators = found?.tally.validators
        signedPower = found.map { String($0.tally.signedPower) }
        totalPower = found.map { String($0.tally.totalPower) }
        validatorsHash = found?.validatorsHash.description
        trustedValidatorsHash = found?.trustedHash.description
        blocksBetween = found?.blocksBetween
    }
}

/// What a file proves of an entry.
struct StateVerdictDocument: Encodable {
    let verdict = "proven"
    let subject = "state"
    let key: String
    let present: Bool
    let value: String?
    let seal: SealDocument

    init(_ found: StateVerdict) {
        key = Hex.encode(found.key.bytes)
        present = found.value != nil
        value = found.value.map { Hex.encode($0) }
        seal = SealDocument(found.seal)
    }
}

/// What a file proves of a receipt.
struct ReceiptVerdictDocument: Encodable {
    let verdict = "proven"
    let subject = "receipt"
    let receipt, payer, payee, model, weights, status, offer, channel: String
    let units: [String: UInt64]
    let chargeObol, index, count: String
    let claim: UInt32
    let claimHeight: UInt64
    let lane: UInt16
    let sequence: UInt64
    let seal: SealDocument

    init(_ found: ReceiptVerdict) {
        receipt = found.digest.description
        payer = found.channel.payer.description
        payee = found.channel.payee.description
        model = found.offer.model
        weights = found.offer.weights.description
        status = found.receipt.status.name
        offer = found.receipt.offer.digest.description
        channel = found.receipt.channel.digest.description
        units = Dictionary(
            uniqueKeysWithValues: found.receipt.units.entries.map { ($0.key.name, $0.value) }
        )
        chargeObol = "\(found.receipt.charge.obol)"
        index = String(found.inclusion.index)
        count = String(found.inclusion.count)
        claim = found.claimIndex
        claimHeight = found.claim.height.rawValue
        lane = found.receipt.lane.rawValue
        sequence = found.receipt.sequence
        seal = SealDocument(found.seal)
    }
}
