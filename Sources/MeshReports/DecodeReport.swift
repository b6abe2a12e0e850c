public import CaptureFiles
import FoundationEssentials
public import MeshAnalysis
public import MeshProtocol

/// What a line of `decode` is about; the names are those of its JSON.
public enum DecodeKind: String, Sendable, CaseIterable, Encodable {
    case beacon, access, control
    /// Of a message that is not whole yet.
    case segment
    case provisioning
}

/// One line for each distinct PDU or beacon that a key opens, and for each Provisioning PDU, in the order of hearing.
public struct DecodeReport {
    public enum Format: Sendable {
        /// Columns for people.
        case text
        /// An object a line.
        case jsonLines
    }

    /// What is shown: all that is `nil` does not restrict.
    public struct Filter: Sendable {
        public var source: UnicastAddress?
        public var destination: MeshAddress?
        public var kind: DecodeKind?
        /// Index in the analysis' networks.
        public var network: Int?
        public var since: CaptureTime?
        public var until: CaptureTime?

        /// Shows everything.
        public init() {}

        func shows(_ observation: Observation) -> Bool {
            let time = observation.frame.time
            guard since.map({ time >= $0 }) ?? true, until.map({ time <= $0 }) ?? true else { return false }
            guard network.map({ $0 == observation.network }) ?? true else { return false }
            guard case .networkPDU(let pdu, _, _) = observation.statement else {
                return source == nil && destination == nil
            }
            return source.map { $0 == pdu.source } ?? true && destination.map { $0 == pdu.destination } ?? true
        }
    }

    private let keyRing: KeyRing
    private let format: Format
    private let filter: Filter
    private var decoders: [MessageDecoder]
    /// PDUs are opened in batches, somewhat behind the beacons: lines wait here until their turn.
    private var waiting: [(frame: FrameReference, line: String)] = []
    private static let mostWaiting = 2048

    private struct BeaconKey: Hashable {
        var network: Int?
        var keyIndex: UInt16
        var statement: NetworkBeaconStatement
    }

    private let encoder = JSONEncoder()
    private var lastBeacons: [BeaconKey: CaptureTime] = [:]

    /// `keyRing`: the one that the analysis goes by, which names its networks and opens messages.
    public init(_ keyRing: KeyRing, format: Format, filter: Filter = Filter()) {
        self.keyRing = keyRing
        self.format = format
        self.filter = filter
        decoders = keyRing.networks.map { MessageDecoder($0) }
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
    }

    /// Takes a statement; returns the lines whose turn it is.
    ///
    /// - Throws: an `EncodingError` where a line cannot be written as JSON.
    public mutating func take(_ observation: Observation) throws -> String {
        guard let line = line(of: observation), filter.shows(observation), filter.kind.map({ $0 == line.kind }) ?? true
        else { return "" }
        let text: String
        switch format {
        case .text: text = line.text(networks: keyRing.networks.count)
        case .jsonLines: text = String(decoding: try encoder.encode(line), as: UTF8.self)
        }
        var place = waiting.count
        while place > 0, observation.frame < waiting[place - 1].frame { place -= 1 }
        waiting.insert((observation.frame, text + "\n"), at: place)
        guard waiting.count > Self.mostWaiting else { return "" }
        defer { waiting.removeFirst(Self.mostWaiting / 2) }
        return waiting.prefix(Self.mostWaiting / 2).map(\.line).joined()
    }

    /// The lines that still wait.
    public mutating func finish() -> String {
        defer { waiting = [] }
        return waiting.map(\.line).joined()
    }

    /// Segments are joined whatever the filter shows.
    private mutating func line(of observation: Observation) -> DecodeLine? {
        var line = DecodeLine(observation.frame, network: observation.network)
        switch observation.statement {
        case .beacon(let statement, let evidence, let keyIndex):
            guard isNew(statement, keyIndex, observation) else { return nil }
            line.describe(statement, evidence, keyIndex: keyIndex)
        case .networkPDU(let pdu, let credentials, let isNew):
            guard isNew, let network = observation.network else { return nil }
            line.describe(pdu, credentials, keyRing.networks[network])
            line.describe(decoders[network].decode(pdu, credentials))
        case .provisioning(let pdu, let link, let bearer): line.describe(pdu, link: link, bearer)
        }
        return line
    }

    /// A beacon stands once, and not for each of the three channels.
    private mutating func isNew(
        _ statement: NetworkBeaconStatement, _ keyIndex: UInt16, _ observation: Observation
    ) -> Bool {
        let key = BeaconKey(network: observation.network, keyIndex: keyIndex, statement: statement)
        let time = observation.frame.time
        defer { lastBeacons[key] = time }
        return lastBeacons[key].map { time.since($0) > .milliseconds(20) } ?? true
    }
}
