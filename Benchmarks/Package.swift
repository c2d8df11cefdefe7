// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "stoa-benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "stoa", path: ".."),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    ],
    targets: [
        .executableTarget(
            name: "ledger-bench",
            dependencies: [
                .product(name: "StoaIndex", package: "stoa"),
                .product(name: "StoaLedger", package: "stoa"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: [
                .swiftLanguageMode(.v6), .enableUpcomingFeature("ExistentialAny"),
                .treatAllWarnings(as: .error),
            ]
        )
    ]
)
