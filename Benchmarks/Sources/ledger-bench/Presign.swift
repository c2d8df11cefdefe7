import CanonicalCoding
import Foundation
import Identity
import LedgerCore
import MarketTypes

/// A home directory for `stoa node run` with a genesis of many accounts, and their transactions
/// signed in advance: one transfer each, and as many whose signature is wrong.
struct Presign {
    let directory: String
    let count: Int

    func run() throws {
        let sequencer = key(-1)
        // One key at a time: each holds a page of locked memory.
        let senders = (0..<count).map { key($0).accountID }
        let amount = Amount(obol: 1000 * Amount.obolPerStoa)
        guard
            let genesis = Genesis(
                name: "bench",
                time: now(),
                sequencer: sequencer.publicKey,
                parameters: .standard,
                allocations: senders.map {
                    Genesis.Allocation(account: $0, amount: amount)
                }
            )
        else { fatalError("genesis is not valid") }  // a benchmark has nobody to tell
        try Self.writeHome(directory, genesis: genesis)
        let chain = genesis.chain  // hashes the whole document: once
        var good = ""
        var bad = ""
        for number in 0..<count {
            let bytes = transfer(from: key(number), to: senders[0], on: chain)
            good += Hex.encode(bytes) + "\n"
            var wrong = bytes
            wrong[wrong.count - 1] ^= 1
            bad += Hex.encode(wrong) + "\n"
        }
        try good.write(toFile: "\(directory)/good.hex", atomically: true, encoding: .utf8)
        try bad.write(toFile: "\(directory)/bad.hex", atomically: true, encoding: .utf8)
    }

    /// What `stoa node run` needs of a home directory: the genesis, and the key that seals blocks.
    static func writeHome(_ directory: String, genesis: Genesis) throws {
        for folder in ["node", "wallets"] {
            try FileManager.default.createDirectory(
                atPath: "\(directory)/\(folder)",
                withIntermediateDirectories: true
            )
        }
        let sealed = try Keystore.seal(key(-1), passphrase: Array("bench".utf8))
        try sealed.write(
            toFile: "\(directory)/wallets/sequencer.key",
            atomically: true,
            encoding: .utf8
        )
        try (Hex.encode(genesis.canonicalBytes) + "\n").write(
            toFile: "\(directory)/node/genesis.stoa",
            atomically: true,
            encoding: .utf8
        )
    }

    /// A network of one validator, written by `stoa`, whose genesis has the senders.
    func runTestnet(program: String) throws {
        try FileManager.default.createDirectory(
            atPath: directory,
            withIntermediateDirectories: true
        )
        let senders = (0..<count).map { key($0).accountID }
        let file = "\(directory)/allocations"
        try senders.map { "\($0)=1000" }.joined(separator: "\n").write(
            toFile: file,
            atomically: true,
            encoding: .utf8
        )
        let network = "\(directory)/network"
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = [
            "testnet", "--validators", "1", "--output", network, "--base-port", "0",
            "--allocations", file, "--json",
        ]
        try process.run()
        process.waitUntilExit()
        let text = try String(contentsOfFile: "\(network)/genesis.stoa", encoding: .utf8)
        guard let bytes = Hex.decode(text.filter { !$0.isWhitespace }) else { return }
        let chain = try Genesis(canonicalBytes: bytes).chain
        let lines = (0..<count).map {
            Hex.encode(transfer(from: key($0), to: senders[0], on: chain))
        }
        try lines.joined(separator: "\n").write(
            toFile: "\(directory)/good.hex",
            atomically: true,
            encoding: .utf8
        )
    }

    private func transfer(from key: SigningKey, to: AccountID, on chain: ChainID) -> [UInt8] {
        key.sign(
            Transaction(
                chain: chain,
                sender: key.accountID,
                sequence: 1,
                fee: Amount(obol: 10_000),
                validUntil: BlockHeight(1_000_000),
                messages: [
                    .transfer(to: to, denomination: .native, amount: Amount(obol: 5))
                ]
            )
        ).signed.canonicalBytes
    }
}
