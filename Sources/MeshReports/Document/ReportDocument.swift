public import MeshProtocol
import MeshEvidence
public import MeshTimelines
import MeshVerdict

/// What a report says, before anybody lays it out: text, Markdown and HTML are renderings of it.
///
/// Every word of a report is in its document. A rendering chooses widths, marks, colours and drawings, and adds no word.
public struct ReportDocument: Hashable, Sendable {
    /// The title of the whole document; `nil` where the first headline says enough.
    public var title: Prose?
    /// From the answer to the details.
    public var sections: [Section]

    /// `sections`: in the order in which they are read.
    public init(title: Prose? = nil, sections: [Section]) {
        self.title = title
        self.sections = sections
    }

    /// Blocks under a title.
    public struct Section: Hashable, Sendable {
        /// `nil` where a report begins.
        public var title: Prose?
        /// In the order in which they are read.
        public var blocks: [Block]

        /// A section, or an untitled beginning.
        public init(title: Prose? = nil, _ blocks: [Block]) {
            self.title = title
            self.blocks = blocks
        }
    }

    /// A piece of a report.
    ///
    /// `depth`: how far below the section's main thought a piece stands, 0 or more; text indents by it.
    public enum Block: Hashable, Sendable {
        /// The answer in one sentence, and whether it is a good one, which a mark or a word in it says as well.
        case headline(Prose, Tone = .neutral)
        /// A sentence or a few.
        case paragraph(Prose, depth: Int = 0)
        /// Numbers to take over somewhere else.
        case values([Value])
        /// The terms of a sum.
        case terms([Term])
        /// Items of one kind.
        case list(List)
        /// Rows under titled columns.
        case table(Table)
        /// What must not be overlooked.
        case callout(Callout)
        /// All that is noteworthy, the gravest first.
        case findings([FindingRow])
        /// A piece of the text report, as it stands there: a rendering that has a form for terminal output uses it.
        case excerpt([Block])
        /// The place of a drawing; a rendering that draws nothing leaves it out.
        case chart(Chart)
        /// A new thought begins. Renderings that keep blocks apart anyway leave it out.
        case pause
    }

    /// Whether an answer is what was hoped for; a rendering that has colours shows it by one.
    public enum Tone: String, Hashable, Sendable {
        /// Nothing was asked.
        case neutral
        /// There is a number, and nothing speaks against it.
        case good
        /// There is a number, and something to be minded.
        case caution
        /// There is none, or none that may be relied on.
        case alarm

        /// What says the same without a colour, with a space behind it; empty where nothing was asked.
        var mark: Prose {
            switch self {
            case .neutral: ""
            case .good: "✓ "
            case .caution: "! "
            case .alarm: "✗ "
            }
        }
    }

    /// A number with a name.
    public struct Value: Hashable, Sendable {
        /// The name of the number.
        public var name: Prose
        /// The number as a device or a specification writes it, such as `0x00000DA8`.
        public var hexadecimal: String
        /// The same number for people; `nil` for a flag, whose `hexadecimal` is one digit.
        public var decimal: UInt32?
        /// What it means.
        public var note: Prose?

        /// `decimal`: `nil` for a flag.
        public init(name: Prose, hexadecimal: String, decimal: UInt32? = nil, note: Prose? = nil) {
            self.name = name
            self.hexadecimal = hexadecimal
            self.decimal = decimal
            self.note = note
        }
    }

    /// What is added, and why.
    public struct Term: Hashable, Sendable {
        /// The summand.
        public var value: UInt32
        /// Why it is added.
        public var reason: Prose

        /// A summand and its reason.
        public init(value: UInt32, reason: Prose) {
            self.value = value
            self.reason = reason
        }
    }

    /// Items of one kind.
    public struct List: Hashable, Sendable {
        /// What stands before the items.
        public enum Style: Hashable, Sendable {
            /// The order matters: numbers from 1 stand before the items.
            case numbered
            /// Nothing, or a mark.
            case plain
        }

        /// A line or a few, and what belongs to them.
        public struct Item: Hashable, Sendable {
            /// The item itself.
            public var text: Prose
            /// Lines that belong to the item.
            public var details: [Prose]

            /// An item, usually without details.
            public init(_ text: Prose, details: [Prose] = []) {
                self.text = text
                self.details = details
            }
        }

        /// What stands before each item.
        public var style: Style
        /// How far below the section's main thought the list stands, as `depth` of a block.
        public var depth: Int
        /// The items, in the order in which they are read.
        public var items: [Item]

        /// Items of one style.
        public init(_ style: Style, depth: Int = 0, _ items: [Item]) {
            self.style = style
            self.depth = depth
            self.items = items
        }
    }

    /// Rows under titled columns.
    public struct Table: Hashable, Sendable {
        /// Where the cells of a column line up.
        public enum Alignment: Hashable, Sendable {
            /// At the left: for words, and for numbers of one width.
            case left
            /// At the right: for counts.
            case right
        }

        /// What the cells below it hold.
        public struct Column: Hashable, Sendable {
            /// What stands above its cells.
            public var title: Prose
            /// Where its cells and its title line up.
            public var alignment: Alignment

            /// A column, of words where nothing else is said.
            public init(_ title: Prose, _ alignment: Alignment = .left) {
                self.title = title
                self.alignment = alignment
            }
        }

        /// The columns, from left to right.
        public let columns: [Column]
        /// The rows; each has a cell for each column.
        public private(set) var rows: [[Prose]] = []
        /// How many columns at the left tell the rows apart: where a table is shown in parts, each part has them.
        public var keys = 1
        /// The column with which a second part begins, where one part is too narrow for all of them.
        public var secondPart: Int?

        /// - Precondition: each row has a cell for each column.
        public init(_ columns: [Column], rows: [[Prose]] = []) {
            self.columns = columns
            for row in rows { add(row) }
        }

        /// Adds a row below the others.
        ///
        /// - Precondition: the row has a cell for each column.
        public mutating func add(_ row: [Prose]) {
            precondition(row.count == columns.count, "a row has a cell for each column")
            rows.append(row)
        }
    }

    /// What must not be overlooked.
    public struct Callout: Hashable, Sendable {
        /// How grave it is, for a rendering's colour or mark; the word for it is `label`.
        public var severity: Fact.Severity
        /// The word that stands before it.
        public var label: Prose
        /// What it is about.
        public var text: Prose

        /// A warning with the word before it.
        public init(severity: Fact.Severity, label: Prose, _ text: Prose) {
            self.severity = severity
            self.label = label
            self.text = text
        }
    }

    /// A finding, in a list of findings.
    public struct FindingRow: Hashable, Sendable {
        /// How grave it is, for a rendering's colour or mark; the word for it is `label`.
        public var severity: Fact.Severity
        /// The severity as a word.
        public var label: Prose
        /// How often, of which source, what, and in which frames.
        public var text: Prose
        /// What such a finding means, for renderings that have room for it.
        public var explanation: Prose

        /// A row of a list of findings.
        public init(severity: Fact.Severity, label: Prose, _ text: Prose, explanation: Prose = "") {
            self.severity = severity
            self.label = label
            self.text = text
            self.explanation = explanation
        }
    }

    /// A drawing and its subject; what is drawn, a rendering takes from the analysis. `network`: index in its networks.
    public enum Chart: Hashable, Sendable {
        /// The states of the IV Index over time.
        case ivStaircase(network: NetworkIndex)
        /// A source's SEQ over time.
        case sequence(network: NetworkIndex, source: UnicastAddress)
        /// From a master's last SEQ to its start SEQ, term by term.
        case margin(network: NetworkIndex, source: UnicastAddress)
        /// When beacons of a subnet were heard.
        case beaconCadence(network: NetworkIndex, subnet: SubnetIndex)
        /// Which share of each source's SEQ was heard.
        case coverage(network: NetworkIndex)
        /// What each capture alone gave.
        case captures
    }
}
