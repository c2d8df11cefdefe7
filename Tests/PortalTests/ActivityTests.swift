import CanonicalCoding
import MarketTypes
import Testing

@testable import Portal

@Suite("PRT-78: the wallet's activity is an account of money")
struct ActivityTests {
    private let own = AccountID(Digest(sha256: [1]))
    private let other = AccountID(Digest(sha256: [2]))
    private let channel = ChannelID(Digest(sha256: [3]))
    private let unit = Digest(sha256: [4])

    private func activity(
        topUps: [UInt128]? = [],
        in denomination: Denomination = .native
    ) -> AccountActivity {
        let note = AccountActivity.ChannelNote(
            payer: own,
            payee: other,
            denomination: denomination,
            deposit: Amount(obol: 190),
            topUps: topUps.map { $0.map { Amount(obol: $0) } }
        )
        return AccountActivity(account: own, events: [], channels: [channel: note], next: nil)
    }

    private func movement(
        _ name: String,
        _ fields: String,
        _ activity: AccountActivity
    ) -> AccountActivity.Movement? {
        let json = "{\"channel\":\"\(channel.digest)\"\(fields)}"
        return activity.movement(name, json, activity.lookedUp(name, json))
    }

    @Test("what is locked goes out, what is left comes back; a claim moves nothing of the balance")
    func channels() {
        let activity = self.activity()
        let opened = movement(
            "channels.opened",
            ",\"payer\":\"\(own)\",\"payee\":\"\(other)\"",
            activity
        )
        #expect(opened?.amount.obol == 190 && opened?.isIncome == false)
        #expect(movement("channels.claimed", ",\"paid\":\"20\"", activity) == nil)
        let closed = movement("channels.closed", ",\"refunded\":\"170\"", activity)
        #expect(closed?.amount.obol == 170 && closed?.isIncome == true)
        #expect(closed?.denomination == .native)
    }

    @Test("amounts count what the channel counts, and are left out where they are not known")
    func honest() {
        let issued = activity(topUps: [100, 190], in: .issued(unit))
        let closed = movement("channels.closed", ",\"refunded\":\"170\"", issued)
        #expect(closed?.denomination == .issued(unit))
        #expect(movement("channels.opened", ",\"payer\":\"\(own)\"", issued) == nil)
        #expect(movement("channels.toppedUp", ",\"deposit\":\"100\"", issued) == nil)
        let second = movement("channels.toppedUp", ",\"deposit\":\"190\"", issued)
        #expect(second?.amount.obol == 90 && second?.isIncome == false)
        let long = activity(topUps: nil)
        #expect(movement("channels.opened", ",\"payer\":\"\(own)\"", long) == nil)
    }

    @Test("a claim and what came back are told with amounts and to “You”")
    func words() {
        let activity = self.activity()
        let name = "channels.claimed"
        let json = "{\"channel\":\"\(channel.digest)\",\"paid\":\"20\"}"
        let more = activity.lookedUp(name, json)
        let sentence = EventSentence(name: name, json: json, more: more).addressed(to: own)
        #expect(
            sentence.pieces == [
                .account(other), .text(" claimed "), .money(Amount(obol: 20), .native),
                .text(" for calls, of what "), .text("you"), .text(" had locked"),
            ]
        )
    }

    @Test("payments have their sign; one to oneself has none")
    func payments() {
        let activity = self.activity()
        func paid(_ from: AccountID, _ to: AccountID) -> AccountActivity.Movement? {
            let json = "{\"from\":\"\(from)\",\"to\":\"\(to)\",\"amount\":\"5\"}"
            return activity.movement("accounts.transferred", json, [:])
        }
        #expect(paid(own, other)?.isIncome == false)
        #expect(paid(other, own)?.isIncome == true)
        #expect(paid(own, own) == nil)
    }
}
