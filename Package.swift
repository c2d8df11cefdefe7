// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

let nio = "swift-nio"
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let grpcCore: Target.Dependency = .product(name: "GRPCCore", package: "grpc-swift-2")
let grpcTransport: Target.Dependency = .product(
    name: "GRPCNIOTransportHTTP2Posix", package: "grpc-swift-nio-transport")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let httpClient: Target.Dependency = .product(
    name: "AsyncHTTPClient", package: "async-http-client")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let nioEmbedded: Target.Dependency = .product(name: "NIOEmbedded", package: nio)
let nioCore: Target.Dependency = .product(name: "NIOCore", package: nio)
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: nio)
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: nio)
let nioWebSocket: Target.Dependency = .product(name: "NIOWebSocket", package: nio)
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let nioExtras: Target.Dependency = .product(name: "NIOExtras", package: "swift-nio-extras")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let services: Target.Dependency = .product(
    name: "ServiceLifecycle", package: "swift-service-lifecycle")

/// One line of the dependency diagram in ARCHITECTURE.md: a target and what it may import.
func floor(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func library(_ name: String, pkgConfig: String, apt: String) -> Target {
    .systemLibrary(
        name: name, path: "Sources/SystemLibraries/\(name)", pkgConfig: pkgConfig,
        providers: [.apt([apt])])
}

/// The test targets that are there: all, or the ones that `STOA_TESTS` names, with commas between,
/// for whoever works on one of them. A change in a core rebuilds every suite that stands on it.
let chosenTests = Context.environment["STOA_TESTS"].map { $0.split(separator: ",").map(String.init) }

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

let package = Package(
    name: "stoa",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "stoa", targets: ["stoa"]),
        // A product of its own: whoever builds `stoa` compiles no gRPC (docs/adr/019).
        .executable(name: "stoa-grpc", targets: ["stoa-grpc"]),
        // For Benchmarks/, a package of its own, so that nobody else resolves what it needs.
        .library(
            name: "StoaLedger",
            targets: [
                "CanonicalCoding", "Consensus", "Identity", "LedgerCore", "LedgerStore",
                "MarketTypes", "SettlementCore",
            ]),
        // For Benchmarks/ too: the index is measured through its reader, not only over HTTP.
        .library(name: "StoaIndex", targets: ["LedgerClient", "LedgerIndex", "LedgerNode"]),
        // For Fuzz/, a package of its own too: it is built with coverage counters.
        .library(
            name: "StoaDecoders",
            targets: [
                "ABCI", "CanonicalCoding", "CometBFTClient", "CometBFTTypes", "Consensus",
                "Gateway", "Identity", "Journal", "LedgerClient", "LedgerCore", "LedgerIndex",
                "LedgerStore", "MarketTypes", "OpenAIWire", "Proofs", "ProtobufWire", "Provider",
                "SettlementCore",
            ]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", exact: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/grpc/grpc-swift-2", exact: "2.4.3"),
        .package(url: "https://github.com/grpc/grpc-swift-nio-transport", exact: "2.9.2"),
        .package(
            url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", exact: "2.1.1"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2", traits: []),
    ],
    targets: [
        // system libraries
        library("CLibcrypto", pkgConfig: "libcrypto", apt: "libssl-dev"),
        library("CLibpq", pkgConfig: "libpq", apt: "libpq-dev"),
        library("CLMDB", pkgConfig: "lmdb", apt: "liblmdb-dev"),
        library("CSecp256k1", pkgConfig: "libsecp256k1", apt: "libsecp256k1-dev"),
        library("CSodium", pkgConfig: "libsodium", apt: "libsodium-dev"),
        library("CZlib", pkgConfig: "zlib", apt: "zlib1g-dev"),

        // ground: values
        floor("MarketTypes"),
        floor("CanonicalCoding", ["CLibcrypto", "MarketTypes"]),
        floor(
            "Identity",
            ["CanonicalCoding", "CLibcrypto", "CSecp256k1", "CSodium", "MarketTypes"]),

        floor("ProtobufWire"),

        // cores: rules
        floor("SettlementCore", ["CanonicalCoding", "Identity", "MarketTypes"]),
        floor("LedgerCore", ["CanonicalCoding", "Identity", "MarketTypes", "SettlementCore"]),

        floor(
            "CometBFTTypes",
            ["CanonicalCoding", "Identity", "MarketTypes", "ProtobufWire"]),
        floor(
            "Proofs",
            [
                "CanonicalCoding", "CometBFTTypes", "Identity", "LedgerCore", "MarketTypes",
                "SettlementCore",
            ]),

        // adapters: files and sockets
        floor("Journal"),
        floor("OpenAIWire"),
        floor("LedgerStore", ["CanonicalCoding", "CLMDB", "LedgerCore", "MarketTypes"]),
        floor(
            "Consensus",
            [
                "CanonicalCoding", "Identity", "LedgerCore", "LedgerStore", "MarketTypes",
                "SettlementCore", logging, services,
            ]),
        floor(
            "ABCI",
            [
                "CanonicalCoding", "Consensus", "Identity", "LedgerCore", "LedgerStore",
                "MarketTypes", "ProtobufWire", logging, nioCore, nioPosix, services,
            ]),
        floor(
            "ValidatorNode",
            [
                "CanonicalCoding", "Identity", "LedgerCore", "MarketTypes", logging, services,
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        floor(
            "Simulation",
            [
                "CanonicalCoding", "Consensus", "Identity", "LedgerCore", "LedgerStore",
                "MarketTypes", "SettlementCore",
            ]),
        floor(
            "LedgerClient",
            [
                "CanonicalCoding", "Identity", "LedgerCore", "MarketTypes", "SettlementCore",
                httpClient, nioCore, nioHTTP1,
            ]),
        floor(
            "CometBFTClient",
            [
                "CanonicalCoding", "CometBFTTypes", "Identity", "LedgerClient", "LedgerCore",
                "MarketTypes", "ProtobufWire", "SettlementCore", httpClient, logging, nioCore,
                nioHTTP1,
            ]),
        floor(
            "HTTPServing",
            [
                httpTypes, hummingbird, logging, nioCore, nioExtras, nioPosix, nioSSL, services,
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
            ]),
        floor(
            "LedgerNode",
            [
                "CanonicalCoding", "Consensus", "HTTPServing", "Identity", "LedgerClient",
                "LedgerCore", "LedgerStore", "MarketTypes", "Telemetry", hummingbird, httpTypes, logging,
                nioCore, services,
            ]),
        floor(
            "Provider",
            [
                "CanonicalCoding", "HTTPServing", "Identity", "Journal", "LedgerClient",
                "LedgerCore", "MarketTypes", "OpenAIWire", "SettlementCore", "Telemetry",
                httpClient, httpTypes, hummingbird, logging, nioCore, nioHTTP1, nioPosix, services,
            ]),
        floor(
            "Gateway",
            [
                "CanonicalCoding", "HTTPServing", "Identity", "Journal", "LedgerClient",
                "LedgerCore", "MarketTypes", "OpenAIWire", "SettlementCore", "Telemetry",
                httpClient, httpTypes, hummingbird, logging, nioCore, nioHTTP1, services,
            ]),

        floor(
            "LedgerIndex",
            [
                "CanonicalCoding", "Identity", "LedgerClient", "LedgerCore", "MarketTypes",
                "SettlementCore", grdb, httpTypes, hummingbird, logging, nioCore, services,
            ]),

        floor(
            "Telemetry",
            [
                logging, httpTypes, hummingbird, nioCore, services,
                .product(name: "CoreMetrics", package: "swift-metrics"),
            ]),

        floor(
            "SpanExport",
            ["ProtobufWire", "Telemetry", httpClient, logging, nioCore, nioHTTP1, services]),

        // who may do what, and the doors for programs and people
        floor(
            "AccessCore",
            ["CanonicalCoding", "CLibcrypto", "CSodium", "Identity", "MarketTypes"]),
        floor(
            "AccessStore",
            [
                "AccessCore", "CanonicalCoding", "CLibcrypto", "CLibpq", "CSodium", "Identity",
                "MarketTypes", grdb, logging, services,
            ]),
        floor(
            "WebServing",
            [
                "AccessCore", "AccessStore", "CanonicalCoding", "Identity", "MarketTypes",
                "OpenAIWire", "Telemetry", httpTypes, hummingbird, logging, nioCore,
            ]),
        floor("Probes", ["MarketTypes", "Telemetry", grdb, logging, services]),
        floor("Receipts", ["MarketTypes", "SettlementCore", grdb]),
        floor(
            "Webhooks",
            [
                "AccessCore", "AccessStore", "CanonicalCoding", "CSodium", "Identity",
                "MarketTypes", "OpenAIWire", "Telemetry", grdb, httpClient, logging, nioCore,
                nioHTTP1, nioPosix, services,
            ]),
        floor(
            "CallDoor",
            [
                "AccessCore", "AccessStore", "Gateway", "LedgerClient", "MarketTypes",
                "OpenAIWire", "Receipts", "WebServing", httpTypes, hummingbird, logging, nioCore,
                services,
            ]),
        floor(
            "MarketAPI",
            [
                "AccessCore", "AccessStore", "CanonicalCoding", "HTTPServing", "Identity",
                "LedgerClient", "LedgerCore", "LedgerIndex", "MarketTypes", "OpenAIWire",
                "Receipts", "SettlementCore", "WebServing", "Webhooks", grdb, httpTypes,
                hummingbird, logging, nioCore, nioHTTP1, nioWebSocket, services, yams,
            ]),
        floor(
            "GRPCDoor",
            [
                "CanonicalCoding", "LedgerClient", "LedgerCore", "MarketTypes", "OpenAIWire",
                "ProtobufWire", "SettlementCore", grpcCore, grpcTransport, httpClient, logging,
                nioCore, nioHTTP1, nioPosix, services,
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]),
        .target(
            name: "Portal",
            dependencies: [
                "AccessCore", "AccessStore", "CanonicalCoding", "CZlib", "Identity", "LedgerClient",
                "LedgerCore", "LedgerIndex", "MarketTypes", "OpenAIWire", "Probes", "Receipts",
                "SettlementCore", "WebServing", "Webhooks", httpTypes, hummingbird, logging,
                nioCore, services,
                .product(name: "Mustache", package: "swift-mustache"),
            ],
            resources: [.embedInCode("Resources")],
            swiftSettings: strict),

        // door
        .executableTarget(
            name: "stoa",
            dependencies: [
                "AccessCore", "AccessStore",
                "ABCI", "CallDoor", "CanonicalCoding", "CometBFTClient", "CometBFTTypes",
                "Consensus", "Gateway", "HTTPServing", "Identity", "Journal", "LedgerClient",
                "LedgerCore", "LedgerIndex", "LedgerNode", "LedgerStore",
                "MarketAPI", "MarketTypes", "OpenAIWire", "Portal", "Probes", "Proofs", "Provider",
                "Receipts", "SettlementCore", "Simulation", "SpanExport", "Telemetry", "ValidatorNode",
                "WebServing",
                "Webhooks",
                hummingbird, httpClient, logging, nioCore, nioHTTP1, nioPosix, services,
                .product(name: "HummingbirdCore", package: "hummingbird"),
                nioSSL,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: strict),

        .executableTarget(
            name: "stoa-grpc",
            dependencies: [
                "GRPCDoor", httpClient, logging, nioCore, nioPosix, services,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),

        // tests
        tests("AccessCoreTests", ["AccessCore", "CanonicalCoding", "Identity", "MarketTypes"]),
        tests(
            "AccessStoreTests",
            ["AccessCore", "AccessStore", "Identity", "limit-hammer", "MarketTypes", grdb]),
        .executableTarget(
            name: "limit-hammer", dependencies: ["AccessCore", "AccessStore", "MarketTypes"],
            path: "Tests/LimitHammer", swiftSettings: strict),
        tests(
            "WebServingTests",
            [
                "AccessCore", "AccessStore", "MarketTypes", "Telemetry", "WebServing", httpTypes,
                hummingbird,
                logging, nioCore, nioEmbedded,
            ]),
        tests(
            "MarketAPITests",
            [
                "AccessCore", "AccessStore", "CanonicalCoding", "Identity", "LedgerClient",
                "LedgerCore", "LedgerIndex", "MarketAPI", "MarketTypes", "Receipts",
                "SettlementCore", "WebServing", "Webhooks", httpClient, httpTypes, hummingbird,
                logging, nioCore, services,
            ]),
        tests(
            "PortalTests",
            [
                "AccessCore", "AccessStore", "CanonicalCoding", "Identity", "LedgerClient",
                "LedgerCore", "LedgerIndex", "MarketTypes", "Portal", "SettlementCore",
                "WebServing", httpClient, httpTypes, hummingbird, logging, nioCore, services,
            ]),
        .executableTarget(
            name: "core-replay",
            dependencies: [
                "CanonicalCoding", "Identity", "LedgerCore", "MarketTypes", "SettlementCore",
            ],
            path: "Tests/CoreReplay", swiftSettings: strict),
        tests(
            "ABCITests",
            [
                "ABCI", "CanonicalCoding", "Consensus", "Identity", "LedgerCore", "LedgerStore",
                "MarketTypes", "ProtobufWire", "SettlementCore", logging, nioCore, nioPosix,
                services,
            ]),
        tests(
            "CanonicalCodingTests",
            ["CanonicalCoding", "Identity", "LedgerCore", "MarketTypes", "SettlementCore"]),
        tests(
            "CometBFTClientTests",
            [
                "CanonicalCoding", "CometBFTClient", "CometBFTTypes", "CSodium", "Identity",
                "LedgerClient", "LedgerCore", "MarketTypes", "ProtobufWire", "SettlementCore",
                httpClient, httpTypes, hummingbird, logging, nioCore, nioHTTP1, nioPosix, services,
            ]),
        tests(
            "CometBFTTypesTests",
            ["CanonicalCoding", "CometBFTTypes", "Identity", "MarketTypes", "ProtobufWire"]),
        tests(
            "ConsensusTests",
            [
                "CanonicalCoding", "Consensus", "Identity", "LedgerCore", "LedgerStore",
                "MarketTypes", logging,
            ]),
        tests(
            "FuzzSeedTests",
            [
                "ABCI", "CanonicalCoding", "CometBFTClient", "CometBFTTypes", "Consensus",
                "Gateway", "Identity", "Journal", "LedgerClient", "LedgerCore", "LedgerIndex",
                "LedgerStore", "MarketTypes", "OpenAIWire", "Proofs", "ProtobufWire", "Provider",
                "SettlementCore", .product(name: "Yams", package: "Yams"),
            ]),
        tests(
            "GatewayTests",
            [
                "CanonicalCoding", "Gateway", "Identity", "Journal", "LedgerClient", "LedgerCore",
                "MarketTypes", "OpenAIWire", "SettlementCore", httpClient, httpTypes, hummingbird,
                logging, nioCore, nioHTTP1, nioPosix, services,
            ]),
        tests(
            "HTTPServingTests",
            ["HTTPServing", hummingbird, logging, nioCore, nioPosix, services]),
        tests(
            "GRPCDoorTests",
            [
                "GRPCDoor", "ProtobufWire", "stoa-grpc", grpcCore, grpcTransport, httpClient,
                httpTypes, hummingbird, logging, nioCore, nioEmbedded, nioHTTP1, nioPosix, services,
            ]),
        tests("IdentityTests", ["CanonicalCoding", "Identity", "MarketTypes", "SettlementCore"]),
        tests("JournalTests", ["Journal"]),
        tests(
            "LedgerCoreTests",
            ["CanonicalCoding", "Identity", "LedgerCore", "MarketTypes", "SettlementCore"]),
        tests(
            "LedgerIndexTests",
            [
                "CanonicalCoding", "Identity", "LedgerClient", "LedgerCore", "LedgerIndex",
                "MarketTypes", "SettlementCore", grdb,
            ]),
        tests(
            "LedgerStoreTests", ["CanonicalCoding", "LedgerCore", "LedgerStore", "MarketTypes"]),
        tests(
            "LedgerNodeTests",
            ["LedgerClient", "LedgerCore", "LedgerNode", "MarketTypes", nioCore]),
        tests("MarketTypesTests", ["MarketTypes"]),
        tests("OpenAIWireTests", ["OpenAIWire"]),
        tests(
            "ProofsTests",
            [
                "CanonicalCoding", "CometBFTTypes", "CSodium", "Identity", "LedgerCore",
                "MarketTypes", "Proofs", "ProtobufWire", "SettlementCore",
            ]),
        tests("ProtobufWireTests", ["ProtobufWire"]),
        tests(
            "ProviderTests",
            [
                "CanonicalCoding", "Identity", "Journal", "LedgerClient", "LedgerCore",
                "MarketTypes", "OpenAIWire", "Provider", "SettlementCore", httpClient, httpTypes,
                hummingbird, logging, nioCore, nioHTTP1, services,
            ]),
        tests(
            "SettlementCoreTests",
            ["CanonicalCoding", "Identity", "MarketTypes", "SettlementCore"]),
        tests(
            "SimulationTests",
            [
                "CanonicalCoding", "Consensus", "Identity", "LedgerCore", "LedgerStore",
                "MarketTypes", "SettlementCore", "Simulation",
            ]),
        tests(
            "ValidatorNodeTests",
            [
                "CanonicalCoding", "Identity", "LedgerCore", "MarketTypes", "ValidatorNode",
                logging, services,
            ]),
        tests(
            "TelemetryTests",
            [
                "Telemetry", httpTypes, hummingbird, logging, nioCore,
                .product(name: "CoreMetrics", package: "swift-metrics"),
            ]),
        tests("SpanExportTests", ["ProtobufWire", "SpanExport", "Telemetry", logging]),
        tests("ReceiptsTests", ["MarketTypes", "Receipts", "SettlementCore", grdb]),
        tests("ProbesTests", ["MarketTypes", "Probes", "Telemetry", logging, services]),
        tests(
            "WebhooksTests",
            [
                "AccessCore", "AccessStore", "CanonicalCoding", "MarketTypes", "OpenAIWire",
                "Telemetry", "Webhooks", grdb, logging, nioCore, nioHTTP1, nioPosix,
            ]),
        tests("TidyTests", ["core-replay"]),
    ].filter { target in
        guard target.type == .test, let chosenTests else { return true }
        return chosenTests.contains(target.name)
    }
)
