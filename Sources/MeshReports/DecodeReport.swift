public import CaptureFiles
import FoundationEssentials
public import MeshProtocol
public import MeshEvidence
public import MeshTimelines
import MeshVerdict

/// What a line of `decode` is about; the names are those of its JSON.
public enum DecodeKind: String, Sendable, CaseIterable, Encodable {
    case beacon, access, control
    /// A segment of a message that is not whole yet.
    case segment
    case provisioning
    case solicitation
}

/// One line for each distinct PDU or beacon that a key opens, and for each Provisioning PDU, in the order of hearing.
public struct DecodeReport {
    /// How a line is written.
    public enum Format: Sendable {
        /// Columns for people.
        case text
        /// An object a line.
        case jsonLines
    }

    /// What is shown: all that is `nil` does not restrict.
    public struct Filter: Sendable {
        /// Only PDUs of this source.
        public var source: UnicastAddress?
        /// Only PDUs to this destination.
        public var destination: MeshAddress?
        /// Only lines of this kind.
        public var kind: DecodeKind?
        /// Only this network.
        public var network: NetworkIndex?
        /// Not before this time.
        public var since: CaptureTime?
        /// Not after this time.
        public var until: CaptureTime?

        /// Shows everything.
        public init() {}

        func shows(_ observation: Observation) -> Bool {
            let time = observation.origin.time
            guard since.map({ time >= $0 }) ?? true, until.map({ time <= $0 }) ?? true else { return false }
            guard network.map({ $0 == observation.network }) ?? true else { return false }
            let pdu: NetworkPDU
            switch observation.statement {
            case .authentic(_, .networkPDU(let opened)), .authentic(_, .solicitation(let opened)): pdu = opened.pdu
            default: return source == nil && destination == nil
            }
            return source.map { $0 == pdu.source } ?? true && destination.map { $0 == pdu.destination } ?? true
        }
    }

    private let keyRing: KeyRing
    private let format: Format
    private let filter: Filter
    private var decoders: [MessageDecoder]
    /// For each network the key indexes of its subnets, those that the capture hands out included.
    private var keyIndexes: [[KeyIndex]]
    private var names: [AddressNames]
    private var waiting = WaitingLines()

    private struct BeaconKey: Hashable {
        var network: NetworkIndex
        var keyIndex: KeyIndex
        var statement: NetworkBeaconStatement
    }

    private let encoder = JSONEncoder()
    private var lastBeacons: [BeaconKey: CaptureTime] = [:]
    private var lastSSEQ: [UnicastAddress: SequenceNumber] = [:]
    private var clock = LineClock()

    /// `keyRing`: the one that the analysis goes by, which names its networks and opens messages.
    public init(_ keyRing: KeyRing, format: Format, filter: Filter = Filter()) {
        self.keyRing = keyRing
        self.format = format
        self.filter = filter
        decoders = keyRing.networks.map { MessageDecoder($0) }
        names = keyRing.networks.map { AddressNames($0) }
        keyIndexes = keyRing.networks.map { $0.subnets.map(\.keyIndex) }
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
    }

    /// Takes an observation; returns the lines whose turn it is.
    ///
    /// - Parameters:
    ///   - observation: in the order of hearing, as far as the keys were known then.
    ///   - novelty: what the network's state made of it.
    /// - Returns: the lines whose turn it is, each with its end, in UTF-8; often none.
    /// - Throws: an `EncodingError` where a line cannot be written as JSON.
    public mutating func apply(_ observation: Observation, _ novelty: Novelty) throws -> [UInt8] {
        guard let line = line(of: observation, novelty), filter.shows(observation),
            filter.kind.map({ $0 == line.kind }) ?? true
        else { return [] }
        switch format {
        case .text:
            let networks = keyRing.networks.count
            waiting.add(observation.origin.frame) { line.write(to: &$0, &clock, networks: networks) }
        case .jsonLines:
            let text = try json(line)
            waiting.add(observation.origin.frame) { $0.append(text) }
        }
        return waiting.isFull ? waiting.removeHalf() : []
    }

    /// The lines that still wait.
    public mutating func finish() -> [UInt8] { waiting.removeAll() }

    private mutating func json(_ line: DecodeLine) throws -> String {
        let members = DecodeLine.Members(line, time: clock.text(line.origin.time))
        return PrintableText.escapeJSON(String(decoding: try encoder.encode(members), as: UTF8.self))
    }

    /// Segments are joined whatever the filter shows.
    private mutating func line(of observation: Observation, _ novelty: Novelty) -> DecodeLine? {
        switch observation.statement {
        case .authentic(let network, .beacon(let beacon)): return line(of: beacon, network, observation.origin)
        case .authentic(let network, .networkPDU(let opened)):
            guard novelty == .new else { return nil }
            var line = DecodeLine(observation.origin, network: network)
            line.describe(opened, &names[network.value])
            line.describe(decoders[network.value].decode(opened.pdu, nonce: opened.nonce))
            return line
        case .authentic(let network, .solicitation(let opened)):
            guard isNew(opened) else { return nil }
            var line = DecodeLine(observation.origin, network: network)
            line.describe(solicitation: opened, &names[network.value])
            return line
        case .authentic(let network, .netKeyLearned(let learned)):
            // A new subnet is the next one of its network.
            if learned.subnet.value == keyIndexes[network.value].count {
                keyIndexes[network.value].append(learned.identity.keyIndex)
            }
            return nil
        case .unauthenticated(.provisioning(let said)):
            guard case .pdu(let pdu, _) = said.event else { return nil }
            var line = DecodeLine(observation.origin, network: nil)
            line.describe(pdu, said.link)
            return line
        case .authentic, .unauthenticated, .capture: return nil
        }
    }

    /// A Solicitation PDU stands once, and not for each of its copies; again where another one came between.
    private mutating func isNew(_ solicitation: OpenedPDU) -> Bool {
        let known = lastSSEQ[solicitation.pdu.source]
        lastSSEQ[solicitation.pdu.source] = solicitation.pdu.sequence
        return known != solicitation.pdu.sequence
    }

    private mutating func line(
        of beacon: AuthenticBeacon, _ network: NetworkIndex, _ origin: Origin
    ) -> DecodeLine? {
        let keyIndex = keyIndexes[network.value][beacon.subnet.value]
        let key = BeaconKey(network: network, keyIndex: keyIndex, statement: beacon.statement)
        // A beacon stands once, and not for each of the three channels.
        let isNew = lastBeacons[key].map { origin.time.since($0) > .milliseconds(20) } ?? true
        lastBeacons[key] = origin.time
        guard isNew else { return nil }
        var line = DecodeLine(origin, network: network)
        line.describe(beacon, keyIndex: keyIndex)
        return line
    }
}

/// What the addresses of a network are called, each looked for once: a network has a thousand nodes, and a capture a million lines.
struct AddressNames {
    private let keys: KeyRing.Network
    private var known: [MeshAddress: String?] = [:]
    private static let most = 1 << 14
    /// The first of those addresses that have a name in every network.
    private static let firstFixed: UInt16 = 0xFF00
    private let hasNames: Bool

    init(_ keys: KeyRing.Network) {
        self.keys = keys
        hasNames = !keys.groupNames.isEmpty || keys.nodes.contains { $0.name != nil }
    }

    /// `nil` where it has no name.
    mutating func name(of address: MeshAddress) -> String? {
        guard hasNames || address.value >= Self.firstFixed else { return nil }
        if let name = known[address] { return name }
        if known.count >= Self.most { known.removeAll(keepingCapacity: true) }
        let name = keys.name(of: address)
        known[address] = .some(name)
        return name
    }
}
