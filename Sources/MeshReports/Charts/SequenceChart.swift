import ByteParsing
import CaptureFiles
import MeshEvidence
import MeshProtocol
import MeshStacks
import MeshTimelines
import MeshVerdict

/// A source's SEQ over time: some of its first hearings, and what did not go as a counter goes.
struct SequenceChart {
    private static let top = 20.0
    private static let bottom = 220.0

    let source: Analysis.Source
    /// What was found of this source.
    let findings: [Finding]
    let end: CaptureTime?
    let times: CaptureTimes
    let label: (FrameReference) -> String

    /// The first hearings that are kept, and the highest SEQ of each IV Index.
    private var marks: [SequenceMark] {
        let highest = source.epochs.filter { epoch in
            !source.marks.contains { $0.position == epoch.lastPosition }
        }.map(\.lastMark)
        return (source.marks + highest).sorted { ($0.frame, $0.position) < ($1.frame, $1.position) }
    }

    /// `nil` where nothing of the source is kept that could be drawn.
    func drawing(isFolded: Bool) -> Drawing? {
        let marks = marks
        guard !source.marks.isEmpty, let recovery = source.epochs.last else { return nil }
        let numbers = (marks + source.replays).map { Double($0.position.sequence.value) }
        let moments = (marks + source.replays).map(\.frame.time) + [end].compactMap(\.self)
        guard let axis = TimeAxis(moments, areDates: times.areDates),
            let values = NumberAxis(numbers, top: Self.top, bottom: Self.bottom)
        else { return nil }
        let name: Prose = source.name.map { " (\(Prose.cut($0, to: 24)))" } ?? ""
        var drawing = Drawing(
            "SEQ of \(source.address)\(name) over time",
            "\(source.epochs.reduce(0) { $0 + $1.distinct }) different SEQ were heard; the last is \(hexadecimal(recovery.lastSequence)) (\(recovery.lastSequence.value)) under IV Index \(recovery.ivIndex.value), in frame \(label(recovery.lastFrame)).",
            height: Self.bottom + 44, table: table(marks))
        drawing.isFolded = isFolded
        values.draw(into: &drawing)
        axis.draw(into: &drawing, top: Self.top, bottom: Self.bottom)
        for (place, epoch) in source.epochs.enumerated() {
            draw(
                epoch, marks.filter { $0.position.ivIndex == epoch.ivIndex },
                isNewest: place == source.epochs.count - 1, axis, values, into: &drawing)
        }
        for finding in findings { draw(finding, axis, values, into: &drawing) }
        for replay in source.replays {
            drawing.add(
                .circle(x: axis.x(replay.frame.time), y: values.y(Double(replay.position.sequence.value)), radius: 4),
                .replay,
                "Heard again after a higher SEQ: \(text(replay)).", data(replay) + [.init("kind", "replay")])
        }
        explain(&drawing)
        return drawing
    }

    private func draw(
        _ epoch: Epoch, _ marks: [SequenceMark], isNewest: Bool, _ axis: TimeAxis, _ values: NumberAxis,
        into drawing: inout Drawing
    ) {
        var rising: [(x: Double, y: Double)] = []
        var highest: SequenceNumber?
        for mark in marks {
            let point = (x: axis.x(mark.frame.time), y: values.y(Double(mark.position.sequence.value)))
            if highest.map({ mark.position.sequence > $0 }) ?? true {
                rising.append(point)
                highest = mark.position.sequence
            }
            drawing.add(
                .circle(x: point.x, y: point.y, radius: 2.5), isNewest ? .mark : .second, "\(text(mark)).",
                data(mark) + [.init("distinct", mark.distinct)])
        }
        if rising.count > 1 { drawing.add(.path(rising), .line) }
        guard let last = rising.last, source.epochs.count > 1 || isNewest else { return }
        let isLeft = last.x < Drawing.width / 2
        drawing.add(
            .text(
                x: last.x + (isLeft ? 8 : -8), y: max(Self.top - 6, last.y - 8), isLeft ? .start : .end,
                "\(hexadecimal(epoch.lastSequence)) (IV Index \(epoch.ivIndex.value))"), .label)
    }

    private func draw(_ finding: Finding, _ axis: TimeAxis, _ values: NumberAxis, into drawing: inout Drawing) {
        let sentence: Prose = "\(finding.fact.sentence(times))"
        switch finding.fact {
        case .sequenceJump(let jump, let ivIndex, let stacks):
            let x = axis.x(jump.frame.time)
            drawing.add(
                .line(x1: x, y1: values.y(Double(jump.from.value)), x2: x, y2: values.y(Double(jump.to.value))), .jump,
                sentence,
                [.init("iv_index", ivIndex.value), .init("from_seq", jump.from.value), .init("to_seq", jump.to.value)])
            let blocks = Set(stacks.map(\.reservation.block)).sorted().map { "\($0)" }.joined(separator: ", ")
            let name: Prose = blocks.isEmpty ? "jump" : "block of \(blocks)"
            drawing.add(
                .text(
                    x: x + 6, y: (values.y(Double(jump.from.value)) + values.y(Double(jump.to.value))) / 2 + 4, .start,
                    name), .label)
        case .sequenceRestarted(let restart, let ivIndex, _):
            let x = axis.x(restart.frame.time)
            drawing.add(
                .line(
                    x1: x, y1: values.y(Double(restart.from.value)), x2: x, y2: values.y(Double(restart.first.value))),
                .restart, sentence,
                [
                    .init("iv_index", ivIndex.value), .init("from_seq", restart.from.value),
                    .init("first_seq", restart.first.value), .init("last_seq", restart.last.value),
                ])
        default: break
        }
    }

    private func explain(_ drawing: inout Drawing) {
        drawing.explain(.mark, "heard for the first time; where there are many, some of them")
        if source.epochs.count > 1 { drawing.explain(.second, "under an older IV Index") }
        if !source.replays.isEmpty { drawing.explain(.replay, "heard again, after a higher SEQ") }
        if findings.contains(where: { $0.kind == .sequenceJump }) {
            drawing.explain(.jump, "SEQ that nobody used: a jump")
        }
        if findings.contains(where: { $0.kind == .sequenceRestarted }) {
            drawing.explain(.restart, "a restart below what was used")
        }
    }

    private func hexadecimal(_ sequence: SequenceNumber) -> String { Hexadecimal.prefixed(sequence.value, digits: 6) }

    private func text(_ mark: SequenceMark) -> Prose {
        "SEQ \(hexadecimal(mark.position.sequence)) (\(mark.position.sequence.value)), IV Index \(mark.position.ivIndex.value), frame \(label(mark.frame)), \(times.date(mark.frame.time))"
    }

    private func data(_ mark: SequenceMark) -> [Drawing.Datum] {
        [
            .init("iv_index", mark.position.ivIndex.value), .init("seq", mark.position.sequence.value),
            .init("time", times.date(mark.frame.time)),
        ] + Drawing.Datum.frame(mark.frame)
    }

    private func table(_ marks: [SequenceMark]) -> ReportDocument.Table {
        var table = ReportDocument.Table([
            .init("time"), .init("IV Index", .right), .init("SEQ"), .init("SEQ, decimal", .right),
            .init("frame", .right),
        ])
        for mark in marks {
            table.add([
                "\(times.date(mark.frame.time))", "\(mark.position.ivIndex.value)",
                "\(hexadecimal(mark.position.sequence))", "\(mark.position.sequence.value)", "\(label(mark.frame))",
            ])
        }
        return table
    }
}

extension Epoch {
    /// Its highest SEQ, where it was heard first.
    var lastMark: SequenceMark { SequenceMark(frame: lastFrame, position: lastPosition, distinct: distinct) }
}
