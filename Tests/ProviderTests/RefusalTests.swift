import CanonicalCoding
import Identity
import Journal
import LedgerClient
import LedgerCore
import MarketTypes
import OpenAIWire
import Provider
import SettlementCore
import Testing

@Suite("What a provider refuses", .timeLimit(.minutes(1)))
struct RefusalTests {
    /// A voucher that is wrong in one way, and the refusal for it.
    struct Wrong: Sendable, CustomTestStringConvertible {
        let refusal: SettlementRefusal
        let make: @Sendable (Door) throws -> Verified<Voucher>
        var testDescription: String { "\(refusal)" }

        init(
            _ refusal: SettlementRefusal,
            _ make: @escaping @Sendable (Door) throws -> Verified<Voucher>
        ) {
            self.refusal = refusal
            self.make = make
        }
    }

    static let wrongVouchers: [Wrong] = [
        Wrong(.wrongChain) { door in
            door.voucher(change: { $0.with(chain: ChainID(.zero)) })
        },
        Wrong(.wrongChannel) { door in
            door.voucher(change: { $0.with(channel: ChannelID(Digest(sha256: [7]))) })
        },
        Wrong(.wrongSigner) { door in door.voucher(key: try Market.key(77)) },
        Wrong(.wrongOffer) { door in
            door.voucher(change: { $0.with(offer: OfferID(Digest(sha256: [7]))) })
        },
        Wrong(.voucherExpired) { door in
            door.voucher(change: {
                $0.with(
                    expiresAt: Timestamp(milliseconds: Market.now.milliseconds - 1)
                )
            })
        },
        Wrong(.laneOutOfRange) { door in door.voucher(lane: 64) },
        Wrong(.sequenceGap) { door in door.voucher(sequence: 2) },
        Wrong(.staleSequence) { door in door.voucher(sequence: 0) },
        Wrong(.wrongRequest) { door in door.voucher("{}") },
        Wrong(.capTooSmall) { door in door.voucher(cap: 100) },
        Wrong(.insufficientDeposit) { door in door.voucher(cap: 1_000_000_001) },
    ]

    @Test("CALL-3: a wrong voucher is answered with 402 before any work", arguments: wrongVouchers)
    func wrongVoucher(_ wrong: Wrong) async throws {
        let market = try await Market.make()
        try await market.serving { door, upstream in
            upstream.behaviour = .answer(Texts.completion())
            let answer = try await door.call(voucher: try wrong.make(door))
            #expect(answer.status == 402)
            #expect(try answer.error("code") == "\"voucher_refused\"")
            #expect(try answer.error("stoa_code") == "\(700 + wrong.refusal.code)")
            #expect(try answer.error("money_moved") == "false")
            #expect(answer.receiptText == nil)
            #expect(upstream.asked.isEmpty)
            #expect(try await door.call().status == 200, "the sequence number stays unused")
        }
    }

    @Test("CALL-3: a signature that does not verify is refused")
    func forgedVoucher() async throws {
        let market = try await Market.make()
        try await market.serving { door, _ in
            let real = door.voucher().signed
            let other = door.voucher(cap: 5).signed
            let forged = Signed(
                document: real.document,
                key: real.key,
                signature: other.signature
            )
            let text = String(decoding: Base64Text(forged).bytes, as: UTF8.self)
            let answer = try await door.post("/v1/chat/completions", Door.chat, voucher: text)
            #expect(answer.status == 402)
            #expect(try answer.error("stoa_code") == "705")
        }
    }

    @Test("CALL-3: a voucher that was answered is not served again")
    func replay() async throws {
        let market = try await Market.make()
        try await market.serving { door, upstream in
            upstream.behaviour = .answer(Texts.completion())
            #expect(try await door.call().status == 200)
            let again = try await door.call()
            #expect(again.status == 402)
            #expect(try again.error("stoa_code") == "710")
            #expect(upstream.asked.count == 1)
        }
    }

    @Test("CALL-3: refused vouchers leave nothing in the journal")
    func nothingInTheJournal() async throws {
        let market = try await Market.make()
        var directory = ""
        try await market.serving(change: { directory = $0.journalDirectory }) { door, upstream in
            upstream.behaviour = .answer(Texts.completion())
            // Learn the channel first: its terms are written down by whoever asks first.
            #expect(try await door.call().status == 200)
            let before = try recordCount(directory)
            for wrong in Self.wrongVouchers where wrong.refusal != .sequenceGap {
                #expect(try await door.call(voucher: try wrong.make(door)).status == 402)
            }
            #expect(try recordCount(directory) == before)
        }
    }

    private func recordCount(_ directory: String) throws -> Int {
        var count = 0
        try Journal.read(directory: directory) { _, _ in
            count += 1
            return true
        }
        return count
    }

    @Test("a header that is no voucher is refused without asking anybody")
    func unreadableVouchers() async throws {
        let market = try await Market.make()
        try await market.serving { door, upstream in
            let real = String(decoding: Base64Text(door.voucher().signed).bytes, as: UTF8.self)
            for text in ["", "x", "AAAA", real + "AAAA", String(repeating: "A", count: 2000)] {
                let answer = try await door.post(
                    "/v1/chat/completions",
                    Door.chat,
                    voucher: text
                )
                #expect(answer.status == 400)
            }
            #expect(
                try await door.post("/v1/chat/completions", Door.chat, voucher: nil).status == 402
            )
            #expect(upstream.asked.isEmpty)
        }
    }

    @Test("a request that breaks a limit of the offer is refused, not cut")
    func beyondLimits() async throws {
        let market = try await Market.make()
        try await market.serving { door, upstream in
            let long = String(Door.chat.dropLast()) + #","max_tokens":65}"#
            #expect(try await door.call(long).status == 400)
            let large =
                #"{"model":"tiny-model","messages":["\#(String(repeating: "x", count: 5000))"]}"#
            #expect(try await door.call(large).status == 413)
            #expect(try await door.call("{\"model\":\"tiny-model\"").status == 400)
            let other = Door.chat.replacing("tiny-model", with: "other-model")
            #expect(try await door.call(other).status == 400)
            let wrongPath = try await door.call(path: "/v1/call")
            #expect(try wrongPath.error("stoa_code") == "706")
            #expect(upstream.asked.isEmpty)
        }
    }

    @Test("an unknown channel is asked about once, however often it is named")
    func unknownChannel() async throws {
        let market = try await Market.make()
        let clock = VirtualClock()
        try await market.serving(clock: clock) { door, _ in
            let stranger = ChannelID(Digest(sha256: [7]))
            let before = market.ledger.channelQuestions
            func name() async throws {
                let answer = try await door.call(
                    voucher: door.voucher(change: { $0.with(channel: stranger) })
                )
                #expect(try answer.error("stoa_code") == "702")
            }
            for _ in 0..<10 { try await name() }
            clock.advance(milliseconds: 1999)
            try await name()
            #expect(market.ledger.channelQuestions == before + 1)
            clock.advance(milliseconds: 1)
            for _ in 0..<10 { try await name() }
            #expect(market.ledger.channelQuestions == before + 2, "the answer stands for 2 s")
        }
    }

    @Test("a channel that pays somebody else is unknown here")
    func foreignChannel() async throws {
        let market = try await Market.make()
        let foreign = try await Market.openChannel(
            market.ledger,
            market.buyer,
            try Market.key(55).accountID,
            market.voucherKey.publicKey,
            deposit: 1_000_000,
            lanes: 1
        )
        try await market.serving { door, _ in
            let answer = try await door.call(
                voucher: door.voucher(change: { $0.with(channel: foreign) })
            )
            #expect(try answer.error("stoa_code") == "702")
        }
    }

    @Test("a channel that is opened, or topped up, while the provider runs is served at once")
    func newMoney() async throws {
        let market = try await Market.make()
        try await market.serving { door, upstream in
            upstream.behaviour = .answer(Texts.completion())
            let young = try await Market.openChannel(
                market.ledger,
                market.buyer,
                market.seller.accountID,
                market.voucherKey.publicKey,
                deposit: 1000,
                lanes: 2
            )
            let first = door.voucher(cap: 900, change: { $0.with(channel: young) })
            #expect(try await door.call(voucher: first).status == 200)
            let dear = door.voucher(sequence: 2, cap: 2000, change: { $0.with(channel: young) })
            #expect(try await door.call(voucher: dear).error("stoa_code") == "717")
            try await AccountSession(key: market.buyer, ledger: market.ledger).execute([
                .topUpChannel(channel: young, amount: Amount(obol: 5000))
            ])
            try await eventually { try await door.call(voucher: dear).status == 200 }
        }
    }

    @Test("an offer's interface must be one that the upstream speaks")
    func unusableOffer() async throws {
        let market = try await Market.make()
        var configuration = try market.configuration(upstream: "http://127.0.0.1:1")
        configuration.services[0].upstream.kind = .json
        await #expect(throws: ProviderError.self) {
            try await market.serving(configuration) { _ in }
        }
        configuration.services[0].upstream.kind = .openai
        configuration.services[0].upstream.apiKeyEnvironment = "STOA_TEST_NO_SUCH_KEY"
        await #expect(throws: ProviderError.missingKey(environment: "STOA_TEST_NO_SUCH_KEY")) {
            try await market.serving(configuration) { _ in }
        }
        configuration.services[0].offer = Digest.zero.description
        await #expect(throws: ProviderError.self) {
            try await market.serving(configuration) { _ in }
        }
    }

    @Test("a service that cannot be served is left out, and the others are served")
    func brokenService() async throws {
        let market = try await Market.make()
        try await FakeUpstream.run { upstream, url in
            upstream.behaviour = .answer(Texts.completion())
            var configuration = try market.configuration(upstream: url)
            var service = configuration.services[0]
            service.chain = market.ledger.genesis.chain.digest.description
            configuration.services[0] = service
            service.offer = Digest(sha256: [7]).description
            configuration.services.insert(service, at: 0)
            service.chain = Digest(sha256: [8]).description
            configuration.services.append(service)
            service.upstream.url = "ftp://127.0.0.1"
            service.chain = nil
            configuration.services.append(service)
            #expect(configuration.faults.isEmpty)
            try await market.serving(configuration) { door in
                let answer = try await door.call()
                #expect(answer.status == 200)
            }
            configuration.services.remove(at: 1)
            await #expect(throws: ProviderError.self) {
                try await market.serving(configuration) { _ in }
            }
        }
    }
}

/// A signed voucher as it stands in a header.
struct Base64Text {
    let bytes: [UInt8]

    init(_ voucher: Signed<Voucher>) {
        bytes = Base64.encode(voucher.canonicalBytes)
    }
}

extension Voucher {
    /// The same voucher with some fields changed.
    func with(
        chain: ChainID? = nil,
        channel: ChannelID? = nil,
        offer: OfferID? = nil,
        expiresAt: Timestamp? = nil
    ) -> Voucher {
        Voucher(
            chain: chain ?? self.chain,
            channel: channel ?? self.channel,
            lane: lane,
            sequence: sequence,
            cap: cap,
            offer: offer ?? self.offer,
            request: request,
            expiresAt: expiresAt ?? self.expiresAt
        )
    }
}
