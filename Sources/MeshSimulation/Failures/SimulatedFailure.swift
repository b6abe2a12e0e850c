public import CaptureFiles
public import MeshCrypto
public import MeshProtocol

/// One failure of a master, drawn by lot: how often it sends, what the sniffer misses, reboots that skip what the stack
/// reserves, IV Updates in between, and captures that end before the failure or after it.
public struct SimulatedFailure {
    /// Of the one subnet.
    public let keys: NetworkKeys
    /// The unicast address of the master.
    public let master: UInt16 = 0x0001
    /// What the capture holds, in the order of time.
    public private(set) var frames: [SimulatedFrame] = []
    /// When the master sent for the last time and died.
    public private(set) var failedAt: CaptureTime
    /// When the sniffer was switched off, before the failure or after it.
    public private(set) var captureEnd: CaptureTime
    /// The highest position that the master ever used, heard or not, and the last one that the capture holds.
    public private(set) var lastUsed: SequencePosition
    /// The highest position of the master that the capture holds; `nil` if it holds none.
    public private(set) var lastHeard: SequencePosition?
    /// When that was.
    public private(set) var lastHeardAt: CaptureTime?
    /// The block that a reboot of its stack skips.
    public let block: UInt32
    /// Whether the master used SEQ under an IV Index that the capture ends before.
    public private(set) var outlivedTheCapture = false

    private var random: SeededGenerator
    private let start = CaptureTime(seconds: 1_780_272_000)
    /// SEQ a second, on average.
    public let rate: Double
    private let loss: Double
    private var changes: [(time: CaptureTime, state: IVState)]
    private var windows: [(from: CaptureTime, to: CaptureTime)]
    private var deafUntil = CaptureTime(nanoseconds: .min)

    /// Draws a failure by lot; the same seed gives the same one.
    public init(seed: UInt64) {
        random = SeededGenerator(seed: seed &* 0x9E37_79B9 &+ 77)
        keys = NetworkKeys(NetKey(value: random.block()))
        rate = [0.05, 0.2, 1, 3][random.below(4)]
        loss = Double(random.below(61)) / 100
        block = [64, 128, 128, 8192, 65536][random.below(5)]
        let index = IVIndex(UInt32(random.below(5000)))
        changes = [(CaptureTime(nanoseconds: .min), .normalOperation(index))]
        let length = 150 + random.below(450)
        windows = [(start, start.advanced(by: .seconds(length)))]
        captureEnd = windows[0].to
        failedAt = start.advanced(by: .seconds(length * (60 + random.below(40)) / 100))
        lastUsed = SequencePosition(index, SequenceNumber(truncating: UInt32(random.below(1_000_000))))
        switch random.below(4) {
        case 0: failedAt = captureEnd.advanced(by: .seconds(1 + random.below(3600)))
        case 1: planUpdate(from: index)
        default: break
        }
        live()
        frames.sort { $0.time < $1.time }
    }

    /// An IV Update after the first window, and a second window behind a part of it or the whole.
    private mutating func planUpdate(from index: IVIndex) {
        guard let next = index.advanced(by: 1) else { return }
        let begun = windows[0].to.advanced(by: .seconds(600 + random.below(3600)))
        let completed = begun.advanced(by: .seconds(100 * 3600))
        changes += [(begun, .updateInProgress(next)), (completed, .normalOperation(next))]
        let isWhole = random.chance(0.7)
        let second = (isWhole ? completed : begun).advanced(by: .seconds(3600 + random.below(3600)))
        windows.append((second, second.advanced(by: .seconds(150))))
        captureEnd = windows[1].to
        // It dies within the first window, between the two, or after the last.
        let choices = [
            failedAt, begun.advanced(by: .seconds(1 + random.below(3000))), captureEnd.advanced(by: .seconds(600)),
        ]
        failedAt = choices[random.below(choices.count)]
    }

    private func state(at time: CaptureTime) -> IVState { changes.last { $0.time <= time }?.state ?? changes[0].state }

    private func isCaptured(_ time: CaptureTime) -> Bool { windows.contains { time >= $0.from && time <= $0.to } }

    private mutating func live() {
        for (from, to) in windows {
            var beacon = from.advanced(by: .seconds(1))
            while beacon < to {
                if !random.chance(loss) { sendBeacon(at: beacon) }
                beacon = beacon.advanced(by: .seconds(8 + random.below(5)))
            }
            // Beacons repeat, so that one is heard in the end.
            sendBeacon(at: to)
        }
        var time = start
        var next = lastUsed.sequence.value + 1
        var index = lastUsed.ivIndex
        while time < failedAt {
            let current = state(at: time).transmitIndex
            if current > index { (index, next) = (current, 0) }
            // Stretches that nobody hears are simulated in larger steps.
            let isHeard = windows.contains { time >= $0.from.advanced(by: .seconds(-60)) && time <= $0.to }
            guard isHeard else {
                skip(&time, &next, index)
                continue
            }
            let isBurst = random.chance(0.02)
            for _ in 0..<(isBurst ? 5 + random.below(25) : 1) where time < failedAt {
                send(SequencePosition(index, SequenceNumber(truncating: next)), at: time)
                next += 1
                if isBurst { time = time.advanced(by: .milliseconds(50)) }
            }
            if random.chance(0.004) { next = afterReboot(next) }
            time = time.advanced(by: .milliseconds(Int64(1000 / rate * (0.2 + Double(random.below(160)) / 100))))
        }
    }

    /// Up to an hour unheard, at the mean rate with its bursts.
    private mutating func skip(_ time: inout CaptureTime, _ next: inout UInt32, _ index: IVIndex) {
        let ends = changes.map(\.time).filter { $0 > time } + windows.map(\.from).filter { $0 > time } + [failedAt]
        let limit = min(ends.min() ?? failedAt, time.advanced(by: .seconds(3600)))
        let seconds = Double(limit.since(time).components.seconds) + 1
        let used = UInt32(seconds * rate * 1.33)
        if used > 0 {
            next += used
            lastUsed = max(lastUsed, SequencePosition(index, SequenceNumber(truncating: next - 1)))
        }
        time = max(limit, time.advanced(by: .seconds(1)))
    }

    /// Where the counter goes on: at the end of the block.
    private func afterReboot(_ next: UInt32) -> UInt32 { block == 64 ? next + 64 : (next / block + 1) * block }

    private mutating func send(_ position: SequencePosition, at time: CaptureTime) {
        lastUsed = max(lastUsed, position)
        guard isCaptured(time), time >= deafUntil else { return }
        if random.chance(0.002) { deafUntil = time.advanced(by: .seconds(5 + random.below(15))) }
        guard !random.chance(loss), let source = UnicastAddress(master) else { return }
        let pdu = NetworkPDU.seal(
            position: position, isControl: false, ttl: 5, source: source, destination: MeshAddress(0xC000),
            transportPDU: [0x40] + random.octets(8), with: keys.flooding)
        append(AD.structure(0x2A, pdu.octets), at: time)
        lastHeard = max(lastHeard ?? position, position)
        lastHeardAt = time
    }

    private mutating func sendBeacon(at time: CaptureTime) {
        let statement = NetworkBeaconStatement(state: state(at: time), isKeyRefresh: false)
        append(AD.structure(0x2B, SecureNetworkBeacon.seal(statement, with: keys)), at: time)
    }

    private mutating func append(_ data: [UInt8], at time: CaptureTime) {
        frames.append(
            SimulatedFrame(
                time: time, channel: 37, address: 0xC0_0000_0001_01, data: data, direction: .heard, isDamaged: false,
                type: 2))
    }

    /// The octets of a pcap file, link type 251.
    public func write() -> [UInt8] {
        frames.pcap()
    }
}
