import ByteParsing
import CaptureFiles
import MeshEvidence
import MeshProtocol
import MeshTimelines
import MeshVerdict

/// The states of a network's IV Index over time: what was authenticated as solid steps, the time without evidence hatched.
struct IVStaircase {
    /// Mesh Protocol 1.1, "IV Update procedure": at least 96 h in each state, at most 144 h in progress; and "IV Index Recovery
    /// procedure": 192 h between two.
    private enum Limit: Int64, CaseIterable {
        case leastInState = 96
        case mostInProgress = 144
        case betweenRecoveries = 192

        var duration: Duration { .seconds(rawValue * 3600) }
    }

    private static let rowHeight = 44.0
    private static let top = 16.0

    let network: Analysis.Network
    let validUntil: CaptureTime?
    let end: CaptureTime?
    let times: CaptureTimes
    let label: (FrameReference) -> String

    private var records: [IVStateRecord] { network.ivTimeline }
    /// The states that were said, the newest at the top.
    private var states: [IVState] { Set(records.map(\.state)).sorted(by: >) }

    /// `nil` where nothing tells the IV Index.
    func drawing() -> Drawing? {
        guard let last = records.max(by: { $0.state < $1.state }) else { return nil }
        let ends = limits(of: last).map { last.firstTime.advanced(by: $0.duration) }
        let moments = records.flatMap { [$0.firstTime, $0.lastTime] } + [validUntil, end].compactMap(\.self) + ends
        guard let axis = TimeAxis(moments, left: 190, areDates: times.areDates) else { return nil }
        let bottom = Self.top + Double(states.count) * Self.rowHeight
        var drawing = Drawing(
            "IV Index over time",
            "\(states.count == 1 ? "One state was" : "\(states.count) states were") said by what is authentic; the newest is IV Index \(last.state.index.value), \(Wording.state(last.state)).",
            height: bottom + 44, table: table)
        axis.draw(into: &drawing, top: Self.top, bottom: bottom)
        for state in states { draw(state, axis, bottom, into: &drawing) }
        drawValidity(axis, bottom, into: &drawing)
        drawing.explain(.evidence, "said by an authentic beacon, Friend Update or PDU")
        drawing.explain(.unheard, "no evidence: the state may have changed meanwhile")
        drawing.explain(
            .band,
            "from when a state was first heard: 96 h, before which it may not change; 144 h, for which an update may be in progress; 192 h, in which no second IV Index Recovery is allowed"
        )
        if validUntil != nil { drawing.explain(.limit, "until then the answer holds") }
        return drawing
    }

    private func row(of state: IVState) -> Double {
        Self.top + Double(states.firstIndex(of: state) ?? 0) * Self.rowHeight
    }

    private func draw(_ state: IVState, _ axis: TimeAxis, _ bottom: Double, into drawing: inout Drawing) {
        let y = row(of: state)
        let name: Prose = "\(Hexadecimal.prefixed(state.index.value, digits: 8))"
        drawing.add(.text(x: 180, y: y + 18, .end, name), .label)
        drawing.add(.text(x: 180, y: y + 33, .end, state.isUpdateInProgress ? "update in progress" : "normal"), .label)
        let own = records.filter { $0.state == state }
        for record in own {
            let next = records.filter { $0.state > state }.map(\.firstTime).min()
            let until = next ?? validUntil ?? end
            if let until, until > record.lastTime {
                rectangle(
                    axis, record.lastTime, until, y + 12, 18, .unheard,
                    "No evidence from \(times.date(record.lastTime)) to \(times.date(until)).", [], into: &drawing)
            }
            for (place, limit) in limits(of: record).enumerated() {
                let stop = record.firstTime.advanced(by: limit.duration)
                rectangle(
                    axis, record.firstTime, stop, y + 33 + Double(place) * 4, 3, .band,
                    "\(limit.rawValue) h from \(times.date(record.firstTime)) to \(times.date(stop)).", [],
                    into: &drawing)
            }
            for stretch in stretches(record) where !stretch.isHeard {
                rectangle(
                    axis, stretch.from, stretch.to, y + 12, 18, .unheard,
                    "No evidence from \(times.date(stretch.from)) to \(times.date(stretch.to)).", [], into: &drawing)
            }
            let title: Prose =
                "IV Index \(name), \(Wording.state(state)): said \(record.count)× by \(Wording.evidence(record.evidence)), \(times.date(record.firstTime)) to \(times.date(record.lastTime)), frame \(label(record.frame))."
            let data: [Drawing.Datum] =
                [
                    .init("index", state.index.value), .init("update_in_progress", state.isUpdateInProgress),
                    .init("first_time", times.date(record.firstTime)), .init("last_time", times.date(record.lastTime)),
                    .init("count", record.count),
                ] + Drawing.Datum.frame(record.frame)
            for stretch in stretches(record) where stretch.isHeard {
                rectangle(axis, stretch.from, stretch.to, y + 10, 22, .evidence, title, data, into: &drawing)
            }
        }
    }

    /// A stretch of time, and whether something authentic said the state in it all the time.
    private typealias Stretch = (from: CaptureTime, to: CaptureTime, isHeard: Bool)

    /// Nothing authentic for longer than this leaves a state without evidence.
    private static let longestPause = Duration.seconds(600)

    /// From the first to the last time that a state was said: heard, but for the pauses between beacons that are known.
    private func stretches(_ record: IVStateRecord) -> [Stretch] {
        let marks =
            network.subnets.map { subnet in
                subnet.beaconMarks.filter {
                    $0.state == record.state && $0.frame.time >= record.firstTime && $0.frame.time <= record.lastTime
                }
            }.max { $0.count < $1.count } ?? []
        var stretches: [Stretch] = []
        var from = record.firstTime
        for (one, other) in zip(marks, marks.dropFirst()) {
            let pause = other.frame.time.since(one.frame.time) / max(1, other.count - one.count)
            guard pause > Self.longestPause else { continue }
            stretches.append((from, one.frame.time, true))
            stretches.append((one.frame.time, other.frame.time, false))
            from = other.frame.time
        }
        return stretches + [(from, record.lastTime, true)]
    }

    private func drawValidity(_ axis: TimeAxis, _ bottom: Double, into drawing: inout Drawing) {
        guard let validUntil else { return }
        let x = axis.x(validUntil)
        drawing.add(
            .line(x1: x, y1: Self.top - 8, x2: x, y2: bottom), .limit,
            "The answer holds until \(times.text(validUntil, digits: 0)).",
            times.areDates ? [.init("valid_until", times.date(validUntil))] : [])
        drawing.add(.text(x: x - 6, y: Self.top - 4, .end, "holds until here"), .label)
    }

    private func rectangle(
        _ axis: TimeAxis, _ from: CaptureTime, _ to: CaptureTime, _ y: Double, _ height: Double, _ style: Drawing.Style,
        _ title: Prose, _ data: [Drawing.Datum], into drawing: inout Drawing
    ) {
        let x = axis.x(from)
        drawing.add(.rectangle(x: x, y: y, width: max(3, axis.x(to) - x), height: height), style, title, data)
    }

    /// The times that the specification sets from when this state was first heard.
    private func limits(of record: IVStateRecord) -> [Limit] {
        guard record.state == states.first else { return [] }
        let before = states.dropFirst().first
        let isRecovered = before.map { record.state.index.value > $0.index.value + 1 } ?? false
        return [.leastInState] + (record.state.isUpdateInProgress ? [.mostInProgress] : [])
            + (isRecovered ? [.betweenRecoveries] : [])
    }

    private var table: ReportDocument.Table {
        var table = ReportDocument.Table([
            .init("IV Index"), .init("state"), .init("from"), .init("to"), .init("statements", .right),
            .init("evidence"), .init("frame", .right),
        ])
        for record in records {
            table.add([
                "\(Hexadecimal.prefixed(record.state.index.value, digits: 8)) (\(record.state.index.value))",
                "\(Wording.state(record.state))",
                "\(times.date(record.firstTime))", "\(times.date(record.lastTime))", "\(record.count)",
                "\(Wording.evidence(record.evidence))", "\(label(record.frame))",
            ])
        }
        return table
    }
}
