import ByteParsing

/// A kind of file that people give and that cannot be read: how it is recognised, what it is, and what to do.
struct ForeignFile: Sendable {
    /// What tells it; the kinds of each case are asked in this order.
    enum Mark: Sendable {
        /// Octets that no capture begins with, which tell it before the formats that have no magic number.
        case octets(@Sendable (FileStart) -> Bool)
        /// What a capture might begin with as well, so that it is asked once none was recognised.
        case weak(@Sendable (FileStart) -> Bool)
        /// What a text says.
        case text(@Sendable (FileStart) -> Bool)
    }

    /// What it is, as a sentence begins behind the path.
    let phrase: String
    /// Whether it is to be said that it is not what it was given as.
    var saysNo = true
    /// What may be taken for it: keys are a text, and cannot be told by being one.
    var uses: [FileUse] = FileUse.allCases
    let mark: Mark
    /// What to do, as a sentence goes on behind a colon or a semicolon.
    let advice: @Sendable (FileStart, FileUse) -> String

    /// Everything that is recognised. Of two kinds that a file may be, the narrower stands first.
    static let kinds: [ForeignFile] = archives + logs + documents

    /// What a file is that is not what it was given as; `nil` where that is not known. `isCapture`: it looks like a capture that
    /// has no magic number.
    static func recognise(_ start: FileStart, as use: FileUse, isCapture: Bool = false) -> ForeignFile? {
        kinds.first { kind in
            guard kind.uses.contains(use) else { return false }
            switch kind.mark {
            case .octets(let isSuch): return isSuch(start)
            case .weak(let isSuch): return !isCapture && isSuch(start)
            case .text(let isSuch): return !isCapture && start.text != nil && isSuch(start)
            }
        }
    }

    /// What is said of a file of this kind.
    func explanation(_ start: FileStart, as use: FileUse) -> String {
        let place = start.compression.map { ", compressed with \($0.rawValue)," } ?? ""
        return "\(phrase)\(place)\(saysNo ? " and no \(use.noun)" : ""): \(advice(start, use))"
    }
}

extension ForeignFile {
    /// How many of a file's first octets an error shows.
    private static let shownOctets = 8

    /// Why a file is no capture, and what to do, where it is of no kind that is recognised.
    static func explainUnknown(_ start: FileStart, _ source: ByteSource) -> String {
        guard !start.octets.isEmpty else { return "is empty; a capture is needed: \(CaptureFormat.list) are read" }
        guard start.text == nil else {
            if source.holds(Snooz.beginning, within: Snooz.farthest) {
                return "is a text and no capture: \(Snooz.advice)"
            }
            return "is no capture but text; btmon writes one with 'btmon -w FILE', and Wireshark saves as pcapng"
        }
        let octets = start.octets.prefix(shownOctets).map { Hexadecimal.text($0, digits: 2) }.joined(separator: " ")
        return "begins with \(octets), which is no capture; \(CaptureFormat.list) are read, "
            + "also compressed with \(Compression.list)"
    }

    /// Why a file holds no keys, and what to do; `nil` if it may hold some.
    static func explainNoKeys(_ source: ByteSource) -> String? {
        let start = FileStart(source)
        if let capture = CaptureFormat.recognise(start.octets),
            capture.hasMagic || start.text == nil || capture.format == .btmonText
        {
            return
                "is a capture (\(capture.format.rawValue)), not keys: name it without an option, and the file of keys behind --keys"
        }
        return recognise(start, as: .keys)?.explanation(start, as: .keys)
    }
}

extension ByteSource {
    /// Whether these octets stand anywhere in what is still to be read, as far as that is looked at.
    fileprivate func holds(_ wanted: [UInt8], within limit: Int) -> Bool {
        guard let first = wanted.first else { return true }
        var window: [UInt8] = []
        var read = 0
        while read < limit {
            let count = append(1 << 16, to: &window)
            guard count > 0 else { return false }
            read += count
            for place in window.indices where window[place] == first && window[place...].starts(with: wanted) {
                return true
            }
            window.removeFirst(max(0, window.count - wanted.count + 1))
        }
        return false
    }
}
