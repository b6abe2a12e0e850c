import BluetoothFrames
import CaptureFiles
import MeshCrypto
import MeshEvidence
import MeshProtocol
import MeshSimulation
import MeshTimelines
import MeshVerdict

/// A capture as a program: the fuzzer writes what is inside, and this seals it with a key, so that what only an authentic frame
/// reaches is reached at once. Strangers' frames and replays stand among the others.
struct FuzzProgram {
    static let keys = NetworkKeys(NetKey(value: 0x7dd7_364c_d842_ad18_c17c_2b82_0c84_c3d6))
    static let deviceKey = DevKey(value: 0x9d6d_d0e9_6eb2_5dc1_9a40_ed99_14f8_f03f)
    static let applicationKey = AppKey(value: 0x6396_4771_734f_bd76_e3b4_0519_d1d9_4a48)
    static let ring: KeyRing = {
        var network = KeyRing.Network(name: "fuzz", subnets: [.init(keyIndex: .primary, netKey: keys.netKey)])
        network.upperKeys.applicationKeys = [applicationKey]
        network.upperKeys.deviceKeys = (1...4).compactMap { UnicastAddress($0) }
            .map { .init(address: $0, key: deviceKey) }
        network.master = UnicastAddress(1)
        return KeyRing(networks: [network])
    }()
    private static let mostFrames = 64

    private(set) var frames: [SimulatedFrame] = []
    private var input: ArraySlice<UInt8>
    private var time = CaptureTime(seconds: 1_780_272_000)

    init(_ input: [UInt8]) {
        self.input = input[...]
        while let operation = self.input.popFirst(), frames.count < Self.mostFrames { run(operation) }
    }

    private mutating func octet() -> UInt8 { input.popFirst() ?? 0 }

    private mutating func octets(_ count: Int) -> [UInt8] {
        defer { input = input.dropFirst(count) }
        return Array(input.prefix(count))
    }

    private mutating func run(_ operation: UInt8) {
        switch operation % 8 {
        case 0: beacon()
        case 1, 2: pdu(isControl: false)
        case 3: pdu(isControl: true)
        case 4: stranger()
        case 5: pass()
        case 6: replay()
        default: friendship()
        }
    }

    private mutating func say(_ type: UInt8, _ value: [UInt8], at time: CaptureTime? = nil) {
        frames.append(
            SimulatedFrame(
                time: time ?? self.time, channel: 37, address: 0xC0_0000_0000_01, data: AD.structure(type, value),
                direction: .heard, isDamaged: false, type: 2))
        self.time = self.time.advanced(by: .milliseconds(20))
    }

    private mutating func beacon() {
        let (index, flags) = (octet(), octet())
        let state: IVState =
            flags & 2 != 0
            ? .updateInProgress(IVIndex(UInt32(9 + index % 64))) : .normalOperation(IVIndex(UInt32(9 + index % 64)))
        let statement = NetworkBeaconStatement(state: state, isKeyRefresh: flags & 1 != 0)
        if flags & 4 != 0 {
            say(0x2B, MeshPrivateBeacon.seal(statement, random: Array(repeating: flags, count: 13), with: Self.keys))
        } else {
            say(0x2B, SecureNetworkBeacon.seal(statement, with: Self.keys))
        }
    }

    private mutating func pdu(isControl: Bool) {
        let (who, high, low, index, length) = (octet(), octet(), octet(), octet(), octet())
        let most = isControl ? 12 : 16
        let transport = octets(1 + Int(length) % most)
        seal(
            source: UInt16(1 + who % 4), sequence: UInt32(high) << 8 | UInt32(low) | UInt32(who >> 4) << 20,
            iv: UInt32(9 + index % 8), to: length & 0x40 != 0 ? 0xC000 : UInt16(1 + length % 4), isControl: isControl,
            transport.isEmpty ? [0] : transport, Self.keys.flooding)
    }

    private mutating func seal(
        source: UInt16, sequence: UInt32, iv: UInt32, to destination: UInt16, isControl: Bool, _ transport: [UInt8],
        _ material: SecurityMaterial
    ) {
        guard let source = UnicastAddress(source) else { return }
        let pdu = NetworkPDU.seal(
            position: SequencePosition(IVIndex(iv), SequenceNumber(truncating: sequence)), isControl: isControl, ttl: 5,
            source: source, destination: MeshAddress(destination), transportPDU: transport, with: material)
        say(0x2A, pdu.octets)
    }

    /// Whatever AD structure, at whatever time; with the network's NID now and then.
    private mutating func stranger() {
        let (kind, when, length) = (octet(), octet(), octet())
        var value = octets(Int(length) % 30)
        if kind & 8 != 0, !value.isEmpty { value[0] = value[0] & 0x80 | Self.keys.flooding.nid }
        let type: UInt8 = [0x2A, 0x2B, 0x29, 0x16, 0x24, kind, 0x2A, 0x2B][Int(kind % 8)]
        let away = [0, 0, -15, 86_400, 300 * 86_400, -400 * 86_400, 3_000_000_000, 1][Int(when % 8)]
        let frame = time.advanced(by: .seconds(away))
        say(type, value, at: frame)
    }

    private mutating func pass() {
        let (unit, count) = (octet(), octet())
        let seconds = [1, 60, 3600, 86_400][Int(unit % 4)]
        time = time.advanced(by: .seconds(seconds * Int(count % 100)))
    }

    private mutating func replay() {
        let place = octet()
        guard !frames.isEmpty else { return }
        let old = frames[Int(place) % frames.count]
        frames.append(
            SimulatedFrame(
                time: time, channel: 38, address: 0xC0_0000_0066_66, data: old.data, direction: .heard,
                isDamaged: false, type: 2))
    }

    private mutating func friendship() {
        let (counter, step) = (octet(), octet())
        let sequence = UInt32(counter) << 4 | UInt32(step)
        switch step % 3 {
        case 0:
            seal(
                source: 3, sequence: sequence, iv: 9, to: 0xFFFD, isControl: true,
                [3, 0x4B, 0x50, 5, 0x7E, 0x40, 0, 0, 1, 0, counter], Self.keys.flooding)
        case 1:
            seal(
                source: 2, sequence: sequence, iv: 9, to: 3, isControl: true, [4, 0x32, 3, 8, 0xBA, 0, counter],
                Self.keys.flooding)
        default:
            let material = Self.keys.friendship(
                lpnAddress: 3, friendAddress: 2, lpnCounter: UInt16(counter), friendCounter: UInt16(counter))
            seal(source: 2, sequence: sequence, iv: 9, to: 3, isControl: true, [2, 0, 0, 0, 0, 9, 0], material)
        }
    }
}

/// What a program's capture leads to.
struct FuzzRun {
    let analysis: Analysis
    /// Made once: ciphers cost more than what a program says.
    private nonisolated(unsafe) static let stream = EvidenceStream(FuzzProgram.ring, search: .off)
    private static let state = MeshState(FuzzProgram.ring)

    /// The frames that hold something authentic.
    private(set) var authentic: Set<Int> = []

    init(_ frames: [SimulatedFrame], receive: (Observation, Novelty) -> Void = { _, _ in }) {
        var stream = Self.stream
        var state = Self.state
        var peeler = FramePeeler()
        var heard = HeardBatch(types: ADType.ofMesh)
        var framing = LinkFraming(.bluetoothLELinkLayer)
        var authentic: Set<Int> = []
        func take(_ observations: [Observation]) {
            for observation in observations {
                let novelty = state.apply(observation)
                if observation.network != nil { authentic.insert(observation.origin.frame.number) }
                receive(observation, novelty)
            }
        }
        for (place, frame) in frames.enumerated() {
            for wrapped in framing.wrap(frame) {
                let stamp = FrameStamp(capture: 0, number: place, nanoseconds: frame.time.nanoseconds)
                _ = try? peeler.peel(
                    wrapped.octets.span, of: stamp, as: .linkLayer, flags: 0, isCut: false, into: &heard)
            }
            stream.take(heard)
            heard.removeAll()
            stream.removeObserved(take)
        }
        stream.settle()
        stream.removeObserved(take)
        self.authentic = authentic
        analysis = Analysis(state, keys: stream.keyRing)
    }
}
