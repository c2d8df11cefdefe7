public import CometBFTTypes
public import LedgerCore
public import SettlementCore

/// Why a proof file proves nothing: the field that is wrong, and what is wrong about it.
public struct ProofRefusal: Error, Hashable, Sendable {
    /// The field, such as `claim.key` or `seal.blocks[0]`; `file` if it is no document at all.
    public let field: String
    /// What is wrong.
    public let fault: ProofFault

    /// Creates a refusal.
    public init(_ field: String, _ fault: ProofFault) {
        self.field = field
        self.fault = fault
    }
}

/// What can be wrong about a proof file (docs/spec/proofs.md, PRF-16).
public enum ProofFault: Hashable, Sendable {
    /// The bytes are not JSON in the narrow form that proof files have, or too many.
    case malformedDocument
    /// There is no such field.
    case unknownField
    /// The field is not there.
    case missingField
    /// The field is there twice.
    case repeatedField
    /// The field has the wrong type, is not lower-case hex, or is not the one encoding.
    case malformedValue
    /// Another format, version, subject or kind of seal than this verifier knows.
    case unsupported
    /// It is of another chain than the genesis.
    case otherChain
    /// The chain's blocks are sealed otherwise: by its sequencer, or by its validators.
    case otherSeal
    /// The header was sealed by another key than the genesis names.
    case wrongSealer
    /// The signature does not verify.
    case wrongSignature
    /// The first block's validators are not those that are trusted.
    case untrustedValidators
    /// The key is not that of the leaf, or not of the entry which the receipt speaks of.
    case wrongKey
    /// The receipt is not where the inclusion says it is among those of the claim.
    case notIncluded
    /// The path does not lead from key and value to the state root.
    case state(StateProofError)
    /// The papers break a rule of settlement.
    case rule(SettlementRefusal)
    /// The block does not check, or does not follow from the one before it.
    case light(LightRefusal)

    /// The number for scripts; append-only.
    public var code: UInt32 {
        switch self {
        case .malformedDocument: 1
        case .unknownField: 2
        case .missingField: 3
        case .repeatedField: 4
        case .malformedValue: 5
        case .unsupported: 6
        case .otherChain: 7
        case .otherSeal: 8
        case .wrongSealer: 9
        case .wrongSignature: 10
        case .untrustedValidators: 11
        case .wrongKey: 12
        case .notIncluded: 13
        case .state(let error): 20 + error.code
        case .rule(let refusal): 700 + refusal.code
        case .light(let refusal): 1000 + refusal.code
        }
    }

    /// A few words for people.
    public var text: String {
        switch self {
        case .malformedDocument: "is not a proof document"
        case .unknownField: "is not a field of a proof"
        case .missingField: "is missing"
        case .repeatedField: "is there twice"
        case .malformedValue: "does not decode"
        case .unsupported: "is none that this verifier knows"
        case .otherChain: "is of another chain than the genesis"
        case .otherSeal: "is not how blocks of this chain are sealed"
        case .wrongSealer: "was not sealed by the sequencer that the genesis names"
        case .wrongSignature: "has a signature that does not verify"
        case .untrustedValidators: "has other validators than those that are trusted"
        case .wrongKey: "does not have the key that it should"
        case .notIncluded: "does not lead to the claim's root of receipts"
        case .state(let error): "does not lead to the state root (\(error))"
        case .rule(let refusal): "breaks a rule of settlement (\(refusal))"
        case .light(let refusal): "does not check at \(refusal.field.name) (\(refusal))"
        }
    }
}
