import CaptureFiles
public import MeshEvidence
public import MeshProtocol
import MeshTimelines

/// Why a source is taken for the master.
public enum MasterReason: Hashable, Sendable {
    /// A provisioner of a key file has its UUID.
    case provisioner
    /// It sends under device keys to so many nodes.
    case configures(Int)
    /// It was not heard any more from this frame on, while others were.
    case fellSilent(since: FrameReference)
    /// It publishes to groups.
    case publishesToGroups(Int)
    /// Its address is the lowest of the network, as the first provisioner's usually is.
    case lowestAddress

    /// How many points the reason is worth.
    var weight: Int {
        switch self {
        case .provisioner: 60
        case .configures(let nodes): nodes > 1 ? 40 : 10
        case .fellSilent: 25
        case .publishesToGroups: 5
        case .lowestAddress: 10
        }
    }
}

/// A source that may be the master.
public struct MasterCandidate: Hashable, Sendable {
    /// The unicast address that was heard.
    public let address: UnicastAddress
    /// Why it may be the master.
    public let reasons: [MasterReason]

    var score: Int { reasons.reduce(0) { $0 + $1.weight } }

    /// The time of its last PDU, where it fell silent.
    var silentSince: CaptureTime? {
        for case .fellSilent(let since) in reasons { return since.time }
        return nil
    }
}

/// Which source is the failed master, when nobody says it. It never guesses silently: the reasons are in the report, and
/// without enough of them there is no choice.
struct MasterChoice {
    private static let leastScore = 50
    private static let leastLead = 20
    /// Silence and one other reason.
    private static let leastDoubt = 30
    /// A silence shorter than this says nothing.
    private static let shortestSilence = Duration.seconds(30)

    let candidates: [MasterCandidate]

    init(_ network: NetworkState, _ keys: KeyRing.Network) {
        let sources = network.sources.filter { $0.lastHeard != nil }
        let lowest = sources.map(\.address).min()
        let latest = sources.compactMap { $0.lastHeard?.time }.max()
        let configured = network.configured
        candidates = sources.map { source in
            var reasons: [MasterReason] = []
            if keys.nodes.contains(where: { $0.isProvisioner && $0.holds(source.address) }) {
                reasons.append(.provisioner)
            }
            if let nodes = configured[source.address] { reasons.append(.configures(nodes)) }
            if let last = source.lastHeard, let latest, Self.isSilent(source, last, latest: latest) {
                reasons.append(.fellSilent(since: last))
            }
            if source.groupPDUs > 0 { reasons.append(.publishesToGroups(source.groupPDUs)) }
            if source.address == lowest { reasons.append(.lowestAddress) }
            return MasterCandidate(address: source.address, reasons: reasons)
        }
        .sorted { ($1.score, $0.address) < ($0.score, $1.address) }
    }

    /// The candidate that stands out, and the next likely one; `nil` where none stands out, or another one died later.
    var choice: (master: MasterCandidate, runnerUp: MasterCandidate?)? {
        guard let first = candidates.first, first.score >= Self.leastScore else { return nil }
        let second = candidates.dropFirst().first
        guard first.score - (second?.score ?? 0) >= Self.leastLead, !diedLater(than: first) else { return nil }
        return (first, second)
    }

    /// Those that the choice is between, the likeliest first, where none was made; whoever fell silent is among them.
    var doubtful: [MasterCandidate] {
        let likely = candidates.filter { $0.score > 0 }.prefix(2)
        let silent = candidates.filter { $0.silentSince != nil && !likely.contains($0) }
        return likely.count > 1 ? Array(likely + silent.prefix(1)) : []
    }

    /// Whether another source fell silent after this one, as a phone leaves that only configured; or fell silent, and this one
    /// did not, and something else speaks for it.
    private func diedLater(than first: MasterCandidate) -> Bool {
        candidates.dropFirst().contains { other in
            guard let silent = other.silentSince else { return false }
            guard let since = first.silentSince else { return other.score >= Self.leastDoubt }
            return silent > since
        }
    }

    /// Silent for longer than it ever was on average, several times over, while another source went on.
    private static func isSilent(_ source: SourceTimeline, _ last: FrameReference, latest: CaptureTime) -> Bool {
        let silence = latest.since(last.time)
        guard silence > shortestSilence, source.distinct > 1, let first = source.firstTime else { return false }
        return silence > last.time.since(first) / (source.distinct - 1) * 5
    }
}

extension KeyRing.Node {
    /// Whether the address is one of its elements.
    func holds(_ address: UnicastAddress) -> Bool {
        (0..<elements).contains(Int(address.value) - Int(self.address.value))
    }

    /// The unicast addresses of its elements.
    var addresses: [UnicastAddress] {
        (0..<elements).compactMap { UnicastAddress(UInt16(truncatingIfNeeded: Int(address.value) + $0)) }
    }
}
