public import Foundation

/// Where the tests find files.
public enum Checkout {
    /// The checkout's top folder.
    public static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    public static let captures = root.appending(path: "Captures")
    public static let reports = root.appending(path: "Reports")
    public static let vectors = root.appending(path: "Tests/Vectors")

    /// The optional folder of other people's captures beside the checkout; tests that need it say that they skip where it
    /// is not.
    public static let shared = root.deletingLastPathComponent().appending(path: "shared")
    public static let hasShared = FileManager.default.fileExists(atPath: shared.path + "/captures")

    /// The captures of `Captures`, sorted.
    public static func fixtures() -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: captures.path)) ?? []
        return names.sorted().filter { name in
            !name.hasPrefix(".") && ![".json", ".md", ".txt"].contains { name.hasSuffix($0) }
                && !["malformed", "bluez"].contains(name)
        }
    }

    /// The path of the keys beside a capture; `nil` if there are none.
    public static func keyFile(of fixture: String) -> String? {
        let plain = fixture.hasSuffix(".gz") ? String(fixture.dropLast(3)) : fixture
        let stem = plain.split(separator: ".").dropLast().joined(separator: ".")
        let path = captures.appending(path: stem + ".keys.json").path
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }

    /// A new empty folder.
    public static func temporaryFolder() throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appending(path: "meshscope-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }
}

/// Octets of hexadecimal digits; a test's own input, so that a mistake is a trap.
public func octets(_ hexadecimal: String) -> [UInt8] {
    let digits = Array(hexadecimal.utf8)
    precondition(digits.count % 2 == 0)
    return stride(from: 0, to: digits.count, by: 2).map { index in
        guard let value = UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16) else {
            preconditionFailure("not hexadecimal")
        }
        return value
    }
}

public func block(_ hexadecimal: String) -> UInt128 {
    octets(hexadecimal).reduce(0) { $0 << 8 | UInt128($1) }
}

/// The specification's sample data, as figures; `Tests/Vectors/README.md` says where they come from.
public enum SampleData {
    public static func rows(_ section: String) throws -> [[String: Any]] {
        try document()[section] as? [[String: Any]] ?? []
    }

    /// One provisioning, as figures by name.
    public static func provisioning() throws -> [String: Any] {
        try document()["provisioning"] as? [String: Any] ?? [:]
    }

    private static func document() throws -> [String: Any] {
        let data = try Data(contentsOf: Checkout.vectors.appending(path: "mesh-sample-data.json"))
        return try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
    }
}

extension Dictionary where Key == String, Value == Any {
    public func text(_ name: String) -> String { self[name] as? String ?? "" }
}

/// SplitMix64, for tests that want the same random numbers each time.
public struct SeededNumbers {
    private var state: UInt64

    public init(seed: UInt64) {
        state = seed
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    public mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}
