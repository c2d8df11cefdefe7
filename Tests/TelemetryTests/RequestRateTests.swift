import Telemetry
import Testing

@Suite("Unusual use")
struct RequestRateTests {
    private func minute(
        _ minute: UInt64,
        _ count: Int,
        _ rate: inout RequestRate,
        _ rules: RequestRate.Rules = .init()
    ) -> [RequestRate.Alarm] {
        (0..<count).compactMap { _ in rate.note(minute: minute, rules: rules) }
    }

    @Test("while somebody is new, nothing is unusual")
    func learning() {
        var rate = RequestRate(firstMinute: 100)
        for at in 100..<110 { #expect(minute(UInt64(at), 500, &rate).isEmpty) }
    }

    @Test("less than the floor is never unusual, however quiet it was before")
    func floor() {
        var rate = RequestRate(firstMinute: 0)
        #expect(minute(1_000_000, 60, &rate).isEmpty)
        let alarms = minute(2_000_000, 61, &rate)
        #expect(alarms.map(\.count) == [61])
        #expect(alarms.map(\.usualMax) == [60])
    }

    @Test("there is one alarm a minute, and the next minute has its own")
    func once() {
        var rate = RequestRate(firstMinute: 0)
        for at in 0..<20 { #expect(minute(UInt64(at), 10, &rate).isEmpty) }
        #expect(minute(20, 1000, &rate).count == 1)
        #expect(minute(21, 1000, &rate).count == 1)
    }

    @Test("the limit is the mean and k standard deviations, by the formula that is written down")
    func formula() {
        var rules = RequestRate.Rules()
        rules.floor = 0
        rules.weight = 0.5
        rules.deviations = 2
        rules.learningMinutes = 1_000
        var rate = RequestRate(firstMinute: 0)
        // What is above the limit is not learned: the first minute teaches 0.
        _ = minute(0, 10, &rate, rules)
        _ = minute(1, 1, &rate, rules)
        #expect(rate.limit(rules) == 0)
        rules.floor = 100
        _ = minute(2, 4, &rate, rules)  // learns 1: mean 0.5, variance 0.25
        rules.floor = 0
        #expect(rate.limit(rules) == 0.5 + 2 * 0.25.squareRoot())
    }

    @Test("a flood does not make itself usual")
    func winsorized() {
        var rate = RequestRate(firstMinute: 0)
        for at in 0..<20 { _ = minute(UInt64(at), 10, &rate) }
        var alarms = 0
        for at in 20..<25 { alarms += minute(UInt64(at), 100_000, &rate).count }
        #expect(alarms == 5)
    }

    @Test("somebody who is always busy is not unusual")
    func steady() {
        var rate = RequestRate(firstMinute: 0)
        var alarms = 0
        for at in 0..<200 { alarms += minute(UInt64(at), 300 + (at % 7) * 5, &rate).count }
        #expect(alarms == 0)
        #expect(minute(200, 2_000, &rate).count == 1)
    }

    @Test("a clock that goes back stays in its minute")
    func backwards() {
        var rate = RequestRate(firstMinute: 50)
        #expect(rate.note(minute: 10, rules: .init()) == nil)
        #expect(rate.latestMinute == 50)
    }

    @Test("P9: ten thousand keys take the memory of 256")
    func bounded() {
        let rates = RequestRates(countMax: 256)
        for key in 0..<10_000 {
            _ = rates.note("key \(key)", milliseconds: UInt64(key) * 1_000)
        }
        #expect(rates.count == 256)
    }
}
