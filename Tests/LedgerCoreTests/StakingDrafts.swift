import Identity
import LedgerCore
import MarketTypes

extension Person {
    /// The key that this person's validator votes with.
    var consensusKey: SigningKey { voucherKey }
    /// How an engine names this person's validator.
    var address: ValidatorAddress { ValidatorAddress(consensusKey: consensusKey.publicKey) }

    /// This person as a validator of a genesis.
    func validator(
        staking selfBond: UInt128,
        commission: Commission = Commission(basisPoints: 1000, basisPointsMax: 5000, changeMax: 500)
    ) -> Genesis.Validator {
        Genesis.Validator(
            operator: id,
            consensusKey: consensusKey.publicKey,
            selfBond: Amount(obol: selfBond),
            commission: commission
        )
    }
}

/// A registration whose every field can be set before it is signed, wrong ones included.
struct RegistrationDraft {
    var chain: ChainID
    var validator: AccountID
    var signer: SigningKey
    /// Whose signature stands there instead of the key's own.
    var proofOf: Person?
    var commission = Commission(basisPoints: 1000, basisPointsMax: 5000, changeMax: 500)
    var selfBond: UInt128 = 2_000_000_000

    init(_ person: Person, _ chain: ChainID) {
        self.chain = chain
        validator = person.id
        signer = person.consensusKey
    }

    var message: Message {
        let document = ConsensusKeyProof(chain: chain, validator: validator)
        let good = signer.sign(document).signed
        let proof = Signed(
            document: document,
            key: good.key,
            signature: proofOf?.consensusKey.sign(document).signed.signature ?? good.signature
        )
        return .staking(
            .registerValidator(
                ValidatorRegistration(
                    proof: proof,
                    commission: commission,
                    selfBond: Amount(obol: selfBond)
                )
            )
        )
    }
}

extension EngineReport {
    /// What an engine says of a block that `proposer` made; all of `present` signed the one
    /// before, none of `absent` did.
    static func block(
        by proposer: Person?,
        present: [Person] = [],
        absent: [Person] = [],
        caught: [(Person, UInt64)] = []
    ) -> EngineReport {
        EngineReport(
            proposer: proposer?.address,
            votes: present.map { Vote(validator: $0.address, power: 1, signed: true) }
                + absent.map { Vote(validator: $0.address, power: 1, signed: false) },
            misbehavior: caught.map { person, height in
                Misbehavior(
                    kind: .duplicateVote,
                    validator: person.address,
                    height: BlockHeight(height),
                    time: Timestamp(milliseconds: 1),
                    totalPower: 1
                )
            }
        )
    }
}
