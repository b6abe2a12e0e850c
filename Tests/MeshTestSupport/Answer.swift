import CaptureFiles
import MeshEvidence
import MeshProtocol
import MeshTimelines
public import MeshVerdict

/// What an analysis answers, without the numbers of frames: what nobody authenticated may change none of it.
public struct Answer: Equatable, CustomStringConvertible {
    /// A line for each network, master and source.
    public let lines: [String]

    public init(_ analysis: Analysis) {
        lines =
            analysis.networks.flatMap { network in
                ["network \(network.iv.map { "\($0.state) \($0.evidence)" } ?? "unknown")"]
                    + network.ivTimeline.map { "says \($0.state) at \($0.firstTime.text(digits: 6))" }
                    + network.sources.map { "source \($0.address): \(Self.text($0.verdict))" }
            }
            + analysis.masters.map {
                "master \($0.address) \($0.reasons.count): \(Self.text($0.verdict)) \($0.ifItLivedOn)"
            }
            + ["ends \(analysis.lastTime?.text(digits: 6) ?? "never")"]
    }

    private static func text(_ verdict: RecoveryVerdict) -> String {
        guard let recovery = verdict.recovery else { return verdict.name }
        return
            "\(verdict.name) \(recovery.state) \(recovery.last) \(recovery.minimum) \(recovery.recommended) "
            + "\(recovery.margin.map(\.term)) \(recovery.basis) at \(recovery.lastHeard.time.text(digits: 6)) "
            + "until \(recovery.validUntil?.text(digits: 6) ?? "unknown")"
    }

    public var description: String { lines.joined(separator: "\n") }

    /// The lines that are not another answer's.
    public func differences(from other: Answer) -> [String] {
        let (mine, others) = (Set(lines), Set(other.lines))
        return lines.filter { !others.contains($0) } + other.lines.filter { !mine.contains($0) }
    }
}
