import ByteParsing
import MeshEvidence

/// Lines that wait for their turn: PDUs are opened in batches, somewhat behind the beacons.
struct WaitingLines {
    private var octets = LineOctets()
    /// Where each line stands in `octets`, in the order of their frames.
    private var lines: [(frame: FrameReference, place: Range<Int>)] = []
    /// Whether they stand there in that order.
    private var areInOrder = true
    private static let most = 2048

    /// Whether half of them are to be shown.
    var isFull: Bool { lines.count > Self.most }

    /// Takes what `write` appends as a line of this frame.
    mutating func add(_ frame: FrameReference, _ write: (inout LineOctets) -> Void) {
        let start = octets.count
        write(&octets)
        octets.append(UInt8(ascii: "\n"))
        lines.append((frame, start..<octets.count))
        var place = lines.count - 1
        while place > 0, lines[place].frame < lines[place - 1].frame {
            lines.swapAt(place, place - 1)
            areInOrder = false
            place -= 1
        }
    }

    /// The first half.
    mutating func removeHalf() -> [UInt8] {
        if !areInOrder { putInOrder() }
        let end = lines[Self.most / 2].place.lowerBound
        let shown = octets.removeFirst(end)
        lines.removeFirst(Self.most / 2)
        for place in lines.indices {
            let before = lines[place].place
            lines[place].place = (before.lowerBound - end)..<(before.upperBound - end)
        }
        return shown
    }

    /// All of them.
    mutating func removeAll() -> [UInt8] {
        defer { self = WaitingLines() }
        return text(of: lines[...])
    }

    /// Lets the lines stand one behind the other as their frames do.
    private mutating func putInOrder() {
        let text = text(of: lines[...])
        octets.removeAll()
        octets.append(text.span)
        var end = 0
        for place in lines.indices {
            let count = lines[place].place.count
            lines[place].place = end..<(end + count)
            end += count
        }
        areInOrder = true
    }

    private func text(of lines: ArraySlice<(frame: FrameReference, place: Range<Int>)>) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(octets.count)
        var run = 0..<0
        for line in lines {
            // Nearly all stand one behind the other.
            if line.place.lowerBound == run.upperBound {
                run = run.lowerBound..<line.place.upperBound
            } else {
                text.append(octets.all.extracting(run))
                run = line.place
            }
        }
        text.append(octets.all.extracting(run))
        return text
    }
}
