import CaptureFiles
import MeshEvidence
import MeshProtocol
import MeshTimelines
import MeshVerdict

/// How much time was between the beacons of a subnet, over time: a node should hear one about every 10 s (Mesh Protocol 1.1, "Secure
/// Network beacon behavior").
struct BeaconCadenceChart {
    private static let top = 16.0
    private static let bottom = 150.0
    private static let mostSeconds = 600.0

    let subnet: Analysis.Subnet
    let end: CaptureTime?
    let times: CaptureTimes
    let label: (FrameReference) -> String

    /// `nil` where fewer than two beacons were heard.
    func drawing() -> Drawing? {
        let marks = subnet.beaconMarks
        guard marks.count > 1 else { return nil }
        let pauses = zip(marks, marks.dropFirst()).map { from, to in
            seconds(from, to) / Double(max(1, to.count - from.count))
        }
        guard let axis = TimeAxis(marks.map(\.frame.time) + [end].compactMap(\.self), areDates: times.areDates),
            let values = NumberAxis(
                [0, 20] + pauses.map { min($0, Self.mostSeconds) }, top: Self.top, bottom: Self.bottom)
        else { return nil }
        let usual = subnet.beaconInterval.map { ", usually one in \(Wording.span($0))" } ?? ""
        var drawing = Drawing(
            "Beacons of key \(subnet.identity.keyIndex)",
            "\(Wording.count(subnet.authenticBeacons, "authentic beacon"))\(usual); a node should hear one about every 10 s.",
            height: Self.bottom + 60, table: table(marks))
        values.draw(into: &drawing, unit: " s")
        axis.draw(into: &drawing, top: Self.top, bottom: Self.bottom + 14)
        drawing.add(.line(x1: 110, y1: values.y(10), x2: Drawing.width - 20, y2: values.y(10)), .limit)
        for ((from, to), pause) in zip(zip(marks, marks.dropFirst()), pauses) {
            let y = values.y(min(pause, Self.mostSeconds))
            drawing.add(
                .line(
                    x1: axis.x(from.frame.time), y1: y, x2: max(axis.x(to.frame.time), axis.x(from.frame.time) + 2),
                    y2: y), .line,
                "\(Wording.count(to.count - from.count, "beacon")) from \(times.date(from.frame.time)) to \(times.date(to.frame.time))."
            )
        }
        for mark in marks {
            let x = axis.x(mark.frame.time)
            drawing.add(
                .line(x1: x, y1: Self.bottom + 3, x2: x, y2: Self.bottom + 11), .mark,
                "Beacon \(mark.count): IV Index \(mark.state.index.value), \(Wording.state(mark.state)), frame \(label(mark.frame)), \(times.date(mark.frame.time)).",
                [
                    .init("beacon_time", times.date(mark.frame.time)), .init("count", mark.count),
                    .init("iv_index", mark.state.index.value),
                ] + Drawing.Datum.frame(mark.frame))
        }
        drawing.explain(.mark, "a beacon; where there are many, some of them")
        drawing.explain(.line, "seconds from one beacon to the next, copies on other channels included")
        drawing.explain(.limit, "10 s")
        return drawing
    }

    private func seconds(_ from: BeaconMark, _ to: BeaconMark) -> Double {
        max(0, to.frame.time.since(from.frame.time).inSeconds)
    }

    private func table(_ marks: [BeaconMark]) -> ReportDocument.Table {
        var table = ReportDocument.Table([
            .init("time"), .init("beacons until then", .right), .init("IV Index", .right), .init("state"),
            .init("frame", .right),
        ])
        for mark in marks {
            table.add([
                "\(times.date(mark.frame.time))", "\(mark.count)", "\(mark.state.index.value)",
                "\(Wording.state(mark.state))", "\(label(mark.frame))",
            ])
        }
        return table
    }
}
