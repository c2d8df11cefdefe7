import FoundationEssentials
public import LedgerClient

extension NetworkLedger: SupplyCounting {
    /// A node's count of all money in its state: its word, as no proof covers a sum.
    public func supply() async throws(LedgerClientError) -> [String: String] {
        do throws(RPCFailure) {
            return try await rpc.any { (endpoint) async throws(RPCFailure) -> [String: String] in
                let asked = RPCQuestion.query("/supply", [], proven: false)
                let answer = try await self.rpc.ask(asked, RPCDocuments.Query.self, of: endpoint)
                guard answer.response.code == 0, let bytes = answer.response.value,
                    let count = try? JSONDecoder().decode(
                        [String: String].self,
                        from: Data(Array(bytes))
                    )
                else { throw RPCFailure(.malformedAnswer, "a node's count of the supply") }
                return count
            }
        } catch {
            throw error.asLedgerError
        }
    }
}
