import AccessCore
import AccessStore
import MarketTypes

/// An organisation with its members, and what the visitor may change of it.
struct OrganisationPage: Sendable {
    let visitor: Visitor
    let organisation: Organisation
    let members: [MemberListing]
    let invitations: [Invitation]

    static func load(
        _ visitor: Visitor,
        _ database: AccessDatabase,
        at now: Timestamp
    ) async throws -> OrganisationPage {
        guard let organisation = visitor.organisation else { throw OrganisationRefusal.unknown }
        let mayInvite = organisation.role.mayGrant(.viewer) && !visitor.isAlone
        return OrganisationPage(
            visitor: visitor,
            organisation: organisation,
            members: try await database.members(of: organisation.id, for: visitor.caller),
            invitations: mayInvite
                ? try await database.invitations(
                    to: organisation.id,
                    for: visitor.caller,
                    at: now
                ) : []
        )
    }

    func fill(at now: Timestamp) -> Fill {
        let mayInvite = organisation.role.mayGrant(.viewer) && !visitor.isAlone
        var fill = Fill(["organisationTitle": organisation.name])
        fill.put("isAlone", visitor.isAlone)
        fill.put("tierName", organisation.tier.name.capitalizedFirst)
        fill.put("membersMax", organisation.tier.membersMax)
        fill.put("keysMax", organisation.tier.keysMax)
        fill.put("ownRole", organisation.role.name)
        fill.put("account", organisation.account.map { NameText.fill($0) })
        fill.put("members", members.map { member($0, at: now) })
        fill.put("mayInvite", mayInvite)
        fill.put("inviteRoles", ScopeText.options(grantedBy: organisation.role, chosen: .developer))
        fill.put(
            "roles",
            Role.allCases.map {
                Fill(["roleName": $0.name.capitalizedFirst, "roleText": ScopeText.sentence($0)])
            }
        )
        let mayLink = organisation.role == .owner && !visitor.isAlone
        fill.put("mayLink", mayLink)
        fill.put("mayRelink", mayLink && organisation.account != nil)
        fill.put("isUnpaid", !visitor.isAlone && organisation.account == nil)
        fill.put(
            "linkable",
            visitor.passkeys.map { listing in
                var fill = Fill(["value": URLBase64.encode(listing.passkey.credential)])
                let account = listing.passkey.account
                fill.put("optionTitle", "\(listing.label), \(NameText.short(account))")
                fill.put("chosen", account == organisation.account)
                return fill
            }
        )
        fill.put("invitations", invitations.map { invitation($0) })
        fill.put(
            "organisations",
            visitor.organisations.map { other in
                var fill = Fill(["otherName": other.name, "otherID": "\(other.id)"])
                fill.put("otherRole", other.role.name)
                fill.put("isHere", other.id == organisation.id)
                fill.put("isOwn", other.id == OrganisationID(of: visitor.caller.user))
                return fill
            }
        )
        fill.put("mayMake", visitor.organisations.count < Organisation.perUserMax)
        fill.put("nameBytesMax", Organisation.nameBytesMax)
        return fill
    }

    private func member(_ listing: MemberListing, at now: Timestamp) -> Fill {
        let member = listing.member
        let isSelf = member.user == visitor.caller.user
        let mayChange = !visitor.isAlone && organisation.role.mayGrant(member.role) && !isSelf
        var fill = Fill(["memberName": listing.name, "memberID": "\(member.user)"])
        fill.put("memberRole", member.role.name)
        fill.put("joined", TimeText.fill(listing.joined, now: now))
        fill.put("isSelf", isSelf)
        fill.put("mayChange", mayChange)
        fill.put("mayLeave", isSelf && !visitor.isAlone)
        fill.put(
            "memberRoles",
            mayChange
                ? ScopeText.options(grantedBy: organisation.role, chosen: member.role) : []
        )
        return fill
    }

    private func invitation(_ invitation: Invitation) -> Fill {
        var fill = Fill(["invitationID": invitation.id, "invitationLabel": invitation.label])
        fill.put("invitationRole", invitation.role.name)
        fill.put("invitationEnds", TimeText.full(invitation.expires))
        return fill
    }
}
