import MarketTypes
import Testing

@testable import Portal

@Suite("PRT-115: what comes next")
struct FirstStepsTests {
    private func next(_ steps: FirstSteps) -> String? {
        let fill = steps.fill(faucet: "5 STOA", asking: "/offers/x#try")
        let shown = fill?.list("firstSteps") ?? []
        return shown.first { $0.values["isNow"] as? Bool == true }?.text("firstName")
    }

    @Test("money, then a permission, then a model; then nothing")
    func order() {
        #expect(next(FirstSteps(hasMoney: false, isAllowed: false, hasAsked: false))
            == "Take 5 STOA")
        #expect(next(FirstSteps(hasMoney: true, isAllowed: false, hasAsked: false))
            == "Let the market spend for you")
        // What was locked in a channel may be all there was.
        #expect(next(FirstSteps(hasMoney: false, isAllowed: true, hasAsked: false))
            == "Ask a model")
        // Of the wallet that they are shown in, not of another one.
        let other = FirstSteps(hasMoney: true, isAllowed: false, hasAsked: false)
            .fill(faucet: nil, asking: "/search", account: "stoa1b")
        #expect(other?.list("firstSteps")[1].text("firstHref")?.contains("account=stoa1b") == true)
        let done = FirstSteps(hasMoney: true, isAllowed: true, hasAsked: true)
        #expect(done.fill(faucet: nil, asking: "/search") == nil)
    }
}
