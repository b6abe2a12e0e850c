import Mustache

/// What became of each capture of a check, for those who read it: continuous integrations.
public struct CheckReport: Sendable {
    /// Whether a capture gave what was expected.
    public enum Outcome: Hashable, Sendable {
        case passed
        /// It gives another report, or one is missing; `file` and `line`: where, if there is one.
        case differs(String, file: String?, line: Int?)
        /// It, or one of its files, cannot be used.
        case unusable(String)
    }

    /// A capture, or a report without one.
    public struct Case: Sendable {
        /// Its path.
        public let name: String
        /// What became of it.
        public let outcome: Outcome
        /// In milliseconds.
        public let milliseconds: Int64

        /// A capture and what became of it.
        public init(_ name: String, _ outcome: Outcome, milliseconds: Int64 = 0) {
            (self.name, self.outcome, self.milliseconds) = (name, outcome, milliseconds)
        }
    }

    private let cases: [Case]

    /// In the order of the check.
    public init(_ cases: [Case]) {
        self.cases = cases
    }

    // MARK: JUnit

    private static let template = """
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites>
        <testsuite name="meshscope check" tests="{{tests}}" failures="{{failures}}" errors="{{errors}}" skipped="0" time="{{time}}">
        {{#cases}}<testcase classname="meshscope.check" name="{{name}}" time="{{seconds}}">{{#failure}}<failure type="difference" message="{{message}}">{{text}}</failure>{{/failure}}{{#error}}<error type="unusable" message="{{message}}">{{text}}</error>{{/error}}</testcase>
        {{/cases}}</testsuite>
        </testsuites>

        """

    /// One test case a capture, as JUnit's XML, which continuous integrations read; its difference is the failure's message.
    ///
    /// - Throws: an error of the template, which is part of the program.
    public func junit() throws -> String {
        let template = try MustacheTemplate(string: Self.template)
        return template.render(
            [
                "tests": "\(cases.count)", "failures": "\(cases.count(where: \.isDifferent))",
                "errors": "\(cases.count(where: \.isUnusable))",
                "time": Self.seconds(cases.reduce(0) { $0 + $1.milliseconds }), "cases": cases.map(Self.context),
            ] as [String: Any])
    }

    private static func context(_ one: Case) -> [String: Any] {
        var context: [String: Any] = [
            "name": KeyMask.hide(PrintableText.escape(one.name)), "seconds": seconds(one.milliseconds),
            "failure": [String](),
            "error": [String](),
        ]
        switch one.outcome {
        case .passed: break
        case .differs(let text, _, _): context["failure"] = [message(text)]
        case .unusable(let text): context["error"] = [message(text)]
        }
        return context
    }

    private static func message(_ text: String) -> [String: Any] {
        let text = PrintableText.escapeLines(text)
        return ["message": text.split(separator: "\n").first.map(String.init) ?? "", "text": text]
    }

    private static func seconds(_ milliseconds: Int64) -> String {
        let rest = String(1000 + milliseconds % 1000).dropFirst()
        return "\(milliseconds / 1000).\(rest)"
    }

    // MARK: GitHub

    /// A workflow command for each capture that did not pass, which GitHub shows beside the file.
    public func annotations() -> String {
        cases.compactMap { one in
            let name = KeyMask.hide(PrintableText.escape(one.name))
            switch one.outcome {
            case .passed: return nil
            case .differs(let text, let file, let line):
                return Self.annotation(text, file: file ?? name, line: line, title: "\(name) differs")
            case .unusable(let text):
                return Self.annotation(text, file: name, line: nil, title: "\(name) cannot be used")
            }
        }.joined()
    }

    private static func annotation(_ text: String, file: String, line: Int?, title: String) -> String {
        func escaped(_ text: String) -> String {
            text.replacing("%", with: "%25").replacing("\r", with: "%0D").replacing("\n", with: "%0A")
        }
        func property(_ text: String) -> String {
            escaped(text).replacing(":", with: "%3A").replacing(",", with: "%2C")
        }
        let place = "file=\(property(file))" + (line.map { ",line=\($0)" } ?? "")
        return "::error \(place),title=\(property(title))::\(escaped(PrintableText.escapeLines(text)))\n"
    }
}

extension CheckReport.Case {
    fileprivate var isDifferent: Bool {
        if case .differs = outcome { true } else { false }
    }

    fileprivate var isUnusable: Bool {
        if case .unusable = outcome { true } else { false }
    }
}
