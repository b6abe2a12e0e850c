import MeshReports
import Testing

@Suite struct ProseTests {
    @Test func whatIsInterpolatedIsMadePrintable() {
        let hostile = "\u{1B}[2J\nx\u{202E}"
        let shown = #"\u{1b}[2J\u{a}x\u{202e}"#
        #expect(("from \(hostile)" as Prose).runs == [.plain("from " + shown)])
        #expect(("\(code: hostile)\(strong: hostile)" as Prose).runs == [.code(shown), .strong(shown)])
        #expect(Prose(hostile).runs == [.plain(shown)])
        #expect(Prose(markingCode: "`\(hostile)`").runs == [.code(shown)])
        #expect(Prose.cut(hostile, to: 100).runs == [.plain(shown)])
    }

    @Test func onlyAnAuthorBreaksLines() {
        let prose: Prose = "one\ntwo \("three\nfour")"
        #expect(prose.runs == [.plain("one"), .lineBreak, .plain(#"two three\u{a}four"#)])
        #expect(prose.text == #"one two three\u{a}four"#)
    }

    @Test func howItWasPutTogetherDoesNotMatter() {
        let whole: Prose = "a 1 b \(code: "c") d"
        var sum: Prose = "a \(1)" + " b "
        sum += "\(code: "c")" + " d"
        #expect(sum == whole)
        #expect(Prose(markingCode: "a 1 b `c` d") == whole)
        #expect(("\(sum)" as Prose) == whole)
        #expect(whole.text == "a 1 b `c` d")
    }

    @Test func aCutSaysThatItIsOne() {
        #expect(Prose.cut("abcde", to: 5).text == "abcde")
        #expect(Prose.cut("abcdef", to: 5).text == "abcd…")
        #expect(Prose.cut("\u{1B}\u{1B}", to: 9).text.count == 9)
    }

    @Test func nothingIsEmpty() {
        #expect(Prose().isEmpty && ("" as Prose).isEmpty && ("\("")" as Prose).isEmpty && !("a" as Prose).isEmpty)
    }
}
