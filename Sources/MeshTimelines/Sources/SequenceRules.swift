import CaptureFiles
import MeshEvidence
import MeshProtocol
import MeshStacks

/// What a source's SEQ did that a monotonous counter does not do, as facts.
///
/// A receiver keeps the highest (IV Index, SEQ) of each source and drops what is not above it: Mesh Protocol 1.1,
/// "Message replay protection".
enum SequenceRules {
    /// Every stack has asked for an IV Update long before.
    private static let nearExhaustion: UInt32 = 0xC0_0000

    /// What the sources of a network did.
    static func judge(_ network: NetworkState, into log: inout FactLog) {
        let isClock = judgeClock(network, into: &log)
        for source in network.sources { judge(source, in: network, isClock: isClock, into: &log) }
    }

    /// Sources that all begin anew at the same time did not: a clock was set back, or captures are not in their order. Three of
    /// them, and half of those that were heard then.
    private static func judgeClock(_ network: NetworkState, into log: inout FactLog) -> Bool {
        let restarts = network.sources.compactMap { source in
            source.watches.last.flatMap { watched in watched.watch.restarts.last.map { (watched.watch, $0) } }
        }
        guard let first = restarts.min(by: { $0.1.frame < $1.1.frame })?.1.frame else { return false }
        let together = restarts.filter { $0.1.frame.time.since(first.time) <= BeaconRules.patience }
        let heard = network.sources.count { $0.lastHeard.map { $0 >= first } ?? false }
        guard together.count >= fewestTogether, together.count * 2 >= heard else { return false }
        let back = together.map { $0.1.frame.time.since($0.0.time(of: $0.1.first)) }.max() ?? .zero
        log.record(.clocksDisagree(by: max(.zero, back)), at: first, network: network.index)
        return true
    }

    private static let fewestTogether = 3

    private static func judge(
        _ source: SourceTimeline, in network: NetworkState, isClock: Bool, into log: inout FactLog
    ) {
        for watched in source.watches {
            let subject = Subject(network: network.index, source: source.address, ivIndex: watched.ivIndex)
            judgeJumps(watched.watch, subject, into: &log)
            if !isClock { judgeRestarts(watched.watch, subject, into: &log) }
            judgeReplays(watched.watch, subject, into: &log)
            judgeOutlier(watched.watch, subject, into: &log)
        }
        judgeStaleIndex(source, in: network, into: &log)
        judgeExhaustion(source, in: network, into: &log)
    }

    private struct Subject {
        let network: NetworkIndex
        let source: UnicastAddress
        let ivIndex: IVIndex

        func record(_ fact: Fact, at frame: FrameReference, count: Int = 1, into log: inout FactLog) {
            log.record(fact, at: frame, network: network, source: source, count: count)
        }
    }

    private static func judgeJumps(_ watch: SequenceWatch, _ subject: Subject, into log: inout FactLog) {
        for (index, jump) in watch.jumps.enumerated() {
            let isLast = index == watch.jumps.count - 1
            let fact = Fact.sequenceJump(
                jump, under: subject.ivIndex, stacks: Stack.explaining(from: jump.from, to: jump.to))
            subject.record(fact, at: jump.frame, count: isLast ? watch.jumpCount - index : 1, into: &log)
        }
    }

    /// How many messages short a restarted source is, at its last PDU.
    private static func judgeRestarts(_ watch: SequenceWatch, _ subject: Subject, into log: inout FactLog) {
        for restart in watch.restarts {
            let isShort = !restart.isOvertaken && restart.last < watch.highest
            let short = isShort ? watch.highest.value - restart.last.value : 0
            subject.record(
                .sequenceRestarted(restart, under: subject.ivIndex, short: short), at: restart.frame, into: &log)
        }
    }

    private static func judgeReplays(_ watch: SequenceWatch, _ subject: Subject, into log: inout FactLog) {
        for (index, frame) in watch.replays.enumerated() {
            let isLast = index == watch.replays.count - 1
            subject.record(
                .pduReplayed(under: subject.ivIndex, isLate: watch.isReplayedLate), at: frame,
                count: isLast ? watch.replayCount - index : 1,
                into: &log)
        }
    }

    private static func judgeOutlier(_ watch: SequenceWatch, _ subject: Subject, into log: inout FactLog) {
        guard let outlier = watch.outlier else { return }
        let position = SequencePosition(subject.ivIndex, outlier.sequence)
        subject.record(.sequenceOutlier(position, others: watch.highest), at: outlier.frame, into: &log)
    }

    /// A source whose transmit IV Index is two behind the network's, or went back behind its own.
    private static func judgeStaleIndex(
        _ source: SourceTimeline, in network: NetworkState, into log: inout FactLog
    ) {
        var stale = source.stale
        if let newest = source.newestIndex, let frame = source.lastFrame,
            let ahead = network.iv.records.first(where: {
                UInt64($0.state.index.value) >= UInt64(newest.value) + 2
            }), frame.time.since(ahead.firstTime) > BeaconRules.patience
        {
            stale.insert(.init(ivIndex: newest, newer: ahead.state.index, frame: frame), at: 0)
        }
        for stale in stale {
            log.record(
                .staleIVIndex(stale.ivIndex, newer: stale.newer), at: stale.frame, network: network.index,
                source: source.address, count: stale.count)
        }
    }

    /// Few SEQ are left; the source's own rate tells until when.
    private static func judgeExhaustion(
        _ source: SourceTimeline, in network: NetworkState, into log: inout FactLog
    ) {
        guard let newest = source.newestEpoch, newest.lastSequence.value >= nearExhaustion else { return }
        let left = SequenceNumber.last.value - newest.lastSequence.value
        let seconds = source.busiestRate.flatMap { $0 > 0 ? Int64(exactly: (Double(left) / $0).rounded()) : nil }
        let forecast = seconds.map { newest.lastFrame.time.advanced(by: .seconds($0)) }
        log.record(
            .sequenceNearExhaustion(newest.lastPosition, left: left, exhaustedAt: forecast), at: newest.lastFrame,
            network: network.index, source: source.address)
    }
}
