public import CaptureFiles
public import MeshCrypto
public import MeshProtocol

/// One failure of a family, with what its captures hold, what the user can say of it, and the truth.
public struct FailureStory {
    /// What the user says beside keys and address; `nil` where nobody knows it.
    public struct Told: Hashable, Sendable {
        /// Whether the user says when it failed.
        public var failure = false
        /// The identifier of its stack, as on the command line.
        public var stack: String?
        /// How many restarts nobody heard.
        public var restarts: Int?
        /// How many elements it had.
        public var elements: Int?
    }

    /// Its kind.
    public let family: FailureFamily
    /// Of the one subnet.
    public let keys: NetworkKeys
    /// The unicast address of the master.
    public let master: UInt16 = 0x0001
    /// What each capture holds, in the order in which its frames were written.
    public private(set) var captures: [[SimulatedFrame]] = []
    /// What the user says.
    public let told: Told
    /// When the master died, by a right clock.
    public let failedAt: CaptureTime
    /// The highest position that any of its elements ever used.
    public private(set) var lastUsed: SequencePosition
    /// The highest position that the captures hold; `nil` if they hold none.
    public private(set) var lastHeard: SequencePosition?

    private static let start = CaptureTime(seconds: 1_780_272_000)
    private static let ivIndex = IVIndex(0x1A2B)
    private var plan: FailurePlan
    private var random: SeededGenerator
    private var counter: SequenceCounter
    private var heard: [(seconds: Double, window: Int, data: [UInt8])] = []

    /// Draws a failure by lot; the same family and seed give the same one.
    public init(_ family: FailureFamily, seed: UInt64) {
        self.family = family
        let place = UInt64(FailureFamily.allCases.firstIndex(of: family) ?? 0)
        random = SeededGenerator(seed: seed &* 0x9E37_79B9_7F4A_7C15 &+ place &* 0x1_0001)
        keys = NetworkKeys(NetKey(value: random.block()))
        plan = FailurePlan(family, &random)
        told = plan.told
        failedAt = Self.start.advanced(by: .milliseconds(Int64(plan.failsAt * 1000)))
        counter = SequenceCounter(next: plan.first, plan.reservation)
        lastUsed = SequencePosition(Self.ivIndex, SequenceNumber(truncating: plan.first))
        live()
        let second = plan.secondElement.map { SequencePosition(Self.ivIndex, SequenceNumber(truncating: $0)) }
        lastUsed = max(lastUsed, second ?? lastUsed)
        writeDown()
    }

    // MARK: Its life

    private mutating func live() {
        var time = 0.0
        var restarts = plan.restarts.filter { $0 < plan.failsAt }.sorted()[...]
        while time < plan.failsAt, !counter.isExhausted {
            let regime = plan.regimes.last { $0.from <= time } ?? plan.regimes[0]
            let end = min(restarts.first ?? .infinity, plan.failsAt, nextChange(after: time))
            if isInDetail(time, restarts.first, regime) {
                time += random.pause(rate: regime.rate)
                if time < end { act(regime, at: time) } else { time = end }
            } else {
                // What nobody hears is drawn at once.
                let until = max(time + 1e-3, min(end, detailBegins(restarts.first, regime) ?? end))
                let events = Int((regime.rate * (until - time) * (0.9 + Double(random.below(200)) / 1000)).rounded())
                counter.skip(UInt32(min(events * regime.burst, 0xFF_FFFF)), at: until)
                note(counter.last)
                time = until
            }
            if let restart = restarts.first, time >= restart {
                counter.restart(at: time)
                restarts = restarts.dropFirst()
            }
        }
    }

    private func nextChange(after time: Double) -> Double {
        let changes = plan.regimes.map(\.from) + plan.windows.flatMap { [$0.from, $0.to] }
        return changes.filter { $0 > time }.min() ?? .infinity
    }

    /// What is heard is drawn one by one, and what bluetooth-meshd draws before a restart.
    private func isInDetail(_ time: Double, _ restart: Double?, _ regime: FailurePlan.Regime) -> Bool {
        if plan.windows.contains(where: { time >= $0.from && time < $0.to }) { return true }
        return detailBegins(restart, regime).map { time >= $0 } ?? false
    }

    private func detailBegins(_ restart: Double?, _ regime: FailurePlan.Regime) -> Double? {
        guard case .blueZ = plan.reservation, let restart else { return nil }
        return restart - 300 / regime.rate
    }

    /// One event: SEQ are drawn within milliseconds, and sent one after the other.
    private mutating func act(_ regime: FailurePlan.Regime, at time: Double) {
        for place in 0..<regime.burst {
            let drawn = time + Double(place) * 0.002
            guard drawn < plan.failsAt, let sequence = counter.draw(at: drawn) else { return }
            note(sequence)
            send(sequence, at: time + Double(place) * 0.03)
        }
    }

    private mutating func note(_ sequence: UInt32) {
        lastUsed = max(lastUsed, SequencePosition(Self.ivIndex, SequenceNumber(truncating: sequence)))
    }

    private mutating func send(_ sequence: UInt32, at time: Double) {
        guard let window = plan.windows.firstIndex(where: { time >= $0.from && time < $0.to }) else { return }
        if let hop = plan.hop, Int(time / hop) % 2 == 1 { return }
        guard !random.chance(plan.windows[window].loss), let source = UnicastAddress(master) else { return }
        let position = SequencePosition(Self.ivIndex, SequenceNumber(truncating: sequence))
        let pdu = NetworkPDU.seal(
            position: position, isControl: false, ttl: 5, source: source, destination: MeshAddress(0xC000),
            transportPDU: [0x40] + random.octets(8), with: keys.flooding)
        heard.append((time, window, AD.structure(0x2A, pdu.octets)))
        lastHeard = max(lastHeard ?? position, position)
    }

    // MARK: Its captures

    private mutating func writeDown() {
        let statement = NetworkBeaconStatement(state: .normalOperation(Self.ivIndex), isKeyRefresh: false)
        let beacon = AD.structure(0x2B, SecureNetworkBeacon.seal(statement, with: keys))
        for (place, window) in plan.windows.enumerated() {
            // The end of a capture is the last thing that it holds.
            for time in stride(from: window.from, to: window.to, by: 10) { heard.append((time, place, beacon)) }
            heard.append((window.to, place, beacon))
        }
        heard.sort { $0.seconds < $1.seconds }
        let isApart: Bool
        if case .secondWindow = plan.clock { isApart = true } else { isApart = false }
        captures = Array(repeating: [], count: isApart ? plan.windows.count : 1)
        var stamped = false
        for (seconds, window, data) in heard {
            let time = stamp(seconds, window, &stamped)
            captures[isApart ? window : 0].append(
                SimulatedFrame(
                    time: Self.start.advanced(by: .microseconds(Int64(time * 1e6))), channel: 37,
                    address: 0xC0_0000_0001_01, data: data, direction: .heard, isDamaged: false, type: 2))
        }
        heard = []
    }

    /// What the capture's clock says.
    private func stamp(_ seconds: Double, _ window: Int, _ isDone: inout Bool) -> Double {
        switch plan.clock {
        case .right: return seconds
        case .oneFrameBack(let moment, let step):
            guard seconds >= moment, !isDone else { return seconds }
            isDone = true
            return seconds - step
        case .setBack(let moment, let step): return seconds >= moment ? seconds - step : seconds
        case .secondWindow(let offset): return window == 1 ? seconds + offset : seconds
        }
    }

    /// The octets of one pcap file a capture, link type 251.
    public func write() -> [[UInt8]] {
        captures.map { $0.pcap() }
    }
}

/// A counter of SEQ, and what its stack keeps of it.
struct SequenceCounter {
    private var next: UInt32
    private let reservation: SimulatedReservation
    /// What bluetooth-meshd has written, with what it was at, and when.
    private var written: (bound: UInt32, sequence: UInt32, time: Double)

    init(next: UInt32, _ reservation: SimulatedReservation) {
        self.next = next
        self.reservation = reservation
        written = (next + 64, next, 0)
    }

    /// The latest SEQ that was drawn.
    var last: UInt32 { next > 0 ? next - 1 : 0 }
    var isExhausted: Bool { next > 0xFF_FFFF }

    /// `nil` where none is left.
    mutating func draw(at time: Double) -> UInt32? {
        guard !isExhausted else { return nil }
        if case .blueZ = reservation, next + 32 >= written.bound { write(at: time) }
        next += 1
        return next - 1
    }

    /// Ahead by the SEQ since the last write, times five minutes by the time since then; by 64 at least.
    private mutating func write(at time: Double) {
        let milliseconds = max(1, ((time - written.time) * 1000).rounded(.down))
        let ahead = Double(next - written.sequence) * 300_000 / milliseconds
        written = (next + UInt32(min(max(64, ahead), 0xFF_FFFF)), next, time)
    }

    mutating func skip(_ count: UInt32, at time: Double) {
        next = min(next + count, 0x100_0000)
        if case .blueZ = reservation, next + 32 >= written.bound { written = (next + 64, next, time) }
    }

    mutating func restart(at time: Double) {
        switch reservation {
        case .none: break
        case .block(let block): next = max(next, (next / block + 1) * block - 1)
        case .blueZ:
            next = max(next, written.bound)
            written = (next + 64, next, time)
        }
    }
}
