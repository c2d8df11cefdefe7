import Foundation
import MarketTypes
import OpenAIWire
import SettlementCore
import Testing

@testable import Provider

@Suite("A provider's configuration")
struct ConfigurationTests {
    private func read(_ text: String) throws -> ProviderConfiguration {
        try JSONDecoder().decode(ProviderConfiguration.self, from: Data(text.utf8))
    }

    private static let service =
        #"{"offer":"\#(String(repeating: "ab", count: 32))","upstream":"#
        + #"{"kind":"openai","url":"http://127.0.0.1:8080","model":"m"}}"#

    @Test(
        "a setting that does not exist is refused",
        arguments: [
            #"{"prot":1}"#, #"{"claims":{"amount":1}}"#, #"{"circuitBreaker":{"probes":1}}"#,
            #"{"services":[{"offer":"","upstream":{"kind":"openai","url":"","key":"s"}}]}"#,
            #"{"services":[{"offer":""}]}"#, #"{"claims":{"amountObol":-1}}"#,
            #"{"claims":{"amountObol":"1.5"}}"#,
        ]
    )
    func unknownSetting(_ text: String) {
        #expect(throws: DecodingError.self) { try read(text) }
    }

    @Test(
        "each fault is named",
        arguments: [
            (#"{"port":70000}"#, "port"), (#"{"host":""}"#, "host"),
            (#"{"concurrentCallsMax":0}"#, "concurrentCallsMax"),
            (#"{"claims":{"amountObol":0}}"#, "claims.amountObol"),
            (#"{"claims":{"intervalSeconds":0}}"#, "claims.intervalSeconds"),
            (#"{"services":[]}"#, "services"),
            (#"{"services":[\#(service),\#(service)]}"#, "services[1].offer"),
            (
                #"{"services":[{"offer":"x","upstream":{"kind":"json","url":"ftp:"}}]}"#,
                "services[0].upstream.url"
            ),
            (
                #"{"services":[{"offer":"x","upstream":{"kind":"json","url":"http://"}}]}"#,
                "services[0].upstream.url"
            ),
            (
                #"{"services":[{"offer":"x","chain":"y","upstream":{"kind":"json","url":""}}]}"#,
                "services[0].chain"
            ),
        ]
    )
    func fault(_ text: String, _ field: String) throws {
        let faults = try read(text).validate()
        #expect(faults.contains { $0.hasPrefix(field) })
    }

    @Test("what is left out has its default, and a right configuration has no faults")
    func defaults() throws {
        let configuration = try read(#"{"services":[\#(Self.service)]}"#)
        #expect(configuration.validate().isEmpty)
        #expect(configuration.concurrentCallsMax == 64)
        #expect(configuration.queuedCallsMax == 256)
        #expect(configuration.channelsMax == 1024)
        #expect(configuration.services[0].upstream.includeUsage)
    }

    @Test("a configuration can be written and read again, its amount as a string")
    func roundTrip() throws {
        var configuration = try read(
            #"{"claims":{"amountObol":"340282366920938463463374607431768211455"},"#
                + #""services":[\#(Self.service)]}"#
        )
        configuration.services[0].upstream.apiKeyEnvironment = "KEY"
        configuration.services[0].chain = String(repeating: "cd", count: 32)
        let text = try JSONEncoder().encode(configuration)
        #expect(String(decoding: text, as: UTF8.self).contains("\"3402823669209"))
        #expect(
            try JSONDecoder().decode(ProviderConfiguration.self, from: text) == configuration
        )
        #expect(try read(#"{"claims":{"amountObol":12}}"#).claims.amount == Amount(obol: 12))
    }

    @Test(
        "an upstream's base URL may end in /v1 or not",
        arguments: ["http://h:1", "http://h:1/", "http://h:1/v1", "http://h:1/v1/"]
    )
    func upstreamURL(_ base: String) {
        let upstream = UpstreamConfiguration(kind: .openai, url: base, model: "m")
        #expect(SoldService.url(.chat, upstream) == "http://h:1/v1/chat/completions")
        let json = UpstreamConfiguration(kind: .json, url: base)
        #expect(SoldService.url(.json, json) == base)
    }
}

@Suite("Metering")
struct MeterTests {
    private let all = UnitCounts([
        (.inputToken, 10), (.outputToken, 20), (.call, 1), (.second, 3), (.byte, 1000),
    ])

    private func meter(_ usage: TokenUsage?, max: UnitCounts?) -> CallMeter {
        var meter = CallMeter(unitsMax: max ?? UnitCounts())
        meter.note(usage)
        meter.noteChunk(bytes: 100, hasContent: true)
        meter.noteChunk(bytes: 50, hasContent: false)
        return meter
    }

    @Test("a delivered call counts what was reported, started seconds and bytes")
    func delivered() {
        let units = meter(TokenUsage(promptTokens: 4, completionTokens: 6), max: all)
            .delivered(milliseconds: 1001)
        #expect(
            units
                == UnitCounts([
                    (.inputToken, 4), (.outputToken, 6), (.call, 1), (.second, 2), (.byte, 150),
                ])
        )
    }

    @Test("a partial call counts chunks with content, and is no call")
    func partial() {
        let units = meter(TokenUsage(promptTokens: 4, completionTokens: 6), max: all)
            .partial(milliseconds: 0)
        #expect(
            units
                == UnitCounts([(.inputToken, 4), (.outputToken, 1), (.second, 1), (.byte, 150)])
        )
    }

    @Test("CALL-8: a call that its buyer gave up is a call, and its prompt was read")
    func abandoned() {
        let reported = meter(TokenUsage(promptTokens: 4, completionTokens: 6), max: all)
        let silent = meter(nil, max: all)
        #expect(
            reported.abandoned(milliseconds: 0, promptTokensLeast: 7)
                == UnitCounts([
                    (.inputToken, 4), (.outputToken, 1), (.call, 1), (.second, 1), (.byte, 150),
                ])
        )
        #expect(silent.abandoned(milliseconds: 0, promptTokensLeast: 7)[.inputToken] == 7)
        #expect(silent.abandoned(milliseconds: 0, promptTokensLeast: 1 << 40)[.inputToken] == 10)
        // Nobody pays for a prompt of which no answer came.
        var waiting = CallMeter(unitsMax: all ?? UnitCounts())
        waiting.noteChunk(bytes: 10, hasContent: false)
        #expect(
            waiting.abandoned(milliseconds: 0, promptTokensLeast: 7)
                == UnitCounts([(.second, 1), (.byte, 10)])
        )
    }

    @Test("no count exceeds what was promised, and units without a price are not counted")
    func bounds() {
        let huge = TokenUsage(promptTokens: 1 << 32, completionTokens: 1 << 32)
        #expect(
            meter(huge, max: all).delivered(milliseconds: 1 << 40)
                == UnitCounts([
                    (.inputToken, 10), (.outputToken, 20), (.call, 1), (.second, 3),
                    (.byte, 150),
                ])
        )
        #expect(meter(huge, max: UnitCounts([(.call, 1)])).delivered(milliseconds: 1).count == 1)
        #expect(meter(huge, max: UnitCounts()).delivered(milliseconds: 1).isEmpty)
    }

    @Test("usage is needed for priced tokens only")
    func neededUsage() {
        let input = TokenUsage(promptTokens: 1, completionTokens: nil)
        #expect(!meter(nil, max: all).hasUsage)
        #expect(!meter(input, max: all).hasUsage)
        #expect(meter(input, max: UnitCounts([(.inputToken, 1)])).hasUsage)
        #expect(meter(nil, max: UnitCounts([(.call, 1)])).hasUsage)
    }
}
