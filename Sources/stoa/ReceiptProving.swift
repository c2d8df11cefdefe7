import ArgumentParser
import AsyncHTTPClient
import CanonicalCoding
import FoundationEssentials
import Gateway
import Identity
import LedgerClient
import LedgerCore
import MarketTypes
import NIOCore
import NIOHTTP1
import Proofs
import Provider
import SettlementCore

/// Gathers a receipt's proof: papers from a journal, its place from the seller, and the entries
/// from the ledger.
struct ReceiptProving {
    let home: HomeOptions
    let node: NodeOptions
    let provider: String?

    /// A receipt that is to be proven, and where it is anchored.
    private struct Subject {
        let voucher: Signed<Voucher>
        let receipt: Signed<Receipt>
        let claim: UInt32
        let inclusion: ReceiptInclusion

        var paper: Receipt { receipt.document }

        /// Whether the receipt is under a claim's root.
        func isIn(_ record: ClaimRecord) -> Bool {
            let root = MerkleTree.root(
                leaf: paper.signingDigest,
                at: inclusion.index,
                of: inclusion.count,
                path: inclusion.siblings
            )
            return record.receiptsCount == inclusion.count && record.receiptsRoot == root
        }
    }

    /// The most claims of a channel that are searched for one whose number the seller mistook.
    private static let searchedClaimsMax: UInt32 = 1024

    /// The proof of the receipt that `name` names.
    func file(of name: String) async throws -> ProofFile {
        let subject = try await subject(name)
        return try await node.ask { ledger in
            let claim = try await claimKey(of: subject, ledger)
            let sealed = try await SealedEntries.read(
                [claim, .channel(subject.paper.channel), .offer(subject.paper.offer)],
                from: ledger
            )
            return .receipt(
                ReceiptProof(
                    voucher: subject.voucher,
                    receipt: subject.receipt,
                    inclusion: subject.inclusion,
                    claim: sealed.entries[0],
                    channel: sealed.entries[1],
                    offer: sealed.entries[2],
                    seal: sealed.seal
                )
            )
        }
    }

    /// The claim under whose root the receipt is: the one that the seller named, or another.
    private func claimKey(
        of subject: Subject,
        _ ledger: any LedgerConnection
    ) async throws -> StateKey {
        let channel = subject.paper.channel
        let claims = try await ledger.channel(channel)?.claims ?? 0
        let others = (0..<claims).reversed().prefix(Int(Self.searchedClaimsMax))
        for index in [subject.claim] + others where index < claims {
            let key = StateKey.claim(channel, index)
            if let record = try await ledger.read(ClaimRecord.self, key), subject.isIn(record) {
                return key
            }
        }
        throw CommandFailure(
            "no claim of the channel on the ledger covers the receipt as the seller says",
            hint: "the seller's path may be a lie: keep the receipt, which it signed"
        )
    }
}

extension ReceiptProving {
    private func subject(_ name: String) async throws -> Subject {
        if let call = try bought(name) {
            let anchor = try await anchor(
                call.digest,
                from: provider ?? call.offer.endpoint
            )
            return Subject(
                voucher: call.voucher,
                receipt: call.receipt,
                claim: anchor.claim,
                inclusion: anchor.inclusion
            )
        }
        guard let call = try sold(name) else {
            throw CommandFailure(
                "“\(name)” names no receipt in this home directory",
                hint: "see `stoa receipts list`"
            )
        }
        guard let anchor = call.anchor else { throw Self.notAnchored }
        return Subject(
            voucher: call.voucher,
            receipt: call.receipt,
            claim: anchor.claim,
            inclusion: ReceiptInclusion(
                index: anchor.index,
                count: anchor.count,
                siblings: anchor.siblings
            )
        )
    }

    private static var notAnchored: CommandFailure {
        CommandFailure(
            "the seller has not claimed this receipt yet, so the ledger knows nothing of it",
            hint: "sellers claim now and then, by default every hour; `stoa receipts verify` "
                + "checks it until then"
        )
    }

    /// A receipt of the gateway in the home directory; a short number counts from the latest.
    private func bought(_ name: String) throws -> StoredCall? {
        let archives = home.gatewayJournals
        do {
            if name.utf8.count < 5, let number = Int(name), number > 0 {
                var target = ArchiveOptions()
                target.home = home
                let calls = archives.isEmpty ? [] : try target.recent(number)
                return calls.count == number ? calls.last : nil
            }
            return try one(archives.flatMap { try $0.find(digestPrefix: name) }, name)
        } catch let error as GatewayError {
            throw CommandFailure(error)
        }
    }

    private func sold(_ name: String) throws -> SoldCall? {
        do {
            return try one(
                home.providerJournals.flatMap { try $0.find(digestPrefix: name) },
                name
            )
        } catch let error as ProviderError {
            throw CommandFailure(error.message)
        }
    }

    private func one<Call>(_ calls: [Call], _ name: String) throws -> Call? {
        guard calls.count < 2 else {
            throw CommandFailure("“\(name)” names several receipts", hint: "give more digits")
        }
        return calls.first
    }

    /// The seller's answer where a receipt is anchored.
    private struct Anchor: Decodable {
        let claim: UInt32
        let inclusion: ReceiptInclusion

        enum CodingKeys: CodingKey {
            case claim, index, count, siblings
        }

        init(from decoder: any Decoder) throws {
            let answer = try decoder.container(keyedBy: CodingKeys.self)
            claim = try answer.decode(UInt32.self, forKey: .claim)
            let texts = try answer.decode([String].self, forKey: .siblings)
            let siblings = texts.compactMap { Digest(hex: $0) }
            guard let index = UInt64(try answer.decode(String.self, forKey: .index)),
                let count = UInt64(try answer.decode(String.self, forKey: .count)),
                siblings.count == texts.count, texts.count <= ReceiptInclusion.siblingsMax
            else {
                throw DecodingError.dataCorruptedError(
                    forKey: .siblings,
                    in: answer,
                    debugDescription: "no path"
                )
            }
            inclusion = ReceiptInclusion(index: index, count: count, siblings: siblings)
        }
    }

    private func anchor(_ receipt: Digest, from endpoint: String) async throws -> Anchor {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        let base = endpoint.hasSuffix("/") ? String(endpoint.dropLast()) : endpoint
        let url = "\(base)/stoa/v1/receipts/\(receipt)/inclusion"
        let (status, body): (UInt, ByteBuffer)
        do {
            (status, body) = try await withHTTPClient(configuration) { client in
                let request = HTTPClientRequest(url: url)
                let answer = try await client.execute(request, timeout: .seconds(20))
                return (answer.status.code, try await answer.body.collect(upTo: 64 << 10))
            }
        } catch {
            throw CommandFailure(
                "the seller at \(base) cannot be asked where the receipt is anchored: \(error)",
                hint: "if it moved, say where it is with --provider"
            )
        }
        if status == 404 { throw Self.notAnchored }
        let data = Data(body.readableBytesView)
        guard status == 200, let anchor = try? JSONDecoder().decode(Anchor.self, from: data) else {
            throw CommandFailure(
                "the seller at \(base) gives no path (status \(status))",
                hint: "try again in a moment"
            )
        }
        return anchor
    }
}
