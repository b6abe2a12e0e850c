import ByteParsing
import CaptureFiles
import MeshCrypto
import MeshEvidence
import MeshProtocol
import MeshTimelines
import MeshVerdict

/// What `decode` says of one PDU; its members are those of a JSON line.
struct DecodeLine: Encodable {
    var time: String
    var capture: Int
    var frame: Int
    /// `advertising` or `gatt`, and which way it went.
    var bearer: String
    var direction: String
    var network: NetworkIndex?
    var kind = DecodeKind.segment
    var credentials: String?
    var ivIndex: UInt32?
    var updateInProgress: Bool?
    var keyRefresh: Bool?
    var seq: UInt32?
    var source: String?
    var sourceName: String?
    var destination: String?
    var destinationName: String?
    var ttl: UInt8?
    var message = ""
    /// Octets behind the opcode, unless they hold a key.
    var parameters: String?
    var fields: [String: String]?
    /// Fields in the order of the message, for the text.
    private var orderedFields = ""
    private var subject: String?
    private let heardOn: Bearer

    private enum CodingKeys: String, CodingKey {
        case time, capture, frame, bearer, direction, network, kind, credentials, ivIndex, updateInProgress, keyRefresh
        case seq, source, sourceName, destination, destinationName, ttl, message, parameters, fields
    }

    /// `time`: of the frame, as it is written.
    init(_ origin: Origin, network: NetworkIndex?, time: String) {
        let frame = origin.frame
        self.time = time
        capture = frame.capture
        self.frame = frame.number
        self.network = network
        heardOn = origin.bearer
        switch origin.bearer {
        case .advertisingHeard: (bearer, direction) = ("advertising", "heard")
        case .advertisingSent: (bearer, direction) = ("advertising", "sent")
        case .gattToServer: (bearer, direction) = ("gatt", "to_server")
        case .gattToClient: (bearer, direction) = ("gatt", "to_client")
        }
    }

    // MARK: What it says

    mutating func describe(_ beacon: AuthenticBeacon, keyIndex: KeyIndex) {
        let statement = beacon.statement
        kind = .beacon
        ivIndex = statement.state.index.value
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
        fields = ["link": subject ?? ""]
        if let algorithm = pdu.algorithm { add([("algorithm", algorithm.name)]) }
        if let elements = pdu.elements { add([("elements", "\(elements)")]) }
        if let failure = pdu.failure { add([("reason", failure)]) }
        if pdu.kind != .data { parameters = Hexadecimal.text(pdu.parameters) }
    }

    mutating func describe(_ opened: OpenedPDU, _ keys: KeyRing.Network) {
        let pdu = opened.pdu
        credentials = opened.nonce == .proxy ? "proxy_configuration" : opened.credentials.rawValue
        ivIndex = pdu.ivIndex.value
        seq = pdu.sequence.value
        source = "\(pdu.source)"
        sourceName = keys.name(of: pdu.source)
        destination = pdu.destination.map { "\($0)" }
        destinationName = pdu.destination.flatMap(keys.name(of:))
        ttl = pdu.ttl
    }

    /// SSEQ and SSRC stand where SEQ and source do.
    mutating func describe(solicitation opened: OpenedPDU, _ keys: KeyRing.Network) {
        describe(opened, keys)
        (kind, ivIndex, credentials) = (.solicitation, nil, "flooding")
        message = "Solicitation PDU"
    }

    mutating func describe(_ decoded: DecodedMessage) {
        func joined(_ segments: Int) -> String { segments > 1 ? " (\(segments) segments)" : "" }
        switch decoded {
        case .access(let access, let segments, _):
            (kind, message) = (.access, access.name + joined(segments))
            if let configuration = ConfigurationMessage(access) { add(configuration.fields) }
            if !access.handsOutKey { parameters = Hexadecimal.text(access.parameters) }
        case .closedAccess(.deviceKey, let segments):
            (kind, message) = (.access, "access message that no device key at hand opens" + joined(segments))
        case .closedAccess(.applicationKey(let aid), let segments):
            kind = .access
            message =
                "access message that no application key or label at hand opens, AID "
                + Hexadecimal.prefixed(aid, digits: 2) + joined(segments)
        case .control(let opcode, let octets):
            (kind, message) = (.control, ControlMessage.name(ofOpcode: opcode))
            parameters = Hexadecimal.text(octets)
        case .proxyConfiguration(let opcode, let octets):
            (kind, message) = (.control, ProxyPDU.configurationName(opcode))
            parameters = Hexadecimal.text(octets)
        case .segment(let offset, let last): message = "segment \(offset) of 0…\(last)"
        case .broken: message = "what is left breaks the format"
        }
    }

    private mutating func add(_ more: [(name: String, value: String)]) {
        guard !more.isEmpty else { return }
        fields = (fields ?? [:]).merging(more.map { ($0.name, $0.value) }) { first, _ in first }
        orderedFields +=
            (orderedFields.isEmpty ? "" : ", ") + more.map { "\($0.name) \($0.value)" }.joined(separator: ", ")
    }

    // MARK: As a line

    /// Columns that stay aligned; what has any length stands at the end.
    func text(networks: Int) -> String {
        var columns = TextColumns()
        columns.add(time)
        columns.add("\(frame)", width: 6)
        columns.add(way, width: 9)
        if networks > 1 { columns.add(network.map { "net \($0.value + 1)" } ?? "", width: 7) }
        columns.add(kind.rawValue, width: 12)
        if let ivIndex { columns.add("IV " + Hexadecimal.prefixed(ivIndex, digits: 8)) }
        if let subject { columns.add(subject) }
        if let seq, let source {
            columns.add((kind == .solicitation ? "SSEQ " : "SEQ ") + Hexadecimal.prefixed(seq, digits: 6))
            columns.add("\(source) → \(destination ?? "cut   ")")
            columns.add("TTL \(ttl ?? 0)", width: 7)
            columns.add(credentials ?? "", width: 10)
        }
        columns.add(PrintableText.escape(message))
        if !orderedFields.isEmpty {
            columns.add(PrintableText.escape(orderedFields))
        } else if let parameters, !parameters.isEmpty {
            columns.add(parameters)
        }
        if sourceName != nil || destinationName != nil {
            let names = [sourceName ?? source, destinationName ?? destination].map { $0 ?? "" }
            columns.add(PrintableText.escape("[\(names.joined(separator: " → "))]"))
        }
        return columns.text
    }

    private var way: String {
        switch heardOn {
        case .advertisingHeard: "adv heard"
        case .advertisingSent: "adv sent"
        case .gattToServer: "gatt in"
        case .gattToClient: "gatt out"
        }
    }
}
