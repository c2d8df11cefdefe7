import CanonicalCoding
public import LedgerCore
import MarketTypes

/// A ledger's genesis as an engine's genesis file carries it in `app_state`:
/// `{"stoa_genesis":"<hex>"}`.
public enum GenesisState {
    static let member = "stoa_genesis"

    /// The JSON text of a genesis.
    public static func json(_ genesis: Genesis) -> String {
        "{\"\(member)\":\"\(Hex.encode(genesis.canonicalBytes))\"}"
    }

    /// The canonical bytes of the genesis in `appState`, or nil if it is not exactly one object
    /// with exactly that member.
    ///
    /// The engine hands over what stands in its file, white space and all.
    public static func genesisBytes(in appState: [UInt8]) -> [UInt8]? {
        var rest = appState[...]
        func skipSpace() {
            rest = rest.drop { [0x20, 0x09, 0x0a, 0x0d].contains($0) }
        }
        func takes(_ text: String) -> Bool {
            skipSpace()
            guard rest.starts(with: text.utf8) else { return false }
            rest = rest.dropFirst(text.utf8.count)
            return true
        }
        guard takes("{"), takes("\"\(member)\""), takes(":"), takes("\"") else { return nil }
        let hex = rest.prefix { $0 != UInt8(ascii: "\"") }
        rest = rest.dropFirst(hex.count)
        guard takes("\""), takes("}") else { return nil }
        skipSpace()
        guard rest.isEmpty, let text = String(validating: hex, as: UTF8.self) else { return nil }
        return Hex.decode(text)
    }
}
