public import AccessCore
import AccessStore
import HTTPTypes
import MarketTypes
import OpenAIWire

/// What people and programs are told when access control says no: the one place where its refusals
/// become answers.
extension Problem {
    /// Nobody is proven.
    static var unauthenticated: Problem {
        Problem(
            .unauthorized,
            "unauthenticated",
            "This needs somebody who is signed in, and nobody is; nothing was charged.",
            hint: "Send an API key as 'Authorization: Bearer stoa_live_…', or sign in.",
            headers: challenge(nil)
        )
    }

    /// A person must do this, not a program.
    static var sessionNeeded: Problem {
        Problem(
            .forbidden,
            "session_needed",
            "Only a person who signed in with a passkey may do this.",
            hint: "Sign in in a browser."
        )
    }

    /// The credential may not do this.
    static func missing(_ scope: Scope) -> Problem {
        Problem(
            .forbidden,
            "missing_scope",
            "The credential lacks the scope \(scope.rawValue); nothing was charged.",
            hint: "Make a key with the scope \(scope.rawValue), or ask an owner to.",
            headers: challenge("error=\"insufficient_scope\", scope=\"\(scope.rawValue)\"")
        )
    }

    /// No client of the caller's organisation has this name, or it was ended before.
    public static var unknownClient: Problem {
        Problem(
            .notFound,
            "unknown_client",
            "Your organisation has no such program, or it was ended before; nothing was changed.",
            hint: "The account's page lists the programs that there are."
        )
    }

    private static func challenge(_ parameters: String?) -> HTTPFields {
        let text = "Bearer realm=\"stoa\"" + (parameters.map { ", " + $0 } ?? "")
        return [.wwwAuthenticate: text]
    }

    private static let invalidToken = challenge("error=\"invalid_token\"")

    /// A key was refused, or a change to keys.
    public init(_ refusal: KeyRefusal) {
        switch refusal {
        case .malformed, .mistyped, .unknown, .revoked, .replaced, .expired, .ownerless:
            self.init(
                .unauthorized,
                "invalid_key",
                refusal.sentence + "; nothing was charged.",
                hint: refusal.advice,
                headers: Self.invalidToken
            )
        case .scopesExceeded:
            self.init(.forbidden, "scopes_exceeded", refusal.sentence + ".", hint: refusal.advice)
        case .replacedAlready, .tooMany:
            self.init(.conflict, "key_conflict", refusal.sentence + ".", hint: refusal.advice)
        case .expiryOutOfRange, .labelUnfit:
            self.init(.badRequest, "invalid_request", refusal.sentence + ".", hint: refusal.advice)
        }
    }

    /// A signed request was refused.
    public init(_ refusal: SignedRequestRefusal) {
        let (sentence, hint): (String, String) =
            switch refusal {
            case .malformed:
                ("The signature's field is not in its form", "See docs/spec/access.md, ACC-50.")
            case .outsideWindow:
                ("The request was signed too long ago or ahead", "Set the clock, and sign anew.")
            case .invalidSignature:
                (
                    "The signature is not this key's over this request",
                    "Sign method, path with query, and body exactly as they are sent."
                )
            case .replayed: ("The request came before", "Sign again with a new nonce.")
            case .tooMany:
                ("The key sends more signed requests than are remembered", "Wait a few minutes.")
            case .unsigned:
                ("A call that moves money must be signed", "See docs/spec/access.md, ACC-50.")
            }
        self.init(
            refusal == .tooMany ? .tooManyRequests : .unauthorized,
            refusal == .unsigned ? "signature_required" : "invalid_signature",
            sentence + "; nothing was charged.",
            hint: hint,
            headers: refusal == .tooMany ? [.retryAfter: "240"] : Self.invalidToken
        )
    }

    /// A passkey was refused.
    public init(_ refusal: PasskeyRefusal) {
        switch refusal {
        case .malformed, .wrongType, .nameUnfit:
            self.init(.badRequest, "invalid_request", refusal.sentence + ".")
        case .registeredAlready, .tooMany:
            self.init(.conflict, "passkey_conflict", refusal.sentence + ".")
        case .last:
            self.init(
                .conflict,
                "passkey_conflict",
                refusal.sentence + ".",
                hint: "Add another one first, on another device."
            )
        case .paysForOrganisation:
            self.init(
                .conflict,
                "passkey_conflict",
                refusal.sentence + ".",
                hint: "Let the organisation pay from another account first."
            )
        case .sessionOld:
            self.init(
                .forbidden,
                "sign_in_again",
                refusal.sentence + ".",
                hint: "Sign out and in again, and do it within ten minutes."
            )
        default:
            self.init(
                .unauthorized,
                "passkey_refused",
                refusal.sentence + ".",
                hint: "Begin again; a challenge can be answered once, within five minutes."
            )
        }
    }

    /// A token was refused.
    public init(_ refusal: TokenRefusal) {
        let sentence =
            switch refusal {
            case .malformed, .unknownKey, .invalidSignature, .otherParty:
                "This is no token of this market"
            case .notYet: "The token is from the future: some clock is wrong"
            case .expired: "The token has expired"
            case .revoked: "The token was revoked"
            }
        self.init(
            .unauthorized,
            "invalid_token",
            sentence + "; nothing was charged.",
            hint: "Get a new one at \(TokenRoutes.tokenPath).",
            headers: Self.invalidToken
        )
    }

    /// A client was refused where its program does not ask itself.
    public init(_ refusal: OAuthRefusal) {
        self.init(
            refusal == .temporarilyUnavailable ? .conflict : .badRequest,
            refusal.rawValue,
            "The client was refused: \(refusal.rawValue)."
        )
    }

    /// A change to an organisation was refused.
    public init(_ refusal: OrganisationRefusal) {
        switch refusal {
        case .unknown, .unknownMember, .unknownInvitation:
            self.init(.notFound, "not_found", refusal.sentence + ".")
        case .notAllowed:
            self.init(
                .forbidden,
                "role_too_low",
                refusal.sentence + ".",
                hint: "Ask an owner or admin."
            )
        case .nameUnfit: self.init(.badRequest, "invalid_request", refusal.sentence + ".")
        default: self.init(.conflict, "organisation_conflict", refusal.sentence + ".")
        }
    }

    /// A call would cost more than the key may spend.
    public init(_ refusal: BudgetRefusal) {
        let paymentRequired = HTTPResponse.Status(code: 402, reasonPhrase: "Payment Required")
        let status: HTTPResponse.Status =
            switch refusal {
            case .exceeded, .otherDenomination: paymentRequired
            case .tooManyModels, .tooManyOpen: .tooManyRequests
            default: .conflict
            }
        self.init(
            status,
            status == paymentRequired ? "budget_exceeded" : "budget_conflict",
            refusal.sentence + "; nothing was charged.",
            hint: "Raise the key's budget, or use another key."
        )
    }

    /// The problem that any refusal of access control is, or nil if the error is none.
    public init?(refusal error: any Error) {
        switch error {
        case let refusal as KeyRefusal: self.init(refusal)
        case let refusal as SignedRequestRefusal: self.init(refusal)
        case let refusal as PasskeyRefusal: self.init(refusal)
        case let refusal as TokenRefusal: self.init(refusal)
        case let refusal as OAuthRefusal: self.init(refusal)
        case let refusal as OrganisationRefusal: self.init(refusal)
        case let refusal as BudgetRefusal: self.init(refusal)
        case let refusal as JSONRefusal:
            self = .invalid("The body is not what was asked for: \(refusal.message)", at: "#")
        case AccessStoreError.tooManyUsers:
            self.init(
                .serviceUnavailable,
                "too_many_users",
                "There are as many users as this market takes.",
                hint: "Ask its operator."
            )
        case AccessStoreError.limitsUnreachable:
            self.init(
                .serviceUnavailable,
                "limits_unreachable",
                "What may be asked and spent cannot be counted now, so nothing is let through; "
                    + "nothing was charged.",
                hint: "Try again in a few seconds; if it stays, tell the operator.",
                headers: [.retryAfter: "2"]
            )
        default: return nil
        }
    }
}

extension KeyRefusal {
    fileprivate var sentence: String {
        switch self {
        case .malformed: "This is no key of this market"
        case .mistyped: "The key was mistyped or cut: its checksum is wrong"
        case .unknown: "There is no such key"
        case .revoked: "The key was revoked"
        case .replaced:
            "The key, or the one that made it, was replaced, and the overlap is over"
        case .expired: "The key has expired"
        case .ownerless: "Whoever made the key is no member of its organisation any more"
        case .replacedAlready: "The key is being replaced already"
        case .scopesExceeded: "A key cannot do more than whoever makes it"
        case .expiryOutOfRange: "The expiry must lie ahead, by at most a year"
        case .labelUnfit: "The name is empty, too long or has unfit characters"
        case .tooMany: "The organisation has as many keys as it may have"
        }
    }

    fileprivate var advice: String {
        switch self {
        case .malformed, .mistyped: "Copy the whole key, from stoa_ to its last character."
        case .unknown, .revoked, .replaced, .expired, .ownerless: "Make a new key."
        case .replacedAlready: "Use the key that took its place."
        case .scopesExceeded:
            "Ask for fewer scopes, or sign in: a key with a budget, and a token, make none."
        case .expiryOutOfRange: "Give another expiry."
        case .labelUnfit: "Use at most 64 bytes without control characters."
        case .tooMany: "Revoke keys that are not used."
        }
    }
}

extension PasskeyRefusal {
    fileprivate var sentence: String {
        switch self {
        case .malformed: "The browser's answer is not in its form"
        case .wrongType: "The browser answered another question"
        case .unknownChallenge: "The challenge was not given out, was used, or is over"
        case .otherOrigin: "The page is not of this site"
        case .otherRelyingParty: "The passkey is not for this site"
        case .userAbsent: "The authenticator did not prove that its owner was there"
        case .contradictoryFlags: "The authenticator contradicts itself"
        case .unsupportedKey: "The key is not of P-256"
        case .unsupportedAttestation: "The attestation is of a kind that is not asked for"
        case .unknownPasskey: "There is no such passkey"
        case .otherUser: "The passkey belongs to somebody else"
        case .invalidSignature: "The signature does not verify"
        case .counterWentBack: "The authenticator's counter went back: it may have been copied"
        case .registeredAlready: "The passkey is registered already"
        case .tooMany: "There are as many passkeys as there may be"
        case .nameUnfit: "The name is empty, too long or has unfit characters"
        case .last: "There is no other passkey to sign in with"
        case .paysForOrganisation: "An organisation pays from the passkey's account"
        case .sessionOld: "You signed in too long ago to change how you sign in"
        }
    }
}

extension OrganisationRefusal {
    fileprivate var sentence: String {
        switch self {
        case .unknown: "There is no such organisation"
        case .notAllowed: "A member of this role may not do that"
        case .unknownMember: "There is no such member"
        case .lastOwner: "An organisation needs an owner"
        case .personal: "Somebody's own organisation has one member"
        case .memberAlready: "They are a member already"
        case .nameUnfit: "The name is empty, too long or has unfit characters"
        case .tooManyMembers: "The organisation has as many members as it may have"
        case .tooManyInvitations: "The organisation has as many invitations as it may have"
        case .tooManyOrganisations: "You are in as many organisations as you may be"
        case .unknownInvitation: "There is no such invitation, or it is over"
        }
    }
}

extension BudgetRefusal {
    fileprivate var sentence: String {
        switch self {
        case .otherDenomination: "The key has no budget in what this call is paid in"
        case .exceeded(let excess):
            "The call may cost more than the \(excess.rule.window == .day ? "day's " : "")"
                + "budget\(excess.rule.model.map { " for \($0)" } ?? "") has left: "
                + "\(excess.available.obol) of \(excess.rule.limit.obol)"
        case .tooManyModels: "The key spends on too many models"
        case .tooManyOpen: "The key has too many calls open at once"
        case .unknownReservation: "There is no such reservation"
        case .boundElsewhere: "The reservation is bound to another voucher"
        case .unbound: "The reservation was never bound to a voucher"
        case .aboveReservation: "More was charged than was reserved"
        case .overflow: "The sum does not fit"
        }
    }
}
