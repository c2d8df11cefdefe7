import LedgerCore
import MarketTypes
import OpenAIWire

/// What one pass has used, in JSON (PAS-44).
struct PassPage: Hashable, Sendable {
    static let prefix = "/stoa/v1/passes/"

    let pass: PassID

    /// Reads `/stoa/v1/passes/<64 hex digits>`; nil for anything else.
    init?(_ path: String) {
        let name = path.dropFirst(Self.prefix.count)
        guard name.utf8.count == 2 * Digest.byteCount, let digest = Digest(hex: String(name))
        else { return nil }
        pass = PassID(digest)
    }

    /// The periods in which something was used, as far as they are remembered.
    func body(_ periods: [(period: PassUse, units: UnitCounts)]) -> [UInt8] {
        var writer = JSONWriter(capacityBytes: 512)
        writer.object { writer in
            writer.member("pass", pass.digest.description)
            writer.key("periods")
            writer.array { writer in
                for (period, units) in periods {
                    writer.object { writer in
                        writer.member("starts_at", period.startsAt.rawValue)
                        writer.member("ends_at", period.endsAt.rawValue)
                        writer.key("used")
                        writer.object { writer in
                            for (unit, count) in units.entries {
                                writer.member(unit.name, count)
                            }
                        }
                    }
                }
            }
        }
        return writer.bytes
    }
}
