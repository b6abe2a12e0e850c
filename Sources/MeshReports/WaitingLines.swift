import MeshEvidence

/// Lines that wait for their turn: PDUs are opened in batches, somewhat behind the beacons.
struct WaitingLines {
    private var octets: [UInt8] = []
    /// Where each line stands in `octets`, in the order of their frames.
    private var lines: [(frame: FrameReference, place: Range<Int>)] = []
    private static let most = 2048

    /// Whether half of them are to be shown.
    var isFull: Bool { lines.count > Self.most }

    /// Takes what `write` appends as a line of this frame.
    mutating func add(_ frame: FrameReference, _ write: (inout [UInt8]) throws -> Void) rethrows {
        let start = octets.count
        try write(&octets)
        octets.append(UInt8(ascii: "\n"))
        lines.append((frame, start..<octets.count))
        var place = lines.count - 1
        while place > 0, lines[place].frame < lines[place - 1].frame {
            lines.swapAt(place, place - 1)
            place -= 1
        }
    }

    /// The first half.
    mutating func removeHalf() -> [UInt8] {
        let rest = lines.dropFirst(Self.most / 2)
        let shown = text(of: lines.prefix(Self.most / 2))
        (octets, lines) = (text(of: rest), Self.places(of: rest))
        return shown
    }

    /// All of them.
    mutating func removeAll() -> [UInt8] {
        defer { self = WaitingLines() }
        return text(of: lines[...])
    }

    /// Where lines stand once there is nothing else.
    private static func places(
        of lines: ArraySlice<(frame: FrameReference, place: Range<Int>)>
    ) -> [(frame: FrameReference, place: Range<Int>)] {
        var end = 0
        return lines.map { line in
            defer { end += line.place.count }
            return (line.frame, end..<end + line.place.count)
        }
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
                text.append(contentsOf: octets[run])
                run = line.place
            }
        }
        text.append(contentsOf: octets[run])
        return text
    }
}
