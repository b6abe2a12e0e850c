public import CaptureFiles
import MeshEvidence
public import MeshProtocol
import MeshStacks
public import MeshTimelines

/// What is to be expected of one source, if it goes on as it was heard: pure, from its timeline.
public struct Forecast: Hashable, Sendable {
    /// One element of a node.
    public let address: UnicastAddress
    /// The highest position that was heard, and when.
    public let last: SequencePosition
    /// Of that position.
    public let lastTime: CaptureTime
    /// How many SEQ are left under this IV Index.
    public let left: UInt32
    /// SEQ a day, in the long run; `nil` where it was heard for less than an hour.
    public let perDay: Double?
    /// When it comes to where a node should ask for an IV Update, so that 96 h in each state are left for it; `nil` where nothing tells.
    public let updateDue: CaptureTime?
    /// When no SEQ is left; `nil` where nothing tells.
    public let exhausted: CaptureTime?

    /// Heard for less, a rate says nothing of a day.
    private static let shortest = Duration.seconds(3600)
    private static let day = 86_400.0
    /// Beyond this nobody plans: 30 years.
    private static let furthest = 30.0 * 365

    /// `nil` for a source of which no PDU was heard.
    public init?(_ source: SourceTimeline) {
        guard let last = source.lastPosition, let frame = source.lastFrame else { return nil }
        let left = SequenceNumber.last.value - last.sequence.value
        address = source.address
        self.last = last
        lastTime = frame.time
        self.left = left
        let watched = source.heardDuration
        guard watched >= Self.shortest else {
            (perDay, updateDue, exhausted) = (nil, nil, nil)
            return
        }
        let spent = source.epochs().reduce(0.0) { sum, epoch in
            sum + max(0, Double(epoch.lastSequence.value) - Double(epoch.firstSequence.value) - Double(epoch.skipped))
        }
        let perDay = spent / watched.inSeconds * Self.day
        self.perDay = perDay
        func moment(_ sequences: Double) -> CaptureTime? {
            guard perDay > 0, sequences / perDay < Self.furthest else { return nil }
            return frame.time.advanced(by: .seconds(max(0, sequences / perDay * Self.day)))
        }
        exhausted = moment(Double(left))
        // In progress for 96 h at least, and begun 96 h at least behind the update before.
        let reserve = perDay * (2 * IVUpdateRules.minimumStateDuration.inSeconds / Self.day)
        updateDue = moment(Double(left) - reserve)
    }
}

/// What should have been heard by now, and was not: pure, from a state and the time of whoever listens.
public enum Silence: Hashable, Sendable {
    /// A source that was heard in a rhythm is not heard any more.
    case source(NetworkIndex, UnicastAddress, since: CaptureTime)
    /// No authentic beacon is heard any more.
    case beacons(NetworkIndex, since: CaptureTime)
    /// An IV Update is in progress for longer than the specification allows.
    case update(NetworkIndex, since: CaptureTime)

    /// So many times its longest usual pause a source may be silent.
    private static let factor = 4.0
    private static let shortest = Duration.seconds(600)

    /// What is silent in a network.
    ///
    /// - Parameters:
    ///   - network: as it stands.
    ///   - now: of the clock by which the frames have their times.
    ///   - master: the source to look for; `nil` for none.
    ///   - silentAfter: how long it may be silent; by its own rhythm where it is `nil`.
    /// - Returns: the master, the beacons, the IV Update, in this order, as far as they are silent.
    public static func all(
        in network: NetworkState, at now: CaptureTime, master: UnicastAddress?, silentAfter: Duration? = nil
    ) -> [Silence] {
        var silences: [Silence] = []
        if let master, let source = network.source(master), let last = source.lastHeard?.time,
            now.since(last) > silentAfter ?? patience(with: source)
        {
            silences.append(.source(network.index, master, since: last))
        }
        let beacons = network.subnets.compactMap { subnet in
            subnet.lastBeacon.map { ($0.time, subnet.cadence.interval) }
        }
        if let last = beacons.map(\.0).max(), let interval = beacons.compactMap(\.1).min(),
            now.since(last) > max(shortest, interval * Int(factor))
        {
            silences.append(.beacons(network.index, since: last))
        }
        if let current = network.iv.current, current.state.isUpdateInProgress,
            now.since(current.firstTime) > IVUpdateRules.maximumUpdateDuration
        {
            silences.append(.update(network.index, since: current.firstTime))
        }
        return silences
    }

    /// The mean time between two PDUs says how long a pause is usual; bursts make it shorter, so that ten minutes are the least.
    private static func patience(with source: SourceTimeline) -> Duration {
        let distinct = source.distinct
        guard distinct > 1 else { return .seconds(86_400) }
        let mean = source.heardDuration / (distinct - 1)
        return max(shortest, mean * Int(factor * 8))
    }
}
