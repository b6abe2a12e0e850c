public import SystemPackage

/// Names of files as they come from the command line: octets, which need not be UTF-8.
///
/// Text cannot hold octets that are none, so that each of them stands as a character for private use, which no name has: it is
/// shown as what it is, and becomes the octet again where a file is opened.
public enum FileName {
    /// U+10FF80 stands for the octet 80, and so on.
    private static let base: UInt32 = 0x10_FF00
    private static let replaced = base + 0x80...base + 0xFF

    /// A name of any octets.
    public static func text(_ octets: [UInt8]) -> String {
        if let text = String(validating: octets, as: UTF8.self) { return text }
        var text = ""
        var rest = octets[...]
        while let first = rest.first {
            let whole = (1...4).lazy.compactMap { length in
                rest.count < length ? nil : String(validating: rest.prefix(length), as: UTF8.self)
            }.first
            if let whole {
                text += whole
            } else if let scalar = Unicode.Scalar(base + UInt32(first)) {
                text.unicodeScalars.append(scalar)
            }
            rest = rest.dropFirst(max(1, whole?.utf8.count ?? 1))
        }
        return text
    }

    /// The octets of a name.
    public static func octets(_ text: String) -> [UInt8] {
        text.unicodeScalars.flatMap { scalar in
            replaced.contains(scalar.value) ? [UInt8(truncatingIfNeeded: scalar.value)] : Array(String(scalar).utf8)
        }
    }
}

extension FilePath {
    /// The path of a name from the command line, whose octets need not be UTF-8.
    public init(name: String) {
        unsafe self.init(platformString: FileName.octets(name).map { CChar(bitPattern: $0) } + [0])
    }
}
