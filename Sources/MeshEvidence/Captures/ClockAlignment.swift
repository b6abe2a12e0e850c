import CaptureFiles
import MeshProtocol

/// Aligns the clocks of captures that overlap: the same PDU in two files was sent once.
///
/// Only PDUs that a key opens count, so that nobody without the key moves a time; and many of them, with nearly the same
/// difference, that are a fair share of what both should have heard: PDUs that somebody recorded and sends again are few beside
/// what the network says meanwhile.
struct ClockAlignment {
    private static let leastCommon = 8
    private static let leastShare = 0.25
    /// Nanoseconds between the first and the third quarter of the differences.
    private static let mostSpread: Int64 = 1_000_000_000
    /// Differences this small are the sniffers' own, and no clock's.
    private static let smallest = Duration.milliseconds(250)

    let captures: [CaptureAlignment]

    /// Reads every capture once, and once more where another one tells the IV Index. One that cannot be read, or only once, as from
    /// a pipe, stays as it is.
    init(_ paths: [String], _ keys: KeyRing, given: IVIndex?, _ clocks: ClockSettings) {
        var captures = Array(repeating: CaptureAlignment(), count: paths.count)
        guard paths.count > 1, !keys.networks.isEmpty else {
            self.captures = captures
            return
        }
        let isRereadable = paths.map(CaptureFile.isRereadable)
        var heard = zip(paths, isRereadable).map {
            $1 ? OpenedTimes(in: $0, keys, given: given, clocks) : OpenedTimes()
        }
        let known = given ?? heard.compactMap(\.ivIndex).max()
        for (index, path) in paths.enumerated()
        where isRereadable[index] && heard[index].times.isEmpty && known != nil {
            heard[index] = OpenedTimes(in: path, keys, given: known, clocks)
        }
        for index in captures.indices {
            captures[index].isReadOnce = !isRereadable[index]
            captures[index].distinct = heard[index].times.count
            captures[index].onlyHere = heard[index].times.keys.count { pdu in
                !heard.indices.contains { $0 != index && heard[$0].times[pdu] != nil }
            }
        }
        for index in captures.indices.dropFirst() {
            let earlier = (0..<index).compactMap { place in
                Self.difference(heard[index].times, heard[place].times).map { (place, $0.count, $0.median) }
            }
            guard let (reference, common, median) = earlier.max(by: { $0.1 < $1.1 }) else { continue }
            captures[index].reference = reference
            captures[index].common = common
            let offset = captures[reference].offset + .nanoseconds(median)
            if offset > Self.smallest || offset < .zero - Self.smallest { captures[index].offset = offset }
        }
        self.captures = captures
    }

    /// By how many nanoseconds the first capture's times are ahead of the second's, if enough PDUs say the same.
    private static func difference(
        _ first: [OpenedTimes.PDU: Int64], _ second: [OpenedTimes.PDU: Int64]
    ) -> (count: Int, median: Int64)? {
        let differences = first.compactMap { pdu, time in second[pdu].map { time &- $0 } }.sorted()
        let count = differences.count
        guard count >= leastCommon, differences[count * 3 / 4] &- differences[count / 4] <= mostSpread else {
            return nil
        }
        let median = differences[count / 2]
        guard let start = second.values.min(), let end = second.values.max() else { return nil }
        // What of the first capture was heard while the second one ran, if that is the difference.
        let together = first.values.count { (start...end).contains($0 &- median) }
        return Double(count) >= leastShare * Double(together) ? (count, median) : nil
    }
}

/// When each PDU that opens was heard first in one capture. Bounded.
private struct OpenedTimes {
    struct PDU: Hashable {
        let network: NetworkIndex
        let source: UnicastAddress
        let position: SequencePosition
        let digest: UInt16
    }

    private static let most = 1 << 17

    private(set) var times: [PDU: Int64] = [:]
    /// The highest IV Index that anything tells.
    private(set) var ivIndex: IVIndex?

    init() {}

    init(in path: String, _ keys: KeyRing, given: IVIndex?, _ clocks: ClockSettings) {
        var stream = EvidenceStream(keys, given: given, search: .off)
        do throws(CaptureError) {
            var capture = try CaptureReading(apart: path, clocks.setting(of: path))
            try capture.run(into: &stream, { observations in for observation in observations { take(observation) } })
        } catch {
            // A capture that breaks off is aligned by what was read before that.
        }
    }

    private mutating func take(_ observation: Observation) {
        guard case .authentic(let network, let statement) = observation.statement else { return }
        switch statement {
        case .beacon(let beacon): note(beacon.statement.state.index)
        case .networkPDU(let opened):
            note(opened.pdu.ivIndex)
            // A Friend delivers what it stored minutes later.
            guard opened.credentials != .friendship, times.count < Self.most else { return }
            let pdu = PDU(
                network: network, source: opened.pdu.source, position: opened.pdu.position,
                digest: opened.pdu.content.digest)
            let time = observation.origin.frame.time.nanoseconds
            times[pdu] = min(times[pdu] ?? time, time)
        case .repetition, .friendUpdate, .ivIndexFound, .netKeyLearned, .friendshipEstablished,
            .friendshipsForgotten, .proxyServer, .solicitation, .message:
            return
        }
    }

    private mutating func note(_ index: IVIndex) { ivIndex = max(ivIndex ?? index, index) }
}
