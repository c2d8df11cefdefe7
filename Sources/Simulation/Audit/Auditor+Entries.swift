import CanonicalCoding
import Identity
import LedgerCore
import MarketTypes

/// The whole state as LED-7 and canonical.md spell it, byte by byte.
extension Auditor {
    typealias Entries = [[UInt8]: [UInt8]]

    private func bytes(_ build: (inout CanonicalEncoder) -> Void) -> [UInt8] {
        var encoder = CanonicalEncoder()
        build(&encoder)
        return encoder.bytes
    }

    /// A top-level document.
    private func document(_ build: (inout CanonicalEncoder) -> Void) -> [UInt8] {
        [1] + bytes(build)
    }

    /// Every entry that there should be.
    var entries: Entries {
        var all: Entries = [:]
        for (account, holder) in holders where !dealers.contains(account) {
            all[[0x01] + account.digest.bytes] = document {
                $0.encode(holder.sequence)
                $0.encode(holder.balance)
            }
        }
        if pool > 0 { all[[0x03]] = document { $0.encode(pool) } }
        all[[0x04]] = [1] + bytes { $0.encode(parameters) }
        all[[0x05] + Digest.zero.bytes] = document { $0.encode(supply) }
        if lastDeadline > 0 { all[[0x06]] = document { $0.encode(lastDeadline) } }
        addMarket(&all)
        for (id, pot) in pots { add(pot, id, &all) }
        addBonds(&all)
        return all
    }

    private func addBonds(_ all: inout Entries) {
        for (account, stake) in stakes {
            all[[0x30] + account.digest.bytes] = document { encoder in
                encoder.encode(stake.active)
                encoder.encode(UInt8(stake.parts.count))
                for part in stake.parts {
                    encoder.encode(part.amount)
                    encoder.encode(part.height)
                }
            }
        }
        for crime in crimes {
            let key = bytes {
                $0.encode(crime.channel.digest)
                $0.encode(crime.lane)
                $0.encode(crime.sequence)
            }
            all[[0x31] + key] = [1]
        }
    }

    private func addMarket(_ all: inout Entries) {
        for (id, work) in works {
            all[[0x10] + id.digest.bytes] = document {
                $0.encode(work.owner.digest)
                $0.encode(bytes: work.publication.name.utf8)
                $0.encode(work.publication.kind.rawValue)
                $0.encode(bytes: work.publication.licence.utf8)
                $0.encode(UInt32(work.versions.count))
            }
            for (index, version) in work.versions.enumerated() {
                let key = bytes {
                    $0.encode(id.digest)
                    $0.encode(UInt32(index + 1))
                }
                all[[0x11] + key] = document {
                    $0.encode(version.content)
                    $0.encode(bytes: version.metadataLink.utf8)
                }
            }
        }
        for (id, listing) in listings {
            all[[0x18] + id.digest.bytes] =
                listing.offer.canonicalBytes
                + bytes {
                    $0.encode(listing.standing)
                    $0.encode(listing.height)
                }
        }
    }

    private func add(_ pot: Pot, _ id: ChannelID, _ all: inout Entries) {
        all[[0x20] + id.digest.bytes] = document { encoder in
            encoder.encode(pot.payer.digest)
            encoder.encode(pot.payee.digest)
            encoder.encode(UInt8(0))  // native
            encoder.encode(pot.deposit)
            encoder.encode(pot.paid)
            encoder.encode(pot.voucherKey.scheme.rawValue)
            encoder.encode(fixed: pot.voucherKey.bytes)
            encoder.encode(pot.lanes)
            encoder.encode(UInt32(pot.records.count))
            encoder.encode(UInt8(pot.isClosed ? 3 : pot.closesAt == nil ? 1 : 2))
            if let closesAt = pot.closesAt, !pot.isClosed { encoder.encode(closesAt) }
            encoder.encode(parameters.closingDelayBlocks)
        }
        for (lane, settled) in pot.settled {
            let key = bytes {
                $0.encode(id.digest)
                $0.encode(lane)
            }
            all[[0x21] + key] = document {
                $0.encode(settled.sequence)
                $0.encode(settled.total)
            }
        }
        for (index, record) in pot.records.enumerated() {
            let key = bytes {
                $0.encode(id.digest)
                $0.encode(UInt32(index))
            }
            all[[0x22] + key] = document {
                $0.encode(record.root)
                $0.encode(record.count)
                $0.encode(record.paid)
                $0.encode(record.height)
            }
        }
        guard !pot.isClosed else { return }
        all[[0x23] + pot.payer.digest.bytes + id.digest.bytes] = [1]
        all[[0x24] + pot.payee.digest.bytes + id.digest.bytes] = [1]
    }
}
