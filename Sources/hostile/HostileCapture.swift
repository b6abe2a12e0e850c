import CaptureFiles
import MeshCrypto
import MeshProtocol
import MeshSimulation

/// What grows.
enum HostileCase: String, CaseIterable {
    /// Friendships of one Low Power node, while the store of closed PDUs is full.
    case friendships
    /// Beacons that each say a newer state, while the store of closed PDUs is full.
    case states
    /// Authentic Secure Network beacons that all differ, as far as they can: by their flags and IV Index, in turn.
    case beacons
    /// Authentic Mesh Private beacons, each with a Random of its own.
    case privateBeacons = "private-beacons"
    /// Mesh Private beacons of somebody else, and 100 keys.
    case foreignPrivateBeacons = "foreign-private-beacons"
    /// NetKeys that all have one NID, and 2000 PDUs of another network with it.
    case keysOfOneNID = "keys-of-one-nid"
    /// Node Identities of somebody else, and 100 keys.
    case nodeIdentities = "node-identities"
    /// Segments of PB-ADV transactions that never end, on 1024 links.
    case provisioning
    /// Sources, each with SEQ in 16 places far from each other.
    case sources
    /// Networks, each with a beacon and a thousand sources.
    case networks
    /// Segments of access messages that never come to their end.
    case segments
    /// Closed PDUs with the network's NID.
    case closed
    /// Likewise, and no beacon tells the IV Index.
    case unopened
    /// Foreign beacons, each of a network of its own.
    case foreignNetworks = "foreign-networks"
    /// Frames of 124 AD structures each, none of which holds anything.
    case structures
    /// Restarts of one source: SEQ that go up and down.
    case restarts
    /// PDUs under a different IV Index each, by a beacon each before them.
    case epochs
}

/// A capture of one hostile case.
struct HostileCapture {
    private(set) var keys: [NetKey] = [NetKey(value: 0x7dd7_364c_d842_ad18_c17c_2b82_0c84_c3d6)]
    private var random = SeededGenerator(seed: 1)
    private var frames: [SimulatedFrame] = []
    private let start = CaptureTime(seconds: 1_780_272_000)

    private var own: NetworkKeys { NetworkKeys(keys[0]) }

    func octets() -> [UInt8] {
        var writer = CaptureWriter(.pcap(.little, .microseconds), linkTypes: [.bluetoothLELinkLayer])
        var framing = LinkFraming(.bluetoothLELinkLayer)
        for frame in frames {
            for wrapped in framing.wrap(frame) { writer.write(wrapped.octets, at: frame.time, flags: wrapped.flags) }
        }
        return writer.removeOctets()
    }

    mutating func write(_ what: HostileCase, _ count: Int) {
        switch what {
        case .friendships: friendships(count)
        case .states: states(count)
        case .beacons: for number in 0..<count { beacon(.normalOperation(IVIndex(UInt32(9 + number % 2)))) }
        case .privateBeacons: privateBeacons(count, with: own)
        case .foreignPrivateBeacons:
            addKeys(100)
            privateBeacons(count, with: NetworkKeys(NetKey(value: 1)))
        case .keysOfOneNID: keysOfOneNID(count)
        case .nodeIdentities: nodeIdentities(count)
        case .provisioning: provisioning(count)
        case .sources: sources(count)
        case .networks: networks(count)
        case .segments: segments(count)
        case .closed:
            beacon(.normalOperation(IVIndex(9)))
            closed(count)
        case .unopened: closed(count)
        case .foreignNetworks: for _ in 0..<count { say(0x2B, [1, 0] + random.octets(20)) }
        case .structures: for _ in 0..<count { say(repeatElement(AD.structure(0x2A, []), count: 124).flatMap(\.self)) }
        case .restarts: restarts(count)
        case .epochs: epochs(count)
        }
    }

    // MARK: Saying

    private mutating func say(_ type: UInt8, _ value: [UInt8]) { say(AD.structure(type, value)) }

    private mutating func say(_ data: [UInt8]) {
        // A frame each ten milliseconds.
        let time = start.advanced(by: .milliseconds(10 * frames.count))
        frames.append(
            SimulatedFrame(
                time: time, channel: 37, address: 0xC0_0000_0000_01, data: data, direction: .heard,
                isDamaged: false, type: 2))
    }

    private mutating func beacon(_ state: IVState) {
        say(0x2B, SecureNetworkBeacon.seal(NetworkBeaconStatement(state: state, isKeyRefresh: false), with: own))
    }

    private mutating func pdu(
        _ source: Int, _ sequence: Int, iv index: UInt32 = 9, isControl: Bool = false, to destination: UInt16 = 0xC000,
        _ transport: [UInt8] = [0x41, 1, 2, 3, 4, 5, 6, 7, 8], with material: SecurityMaterial? = nil
    ) {
        guard let source = UnicastAddress(UInt16(truncatingIfNeeded: source)) else { return }
        let position = SequencePosition(
            IVIndex(index), SequenceNumber(truncating: UInt32(truncatingIfNeeded: sequence)))
        let pdu = NetworkPDU.seal(
            position: position, isControl: isControl, ttl: 5, source: source, destination: MeshAddress(destination),
            transportPDU: transport, with: material ?? own.flooding)
        say(0x2A, pdu.octets)
    }

    private mutating func closed(_ count: Int) {
        let nid = own.flooding.nid
        for _ in 0..<count { say(0x2A, [nid | UInt8(random.below(2) << 7)] + random.octets(21)) }
    }

    private mutating func addKeys(_ count: Int) {
        while keys.count < count { keys.append(NetKey(value: UInt128(random.next()) << 64 | UInt128(random.next()))) }
    }

    // MARK: Cases

    private mutating func friendships(_ count: Int) {
        beacon(.normalOperation(IVIndex(9)))
        closed(1 << 16)
        for number in 0..<count {
            let counter = [UInt8(truncatingIfNeeded: number >> 8), UInt8(truncatingIfNeeded: number)]
            pdu(0x23, 2 * number, isControl: true, to: 0xFFFD, [3, 0x4B, 0x50, 5, 0x7E, 0x40, 0, 0, 1] + counter)
            pdu(0x10, number, isControl: true, to: 0x23, [4, 0x32, 3, 8, 0xBA] + counter)
        }
    }

    private mutating func states(_ count: Int) {
        beacon(.normalOperation(IVIndex(9)))
        closed(1 << 16)
        for number in 0..<count { beacon(.normalOperation(IVIndex(UInt32(10 + number)))) }
    }

    private mutating func privateBeacons(_ count: Int, with keys: NetworkKeys) {
        let statement = NetworkBeaconStatement(state: .normalOperation(IVIndex(9)), isKeyRefresh: false)
        for _ in 0..<count { say(0x2B, MeshPrivateBeacon.seal(statement, random: random.octets(13), with: keys)) }
    }

    private mutating func keysOfOneNID(_ count: Int) {
        let nid = own.flooding.nid
        beacon(.normalOperation(IVIndex(9)))
        while keys.count < count {
            let key = NetKey(value: UInt128(random.next()) << 64 | UInt128(random.next()))
            if NetworkKeys(key).flooding.nid == nid { keys.append(key) }
        }
        closed(2000)
    }

    private mutating func nodeIdentities(_ count: Int) {
        addKeys(100)
        for _ in 0..<count { say(0x16, [0x28, 0x18, 1] + random.octets(16)) }
    }

    private mutating func provisioning(_ count: Int) {
        for number in 0..<count {
            let link = UInt32(truncatingIfNeeded: number % 1024)
            let linkID = (0..<4).map { UInt8(truncatingIfNeeded: link >> (24 - 8 * $0)) }
            let segment = UInt8(number / 1024 % 63)
            let head: [UInt8] = segment == 0 ? [63 << 2, 4, 0, 0x12] : [segment << 2 | 2]
            say(0x29, linkID + [0] + head + random.octets(20))
        }
    }

    private mutating func sources(_ count: Int) {
        beacon(.normalOperation(IVIndex(9)))
        for page in 0..<16 {
            for source in 1...max(1, count) { pdu(source, page << 20 | source % 1024 << 8) }
        }
    }

    private mutating func networks(_ count: Int) {
        addKeys(count)
        let statement = NetworkBeaconStatement(state: .normalOperation(IVIndex(9)), isKeyRefresh: false)
        for key in keys.map(NetworkKeys.init) {
            say(0x2B, SecureNetworkBeacon.seal(statement, with: key))
            for source in 1...1000 { pdu(source, 256, with: key.flooding) }
        }
    }

    private mutating func segments(_ count: Int) {
        beacon(.normalOperation(IVIndex(9)))
        for number in 0..<count {
            // SEG 1, AKF 0; SeqZero is the SEQ's own; segment 0 of 32.
            let seqZero = UInt32(number & 0x1FFF)
            let head = UInt32(seqZero) << 10 | 31
            pdu(
                1 + number % 0x7000, number,
                [0x80] + (0..<3).map { UInt8(truncatingIfNeeded: head >> (16 - 8 * $0)) } + random.octets(12))
        }
    }

    private mutating func restarts(_ count: Int) {
        beacon(.normalOperation(IVIndex(9)))
        for number in 0..<count { pdu(1, number * 7919 % 0xFF_0000) }
    }

    private mutating func epochs(_ count: Int) {
        for number in 0..<count {
            beacon(.normalOperation(IVIndex(UInt32(10 + number))))
            pdu(1 + number % 100, number, iv: UInt32(10 + number))
        }
    }
}
