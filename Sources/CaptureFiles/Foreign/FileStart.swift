/// What a file was given as.
public enum FileUse: CaseIterable, Sendable {
    /// A capture.
    case capture
    /// A file of keys, for `--keys`.
    case keys

    /// What it should have been.
    var noun: String {
        switch self {
        case .capture: "capture"
        case .keys: "key file"
        }
    }

    /// What to type to read it from a pipe.
    var command: String {
        switch self {
        case .capture: "meshscope analyze - --keys KEYS"
        case .keys: "meshscope analyze CAPTURE --keys -"
        }
    }
}

/// What is looked at to tell what a file is.
struct FileStart {
    /// As it was given; only its last part is looked at, and only where no octets tell.
    let path: String
    /// The first octets, decompressed.
    let octets: [UInt8]
    /// How the file is compressed; `nil` if it is not.
    let compression: Compression?
    /// The first octets as text; `nil` where they are none.
    let text: String?
    /// The first line of the text that is not blank, without blanks around it.
    let firstLine: String

    init(path: String, octets: [UInt8], compression: Compression? = nil) {
        self.path = path
        self.octets = octets
        self.compression = compression
        text = Self.text(octets)
        firstLine =
            text?.split(whereSeparator: \.isNewline).lazy.map { $0.trimmingBlanks() }.first { !$0.isEmpty } ?? ""
    }

    init(_ source: ByteSource) {
        self.init(path: source.path, octets: source.peek(CaptureFormat.beginning), compression: source.compression)
    }

    /// UTF-8 without control characters but those that move or colour what is printed; its last character may be cut off.
    private static func text(_ octets: [UInt8]) -> String? {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let octets = octets.starts(with: mark) ? octets.dropFirst(mark.count) : octets[...]
        let controls: Set<UInt8> = [0x09, 0x0A, 0x0C, 0x0D, 0x1B]
        guard !octets.isEmpty, octets.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || controls.contains($0) }) else {
            return nil
        }
        let mostCutOff = octets.count >= CaptureFormat.beginning - mark.count ? 3 : 0
        for cutOff in 0...mostCutOff {
            if let text = String(validating: octets.dropLast(cutOff), as: UTF8.self) { return text }
        }
        return nil
    }

    /// The name behind the last `/`, in small letters.
    var name: String { (path.split(separator: "/").last ?? "").lowercased() }

    /// What prints the file with a program that reads one format, such as `bzcat FILE`.
    func printing(with program: String) -> String {
        compression.map { "\($0.command) FILE | \(program)" } ?? "\(program) FILE"
    }

    /// Whether these octets stand at a place of the file.
    func has(_ expected: [UInt8], at place: Int = 0) -> Bool { octets.dropFirst(place).starts(with: expected) }

    /// Whether the text holds one of these, in letters of either size.
    func mentions(_ words: [String]) -> Bool {
        guard let small = text?.lowercased() else { return false }
        return words.contains { small.contains($0) }
    }
}

extension Substring {
    fileprivate func trimmingBlanks() -> String {
        guard let start = firstIndex(where: { !$0.isWhitespace }), let end = lastIndex(where: { !$0.isWhitespace })
        else {
            return ""
        }
        return String(self[start...end])
    }
}
