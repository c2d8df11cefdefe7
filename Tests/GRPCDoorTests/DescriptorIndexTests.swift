import ProtobufWire
import Testing

@testable import GRPCDoor

@Suite("GRPC-18: what reflection knows")
struct DescriptorIndexTests {
    /// A set of files with nothing but a name and what they import.
    private func set(_ files: [(name: String, imports: [String])]) -> [UInt8] {
        var writer = ProtobufWriter()
        for file in files {
            writer.write(message: 1) { writer in
                writer.write(file.name, field: 1)
                for name in file.imports { writer.write(name, field: 3) }
            }
        }
        return writer.bytes
    }

    @Test("a file comes with all that it imports, each once, also in a circle")
    func imports() throws {
        let index = try DescriptorIndex(
            set: set([
                ("a", ["b", "c", "gone"]), ("b", ["c", "a"]), ("c", []), ("d", []),
            ])
        )
        #expect(index.file(named: "a")?.count == 3)
        #expect(index.file(named: "c")?.count == 1)
        #expect(index.file(named: "gone") == nil)
        #expect(index.file(named: "") == nil)
    }

    @Test("bytes that are no descriptors are refused")
    func malformed() {
        #expect(throws: ProtobufError.truncated) { try DescriptorIndex(set: [0x0a, 0x05, 0x0a]) }
        #expect(throws: ProtobufError.wrongType) {
            try DescriptorIndex(set: [0x0a, 0x02, 0x20, 0x01])
        }
    }

    @Test("the compiled files declare the services, their methods and messages")
    func compiled() throws {
        let index = try DescriptorIndex.compiled()
        #expect(
            index.services == [
                HealthService.name, ReflectionService.name, ReflectionAlphaService.name,
                NodeService.name, ProviderService.name,
            ]
        )
        for symbol in [
            "stoa.node.v1.Node.Submit", "stoa.provider.v1.CallEvent.receipt",
            "stoa.provider.v1.CallEvent.event", "stoa.provider.v1.INTERFACE_JSON",
            "grpc.health.v1.HealthCheckResponse.ServingStatus",
        ] {
            #expect(index.file(containing: symbol)?.count == 1, "\(symbol)")
        }
        for symbol in ["", "stoa", "stoa.node.v1", "Node", "stoa.node.v1.Node.Mint"] {
            #expect(index.file(containing: symbol) == nil, "\(symbol)")
        }
        #expect(index.isMessage("stoa.node.v1.StatusRequest"))
        #expect(!index.isMessage("stoa.node.v1.Node"))
    }
}
