import ByteParsing
import CaptureFiles
import MeshEvidence
import MeshProtocol
import MeshTimelines
import MeshVerdict

/// Which share of each source's SEQ was heard, over time.
struct CoverageChart {
    private static let rowHeight = 20.0
    private static let top = 12.0
    /// As many sources as a picture has room for; the table of sources has them all.
    private static let mostRows = 40
    private static let mostStretches = 16

    let network: Analysis.Network
    /// The sources that are asked for stand first.
    let asked: Set<UnicastAddress>
    let end: CaptureTime?
    let times: CaptureTimes

    /// From one mark to another of one IV Index.
    private struct Stretch {
        let from: SequenceMark
        let to: SequenceMark

        /// SEQ heard ÷ SEQ used behind the first mark; 0 to 1.
        var coverage: Double {
            min(
                1,
                max(
                    0,
                    Double(to.distinct - from.distinct)
                        / Double(to.position.sequence.value - from.position.sequence.value)))
        }
    }

    /// `nil` where no source was heard for long enough.
    func drawing() -> Drawing? {
        let heard = network.sources.filter { !$0.marks.isEmpty }
        let sources = (heard.filter { asked.contains($0.address) } + heard.filter { !asked.contains($0.address) })
            .prefix(Self.mostRows)
        guard
            let axis = TimeAxis(
                sources.flatMap { $0.marks.map(\.frame.time) } + [end].compactMap(\.self), areDates: times.areDates)
        else { return nil }
        let bottom = Self.top + Double(sources.count) * Self.rowHeight
        let more: Prose = heard.count > sources.count ? " Of \(heard.count) sources, \(sources.count) are shown." : ""
        var drawing = Drawing(
            "Coverage by source and time",
            "Which share of each source's SEQ was heard, from one kept hearing to the next.\(more)",
            height: bottom + 44, table: table(Array(sources)))
        axis.draw(into: &drawing, top: Self.top, bottom: bottom)
        for (row, source) in sources.enumerated() {
            let y = Self.top + Double(row) * Self.rowHeight
            drawing.add(.text(x: 100, y: y + 14, .end, "\(source.address)"), .label)
            for stretch in stretches(source) { draw(stretch, of: source, axis, y, into: &drawing) }
        }
        drawing.explain(.heard3, "all, or nearly: 95 % and more")
        drawing.explain(.heard2, "at least half")
        drawing.explain(.heard1, "less than half")
        drawing.explain(.heard0, "less than a tenth")
        return drawing
    }

    private func draw(
        _ stretch: Stretch, of source: Analysis.Source, _ axis: TimeAxis, _ y: Double, into drawing: inout Drawing
    ) {
        let coverage = stretch.coverage
        let style: Drawing.Style =
            coverage >= 0.95 ? .heard3 : coverage >= 0.5 ? .heard2 : coverage >= 0.1 ? .heard1 : .heard0
        let x = axis.x(stretch.from.frame.time)
        let (from, to) = (stretch.from.position.sequence.value, stretch.to.position.sequence.value)
        drawing.add(
            .rectangle(x: x, y: y + 2, width: max(2, axis.x(stretch.to.frame.time) - x), height: Self.rowHeight - 5),
            style,
            "\(source.address): \(percent(coverage)) of SEQ \(from) to \(to), \(times.date(stretch.from.frame.time)) to \(times.date(stretch.to.frame.time))",
            [
                .init("source", source.address), .init("from_seq", from), .init("to_seq", to),
                .init("from_distinct", stretch.from.distinct), .init("to_distinct", stretch.to.distinct),
            ])
    }

    /// Of marks that follow each other under one IV Index, some.
    private func stretches(_ source: Analysis.Source) -> [Stretch] {
        let step = max(1, (source.marks.count + Self.mostStretches - 1) / Self.mostStretches)
        let chosen = source.marks.enumerated().filter {
            $0.offset.isMultiple(of: step) || $0.offset == source.marks.count - 1
        }.map(\.element)
        return zip(chosen, chosen.dropFirst()).compactMap { from, to in
            guard from.position.ivIndex == to.position.ivIndex, from.position.sequence < to.position.sequence,
                from.distinct <= to.distinct
            else { return nil }
            return Stretch(from: from, to: to)
        }
    }

    private func percent(_ share: Double) -> String { "\(Int((share * 100).rounded(.down))) %" }

    private func table(_ sources: [Analysis.Source]) -> ReportDocument.Table {
        var table = ReportDocument.Table([
            .init("source"), .init("IV Index", .right), .init("SEQ heard", .right), .init("missed", .right),
            .init("skipped", .right), .init("coverage", .right),
        ])
        for source in sources {
            for epoch in source.epochs {
                table.add([
                    "\(source.address)", "\(epoch.ivIndex.value)", "\(epoch.distinct)",
                    "\(epoch.missed - Int(epoch.skippedOfMissed))", "\(epoch.skippedOfMissed)",
                    "\(percent(epoch.coverage))",
                ])
            }
        }
        return table
    }
}

extension Epoch {
    /// How many of the SEQ that were not heard nobody used, as far as a jump, a restart or an outlier tells.
    var skippedOfMissed: UInt32 { min(skipped, UInt32(clamping: missed)) }
}

/// What each capture alone gave, where there are several.
struct CaptureChart {
    private static let rowHeight = 30.0
    private static let left = 60.0

    let captures: [CaptureSummary]

    /// `nil` where no two captures can be compared.
    func drawing() -> Drawing? {
        let compared = captures.enumerated().compactMap { index, capture in
            capture.alignment.map { (index, capture, $0) }
        }
        guard compared.count > 1, let most = compared.map(\.2.distinct).max(), most > 0 else { return nil }
        var table = ReportDocument.Table([
            .init("capture"), .init("file"), .init("PDUs that open", .right), .init("in no other", .right),
        ])
        var drawing = Drawing(
            "Coverage by capture",
            "How many different PDUs that open each capture holds, and how many of them no other one holds.",
            height: 16 + Double(compared.count) * Self.rowHeight, table: table)
        for (row, (index, capture, alignment)) in compared.enumerated() {
            let y = 10 + Double(row) * Self.rowHeight
            let room = Drawing.width - Self.left - 130
            let title: Prose =
                "\(KeyMask.hide(capture.path)): \(alignment.distinct) different PDUs, \(alignment.onlyHere) of them in no other capture."
            drawing.add(.text(x: Self.left - 8, y: y + 15, .end, "[\(index + 1)]"), .label)
            drawing.add(
                .rectangle(
                    x: Self.left, y: y, width: max(2, room * Double(alignment.distinct) / Double(most)), height: 20),
                .heard1, title, [.init("distinct_pdus", alignment.distinct)])
            drawing.add(
                .rectangle(
                    x: Self.left, y: y + 5, width: max(1, room * Double(alignment.onlyHere) / Double(most)), height: 10),
                .heard3, title, [.init("only_here", alignment.onlyHere)])
            drawing.add(
                .text(x: Drawing.width - 10, y: y + 15, .end, "\(alignment.distinct), \(alignment.onlyHere) only here"),
                .label)
            table.add([
                "[\(index + 1)]", "\(KeyMask.hide(capture.path))", "\(alignment.distinct)", "\(alignment.onlyHere)",
            ])
        }
        drawing.table = table
        drawing.explain(.heard1, "PDUs that open")
        drawing.explain(.heard3, "of them, in no other capture")
        return drawing
    }
}
