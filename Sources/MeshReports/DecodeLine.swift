import ByteParsing
import CaptureFiles
import MeshCrypto
import MeshEvidence
import MeshProtocol
import MeshTimelines
import MeshVerdict

/// What `decode` says of one PDU.
struct DecodeLine {
    let origin: Origin
    let network: NetworkIndex?
    var kind = DecodeKind.segment
    var credentials: String?
    var ivIndex: IVIndex?
    var updateInProgress: Bool?
    var keyRefresh: Bool?
    var seq: SequenceNumber?
    var source: UnicastAddress?
    var sourceName: String?
    var destination: MeshAddress?
    var destinationName: String?
    var ttl: UInt8?
    /// In words of this program's own; what others wrote stands in the fields.
    var message = ""
    /// Octets behind the opcode, unless they hold a key.
    var parameters: [UInt8]?
    /// In the order of the message.
    var fields: [(name: String, value: String)] = []
    /// The provisioning link.
    fileprivate var subject: String?

    init(_ origin: Origin, network: NetworkIndex?) {
        (self.origin, self.network) = (origin, network)
    }

    // MARK: What it says

    mutating func describe(_ beacon: AuthenticBeacon, keyIndex: KeyIndex) {
        let statement = beacon.statement
        kind = .beacon
        ivIndex = statement.state.index
        updateInProgress = statement.state.isUpdateInProgress
        keyRefresh = statement.isKeyRefresh
        message =
            "\(Wording.evidence(beacon.evidence)) of key \(keyIndex): \(Wording.state(statement.state))"
            + (statement.isKeyRefresh ? ", Key Refresh" : "")
    }

    mutating func describe(_ pdu: ProvisioningPDU, _ link: ProvisioningStatement.Link) {
        kind = .provisioning
        subject = link.bearer == .gatt ? "PB-GATT link \(link.number + 1)" : Wording.bearer(link.bearer)
        message = pdu.kind.name
        if let algorithm = pdu.algorithm { fields.append(("algorithm", algorithm.name)) }
        if let elements = pdu.elements { fields.append(("elements", "\(elements)")) }
        if let failure = pdu.failure { fields.append(("reason", failure)) }
        if pdu.kind != .data { parameters = pdu.parameters }
    }

    mutating func describe(_ opened: OpenedPDU, _ names: inout AddressNames) {
        let pdu = opened.pdu
        credentials = opened.nonce == .proxy ? "proxy_configuration" : opened.credentials.rawValue
        (ivIndex, seq, ttl) = (pdu.ivIndex, pdu.sequence, pdu.ttl)
        (source, destination) = (pdu.source, pdu.destination)
        sourceName = names.name(of: MeshAddress(pdu.source.value))
        destinationName = destination.flatMap { names.name(of: $0) }
    }

    /// SSEQ and SSRC stand where SEQ and source do.
    mutating func describe(solicitation opened: OpenedPDU, _ names: inout AddressNames) {
        describe(opened, &names)
        (kind, ivIndex, credentials) = (.solicitation, nil, "flooding")
        message = "Solicitation PDU"
    }

    mutating func describe(_ decoded: DecodedMessage) {
        func joined(_ text: String, _ segments: Int) -> String {
            segments > 1 ? "\(text) (\(segments) segments)" : text
        }
        switch decoded {
        case .access(let access, let segments, _):
            (kind, message) = (.access, joined(access.name, segments))
            if let configuration = ConfigurationMessage(access) { fields = configuration.fields }
            if !access.handsOutKey { parameters = access.parameters }
        case .closedAccess(.deviceKey, let segments):
            (kind, message) = (.access, joined("access message that no device key at hand opens", segments))
        case .closedAccess(.applicationKey(let aid), let segments):
            (kind, message) = (.access, joined(Self.closed[Int(aid & 0x3F)], segments))
        case .control(let opcode, let octets):
            (kind, message) = (.control, ControlMessage.name(ofOpcode: opcode))
            parameters = octets
        case .proxyConfiguration(let opcode, let octets):
            (kind, message) = (.control, ProxyPDU.configurationName(opcode))
            parameters = octets
        case .segment(let offset, let last): message = "segment \(offset) of 0…\(last)"
        case .broken: message = "what is left breaks the format"
        }
    }

    /// By AID.
    private static let closed = (0..<64).map {
        "access message that no application key or label at hand opens, AID " + Hexadecimal.prefixed($0, digits: 2)
    }

    // MARK: As a line

    /// Columns that stay aligned; what has any length stands at the end.
    func write(to line: inout LineOctets, _ clock: inout LineClock, networks: Int) {
        clock.write(origin.time, to: &line)
        line.addColumn(width: 6) { $0.append(decimal: UInt64(max(0, origin.frame.number))) }
        line.addColumn(way, width: 9)
        if networks > 1 { line.addColumn(network.map { "net \($0.value + 1)" } ?? "", width: 7) }
        line.addColumn(kind.rawValue, width: 12)
        if let ivIndex {
            line.addColumn("IV ")
            line.append(hexadecimal: ivIndex.value, digits: 8)
        }
        if let subject { line.addColumn(subject) }
        if let seq, let source { writeRoute(seq, source, to: &line) }
        line.addColumn(message)
        if !fields.isEmpty {
            let text = fields.map { "\($0.name) \($0.value)" }.joined(separator: ", ")
            line.addColumn(PrintableText.escape(text))
        } else if let parameters, !parameters.isEmpty {
            line.addColumn { $0.append(hexadecimal: parameters) }
        }
        guard sourceName != nil || destinationName != nil else { return }
        let names = [sourceName ?? source.map { "\($0)" }, destinationName ?? destination.map { "\($0)" }]
        line.addColumn(PrintableText.escape("[\(names.map { $0 ?? "" }.joined(separator: " → "))]"))
    }

    private func writeRoute(_ seq: SequenceNumber, _ source: UnicastAddress, to line: inout LineOctets) {
        line.addColumn(kind == .solicitation ? "SSEQ " : "SEQ ")
        line.append(hexadecimal: seq.value, digits: 6)
        line.addColumn { $0.append(hexadecimal: UInt32(source.value), digits: 4) }
        line.append(" → ")
        if let destination {
            line.append(hexadecimal: UInt32(destination.value), digits: 4)
        } else {
            line.append("cut   ")
        }
        line.addColumn(width: 7) {
            $0.append("TTL ")
            $0.append(decimal: UInt64(ttl ?? 0))
        }
        line.addColumn(credentials ?? "", width: 10)
    }

    private var way: String {
        switch origin.bearer {
        case .advertisingHeard: "adv heard"
        case .advertisingSent: "adv sent"
        case .gattToServer: "gatt in"
        case .gattToClient: "gatt out"
        }
    }
}

// MARK: As an object

extension DecodeLine {
    /// The members of a JSON line.
    struct Members: Encodable {
        let time: String
        let capture: Int
        let frame: Int
        /// `advertising` or `gatt`, and which way it went.
        let bearer: String
        let direction: String
        let network: NetworkIndex?
        let kind: DecodeKind
        let credentials: String?
        let ivIndex: UInt32?
        let updateInProgress: Bool?
        let keyRefresh: Bool?
        let seq: UInt32?
        let source: String?
        let sourceName: String?
        let destination: String?
        let destinationName: String?
        let ttl: UInt8?
        let message: String
        let parameters: String?
        let fields: [String: String]?

        /// `time`: of the frame, as it is written.
        init(_ line: DecodeLine, time: String) {
            self.time = time
            (capture, frame) = (line.origin.frame.capture, line.origin.frame.number)
            switch line.origin.bearer {
            case .advertisingHeard: (bearer, direction) = ("advertising", "heard")
            case .advertisingSent: (bearer, direction) = ("advertising", "sent")
            case .gattToServer: (bearer, direction) = ("gatt", "to_server")
            case .gattToClient: (bearer, direction) = ("gatt", "to_client")
            }
            (network, kind, credentials) = (line.network, line.kind, line.credentials)
            (updateInProgress, keyRefresh) = (line.updateInProgress, line.keyRefresh)
            (ivIndex, seq, ttl) = (line.ivIndex?.value, line.seq?.value, line.ttl)
            (source, sourceName) = (line.source.map { "\($0)" }, line.sourceName)
            (destination, destinationName) = (line.destination.map { "\($0)" }, line.destinationName)
            message = line.message
            parameters = line.parameters.map { Hexadecimal.text($0) }
            let pairs = (line.subject.map { [("link", $0)] } ?? []) + line.fields.map { ($0.name, $0.value) }
            fields = pairs.isEmpty ? nil : Dictionary(pairs) { first, _ in first }
        }
    }
}
