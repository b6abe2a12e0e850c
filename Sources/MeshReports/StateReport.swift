import ByteParsing
import CaptureFiles
import FoundationEssentials
public import MeshEvidence
import MeshProtocol
public import MeshTimelines
public import MeshVerdict

/// What a kept state holds, as it can be told without its keys.
public struct StateReport: Sendable {
    private let model: Model

    private struct Model: Encodable {
        let schema = "meshscope.state/1"
        let listening: Listening
        let octets: Int64
        let inputs: [Input]
        let networks: [Network]
    }

    private struct Listening: Encodable {
        let since: String?
        let until: String?
        let isOpen: Bool
        let runs: Int
        let gaps: [Gap]
    }

    private struct Gap: Encodable {
        let from: String
        let to: String
        let seconds: Int64
    }

    private struct Input: Encodable {
        let name: String
        let frames: Int
        let files: Int
        let lastTime: String?
    }

    private struct Network: Encodable {
        let name: String?
        let networkIds: [String]
        let ivIndex: UInt32?
        let ivUpdate: Bool?
        let evidence: String?
        let saidUntil: String?
        let sources: [Source]
    }

    private struct Source: Encodable {
        let address: String
        let ivIndex: UInt32
        let lastSeq: UInt32
        let lastTime: String
        let left: UInt32
        let seqPerDay: Double?
        let updateDue: String?
        let exhausted: String?
    }

    /// - Parameters:
    ///   - state: as it was written last.
    ///   - listening: when somebody listened.
    ///   - inputs: how far each source was read, by its name.
    ///   - octets: what it takes on disk.
    public init(_ state: MeshState, _ listening: MeshVerdict.Listening, inputs: [String: LivePosition], octets: Int64) {
        model = Model(
            listening: Listening(
                since: listening.since.map(Self.text), until: listening.until.map(Self.text), isOpen: listening.isOpen,
                runs: listening.count,
                gaps: listening.gaps.map {
                    Gap(from: Self.text($0.start), to: Self.text($0.end), seconds: $0.duration.components.seconds)
                }),
            octets: octets,
            inputs: inputs.sorted { $0.key < $1.key }.map { name, position in
                Input(
                    name: KeyMask.hide(name), frames: position.summary?.frames ?? 0, files: position.marks.count,
                    lastTime: position.summary?.lastTime.map(Self.text))
            },
            networks: state.networks.map(Self.network))
    }

    private static func text(_ time: CaptureTime) -> String { time.text(digits: 0) }

    private static func network(_ network: NetworkState) -> Network {
        let current = network.iv.current
        return Network(
            name: network.name, networkIds: network.networkIDs.sorted().map { Hexadecimal.text($0, digits: 16) },
            ivIndex: current?.state.index.value, ivUpdate: current?.state.isUpdateInProgress,
            evidence: current?.evidence.rawValue, saidUntil: current.map { text($0.lastTime) },
            sources: network.sources.compactMap(Forecast.init).sorted { $0.address < $1.address }.map { forecast in
                Source(
                    address: "\(forecast.address)", ivIndex: forecast.last.ivIndex.value,
                    lastSeq: forecast.last.sequence.value, lastTime: text(forecast.lastTime), left: forecast.left,
                    seqPerDay: forecast.perDay.map { ($0 * 10).rounded() / 10 },
                    updateDue: forecast.updateDue.map(text), exhausted: forecast.exhausted.map(text))
            })
    }

    /// The object of schema `meshscope.state/1`.
    ///
    /// - Throws: `EncodingError`; no state has a number that JSON cannot say.
    public func json() throws -> String { try JSONReport.encode(model) }

    /// For people.
    public var text: String {
        let listening = model.listening
        var lines: [String] = []
        if let since = listening.since, let until = listening.until {
            lines.append(
                "Listened since \(since) until \(until), in \(listening.runs) run\(listening.runs == 1 ? "" : "s")")
            if listening.isOpen { lines.append("  the last run goes on, or was killed") }
        }
        for gap in listening.gaps.suffix(Self.mostGaps) {
            lines.append("  nobody listened from \(gap.from) to \(gap.to)")
        }
        lines.append("\(model.octets / 1024) KiB on disk")
        for input in model.inputs {
            lines.append(
                "Source \(PrintableText.escape(input.name)): \(Wording.count(input.frames, "frame"))"
                    + (input.lastTime.map { ", until \($0)" } ?? ""))
        }
        for network in model.networks { lines += Self.lines(of: network) }
        return lines.joined(separator: "\n") + "\n"
    }

    private static let mostGaps = 10

    private static func lines(of network: Network) -> [String] {
        var lines = [
            "", "Network \(network.name.map(PrintableText.escape) ?? network.networkIds.joined(separator: ", "))",
        ]
        if let ivIndex = network.ivIndex, let evidence = network.evidence, let until = network.saidUntil {
            let update = network.ivUpdate == true ? "IV Update in progress" : "Normal Operation"
            lines.append(
                "  IV Index 0x\(Hexadecimal.text(ivIndex, digits: 8)), \(update), by \(evidence), until \(until)")
        } else {
            lines.append("  nothing tells its IV Index so far")
        }
        for source in network.sources {
            let day = source.seqPerDay.map { ", \(Int64($0.rounded())) SEQ a day" } ?? ""
            lines.append(
                "  \(source.address)  last SEQ 0x\(Hexadecimal.text(source.lastSeq, digits: 6)) (\(source.lastSeq)) at \(source.lastTime)\(day)"
                    + (source.updateDue.map { ", IV Update due by \($0)" } ?? ""))
        }
        return lines
    }
}
