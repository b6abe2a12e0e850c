import CaptureFiles
import MeshEvidence
import Testing

@testable import MeshProtocol
@testable import MeshTimelines

/// What pictures show of long captures: few marks, evenly over time.
@Suite struct ThinnedMarksValueTests {
    private static func mark(_ number: Int, at seconds: Double) -> SequenceMark {
        let time = CaptureTime(nanoseconds: Int64(seconds * 1e9))
        return SequenceMark(
            frame: FrameReference(capture: 0, number: number, time: time),
            position: SequencePosition(IVIndex(1), SequenceNumber(truncating: UInt32(number))), distinct: number)
    }

    private static func series(_ times: [Double], most: Int) -> [SequenceMark] {
        var series = ThinnedMarks<SequenceMark>()
        for (number, time) in times.enumerated() {
            let mark = mark(number, at: time)
            series.add(at: mark.frame.time, most: most) { mark }
        }
        return series.marks
    }

    @Test func fewAreAllKept() {
        #expect(Self.series([5, 5, 6, 9], most: 4).map(\.distinct) == [0, 1, 2, 3])
    }

    @Test(arguments: [2, 3, 8, 64])
    func manyAreSpreadEvenly(most: Int) {
        let marks = Self.series((0..<10_000).map { Double($0) * 0.5 }, most: most)
        #expect(marks.count <= most && marks.count >= most / 4 && marks.first?.distinct == 0)
        let pauses = zip(marks, marks.dropFirst()).map { $1.frame.time.since($0.frame.time) }
        #expect((pauses.max() ?? .zero) <= (pauses.min() ?? .zero) * 4 + .seconds(1))
    }

    @Test func whatComesLateTakesItsPlace() {
        let marks = Self.series([10, 20, 30, 15, 5], most: 8)
        #expect(marks.map(\.distinct) == [4, 0, 3, 1, 2])
    }

    @Test func timesAtTheEndsOfTheRangeAndUnknownOnesStopNothing() {
        var series = ThinnedMarks<SequenceMark>()
        for round in 0..<50 {
            for nanoseconds in [Int64.min, .min + 1, -1, 0, 1, .max - 1, .max] {
                let frame = FrameReference(capture: 0, number: round, time: CaptureTime(nanoseconds: nanoseconds))
                series.add(at: frame.time, most: 4) {
                    SequenceMark(
                        frame: frame, position: SequencePosition(IVIndex(1), SequenceNumber(truncating: 0)),
                        distinct: round)
                }
            }
        }
        #expect(series.marks.count <= 4 && series.marks.allSatisfy(\.frame.time.isKnown))
        #expect(series.marks.map(\.frame.time) == series.marks.map(\.frame.time).sorted())
    }

    /// However many sources there are, all of them together keep as many marks as a picture needs.
    @Test func manySourcesKeepFewMarksEach() {
        var table = SourceTable()
        for round in 0..<80 {
            for address in 1...400 {
                let frame = FrameReference(
                    capture: 0, number: round, time: CaptureTime(seconds: Int64(round * 400 + address)))
                guard let source = UnicastAddress(UInt16(address)) else { continue }
                let pdu = NetworkPDU(
                    position: SequencePosition(IVIndex(1), SequenceNumber(truncating: UInt32(round))), isControl: false,
                    ttl: 5, source: source, destination: MeshAddress(0xC000), transportPDU: Scene.message)
                _ = table.apply(pdu, of: SubnetIndex(0), at: frame, times: 1, isDelayed: false)
            }
        }
        let marks = table.sources.map(\.marks.count)
        #expect(marks.reduce(0, +) <= 1024 && marks.allSatisfy { $0 >= 1 })
    }
}
