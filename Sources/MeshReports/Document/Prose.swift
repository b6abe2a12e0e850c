public import CaptureFiles

/// A sentence or a few, as a row of runs that a rendering may emphasise: Markdown and HTML show them, text stays plain.
///
/// What an author writes in a literal is taken as it stands, and a newline in it is a line break. What is interpolated
/// may come from a file or from the air: it is made printable on its way in, so that no rendering can pass on what a
/// terminal would obey.
///
/// ```swift
/// let prose: Prose = "Name it with \(code: "--master"). \(strong: "Do not") trust \(nameFromTheKeyFile)."
/// ```
public struct Prose: Hashable, Sendable, ExpressibleByStringInterpolation {
    /// A stretch of text of one kind; the texts are printable.
    public enum Run: Hashable, Sendable {
        /// Without emphasis.
        case plain(String)
        /// What must not be overlooked.
        case strong(String)
        /// A command, an option, a function: something to be typed as it stands.
        case code(String)
        /// A moment, in UTC; a rendering for somebody's terminal may add what the clock on the wall says then.
        case time(String, CaptureTime)
        /// Where a rendering that keeps an author's lines begins a new one; for all others it is a space.
        case lineBreak
    }

    /// The runs in their order; no two plain ones follow each other.
    public private(set) var runs: [Run] = []

    /// Empty prose.
    public init() {}

    /// Text from anywhere, made printable.
    public init(_ text: String) {
        append(PrintableText.escape(text))
    }

    /// An author's text.
    public init(stringLiteral value: String) {
        appendLiteral(value)
    }

    /// An author's text with values in it.
    public init(stringInterpolation: StringInterpolation) {
        self = stringInterpolation.prose
    }

    /// An author's text in which what stands between two backticks is code.
    public init(markingCode text: String) {
        for (index, part) in text.split(separator: "`", omittingEmptySubsequences: false).enumerated() {
            let part = PrintableText.escape(String(part))
            if index.isMultiple(of: 2) { append(part) } else { runs.append(.code(part)) }
        }
    }

    /// Whether it says nothing.
    public var isEmpty: Bool { runs.isEmpty }

    /// As plain text: code stands between backticks, and a line break is a space.
    public var text: String {
        runs.map(Self.text).joined()
    }

    /// A run as plain text.
    static func text(of run: Run) -> String {
        switch run {
        case .plain(let text), .strong(let text), .time(let text, _): text
        case .code(let text): "`\(text)`"
        case .lineBreak: " "
        }
    }

    /// Text from anywhere, made printable and then cut to at most `limit` characters, the `…` among them that stands for
    /// what was cut off.
    public static func cut(_ text: String, to limit: Int) -> Prose {
        let text = PrintableText.escape(text)
        return Prose(text.count > limit ? text.prefix(limit - 1) + "…" : text)
    }

    /// Two pieces of prose, one behind the other.
    public static func + (left: Prose, right: Prose) -> Prose {
        var sum = left
        sum += right
        return sum
    }

    /// Appends another piece of prose.
    public static func += (left: inout Prose, right: Prose) {
        for run in right.runs {
            if case .plain(let text) = run { left.append(text) } else { left.runs.append(run) }
        }
    }

    /// Printable text, which goes on where plain text stands already.
    private mutating func append(_ text: String) {
        guard !text.isEmpty else { return }
        if case .plain(let before)? = runs.last {
            runs[runs.count - 1] = .plain(before + text)
        } else {
            runs.append(.plain(text))
        }
    }

    private mutating func appendLiteral(_ literal: String) {
        for (index, line) in literal.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if index > 0 { runs.append(.lineBreak) }
            append(PrintableText.escape(String(line)))
        }
    }

    /// What the compiler hands over of a literal with interpolations.
    public struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var prose = Prose()

        /// Empty prose, to which the compiler adds.
        public init(literalCapacity: Int, interpolationCount: Int) {}

        /// The author's own words; a newline is a line break.
        public mutating func appendLiteral(_ literal: String) {
            prose.appendLiteral(literal)
        }

        /// A value as it describes itself, made printable.
        public mutating func appendInterpolation(_ value: some CustomStringConvertible) {
            prose.append(PrintableText.escape(value.description))
        }

        /// Adds other prose, with its runs.
        public mutating func appendInterpolation(_ other: Prose) {
            prose += other
        }

        /// What must not be overlooked.
        public mutating func appendInterpolation(strong text: String) {
            prose.runs.append(.strong(PrintableText.escape(text)))
        }

        /// A moment as people read it.
        mutating func appendInterpolation(time: CaptureTime, as text: String) {
            prose.runs.append(.time(PrintableText.escape(text), time))
        }

        /// What is to be typed as it stands.
        public mutating func appendInterpolation(code text: String) {
            prose.runs.append(.code(PrintableText.escape(text)))
        }
    }
}

extension Sequence<Prose> {
    /// All pieces of prose one after the other, with `separator` between them.
    func joined(separator: Prose) -> Prose {
        var sum = Prose()
        for (index, prose) in enumerated() {
            if index > 0 { sum += separator }
            sum += prose
        }
        return sum
    }
}
