import CaptureFiles
public import MeshEvidence
public import MeshProtocol
import MeshTimelines

/// What a replacement does when it hears one IV state of the network.
public struct ReplacementStep: Hashable, Sendable {
    /// What becomes of it; the names are those of the JSON.
    public enum Outcome: String, Hashable, Sendable {
        /// The state that it has already.
        case agrees
        /// It goes along with the IV Update procedure.
        case follows
        /// By IV Index Recovery, which sets its SEQ to 0; not again for 192 h.
        case recovers
        /// One ahead in Normal Operation, since it missed an update: most stacks recover, some ignore it for good.
        case recoversOrIgnores = "recovers_or_ignores"
        /// It ignores a state that is lower than its own.
        case ignoresLower = "ignores_lower"
        /// It ignores a state more than 42 ahead of its own, for good.
        case ignoresFarAhead = "ignores_far_ahead"
        /// It would need a second IV Index Recovery within 192 h, and ignores the state.
        case ignoresTooSoon = "ignores_too_soon"

        /// Whether the replacement has the network's state then.
        public var isTaken: Bool { [.agrees, .follows, .recovers, .recoversOrIgnores].contains(self) }
    }

    /// The state that the network said.
    public let state: IVState
    /// The frame that said so first.
    public let frame: FrameReference
    /// What the replacement does.
    public let outcome: Outcome
    /// The state that the replacement has afterwards.
    public let own: IVState
    /// The SEQ that peers know of the old device under the IV Index with which the replacement now sends from SEQ 0.
    public let peersHold: SequenceNumber?
}

/// What a replacement would do by itself that starts with some IV Index in Normal Operation: Mesh Protocol 1.1, "IV Update
/// procedure" and "IV Index Recovery procedure". Later versions of stacks differ in details; what differs is said.
enum ReplacementRules {
    static func steps(from index: IVIndex, through records: [IVStateRecord], master: [Epoch]) -> [ReplacementStep] {
        var own = IVState.normalOperation(index)
        var lastRecovery: CaptureTime?
        return records.filter(\.evidence.isStatement).map { record in
            let sinceRecovery = lastRecovery.map { record.firstTime.since($0) }
            let outcome = outcome(own, hears: record.state, sinceRecovery: sinceRecovery)
            if outcome.isTaken { own = record.state }
            let isZeroed = outcome == .recovers || outcome == .recoversOrIgnores
            if isZeroed { lastRecovery = record.firstTime }
            let held = master.first { $0.ivIndex == own.transmitIndex }?.lastSequence
            return ReplacementStep(
                state: record.state, frame: record.frame, outcome: outcome, own: own, peersHold: isZeroed ? held : nil)
        }
    }

    private static func outcome(
        _ own: IVState, hears state: IVState, sinceRecovery: Duration?
    ) -> ReplacementStep.Outcome {
        guard state != own else { return .agrees }
        guard state > own else { return .ignoresLower }
        let ahead = state.index.value - own.index.value
        guard ahead <= IVUpdateRules.maximumAhead else { return .ignoresFarAhead }
        // One step of the IV Update procedure: into the next update, or out of this one.
        if state.step == own.step + 1 { return .follows }
        guard sinceRecovery.map({ $0 >= IVUpdateRules.minimumRecoveryInterval }) ?? true else { return .ignoresTooSoon }
        return ahead == 1 ? .recoversOrIgnores : .recovers
    }
}
