import ByteParsing
import CaptureFiles
import FoundationEssentials
public import MeshAnalysis
public import MeshProtocol

/// One line for each distinct PDU or beacon that a key opens, in the order of hearing.
public struct DecodeReport {
    public enum Format: Sendable { case text, jsonLines }

    /// What is shown: all that is `nil` does not restrict.
    public struct Filter: Sendable {
        public var source: UnicastAddress?
        public var destination: MeshAddress?
        public var kind: String?

        public init() {}
    }

    /// The kinds that a filter can name.
    public static let kinds = ["beacon", "access", "control", "segment"]

    private let keyRing: KeyRing
    private let format: Format
    private let filter: Filter
    private var decoders: [MessageDecoder]
    /// PDUs are opened in batches, somewhat behind the beacons: lines wait here until their turn.
    private var waiting: [(frame: FrameReference, line: String)] = []
    private static let mostWaiting = 2048

    private struct BeaconKey: Hashable {
        var network: Int
        var subnet: Int
        var statement: NetworkBeaconStatement
    }

    private let encoder = JSONEncoder()
    private var lastBeacons: [BeaconKey: CaptureTime] = [:]

    public init(_ keyRing: KeyRing, format: Format, filter: Filter = Filter()) {
        self.keyRing = keyRing
        self.format = format
        self.filter = filter
        decoders = keyRing.networks.map { MessageDecoder($0) }
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
    }

    /// Takes a statement; returns the lines whose turn it is.
    public mutating func take(_ observation: Observation) throws -> String {
        guard let line = try line(of: observation) else { return "" }
        var place = waiting.count
        while place > 0, observation.frame < waiting[place - 1].frame { place -= 1 }
        waiting.insert((observation.frame, line), at: place)
        guard waiting.count > Self.mostWaiting else { return "" }
        defer { waiting.removeFirst(Self.mostWaiting / 2) }
        return waiting.prefix(Self.mostWaiting / 2).map(\.line).joined()
    }

    /// The lines that still wait.
    public mutating func finish() -> String {
        defer { waiting = [] }
        return waiting.map(\.line).joined()
    }

    private struct Line: Encodable {
        var time: String
        var capture: Int
        var frame: Int
        var network: Int
        var kind: String
        var credentials: String?
        var ivIndex: UInt32
        var updateInProgress: Bool?
        var keyRefresh: Bool?
        var seq: UInt32?
        var source: String?
        var sourceName: String?
        var destination: String?
        var ttl: UInt8?
        var message: String
        var parameters: String?
    }

    private mutating func line(of observation: Observation) throws -> String? {
        let line: Line
        switch observation.statement {
        case .beacon(let statement, let evidence, let subnet):
            guard filter.source == nil, filter.destination == nil, isNew(statement, subnet, observation) else {
                return nil
            }
            line = beacon(observation, statement, evidence, subnet)
        case .networkPDU(let pdu, let credentials, let isNew):
            guard isNew else { return nil }
            // Segments are joined whatever the filter shows.
            let message = decoders[observation.network].decode(pdu, credentials)
            guard filter.source.map({ $0 == pdu.source }) ?? true,
                filter.destination.map({ $0 == pdu.destination }) ?? true
            else { return nil }
            line = self.line(observation, pdu, credentials, message)
        }
        guard filter.kind.map({ $0 == line.kind }) ?? true else { return nil }
        switch format {
        case .text: return text(line)
        case .jsonLines:
            return String(decoding: try encoder.encode(line), as: UTF8.self) + "\n"
        }
    }

    /// A beacon stands once, and not for each of the three channels.
    private mutating func isNew(
        _ statement: NetworkBeaconStatement, _ subnet: Int, _ observation: Observation
    ) -> Bool {
        let key = BeaconKey(network: observation.network, subnet: subnet, statement: statement)
        let time = observation.frame.time
        defer { lastBeacons[key] = time }
        return lastBeacons[key].map { time.since($0) > .milliseconds(20) } ?? true
    }

    private func beacon(
        _ observation: Observation, _ statement: NetworkBeaconStatement, _ evidence: IVEvidence, _ subnet: Int
    ) -> Line {
        let keyIndex = keyRing.networks[observation.network].subnets[subnet].keyIndex
        return Line(
            time: observation.frame.time.text(digits: 6), capture: observation.frame.capture,
            frame: observation.frame.number, network: observation.network, kind: "beacon",
            ivIndex: statement.state.index.value, updateInProgress: statement.state.isUpdateInProgress,
            keyRefresh: statement.isKeyRefresh,
            message: "\(Wording.evidence(evidence)) of key \(keyIndex): \(Wording.state(statement.state))"
                + (statement.isKeyRefresh ? ", Key Refresh" : ""))
    }

    private func line(
        _ observation: Observation, _ pdu: NetworkPDU, _ credentials: CredentialKind, _ message: DecodedMessage
    ) -> Line {
        let (kind, name, parameters) = describe(message)
        return Line(
            time: observation.frame.time.text(digits: 6), capture: observation.frame.capture,
            frame: observation.frame.number, network: observation.network, kind: kind,
            credentials: credentials.rawValue,
            ivIndex: pdu.ivIndex.value, seq: pdu.sequence.value, source: "\(pdu.source)",
            sourceName: keyRing.networks[observation.network].name(of: pdu.source),
            destination: pdu.destination.map { "\($0)" }, ttl: pdu.ttl, message: name,
            parameters: parameters.map { Hexadecimal.text($0) })
    }

    private func describe(_ message: DecodedMessage) -> (kind: String, name: String, parameters: [UInt8]?) {
        func joined(_ segments: Int) -> String { segments > 1 ? " (\(segments) segments)" : "" }
        switch message {
        case .access(let access, let segments):
            return ("access", access.name + joined(segments), access.parameters)
        case .closedAccess(.deviceKey, let segments):
            return ("access", "access message that no device key at hand opens" + joined(segments), nil)
        case .closedAccess(.applicationKey(let aid), let segments):
            let name = "access message that no application key or label at hand opens, AID "
            return ("access", name + Hexadecimal.prefixed(aid, digits: 2) + joined(segments), nil)
        case .control(let opcode, let parameters): return ("control", ControlMessage.name(ofOpcode: opcode), parameters)
        case .proxyConfiguration(let opcode, let parameters):
            return ("control", ProxyPDU.configurationName(opcode), parameters)
        case .segment(let offset, let last): return ("segment", "segment \(offset) of 0…\(last)", nil)
        case .broken: return ("segment", "what is left breaks the format", nil)
        }
    }

    private func text(_ line: Line) -> String {
        func padded(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(0, width - text.count))
        }
        var fields = [line.time, padded("\(line.frame)", 6)]
        if keyRing.networks.count > 1 { fields.append("net \(line.network + 1)") }
        fields += [padded(line.kind, 7), "IV " + Hexadecimal.prefixed(line.ivIndex, digits: 8)]
        if let seq = line.seq, let source = line.source {
            fields += [
                "SEQ " + Hexadecimal.prefixed(seq, digits: 6), "\(source) → \(line.destination ?? "cut   ")",
                padded("TTL \(line.ttl ?? 0)", 7), padded(line.credentials ?? "", 10),
            ]
        }
        fields.append(line.message)
        if let parameters = line.parameters, !parameters.isEmpty { fields.append(parameters) }
        if let name = line.sourceName { fields.append("[\(Wording.printable(name))]") }
        return fields.joined(separator: "  ") + "\n"
    }
}
