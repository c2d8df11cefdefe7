import MarketTypes

extension Ledger {
    /// Applies a message about who may act for an account.
    mutating func apply(
        _ message: AuthorizationMessage,
        from origin: MessageOrigin
    ) throws(Refusal) -> [Event] {
        let event: AuthorizationEvent =
            switch message {
            case .grantSession(let grant): try grantSession(grant, from: origin)
            case .revokeSession(let session): try revokeSession(session, from: origin)
            case .rotateKey(let next): try rotateKey(to: next, from: origin)
            case .cancelRotation: try cancelRotation(from: origin)
            }
        return [.authorization(event)]
    }

    /// Lets another key act (AUT-10).
    private mutating func grantSession(
        _ grant: SessionGrant,
        from origin: MessageOrigin
    ) throws(Refusal) -> AuthorizationEvent {
        let last = origin.height.advanced(byBlocks: state.value(of: .sessionBlocksMax))
        guard grant.periodBlocks > 0, grant.validUntil >= origin.height,
            grant.validUntil <= last ?? BlockHeight(.max)
        else { throw .authorization(.invalidNumber) }
        guard grant.scope.isGrantable else { throw .authorization(.invalidScope) }
        guard grant.areLimitsValid else { throw .authorization(.invalidLimits) }
        let signer = state.authority(of: origin.sender).signer(at: origin.height)
        guard grant.session != signer, grant.session != origin.sender else {
            throw .authorization(.invalidKey)
        }
        state.write(
            Session(grant, by: signer, at: origin.height),
            .session(origin.sender, grant.session)
        )
        return .sessionGranted(
            origin.sender,
            session: grant.session,
            validUntil: grant.validUntil
        )
    }

    /// Ends a session at once (AUT-11).
    ///
    /// The entry stays, so that its key is told why; it can be granted something again.
    private mutating func revokeSession(
        _ key: AccountID,
        from origin: MessageOrigin
    ) throws(Refusal) -> AuthorizationEvent {
        // One that an older key granted sleeps, and would wake if that key came back.
        guard var session = state.read(Session.self, .session(origin.sender, key)),
            !session.isRevoked, origin.height <= session.grant.validUntil
        else { throw .authorization(.unknownSession) }
        session.isRevoked = true
        state.write(session, .session(origin.sender, key))
        return .sessionRevoked(origin.sender, session: key)
    }

    /// Asks for another key (AUT-12).
    private mutating func rotateKey(
        to next: AccountID,
        from origin: MessageOrigin
    ) throws(Refusal) -> AuthorizationEvent {
        let authority = state.authority(of: origin.sender)
        let current = authority.signer(at: origin.height)
        guard next != current else { throw .authorization(.invalidKey) }
        guard authority.pending(at: origin.height) == nil else {
            throw .authorization(.rotationPending)
        }
        let delay = state.value(of: .rotationDelayBlocks)
        guard let wanted = origin.height.advanced(byBlocks: delay) else {
            throw .deadlines(.invalidHeight)
        }
        let height = try state.schedule(
            Deadline(.keyRotation, origin.sender.digest),
            at: wanted,
            from: origin.height
        )
        let rotation = KeyAuthority.Rotation(next: next, effectiveAt: height)
        state.setAuthority(
            KeyAuthority(current: current, rotation: rotation),
            of: origin.sender
        )
        return .rotationStarted(origin.sender, next: next, effectiveAt: height)
    }

    /// Takes back what was asked for (AUT-13), and its deadline: otherwise one account could fill
    /// a height with changes that it takes back at once.
    private mutating func cancelRotation(
        from origin: MessageOrigin
    ) throws(Refusal) -> AuthorizationEvent {
        let authority = state.authority(of: origin.sender)
        guard let rotation = authority.pending(at: origin.height) else {
            throw .authorization(.noRotation)
        }
        state.unschedule(
            Deadline(.keyRotation, origin.sender.digest),
            at: rotation.effectiveAt
        )
        state.setAuthority(
            KeyAuthority(current: authority.current, rotation: nil),
            of: origin.sender
        )
        return .rotationCancelled(origin.sender, next: rotation.next)
    }

    /// Tells everybody that another key signs now (AUT-14); it does from this height on, whether
    /// or not this is called. A change that was taken back has left nothing to tell.
    mutating func keyRotationDue(_ name: Digest, at context: BlockContext) -> [Event] {
        let account = AccountID(name)
        let authority = state.authority(of: account)
        guard authority.rotation != nil, authority.pending(at: context.height) == nil else {
            return []
        }
        let signer = authority.signer(at: context.height)
        state.setAuthority(KeyAuthority(current: signer, rotation: nil), of: account)
        return [.authorization(.keyRotated(account, signer: signer))]
    }
}
