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
            lines.add(frame(number)) { $0.append("line \(number)") }
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
        var line = LineOctets()
        line.append("12:00")
        line.addColumn("abc", width: 5)
        line.addColumn("too long", width: 3)
        line.addColumn(width: 8) { $0.append(hexadecimal: 0xABC, digits: 4) }
        line.append(decimal: 42, digits: 6)
        line.append(decimal: 1_234_567, digits: 3)
        #expect(line.text == "12:00  abc    too long  0x0ABC  000042567")
    }

    @Test func numbersAreWrittenAsAnybodyWritesThem() {
        var random = SeededNumbers(seed: 5)
        for round in 0..<2000 {
            let number = round < 64 ? UInt64(1) << UInt64(round) &- 1 : random.next() >> UInt64(round % 64)
            var line = LineOctets()
            line.append(decimal: number)
            line.append(UInt8(ascii: " "))
            line.append(hexadecimal: UInt32(truncatingIfNeeded: number), digits: 8)
            line.append(hexadecimal: [UInt8(truncatingIfNeeded: number), 0x9A])
            line.append(hexadecimal: UInt32(truncatingIfNeeded: number) & 0xFFFF, digits: 4)
            func digits(_ number: UInt64, _ count: Int) -> String {
                let text = String(number, radix: 16)
                return String(repeating: "0", count: count - text.count) + text
            }
            let wanted =
                "\(number) 0x" + digits(number & 0xFFFF_FFFF, 8).uppercased() + digits(number & 0xFF, 2) + "9a0x"
                + digits(number & 0xFFFF, 4).uppercased()
            #expect(line.text == wanted)
        }
    }

    /// Whatever was written before, and however much: room is made.
    @Test func longTextsHaveRoom() {
        var line = LineOctets()
        var wanted = ""
        for length in [0, 1, 31, 4000, 4096, 9000, 1] {
            let text = String(repeating: "€", count: length)
            line.append(text)
            line.addColumn("x", width: 70)
            wanted += text + "  x" + String(repeating: " ", count: 69)
        }
        #expect(line.text == wanted)
        let removed = line.removeFirst(wanted.utf8.count - 10)
        #expect(String(decoding: removed, as: UTF8.self) + line.text == wanted)
    }
}
