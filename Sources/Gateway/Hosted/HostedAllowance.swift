public import Hummingbird
import Identity
import LedgerClient
public import LedgerCore
public import MarketTypes
public import OpenAIWire

/// What an account lets this market spend, as the ledger has it.
public struct HostedAllowance: Hashable, Sendable {
    /// Whose key acts: what a grant names.
    public let session: AccountID
    /// What was granted last; nil if nothing ever was.
    public let granted: Session?
    /// Whose key signs for the account: a session ends with the key that granted it.
    public let signer: AccountID
    /// The height that this was read at.
    public let height: BlockHeight

    /// Whether calls are paid from it now.
    public var isLive: Bool {
        // The next transaction is in a block after the last one.
        guard let granted, let next = height.advanced(byBlocks: 1) else { return false }
        return granted.isLive(at: next, authority: signer)
    }
}

extension HostedWallets {
    /// What an account lets this market spend.
    ///
    /// - Throws: ``APIFailure`` if the ledger does not answer.
    public func allowance(of account: AccountID) async throws(APIFailure) -> HostedAllowance {
        guard let session = sessionKey(of: account) else { throw Self.broken }
        do {
            let height = try await ledger.status().height
            return HostedAllowance(
                session: session,
                granted: try await ledger.read(Session.self, .session(account, session)),
                signer: try await ledger.signer(of: account, at: height),
                height: height
            )
        } catch {
            throw APIFailure(
                .overloaded,
                message: "The ledger does not answer; nothing was charged.",
                hint: "Try again in a moment.",
                retryAfterSeconds: 2
            )
        }
    }

    /// Answers `GET /stoa/v1/allowance`: what is granted, and what a grant must name.
    public func answerAllowance(_ account: AccountID) async throws(APIFailure) -> Response {
        let allowance = try await allowance(of: account)
        var writer = JSONWriter(capacityBytes: 512)
        writer.object { writer in
            writer.member("object", "allowance")
            writer.member("account", "\(account)")
            writer.member("session", "\(allowance.session)")
            writer.key("messages")
            writer.array { writer in
                for tag in HostedConfiguration.messageTags { writer.integer(tag) }
            }
            writer.member("is_live", allowance.isLive)
            writer.member("height", allowance.height.rawValue)
            if let session = allowance.granted {
                writer.member("valid_until", session.grant.validUntil.rawValue)
                writer.member("period_blocks", session.grant.periodBlocks)
                writer.member("limit_obol", session.grant.limits.first?.amount.obol ?? 0)
                writer.member("spent_obol", session.spent.first?.obol ?? 0)
            }
        }
        return .json(writer.bytes)
    }
}
