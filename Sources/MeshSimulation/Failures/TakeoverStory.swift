public import CaptureFiles
public import MeshCrypto
import MeshProtocol

/// What may happen when a replacement takes over.
public enum TakeoverFamily: String, CaseIterable, Sendable {
    /// Nodes answer under their device keys.
    case configures
    /// It polls its nodes in turn, at even intervals, and they answer under an application key.
    case polls
    /// Nobody answers: its SEQ are too low for every node.
    case deafNodes = "deaf_nodes"
    /// One or two of six nodes answer; the others hold a higher SEQ.
    case someAnswer = "some_answer"
    /// All answer, and the sniffer hears next to nothing of the nodes.
    case farNodes = "far_nodes"
    /// Nobody answers it; nodes react to a phone that sends at the same times, at once or after seconds.
    case reactQuickly = "react_quickly"
    case reactSlowly = "react_slowly"
    /// All is well, and every PDU comes once more a minute later.
    case lateCopies = "late_copies"

    /// The verdicts that are true, by the names of the JSON; `unclear` always is.
    public var trueVerdicts: Set<String> {
        switch self {
        case .configures, .polls, .farNodes, .lateCopies: ["accepted", "unclear"]
        case .deafNodes: ["ignored", "unclear"]
        case .someAnswer: ["partial", "ignored", "unclear"]
        case .reactQuickly, .reactSlowly: ["ignored", "unclear"]
        }
    }
}

/// A swap of the master: the old device until second 90, the replacement from second 100 on, and six nodes.
public struct TakeoverStory {
    /// Of the one subnet.
    public let keys: NetworkKeys
    /// The unicast address of both devices.
    public let master: UInt16 = 0x0001
    /// When the replacement took over.
    public let since = CaptureTime(seconds: 1_780_272_000 + 100)
    /// What the capture holds, in the order of time.
    public private(set) var frames: [SimulatedFrame] = []

    private static let nodes: [UInt16] = [9, 10, 11, 12, 13, 14]
    private static let phone: UInt16 = 0x0700
    private let family: TakeoverFamily
    private var random: SeededGenerator
    private var next: [UInt16: UInt32] = [:]
    /// Of what the sniffer misses: near devices, and nodes.
    private let loss: Double
    private let nodeLoss: Double

    /// Draws a swap by lot; the same family and seed give the same one.
    public init(_ family: TakeoverFamily, seed: UInt64) {
        self.family = family
        let place = UInt64(TakeoverFamily.allCases.firstIndex(of: family) ?? 0)
        random = SeededGenerator(seed: seed &* 0x9E37_79B9_7F4A_7C15 &+ place &* 0x3_0001)
        keys = NetworkKeys(NetKey(value: random.block()))
        loss = Double(random.below(30)) / 100
        nodeLoss = family == .farNodes ? 0.9 + Double(random.below(9)) / 100 : loss
        for node in Self.nodes + [Self.phone, master] { next[node] = UInt32(random.below(50_000)) }
        live()
        if family == .lateCopies { repeatLate() }
        frames.sort { $0.time < $1.time }
    }

    private mutating func live() {
        var time = 0.0
        while time < 90 {
            send(master, to: 0xC000, at: time)
            time += random.pause(rate: 1)
        }
        next[master, default: 0] += 5000 + UInt32(random.below(100_000))
        let end = 220 + Double(random.below(400))
        for node in Self.nodes { publish(node, until: end) }
        let period = 3 + Double(random.below(12))
        let (answering, isConfigured) = (answeringNodes, family == .configures || family == .someAnswer)
        var (place, moment) = (0, 105.0)
        while moment < end {
            let node = Self.nodes[place % Self.nodes.count]
            send(master, to: node, at: moment, isConfigured: isConfigured)
            if answering.contains(node) {
                send(node, to: master, at: moment + 0.05 + Double(random.below(400)) / 1000, isConfigured: isConfigured)
            }
            if family == .reactQuickly || family == .reactSlowly { react(node, at: moment) }
            place += 1
            // A program polls evenly; a person does not.
            moment += family == .polls ? period : period * (0.5 + Double(random.below(1000)) / 1000)
        }
        let statement = NetworkBeaconStatement(state: .normalOperation(IVIndex(7)), isKeyRefresh: false)
        for second in stride(from: 0.0, to: end, by: 10) {
            append(AD.structure(0x2B, SecureNetworkBeacon.seal(statement, with: keys)), at: second)
        }
    }

    private var answeringNodes: Set<UInt16> {
        mutating get {
            switch family {
            case .configures, .polls, .farNodes, .lateCopies: Set(Self.nodes)
            case .someAnswer: Set(Self.nodes.prefix(1 + random.below(2)))
            case .deafNodes, .reactQuickly, .reactSlowly: []
            }
        }
    }

    /// What nodes publish by clocks of their own.
    private mutating func publish(_ node: UInt16, until end: Double) {
        let period = 20 + Double(random.below(40))
        var time = Double(random.below(1000)) / 1000 * period
        while time < end {
            send(node, to: 0xC001, at: time)
            time += period * (0.98 + Double(random.below(40)) / 1000)
        }
    }

    /// A phone sets a lamp at about the same time, and the lamp tells the gateway, at once or after some seconds.
    private mutating func react(_ node: UInt16, at moment: Double) {
        let sets = moment - 0.5 + Double(random.below(1000)) / 1000
        let delay =
            family == .reactQuickly ? 0.1 + Double(random.below(300)) / 1000 : 1 + Double(random.below(7000)) / 1000
        send(Self.phone, to: node, at: sets)
        send(node, to: master, at: sets + delay)
    }

    private mutating func send(_ source: UInt16, to destination: UInt16, at time: Double, isConfigured: Bool = false) {
        defer { next[source, default: 0] += 1 }
        let isNode = Self.nodes.contains(source)
        guard !random.chance(isNode ? nodeLoss : loss), let address = UnicastAddress(source) else { return }
        let position = SequencePosition(IVIndex(7), SequenceNumber(truncating: next[source] ?? 0))
        let pdu = NetworkPDU.seal(
            position: position, isControl: false, ttl: 5, source: address, destination: MeshAddress(destination),
            transportPDU: [isConfigured ? 0x00 : 0x41] + random.octets(isNode ? 8 : 7), with: keys.flooding)
        append(AD.structure(0x2A, pdu.octets), at: time)
    }

    private mutating func append(_ data: [UInt8], at seconds: Double) {
        let time = CaptureTime(seconds: 1_780_272_000, nanoseconds: Int64(seconds * 1e9))
        frames.append(
            SimulatedFrame(
                time: time, channel: 37, address: 0xC0_0000_0001_01, data: data, direction: .heard, isDamaged: false,
                type: 2))
    }

    /// Each PDU a minute later, also those that were missed the first time are lost: what was heard comes again.
    private mutating func repeatLate() {
        for frame in frames where frame.data.dropFirst().first == 0x2A && random.chance(0.7) {
            frames.append(
                SimulatedFrame(
                    time: frame.time.advanced(by: .milliseconds(Int64(55_000 + random.below(10_000)))), channel: 38,
                    address: frame.address, data: frame.data, direction: .heard, isDamaged: false, type: 2))
        }
        // Of the first hearings some were lost.
        var lost = Set<Int>()
        for place in frames.indices where random.chance(0.2) { lost.insert(place) }
        frames = frames.enumerated().filter { !lost.contains($0.offset) }.map(\.element)
    }

    /// The octets of a pcap file, link type 251.
    public func write() -> [UInt8] {
        frames.pcap()
    }
}
