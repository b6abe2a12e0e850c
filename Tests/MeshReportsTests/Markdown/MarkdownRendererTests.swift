import MeshProtocol
import MeshReports
import MeshTimelines
import Testing

private func markdown(_ blocks: ReportDocument.Block...) -> String {
    MarkdownRenderer.render(ReportDocument(sections: [.init(blocks)]))
}

@Suite struct MarkdownRendererTests {
    @Test func aBarInACellEndsNoCell() {
        let table = ReportDocument.Table(
            [.init("a|b"), .init("n", .right)], rows: [["x | y", "1"], ["\(code: "c|d")", "2"]])
        #expect(
            markdown(.table(table)) == #"""
                | a\|b | n |
                | --- | ---: |
                | x \| y | 1 |
                | `c\|d` | 2 |

                """#)
    }

    @Test func codeWithBackticksStaysOnePiece() {
        #expect(markdown(.paragraph("\(code: "plain")")) == "`plain`\n")
        #expect(markdown(.paragraph("\(code: "a`b")")) == "`` a`b ``\n")
        #expect(markdown(.paragraph("\(code: "``")")) == "``` `` ```\n")
    }

    @Test func whatLooksLikeAMarkIsNone() {
        #expect(markdown(.paragraph("\("_a_*b*<i>[x]`\\&amp;")")) == #"\_a\_\*b\*\<i>\[x\]\`\\\&amp;"# + "\n")
        for (text, shown) in [("# t", "\\# t"), ("1. x", "1\\. x"), ("- x", "\\- x"), ("12", "12"), ("1.5", "1\\.5")] {
            #expect(markdown(.paragraph(Prose(text))) == shown + "\n")
            #expect(markdown(.list(.init(.plain, [.init(Prose(text))]))) == "- \(shown)\n")
        }
        #expect(!markdown(.paragraph(Prose("a\n# b"))).contains("\n#"))
    }

    @Test func anAuthorsLineBreaksAreKept() {
        #expect(markdown(.paragraph("\(strong: "Never"): a,\nb.")) == "**Never**: a,\nb.\n")
        #expect(markdown(.list(.init(.plain, [.init("a\nb")]))) == "- a b\n")
    }

    @Test func blocksAreKeptApart() {
        let document = ReportDocument(
            title: "T",
            sections: [
                .init([
                    .headline("h \(strong: "s")"), .pause, .chart(.coverage(network: NetworkIndex(0))),
                    .paragraph("p", depth: 1),
                ]
                ),
                .init(
                    title: "S",
                    [
                        .list(.init(.numbered, depth: 2, [.init("one", details: ["more"]), .init("two")])),
                        .callout(.init(severity: .critical, label: "LOOK", "here")),
                    ]),
            ])
        #expect(
            MarkdownRenderer.render(document) == """
                # T

                **h s**

                p

                ## S

                1. one
                   - more
                2. two

                > **LOOK**: here

                """)
    }

    @Test func valuesTermsAndFindingsAreLists() {
        #expect(
            markdown(
                .values([.init(name: "SEQ", hexadecimal: "0x00000A", decimal: 10, note: "n")]),
                .terms([.init(value: 5, reason: "r")]), .findings([.init(severity: .info, label: "info", "f")]))
                == "- SEQ: **0x00000A** (10) (n)\n\n- **+ 5** r\n\n- **info** f\n")
    }

    @Test func anExcerptStandsAsInTheTextReport() {
        #expect(markdown(.excerpt([.paragraph("a *b*", depth: 1)])) == "```\n  a *b*\n```\n")
        #expect(markdown(.excerpt([.paragraph(Prose("```"))])) == "````\n```\n````\n")
    }
}
