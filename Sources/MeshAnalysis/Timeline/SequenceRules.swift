import CaptureFiles
import MeshProtocol
import MeshStacks

/// What a source's SEQ did that a monotonous counter does not do, as findings.
///
/// A receiver keeps the highest (IV Index, SEQ) of each source and drops what is not above it: Mesh Protocol 1.1,
/// "Message replay protection".
enum SequenceRules {
    static func judge(_ source: SourceTimeline, in network: NetworkRecord, into findings: inout FindingCollector) {
        for (ivIndex, watch) in source.watches {
            let subject = Subject(network: network.index, source: source.address, ivIndex: ivIndex)
            judgeJumps(watch, subject, into: &findings)
            judgeRestarts(watch, subject, into: &findings)
            judgeReplays(watch, subject, into: &findings)
            judgeOutlier(watch, subject, into: &findings)
        }
        judgeStaleIndex(source, in: network, into: &findings)
    }

    private struct Subject {
        let network: Int
        let source: UnicastAddress
        let ivIndex: IVIndex

        func detail(_ more: [Finding.Detail]) -> [Finding.Detail] {
            [.init("iv_index", .number(Int64(ivIndex.value)))] + more
        }
    }

    private static func judgeJumps(_ watch: SequenceWatch, _ subject: Subject, into findings: inout FindingCollector) {
        for (index, jump) in watch.jumps.enumerated() {
            let stacks = Stack.explaining(from: jump.from, to: jump.to)
            var detail = [
                Finding.Detail("from_seq", .number(Int64(jump.from.value))),
                .init("to_seq", .number(Int64(jump.to.value))),
            ]
            if let block = stacks.map(\.reservation.block).min() {
                detail.append(.init("block", .number(Int64(block))))
                detail.append(.init("stack", .text(stacks.map(\.identifier).joined(separator: ", "))))
            }
            let isLast = index == watch.jumps.count - 1
            findings.record(
                .sequenceJump, .info, at: jump.frame, network: subject.network, source: subject.source,
                subject: UInt64(subject.ivIndex.value) << 24 | UInt64(jump.to.value),
                count: isLast ? watch.jumpCount - index : 1,
                detail: subject.detail(detail))
        }
    }

    /// How many messages short a restarted source is, at its last PDU.
    private static func judgeRestarts(
        _ watch: SequenceWatch, _ subject: Subject, into findings: inout FindingCollector
    ) {
        for restart in watch.restarts {
            let short = restart.isOvertaken ? 0 : Int64(watch.highest.value) - Int64(restart.last.value)
            findings.record(
                .sequenceRestarted, .warning, at: restart.frame, network: subject.network, source: subject.source,
                subject: UInt64(restart.frame.number),
                detail: subject.detail([
                    .init("from_seq", .number(Int64(restart.from.value))),
                    .init("first_seq", .number(Int64(restart.first.value))),
                    .init("last_seq", .number(Int64(restart.last.value))), .init("short", .number(max(0, short))),
                ]))
        }
    }

    private static func judgeReplays(_ watch: SequenceWatch, _ subject: Subject, into findings: inout FindingCollector)
    {
        for (index, frame) in watch.replays.enumerated() {
            let isLast = index == watch.replays.count - 1
            findings.record(
                .pduReplayed, .warning, at: frame, network: subject.network, source: subject.source,
                subject: UInt64(subject.ivIndex.value), count: isLast ? watch.replayCount - index : 1,
                detail: subject.detail([]))
        }
    }

    private static func judgeOutlier(_ watch: SequenceWatch, _ subject: Subject, into findings: inout FindingCollector)
    {
        guard let (sequence, frame) = watch.outlier else { return }
        findings.record(
            .sequenceOutlier, .critical, at: frame, network: subject.network, source: subject.source,
            subject: UInt64(subject.ivIndex.value),
            detail: subject.detail([
                .init("seq", .number(Int64(sequence.value))),
                .init("others_to_seq", .number(Int64(watch.highest.value))),
            ]))
    }

    /// A source whose transmit IV Index is two behind the network's, or went back behind its own.
    private static func judgeStaleIndex(
        _ source: SourceTimeline, in network: NetworkRecord, into findings: inout FindingCollector
    ) {
        var stale = source.stale
        if let newest = source.newestIndex, let frame = source.lastFrame,
            let ahead = network.timeline.records.first(where: {
                UInt64($0.state.index.value) >= UInt64(newest.value) + 2
            }), frame.time.since(ahead.firstTime) > BeaconRules.patience
        {
            stale.insert(.init(ivIndex: newest, newer: ahead.state.index, frame: frame), at: 0)
        }
        for stale in stale {
            findings.record(
                .staleIVIndex, .warning, at: stale.frame, network: network.index, source: source.address,
                subject: UInt64(stale.ivIndex.value), count: stale.count,
                detail: [
                    .init("iv_index", .number(Int64(stale.ivIndex.value))),
                    .init("newer_iv_index", .number(Int64(stale.newer.value))),
                ])
        }
    }
}
