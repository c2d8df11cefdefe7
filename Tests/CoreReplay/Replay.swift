import CanonicalCoding
import Identity
import LedgerCore
import MarketTypes
import SettlementCore

/// Applies one fixed sequence of transactions and prints a digest over every result and change.
///
/// Run in two processes, whose hash seeds differ, it must print the same (promise P12). It links
/// the cores and nothing else, so what it is linked against shows what the cores need.
@main
struct Replay {
    static func main() {
        guard let digest = Replay().run() else {
            print("the fixed sequence does not begin")
            return
        }
        print(digest)
    }

    private let keys = (0..<12).compactMap { number in
        SigningKey(seed: Digest(sha256: Array("replay \(number)".utf8)).bytes)
    }

    private func run() -> Digest? {
        let rich = Amount(obol: 1_000_000_000_000)
        guard keys.count == 12,
            let genesis = Genesis(
                name: "replay",
                time: Timestamp(milliseconds: 0),
                sequencer: keys[0].publicKey,
                parameters: .standard,
                allocations: keys.map { .init(account: $0.accountID, amount: rich) },
                stakingParameters: StakingParameters(
                    validatorsMax: 3,
                    unbondingDelayBlocks: 9,
                    missedBlocksMax: 4,
                    jailBlocks: 3
                ),
                validators: keys.prefix(4).map(validator)
            )
        else { return nil }
        var state = MemoryState(genesis.changes)
        var random = SplitMix64(state: 42)
        var sequences = [UInt64](repeating: 0, count: keys.count)
        var hasher = SHA256Hasher()
        for height in 1...60 {
            var ledger = Ledger(chain: genesis.chain, base: state)
            let context = BlockContext(
                height: BlockHeight(UInt64(height)),
                time: Timestamp(milliseconds: UInt64(height))
            )
            for event in ledger.beginBlock(report(UInt64(height), &random), at: context) {
                hasher.update(event.canonicalBytes)
            }
            for _ in 0..<20 {
                let sender = Int(random.next() % UInt64(keys.count))
                sequences[sender] += 1
                let messages = (0...random.next() % 3).map { _ in
                    message(sender, genesis.chain, &random)
                }
                let bytes = keys[sender].sign(
                    Transaction(
                        chain: genesis.chain,
                        sender: keys[sender].accountID,
                        sequence: sequences[sender],
                        fee: Amount(obol: 100_000),
                        validUntil: BlockHeight(1000),
                        messages: messages
                    )
                ).signed.canonicalBytes
                guard
                    let checked = try? CheckedTransaction(
                        canonicalBytes: bytes,
                        chain: genesis.chain
                    )
                else { return nil }
                hasher.update(ledger.apply(checked, at: context).canonicalBytes)
            }
            for update in ledger.endBlock(at: context).validatorUpdates {
                hasher.update(update.key.canonicalBytes)
                hasher.update(withUnsafeBytes(of: update.power.bigEndian) { Array($0) })
            }
            for change in ledger.changes {
                hasher.update(change.key.bytes)
                hasher.update(change.value ?? [])
            }
            state.apply(ledger.changes)
        }
        return hasher.finalize()
    }

    private func message(
        _ sender: Int,
        _ chain: ChainID,
        _ random: inout SplitMix64
    ) -> Message {
        let other = keys[Int(random.next() % UInt64(keys.count))]
        let amount = Amount(obol: UInt128(random.next() % 2_000_000_000))
        switch random.next() % 9 {
        case 6, 7, 8: return .staking(stake(sender, chain, &random))
        case 0: return .depositBond(amount)
        case 1: return .unbond(amount)
        case 2:
            return .publishAsset(
                AssetPublication(
                    name: "asset-\(random.next() % 8)",
                    kind: .model,
                    licence: "MIT",
                    version: AssetVersion(content: Digest(sha256: [1]), metadataLink: "")
                )
            )
        case 3:
            return .openChannel(
                ChannelOpening(
                    payee: other.accountID,
                    denomination: .native,
                    deposit: amount,
                    voucherKey: keys[sender].publicKey,
                    lanes: 4
                )
            )
        case 4:
            return .closeChannel(
                Channel.id(
                    payer: keys[sender].accountID,
                    sequence: random.next() % 100,
                    messageIndex: 0
                )
            )
        default:
            return .transfer(to: other.accountID, denomination: .native, amount: amount)
        }
    }
}

extension Replay {
    private func validator(_ key: SigningKey) -> Genesis.Validator {
        Genesis.Validator(
            operator: key.accountID,
            consensusKey: key.publicKey,
            selfBond: Amount(obol: 9_000_000_000)
        )
    }

    /// Somebody's blocks, with absences, and crimes now and then.
    private func report(_ height: UInt64, _ random: inout SplitMix64) -> EngineReport {
        let addresses = keys.prefix(6).map { ValidatorAddress(consensusKey: $0.publicKey) }
        let culprit = addresses[Int(random.next() % 6)]
        return EngineReport(
            proposer: addresses[Int(random.next() % 6)],
            votes: addresses.map { address in
                .init(validator: address, power: 1, signed: random.next() % 3 == 0)
            },
            misbehavior: random.next() % 20 > 0
                ? []
                : [
                    .init(
                        kind: .duplicateVote,
                        validator: culprit,
                        height: BlockHeight(height - 1),
                        time: Timestamp(milliseconds: 0),
                        totalPower: 1
                    )
                ]
        )
    }

    private func stake(
        _ sender: Int,
        _ chain: ChainID,
        _ random: inout SplitMix64
    ) -> StakingMessage {
        let validator = keys[Int(random.next() % 6)].accountID
        let amount = Amount(obol: UInt128(random.next() % 3_000_000_000))
        switch random.next() % 7 {
        case 0: return .delegate(validator: validator, amount: amount)
        case 1: return .undelegate(validator: validator, amount: amount)
        case 2: return .withdrawStake(validator: validator)
        case 3: return .withdrawRewards(validator: validator)
        case 4: return .setCommission(basisPoints: UInt16(random.next() % 2000))
        case 5: return .unjail
        default:
            let proof = ConsensusKeyProof(chain: chain, validator: keys[sender].accountID)
            return .registerValidator(
                ValidatorRegistration(
                    proof: keys[sender].sign(proof).signed,
                    commission: .standard,
                    selfBond: amount
                )
            )
        }
    }
}

/// A state in memory, looked things up in and never iterated over.
struct MemoryState: StateReading {
    private var entries: [StateKey: [UInt8]] = [:]

    init(_ changes: [StateChange]) {
        apply(changes)
    }

    mutating func apply(_ changes: [StateChange]) {
        for change in changes { entries[change.key] = change.value }
    }

    func value(for key: StateKey) -> [UInt8]? { entries[key] }
}

/// A seeded generator (Steele, Lea and Flood, 2014), so that the sequence is always the same.
struct SplitMix64 {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
