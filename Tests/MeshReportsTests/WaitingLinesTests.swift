import CaptureFiles
import MeshEvidence
import TestSupport
import Testing

@testable import MeshReports

@Suite struct WaitingLinesTests {
    /// Frames come a little out of order; what is shown early and what is shown at the end are all lines, in the order of frames.
    @Test(arguments: [0, 1, 7, 900]) func linesStandInTheOrderOfTheirFrames(disorder: Int) {
        var random = SeededNumbers(seed: 11)
        var lines = WaitingLines()
        var shown: [UInt8] = []
        var numbers = Array(0..<5000)
        for place in numbers.indices where disorder > 0 {
            numbers.swapAt(place, place - random.below(place % disorder + 1))
        }
        for number in numbers {
            lines.add(frame(number)) { $0.append(contentsOf: "line \(number)".utf8) }
            if lines.isFull { shown += lines.removeHalf() }
        }
        shown += lines.removeAll()
        #expect(lines.removeAll().isEmpty)
        let text = String(decoding: shown, as: UTF8.self).split(separator: "\n")
        #expect(text == (0..<5000).map { "line \($0)" })
    }

    private func frame(_ number: Int) -> FrameReference {
        FrameReference(capture: 0, number: number, time: CaptureTime(nanoseconds: Int64(number) * 1000))
    }

    @Test func columnsAreFilledUp() {
        var line: [UInt8] = Array("12:00".utf8)
        line.addColumn("abc", width: 5)
        line.addColumn("too long", width: 3)
        line.addColumn(width: 8) { $0.append(hexadecimal: 0xABC, digits: 4) }
        line.append(decimal: 42, digits: 6)
        line.append(decimal: 1_234_567, digits: 3)
        #expect(String(decoding: line, as: UTF8.self) == "12:00  abc    too long  0x0ABC  000042567")
    }
}
