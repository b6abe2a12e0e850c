import CaptureFiles
import MeshEvidence
import MeshProtocol
import MeshTimelines
import Testing

@testable import MeshReports

/// The lines of one untitled section.
private func lines(_ blocks: ReportDocument.Block..., style: TextRenderer.Style = .plain) -> [String] {
    let text = TextRenderer.render(ReportDocument(sections: [.init(blocks)]), style: style)
    return text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
}

private let longText = Prose(Array(repeating: "word", count: 60).joined(separator: " "))

@Suite struct TextRendererTests {
    @Test(arguments: 0...3)
    func paragraphsAreWrappedAndIndented(depth: Int) {
        let lines = lines(.paragraph(longText, depth: depth))
        #expect(lines.count > 2)
        for line in lines {
            #expect(line.count <= 100)
            #expect(line.prefix { $0 == " " }.count == 2 * depth)
        }
        #expect(lines.dropLast().allSatisfy { $0.count > 100 - 5 }, "no line ends early")
    }

    @Test func aWordWithoutSpacesIsCutIntoLines() {
        let lines = lines(.paragraph(Prose(String(repeating: "x", count: 250)), depth: 1))
        #expect(lines.map(\.count) == [100, 100, 56])
    }

    @Test func columnsAreAsWideAsTheirWidestCell() {
        let table = ReportDocument.Table(
            [.init("name"), .init("n", .right), .init("end")],
            rows: [["a longer one", "7", "x"], ["b", "123456", ""], ["\u{1B}", "", "y"]])
        #expect(
            lines(.table(table)) == [
                "  name               n  end", "  a longer one       7  x", "  b             123456",
                #"  \u{1b}                y"#,
            ])
    }

    @Test(arguments: [60, 80, 100, 140])
    func aTableThatIsTooWideIsShownInParts(width: Int) {
        let names = (0..<12).map { "column \($0)" }
        var table = ReportDocument.Table(names.map { .init(Prose($0)) }, rows: [names.map { Prose($0) }])
        table.keys = 2
        let shown = lines(.table(table), style: .init(width: width))
        #expect(shown.allSatisfy { $0.count <= width })
        let titles = shown.filter { $0.hasPrefix("  column 0") }
        #expect(titles.allSatisfy { $0.hasPrefix("  column 0  column 1  ") }, "what tells rows apart is in each part")
        for name in names.dropFirst(2) {
            #expect(shown.count { $0.contains(name) } == 2, "\(name): its title and its cell, whole")
        }
        guard width == 140 else { return }
        table.secondPart = 3
        let parts = lines(.table(table), style: .init(width: 110)).filter { !$0.isEmpty }
        #expect(parts.first == "  column 0  column 1  column 2")
        #expect(lines(.table(table), style: .init(width: 140)).count == 2, "what fits is in one part")
    }

    @Test func widthIsHeldBetweenSixtyAndAHundredAndForty() {
        #expect([1, 60, 99, 140, 1000].map { TextRenderer.Style(width: $0).width } == [60, 60, 99, 140, 140])
        for width in [60, 80, 140] {
            #expect(lines(.paragraph(longText, depth: 2), style: .init(width: width)).allSatisfy { $0.count <= width })
        }
    }

    @Test func anAnswersMarkNeedsNoColour() {
        let marks = [ReportDocument.Tone.neutral, .good, .caution, .alarm].map(\.mark.text)
        #expect(marks == ["", "✓ ", "! ", "✗ "])
        let colours = [ReportDocument.Tone.good, .caution, .alarm].map {
            lines(.headline("answer", $0), style: .init(isColored: true))[0].prefix { $0 != "m" }
        }
        #expect(Set(colours).count == 3)
        let callout = ReportDocument.Block.callout(.init(severity: .critical, label: "ATTENTION", "a"))
        #expect(lines(callout, style: .init(isColored: true)) == ["  \u{1B}[1;31mATTENTION\u{1B}[0m: a"])
    }

    @Test func aReadersClockStandsBesideUTC() {
        let prose: Prose = "until \(time: CaptureTime(seconds: 0), as: "1970-01-01T00:00:00Z")."
        #expect(lines(.paragraph(prose)) == ["until 1970-01-01T00:00:00Z."])
        let style = TextRenderer.Style(localTime: { $0.nanoseconds == 0 ? "Thu 01:00 CET" : nil })
        #expect(lines(.paragraph(prose), style: style) == ["until 1970-01-01T00:00:00Z (Thu 01:00 CET here)."])
    }

    @Test func valuesStandBelowEachOther() {
        let lines = lines(
            .values([
                .init(name: "start SEQ", hexadecimal: "0x00000A", decimal: 10),
                .init(name: "a flag", hexadecimal: "1", note: "set"),
            ]))
        #expect(lines == ["    start SEQ         0x00000A  (10)", "    a flag            1  (set)"])
        let long = self.values(named: "a name that is longer than usual")
        #expect(long == ["    a name that is longer than usual  1"])
    }

    private func values(named name: Prose) -> [String] {
        lines(.values([.init(name: name, hexadecimal: "1")]))
    }

    @Test func whatBelongsToAMarkStandsBehindIt() {
        let terms = lines(.terms([.init(value: 4096, reason: longText)]))
        #expect(terms[0].hasPrefix("    + 4096  word"))
        #expect(terms.dropFirst().allSatisfy { $0.hasPrefix("            word") && $0.count <= 100 })
        let findings = lines(.findings([.init(severity: .info, label: "info", longText)]))
        #expect(findings[0].hasPrefix("  info      word"))
        #expect(findings.dropFirst().allSatisfy { $0.hasPrefix("            word") && $0.count <= 100 })
    }

    @Test func listsAreNumberedWhereTheOrderMatters() {
        let items: [ReportDocument.List.Item] = [.init("one", details: ["more"]), .init("two")]
        #expect(lines(.list(.init(.numbered, depth: 1, items))) == ["  1. one", "    more", "  2. two"])
        #expect(lines(.list(.init(.plain, depth: 0, items))) == ["one", "  more", "two"])
    }

    @Test func chartsAreLeftOutAndPausesAreEmptyLines() {
        let lines = lines(
            .paragraph("a"), .chart(.coverage(network: NetworkIndex(0))), .pause, .excerpt([.paragraph("b", depth: 1)]))
        #expect(lines == ["a", "", "  b"])
    }

    @Test func titlesAreSetApart() {
        let document = ReportDocument(
            title: "T", sections: [.init([.paragraph("a")]), .init(title: "S", [.paragraph("b")])])
        #expect(TextRenderer.render(document) == "T\na\n\nS\nb\n")
    }

    @Test func coloursAreOnlyEscapes() {
        let blocks: [ReportDocument.Block] = [
            .headline("answer"), .values([.init(name: "n", hexadecimal: "0x01", decimal: 1)]),
            .findings([
                .init(severity: .critical, label: "critical", "a"),
                .init(severity: .warning, label: "warning", longText),
            ]),
        ]
        let document = ReportDocument(sections: [.init(title: "t", blocks)])
        let colored = TextRenderer.render(document, style: .init(isColored: true))
        #expect(colored.contains("\u{1B}[1manswer\u{1B}[0m") && colored.contains("\u{1B}[1;31mcritical\u{1B}[0m"))
        #expect(colored.replacing(#/\u{1B}\[[0-9;]*m/#, with: "") == TextRenderer.render(document))
        #expect(!TextRenderer.render(document).contains("\u{1B}"))
    }

    /// Also where a letter joins the space before it, or no width is left.
    @Test func wrappedTextKeepsItsLettersWithinTheWidth() {
        let words = ["a", "", "e\u{301}", "\u{301}x", "👩‍👩‍👧", "longer", "the longest word of all".filter { $0 != " " }]
        let scalars = { (text: String) in text.unicodeScalars.filter { $0 != " " } }
        var state: UInt64 = 7
        for width in -1...12 {
            for _ in 0..<40 {
                let text = (0..<12).map { _ in
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    return words[Int(state >> 33) % words.count]
                }.joined(separator: " ")
                let lines = wrapped(text, width: width)
                #expect(lines.allSatisfy { $0.count <= max(1, width) })
                #expect(lines.flatMap(scalars) == Array(scalars(text)))
            }
        }
    }
}
