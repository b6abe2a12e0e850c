import MeshProtocol

/// What was heard of one subnet: its beacons, and the highest IV state that they said.
struct SubnetRecord {
    var authentic = 0
    var notAuthentic = 0
    /// The highest state of this subnet's own beacons, and the last frame of each state's beacons.
    private(set) var highest: IVStateRecord?
    private(set) var lastBeacon: FrameReference?

    mutating func take(_ state: IVState, _ evidence: IVEvidence, at frame: FrameReference) {
        authentic += 1
        lastBeacon = max(lastBeacon ?? frame, frame)
        guard let known = highest, known.state >= state else {
            highest = IVStateRecord(
                state: state, evidence: evidence, frame: frame, firstTime: frame.time, lastTime: frame.time,
                lastTimeAsCurrent: frame.time, count: 1)
            return
        }
    }
}
