import ByteParsing
import CaptureFiles
import MeshProtocol

/// The rules that each statement of a network's IV state is held against: Mesh Protocol 1.1, "IV Update procedure".
enum BeaconRules {
    /// How long nodes may lag behind after a change of state before their beacons are worth a line.
    static let patience = Duration.seconds(600)

    /// What an authenticated statement breaks, given what was known before it; true if it takes an IV Index Recovery.
    static func judge(
        _ state: IVState, from advertiser: UInt64?, at frame: FrameReference, in timeline: NetworkTimeline,
        network: Int, into findings: inout FindingCollector
    ) -> Bool {
        guard let current = timeline.current else { return false }
        if state < current.state {
            judgeOldBeacon(state, from: advertiser, at: frame, current: current, network: network, into: &findings)
            return false
        }
        if state.isUpdateInProgress, state == current.state {
            judgeOverdue(current, at: frame, network, into: &findings)
        }
        guard state > current.state else { return false }
        let ahead = state.index.value - current.state.index.value
        // A PDU under n is sent in (n, Normal) as in (n+1, in progress).
        let steps = state.step - current.state.step - (current.evidence.isStatement ? 0 : 1)
        let elapsed = frame.time.since(current.lastTimeAsCurrent)
        let from = Finding.Detail("from_iv_index", .number(Int64(current.state.index.value)))
        let to = Finding.Detail("iv_index", .number(Int64(state.index.value)))
        let isTooFast =
            steps > 1 && elapsed >= .zero && elapsed < IVUpdateRules.minimumStateDuration * Double(steps - 1)
        if isTooFast, let last = timeline.lastRecovery, frame.time.since(last) < IVUpdateRules.minimumRecoveryInterval {
            findings.record(
                .ivRecoveryTooSoon, .warning, at: frame, network: network, subject: UInt64(state.step),
                detail: [from, to, .init("since", .time(last))])
        }
        if ahead > IVUpdateRules.maximumAhead {
            findings.record(
                .ivIndexOutOfRange, .critical, at: frame, network: network, subject: UInt64(state.step),
                detail: [from, to])
        } else if isTooFast {
            findings.record(
                .ivIndexJump, .warning, at: frame, network: network, subject: UInt64(state.step), detail: [from, to])
        }
        judgeTooSoon(state, at: frame, in: timeline, network: network, into: &findings)
        return isTooFast
    }

    /// Whether an older state is said long after the change.
    static func isLagging(_ state: IVState, at time: CaptureTime, behind current: IVStateRecord) -> Bool {
        state < current.state && time.since(current.firstTime) > patience
    }

    /// A state two steps back, or one step back long after the change.
    private static func judgeOldBeacon(
        _ state: IVState, from advertiser: UInt64?, at frame: FrameReference, current: IVStateRecord, network: Int,
        into findings: inout FindingCollector
    ) {
        let isFarBack = current.state.step - state.step > 1
        guard isFarBack || isLagging(state, at: frame.time, behind: current) else { return }
        findings.record(
            .beaconReplayed, .warning, at: frame, network: network, subject: UInt64(state.step),
            detail: [
                .init("iv_index", .number(Int64(state.index.value))),
                .init("update_in_progress", .text(state.isUpdateInProgress ? "true" : "false")),
                .init("network_iv_index", .number(Int64(current.state.index.value))),
            ] + (advertiser.map { [.init("advertiser", .text(Hexadecimal.deviceAddress($0)))] } ?? []))
    }

    /// More than 144 hours lie between two beacons of one update.
    private static func judgeOverdue(
        _ current: IVStateRecord, at frame: FrameReference, _ network: Int, into findings: inout FindingCollector
    ) {
        guard frame.time.since(current.firstTime) > IVUpdateRules.maximumUpdateDuration else { return }
        findings.record(
            .ivUpdateOverdue, .warning, at: frame, network: network, subject: UInt64(current.state.step),
            detail: [
                .init("iv_index", .number(Int64(current.state.index.value))), .init("since", .time(current.firstTime)),
            ])
    }

    /// The state that ends now began after the last word of the one before it, and less than 96 hours ago.
    private static func judgeTooSoon(
        _ state: IVState, at frame: FrameReference, in timeline: NetworkTimeline, network: Int,
        into findings: inout FindingCollector
    ) {
        guard timeline.records.count >= 2, let current = timeline.current else { return }
        let before = timeline.records[timeline.records.count - 2]
        guard before.evidence.isStatement, before.state.step == current.state.step - 1,
            state.step == current.state.step + 1
        else { return }
        let longest = frame.time.since(before.lastTimeAsCurrent)
        guard longest >= .zero, longest < IVUpdateRules.minimumStateDuration else { return }
        findings.record(
            .ivUpdateTooSoon, .warning, at: frame, network: network, subject: UInt64(state.step),
            detail: [
                .init("iv_index", .number(Int64(state.index.value))),
                .init("update_in_progress", .text(state.isUpdateInProgress ? "true" : "false")),
                .init("at_most_hours", .number(longest.components.seconds / 3600)),
            ])
    }
}
