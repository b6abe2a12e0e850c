// swift-tools-version: 6.3
import PackageDescription

/// One set of rules for every target: Swift 6 mode, warnings are errors, imports are internal.
let common: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// Sources also say `unsafe` wherever memory safety rests on us, and bind borrowed bytes to their owner.
let strict = common + [.strictMemorySafety(), .enableExperimentalFeature("Lifetimes")]

func source(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func test(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies + ["TestSupport"], swiftSettings: common)
}

let package = Package(
    name: "meshscope",
    products: [
        .executable(name: "meshscope", targets: ["meshscope"]),
        .library(name: "MeshAnalysis", targets: ["MeshAnalysis", "MeshReports", "MeshStacks"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    ],
    targets: [
        .systemLibrary(name: "CPcap", pkgConfig: "libpcap", providers: [.apt(["libpcap-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

        source("BoundedCollections", [.product(name: "DequeModule", package: "swift-collections")]),
        source("ByteParsing"),
        source(
            "CaptureFiles",
            ["ByteParsing", "CPcap", "CZlib", .product(name: "SystemPackage", package: "swift-system")]),
        source("BluetoothFrames", ["BoundedCollections", "ByteParsing"]),
        source("MeshCrypto", ["ByteParsing", "COpenSSL"]),
        source("MeshProtocol", ["ByteParsing", "MeshCrypto"]),
        source("MeshStacks", ["ByteParsing", "MeshCrypto", "MeshProtocol"]),
        source(
            "MeshAnalysis",
            ["ByteParsing", "CaptureFiles", "BluetoothFrames", "MeshCrypto", "MeshProtocol", "MeshStacks"]),
        source("KeyFiles", ["ByteParsing", "CaptureFiles", "MeshCrypto", "MeshProtocol"]),
        source(
            "MeshReports",
            ["MeshAnalysis", "ByteParsing", "CaptureFiles", "MeshCrypto", "MeshProtocol", "MeshStacks"]),
        source(
            "MeshSimulation", ["ByteParsing", "BluetoothFrames", "CaptureFiles", "MeshCrypto", "MeshProtocol"]),
        .executableTarget(
            name: "meshscope",
            dependencies: [
                "BluetoothFrames", "ByteParsing", "CaptureFiles", "KeyFiles", "MeshAnalysis", "MeshCrypto",
                "MeshProtocol", "MeshReports", "MeshSimulation", "MeshStacks",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: strict),

        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: common),
        test("BoundedCollectionsTests", ["BoundedCollections"]),
        test("ByteParsingTests", ["ByteParsing"]),
        test("CaptureFilesTests", ["CaptureFiles", "MeshSimulation"]),
        test("BluetoothFramesTests", ["BluetoothFrames", "ByteParsing"]),
        test("MeshCryptoTests", ["MeshCrypto", "ByteParsing"]),
        test("MeshProtocolTests", ["MeshProtocol", "MeshCrypto", "ByteParsing"]),
        test("MeshStacksTests", ["MeshStacks", "MeshProtocol", "MeshCrypto", "ByteParsing"]),
        test(
            "MeshAnalysisTests",
            [
                "MeshAnalysis", "MeshProtocol", "MeshCrypto", "ByteParsing", "CaptureFiles", "BluetoothFrames",
                "MeshSimulation", "MeshStacks",
            ]),
        test("KeyFilesTests", ["KeyFiles", "MeshProtocol", "MeshCrypto"]),
        test(
            "MeshReportsTests",
            [
                "MeshReports", "MeshAnalysis", "MeshCrypto", "MeshProtocol", "MeshSimulation", "CaptureFiles",
                "KeyFiles",
            ]),
        test(
            "EndToEndTests",
            [
                "meshscope", "MeshAnalysis", "MeshReports", "MeshProtocol", "MeshCrypto", "KeyFiles", "CaptureFiles",
                "ByteParsing", "MeshStacks",
            ]),
    ]
)
