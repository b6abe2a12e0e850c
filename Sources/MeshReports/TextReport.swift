import ByteParsing
import CaptureFiles
public import MeshAnalysis
import MeshProtocol

/// Renders an analysis for a person: the answer first, then what it rests on, within 100 columns.
public struct TextReport {
    public enum Style: Sendable { case plain, colored }

    static let width = 100

    let analysis: Analysis
    let style: Style
    let times: CaptureTimes
    private var lines: [String] = []

    public static func render(_ analysis: Analysis, style: Style = .plain) -> String {
        var report = TextReport(analysis, style)
        report.addAnswer()
        report.addCaptures()
        for index in analysis.networks.indices { report.addNetwork(index) }
        report.addOthers()
        report.addFindings()
        return report.lines.joined(separator: "\n") + "\n"
    }

    /// What the answer for one master rests on, and what warns of it, without the rest of the report.
    static func grounds(_ analysis: Analysis, of master: Analysis.Master) -> String {
        var report = TextReport(analysis, .plain)
        report.addGrounds(of: master)
        return report.lines.joined(separator: "\n") + "\n"
    }

    /// What must not be overlooked, as the answer of the report says it.
    public static func attentions(_ analysis: Analysis, of master: Analysis.Master) -> [String] {
        let report = TextReport(analysis, .plain)
        return report.findings([.critical], of: master).map { Wording.printable(Wording.finding($0, report.times)) }
    }

    private init(_ analysis: Analysis, _ style: Style) {
        self.analysis = analysis
        self.style = style
        times = CaptureTimes(analysis)
    }

    // MARK: What it rests on

    private mutating func addCaptures() {
        addTitle("Captures")
        for (index, capture) in analysis.captures.enumerated() {
            let types = capture.linkTypes.map { "\($0.number)" }.joined(separator: ", ")
            let failed = capture.crcFailed > 0 ? ", \(capture.crcFailed) with a failed CRC" : ""
            let complete = capture.isComplete ? "" : ", BREAKS OFF"
            addWrapped(
                "\(number(ofCapture: index))\(Wording.printable(capture.path)): \(capture.format.rawValue), link type \(types.isEmpty ? "–" : types), "
                    + "\(capture.frames) frames\(failed)\(complete)", indent: "  ")
            if let alignment = capture.alignment { addWrapped(Wording.alignment(alignment), indent: "    ") }
            if let first = capture.firstTime, let last = capture.lastTime {
                add("    \(first.text(digits: capture.timeDigits)) to \(last.text(digits: capture.timeDigits))")
            }
        }
    }

    private mutating func addNetwork(_ index: Int) {
        let network = analysis.networks[index]
        addTitle("Network \(name(of: index))")
        var subnets = Table([
            ("key", .right), ("name", .left), ("Network ID", .left), ("NID", .left), ("beacons", .right),
            ("not authentic", .right), ("every", .right),
        ])
        for subnet in network.subnets {
            let name = subnet.name.map { Wording.printable($0) } ?? "–"
            subnets.add([
                "\(subnet.keyIndex)", name.count > 24 ? name.prefix(23) + "…" : name,
                Hexadecimal.text(subnet.networkID, digits: 16), Hexadecimal.prefixed(subnet.nid, digits: 2),
                "\(subnet.authenticBeacons)", "\(subnet.notAuthenticBeacons)",
                subnet.beaconInterval.map { Wording.span($0) } ?? "–",
            ])
            guard let old = subnet.oldNetworkID else { continue }
            subnets.add(["\(subnet.keyIndex)", "(old key)", Hexadecimal.text(old, digits: 16), "", "", "", ""])
        }
        lines += subnets.lines()
        addWrapped(
            "\(network.heard) Network PDUs heard, \(network.opened) opened, \(network.distinct) distinct, "
                + "\(network.notOpened) not opened", indent: "  ")
        addIVTimeline(network)
        addReplacement(network)
        addKeyRefresh(network)
        addSources(network)
    }

    /// What a replacement would do by itself.
    private mutating func addReplacement(_ network: Analysis.Network) {
        guard let (start, steps) = network.replacement else { return }
        add("")
        addWrapped(
            "A replacement that starts at IV Index \(Hexadecimal.prefixed(start.value, digits: 8)) (\(start.value)) in Normal "
                + "Operation, at each state that the network says:", indent: "  ")
        for step in steps {
            let state = Hexadecimal.prefixed(step.state.index.value, digits: 8)
            addWrapped(
                "\(state) \(Wording.state(step.state)): \(Wording.replacement(step)); then it sends with "
                    + "\(Hexadecimal.prefixed(step.own.transmitIndex.value, digits: 8))", indent: "    ")
        }
    }

    /// Subnets in which something tells of a Key Refresh.
    private mutating func addKeyRefresh(_ network: Analysis.Network) {
        let subnets = network.subnets.filter { $0.keyRefresh.contains { $0.phase != .normal } }
        guard !subnets.isEmpty else { return }
        add("")
        var table = Table([
            ("key", .right), ("Key Refresh", .left), ("from", .left), ("to", .left), ("said", .right),
            ("frame", .right),
        ])
        for subnet in subnets {
            for record in subnet.keyRefresh {
                table.add([
                    "\(subnet.keyIndex)", Wording.keyRefresh(record.phase), record.first.time.text(digits: 0),
                    record.last.time.text(digits: 0), "\(record.count)", label(record.first),
                ])
            }
        }
        lines += table.lines()
    }

    private mutating func addIVTimeline(_ network: Analysis.Network) {
        guard !network.ivTimeline.isEmpty else { return }
        add("")
        var table = Table([
            ("IV Index", .left), ("state", .left), ("from", .left), ("to", .left), ("said", .right), ("frame", .right),
        ])
        for record in network.ivTimeline {
            table.add([
                Hexadecimal.prefixed(record.state.index.value, digits: 8),
                record.state.isUpdateInProgress ? "in progress" : "normal", record.firstTime.text(digits: 0),
                record.lastTime.text(digits: 0), "\(record.count)", label(record.frame),
            ])
        }
        lines += table.lines()
    }

    private mutating func addSources(_ network: Analysis.Network) {
        guard !network.sources.isEmpty else { return }
        add("")
        var table = Table([
            ("source", .left), ("IV Index", .left), ("heard", .left), ("to SEQ", .left), ("SEQs", .right),
            ("missed", .right), ("cov.", .right), ("frame", .right), ("lowest", .left), ("give", .left),
            ("verdict", .left),
        ])
        for source in network.sources {
            let recovery = source.verdict.recovery
            for epoch in source.epochs {
                let isLast = epoch == source.epochs.last
                table.add([
                    "\(source.address)", Hexadecimal.prefixed(epoch.ivIndex.value, digits: 8),
                    Hexadecimal.prefixed(epoch.firstSequence.value, digits: 6),
                    Hexadecimal.prefixed(epoch.lastSequence.value, digits: 6), "\(epoch.distinct)", "\(epoch.missed)",
                    "\(Int((epoch.coverage * 100).rounded(.down)))%",
                    label(epoch.lastFrame),
                    isLast ? recovery.map { Hexadecimal.prefixed($0.minimum.value, digits: 6) } ?? "–" : "",
                    isLast ? recovery.map { Hexadecimal.prefixed($0.recommended.value, digits: 6) } ?? "–" : "",
                    isLast ? source.verdict.name : "",
                ])
            }
            if source.epochs.isEmpty {
                table.add(["\(source.address)"] + Array(repeating: "–", count: 9) + [source.verdict.name])
            }
        }
        lines += table.lines()
        for source in network.sources {
            guard let name = source.name else { continue }
            addWrapped("\(source.address) is \(Wording.printable(name))", indent: "  ")
        }
    }

    private mutating func addFindings() {
        addTitle("Findings")
        if analysis.findings.isEmpty { add("  none") }
        for finding in analysis.findings {
            let subject = finding.source.map { "\($0): " } ?? ""
            let frames = finding.frames.map { label($0) }.joined(separator: ", ")
            let more = finding.count > finding.frames.count ? ", …" : ""
            let shown = frames.isEmpty ? "" : " (frame \(frames)\(more))"
            let text = wrapped(
                "\(finding.count) × \(subject)\(Wording.finding(finding, times))\(shown)", width: Self.width - 12)
            for (index, line) in text.enumerated() {
                let severity = index == 0 ? finding.severity.rawValue : ""
                add("  \(colored(severity.padded(to: 8), finding.severity))  \(line)")
            }
        }
    }

    // MARK: Lines

    mutating func add(_ line: String) {
        lines.append(line)
    }

    mutating func addWrapped(_ text: String, indent: String) {
        for line in wrapped(text, width: Self.width - indent.count) { add(indent + line) }
    }

    mutating func addHeadline(_ text: String) {
        for line in wrapped(text, width: Self.width) { add(emphasised(line)) }
    }

    mutating func addTitle(_ title: String) {
        add("")
        add(emphasised(title))
    }

    mutating func addValue(_ name: String, _ hexadecimal: String, _ value: UInt32) {
        add("    \(pad(name))\(emphasised(hexadecimal))  (\(value))")
    }

    func place(of frame: FrameReference) -> String { "frame \(label(frame)), \(times.text(frame.time))" }

    /// A frame's number; with its capture's before it where there are several, as in `2:17`.
    func label(_ frame: FrameReference) -> String {
        analysis.captures.count > 1 ? "\(frame.capture + 1):\(frame.number)" : "\(frame.number)"
    }

    private func number(ofCapture index: Int) -> String {
        analysis.captures.count > 1 ? "[\(index + 1)] " : ""
    }

    func pad(_ text: String) -> String { text.padded(to: 18) }

    func emphasised(_ text: String) -> String { style == .colored ? "\u{1B}[1m\(text)\u{1B}[0m" : text }

    private func colored(_ text: String, _ severity: Finding.Severity) -> String {
        guard style == .colored else { return text }
        switch severity {
        case .critical: return "\u{1B}[1;31m\(text)\u{1B}[0m"
        case .warning: return "\u{1B}[33m\(text)\u{1B}[0m"
        case .info: return text
        }
    }
}
