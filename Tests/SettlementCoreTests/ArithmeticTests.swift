import MarketTypes
import SettlementCore
import Testing

private struct PriceVector: Decodable {
    struct Entry: Decodable {
        let unit: UInt8
        let amount, perUnits: String
    }
    struct Count: Decodable {
        let unit: UInt8
        let count: String
    }
    let name: String
    let prices: [Entry]
    let units: [Count]
    let charge, refused: String?
}

private struct DigestVectors: Decodable {
    struct Request: Decodable {
        let path, body, digest: String
    }
    struct Response: Decodable {
        let voucher: String
        let chunks, heads: [String]
    }
    let requests: [Request]
    let responses: [Response]
}

@Suite("SET-3: a charge")
struct ArithmeticTests {
    @Test("is refused or computed as the golden vectors say")
    func golden() throws {
        for vector in try Vectors.load([PriceVector].self, "settlement/prices.json") {
            var prices = SortedMap<Unit, Price>()
            for entry in vector.prices {
                let unit = try #require(Unit(rawValue: entry.unit))
                let perUnits = try #require(UInt64(entry.perUnits))
                prices[unit] = Price(
                    amount: try Amount(obolText: entry.amount),
                    perUnits: perUnits
                )
            }
            var units = UnitCounts()
            for count in vector.units {
                units[try #require(Unit(rawValue: count.unit))] = UInt64(count.count)
            }
            do {
                let charge = try PriceTable(prices).charge(for: units)
                #expect(String(charge.obol) == vector.charge, "\(vector.name)")
            } catch {
                #expect("\(error)" == vector.refused, "\(vector.name)")
            }
        }
    }

    @Test("equals a slow sum, bit by bit", arguments: UInt64(0)..<300)
    func slow(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let wide = UInt128(random.next()) << 64 | UInt128(random.next())
        let amount = Amount(obol: wide >> UInt128(random.below(128)))
        let perUnits = max(1, random.next() >> UInt64(random.below(64)))
        let count = random.next() >> UInt64(random.below(64))
        let price = try #require(Price(amount: amount, perUnits: perUnits))
        let charge = try? price.charge(for: count)
        #expect(charge?.obol == SlowPrices.charge(price, count))
        #expect(Price(amount: amount, perUnits: 0) == nil)
    }

    @Test("for more units is never less, and for two parts never less than for the whole")
    func monotonic() throws {
        let price = try #require(Price(amount: Amount(obol: 7), perUnits: 3))
        for count in UInt64(0)..<60 {
            let here = try price.charge(for: count)
            #expect(try here <= price.charge(for: count + 1))
            for part in 0...count {
                let sum = try price.charge(for: part).adding(price.charge(for: count - part))
                #expect(sum >= here && sum.obol <= here.obol + 1)
            }
        }
    }
}

@Suite("Digests of a call")
struct CallDigestTests {
    @Test("SET-17, SET-7: requests and responses have the golden digests")
    func golden() throws {
        let vectors = try Vectors.load(DigestVectors.self, "settlement/digests.json")
        for vector in vectors.requests {
            let body = try #require(Hex.decode(vector.body))
            let digest = RequestDigest.of(path: vector.path, body: body)
            #expect(digest.description == vector.digest)
        }
        for vector in vectors.responses {
            var chain = ResponseChain(voucher: try #require(Digest(hex: vector.voucher)))
            var heads = [chain.head.description]
            for chunk in vector.chunks {
                chain.append(try #require(Hex.decode(chunk)))
                heads.append(chain.head.description)
            }
            #expect(heads == vector.heads)
            #expect(Int(chain.chunks) == vector.chunks.count)
        }
    }

    @Test("SET-7: chunks cut elsewhere are another response")
    func cuts() {
        var whole = ResponseChain(voucher: .zero)
        whole.append([1, 2])
        var parts = ResponseChain(voucher: .zero)
        parts.append([1])
        parts.append([2])
        #expect(whole.head != parts.head)
        var other = ResponseChain(voucher: Market.digest(1))
        other.append([1, 2])
        #expect(whole.head != other.head)
    }

    @Test("SET-18: the most units of a call are those with a price, within the offer's limits")
    func unitsMax() {
        let all = Market.offer(
            prices: Market.table(Unit.allCases.map { ($0, 1, 1) })
        )
        let most = all.unitsMax(requestBytes: 100, outputTokens: 150)
        #expect(
            most
                == Market.counts([
                    (.inputToken, 116), (.outputToken, 150), (.call, 1), (.second, 2),
                    (.byte, 1 << 26),
                ])
        )
        let limited = all.unitsMax(requestBytes: 1 << 20, outputTokens: .max)
        #expect(limited[.inputToken] == 500)
        #expect(limited[.outputToken] == 200)
        let few = Market.offer(prices: Market.table([(.outputToken, 1, 1)]))
        #expect(few.unitsMax(requestBytes: 100, outputTokens: 0).isEmpty)
    }
}
