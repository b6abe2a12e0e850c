import CaptureFiles
import MeshEvidence
import MeshProtocol

/// The rules that each statement of a network's IV state is held against: Mesh Protocol 1.1, "IV Update procedure".
struct BeaconRules {
    /// How long nodes may lag behind after a change of state before their beacons are worth a line.
    static let patience = Duration.seconds(600)

    let network: NetworkIndex
    /// What was known before the statement.
    let timeline: IVTimeline

    /// What an authenticated statement breaks, given what was known before it; true if it takes an IV Index Recovery.
    func judge(
        _ state: IVState, from advertiser: DeviceAddress?, at frame: FrameReference, into log: inout FactLog
    ) -> Bool {
        guard let current = timeline.current else { return false }
        if state < current.state {
            judgeOldBeacon(state, from: advertiser, at: frame, current: current, into: &log)
            return false
        }
        if state.isUpdateInProgress, state == current.state { judgeOverdue(current, at: frame, into: &log) }
        guard state > current.state else { return false }
        return judgeRise(to: state, at: frame, current: current, into: &log)
    }

    /// Whether an older state is said long after the change.
    static func isLagging(_ state: IVState, at time: CaptureTime, behind current: IVStateRecord) -> Bool {
        state < current.state && time.since(current.firstTime) > patience
    }

    /// A state two steps back, or one step back long after the change.
    private func judgeOldBeacon(
        _ state: IVState, from advertiser: DeviceAddress?, at frame: FrameReference, current: IVStateRecord,
        into log: inout FactLog
    ) {
        // Of a beacon that was recognised late, the frame may be older than the newer state: it was no old beacon then.
        guard frame.time >= current.firstTime else { return }
        let isFarBack = current.state.step - state.step > 1
        guard isFarBack || Self.isLagging(state, at: frame.time, behind: current) else { return }
        let fact = Fact.beaconReplayed(state, network: current.state, advertiser: advertiser)
        log.record(fact, at: frame, network: network)
    }

    /// More than 144 hours lie between two beacons of one update.
    private func judgeOverdue(_ current: IVStateRecord, at frame: FrameReference, into log: inout FactLog) {
        guard frame.time.since(current.firstTime) > IVUpdateRules.maximumUpdateDuration else { return }
        log.record(.ivUpdateOverdue(current.state, since: current.firstTime), at: frame, network: network)
    }

    /// A newer state: how far ahead it is, and whether there was time for it; true if it takes an IV Index Recovery.
    private func judgeRise(
        to state: IVState, at frame: FrameReference, current: IVStateRecord, into log: inout FactLog
    ) -> Bool {
        // A PDU under n is sent in (n, Normal) as in (n+1, in progress).
        let steps = state.step - current.state.step - (current.evidence.isStatement ? 0 : 1)
        let elapsed = frame.time.since(current.lastTimeAsCurrent)
        let isTooFast =
            steps > 1 && elapsed >= .zero && elapsed < IVUpdateRules.minimumStateDuration * (steps - 1)
        if isTooFast, let last = timeline.lastRecovery, frame.time.since(last) < IVUpdateRules.minimumRecoveryInterval {
            let fact = Fact.ivRecoveryTooSoon(from: current.state, to: state, since: last)
            log.record(fact, at: frame, network: network)
        }
        if state.index.value - current.state.index.value > IVUpdateRules.maximumAhead {
            log.record(.ivIndexOutOfRange(from: current.state, to: state), at: frame, network: network)
        } else if isTooFast {
            log.record(.ivIndexJump(from: current.state, to: state), at: frame, network: network)
        }
        judgeTooSoon(state, at: frame, into: &log)
        return isTooFast
    }

    /// The state that ends now began after the last word of the one before it, and less than 96 hours ago.
    private func judgeTooSoon(_ state: IVState, at frame: FrameReference, into log: inout FactLog) {
        guard timeline.records.count >= 2, let current = timeline.current else { return }
        let before = timeline.records[timeline.records.count - 2]
        guard before.evidence.isStatement, before.state.step == current.state.step - 1,
            state.step == current.state.step + 1
        else { return }
        let longest = frame.time.since(before.lastTimeAsCurrent)
        guard longest >= .zero, longest < IVUpdateRules.minimumStateDuration else { return }
        log.record(.ivUpdateTooSoon(state, atMost: longest), at: frame, network: network)
    }
}
