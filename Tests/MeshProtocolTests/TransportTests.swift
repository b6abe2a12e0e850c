import ByteParsing
import MeshCrypto
import TestSupport
import Testing

@testable import MeshProtocol

@Suite struct TransportTests {
    private func material(of row: [String: Any]) -> SecurityMaterial {
        let keys = NetworkKeys(NetKey(value: block(row.text("net_key"))))
        func field(_ name: String) -> UInt16 {
            let pair = row["friendship"] as? [String: Any]
            return UInt16(truncatingIfNeeded: block(pair?.text(name) ?? ""))
        }
        switch row.text("credentials") {
        case "friendship":
            return keys.friendship(
                lpnAddress: field("lpn_address"), friendAddress: field("friend_address"),
                lpnCounter: field("lpn_counter"), friendCounter: field("friend_counter"))
        case "directed": return keys.directed
        default: return keys.flooding
        }
    }

    /// Every message of the sample data, under whatever credentials, to its control parameters or access payload.
    @Test func opensAllMessagesOfTheSampleData() throws {
        let rows = try SampleData.rows("messages")
        #expect(rows.count == 25)
        var payloads = 0
        for row in rows {
            let id = row.text("id")
            let credentials = material(of: row)
            #expect(Hexadecimal.text(credentials.nid, digits: 2) == row.text("nid"), "\(id)")
            let index = IVIndex(UInt32(truncatingIfNeeded: block(row.text("iv_index"))))
            var lower: [(NetworkPDU, LowerTransportPDU)] = []
            for pdu in row["pdus"] as? [[String: Any]] ?? [] {
                let heard = ObfuscatedNetworkPDU(octets: octets(pdu.text("network_pdu")))
                let opened = try #require(NetworkPDU.open(heard, with: credentials, ivIndex: index), "\(id)")
                #expect(opened.transportPDU == octets(pdu.text("transport_pdu")), "\(id)")
                lower.append((opened, try LowerTransportPDU(opened)))
            }
            if let control = row["control"] as? [String: Any] { try check(control, lower, id) }
            guard let access = row["access"] as? [String: Any], row["partial_message"] as? Bool == false else {
                continue
            }
            let payload = try #require(open(access, lower), "\(id)")
            #expect(payload == octets(access.text("payload")), "\(id)")
            let message = try #require(AccessMessage(payload: payload))
            if case .sig = message.opcode { #expect(message.name == access.text("opcode_name"), "\(id)") }
            payloads += 1
        }
        #expect(payloads >= 10)
    }

    private func check(_ control: [String: Any], _ lower: [(NetworkPDU, LowerTransportPDU)], _ id: String) throws {
        let name = control.text("name")
        switch lower[0].1 {
        case .segmentAcknowledgment: #expect(name == "Segment Acknowledgment", "\(id)")
        case .unsegmentedControl(let opcode, let parameters):
            #expect(ControlMessage.name(ofOpcode: opcode) == name, "\(id)")
            #expect(parameters == octets(control.text("params")), "\(id)")
            let message = try ControlMessage(opcode: opcode, parameters: parameters)
            if case .friendOffer(let offer) = message {
                let fields = control["fields"] as? [String: Any]
                #expect(Hexadecimal.text(offer.friendCounter, digits: 4) == fields?.text("friend_counter"), "\(id)")
            }
        default: Issue.record("\(id): no control message")
        }
    }

    private func open(_ access: [String: Any], _ lower: [(NetworkPDU, LowerTransportPDU)]) -> [UInt8]? {
        var sealed: [UInt8] = []
        var isLong = false
        var sequence = lower[0].0.sequence
        for (pdu, transport) in lower {
            switch transport {
            case .unsegmentedAccess(_, let upper): sealed = upper
            case .segmentedAccess(_, let hasLongTransMIC, let segment):
                isLong = hasLongTransMIC
                sealed += segment.octets
                sequence = pdu.sequence.ofSeqAuth(seqZero: segment.seqZero) ?? sequence
            default: return nil
            }
        }
        let pdu = lower[0].0
        guard let destination = pdu.destination else { return nil }
        let message = UpperTransport.Message(
            position: SequencePosition(pdu.ivIndex, sequence), source: pdu.source, destination: destination,
            hasLongTransMIC: isLong, sealed: sealed)
        let key = block(access.text("key"))
        guard access.text("key_type") == "application" else {
            return UpperTransport.open(message, with: DevKey(value: key))
        }
        let label = (access["label_uuid"] as? String).map { LabelUUID(block($0)) }
        if let label { #expect(label.address == destination) }
        return UpperTransport.open(message, with: AppKey(value: key), label: label)
    }

    @Test func seqAuthIsTheHighestNotAboveTheSEQ() {
        // The specification's own example: SEQ 0x647262, SeqZero 0x1849 gives 0x645849.
        #expect(SequenceNumber(truncating: 0x64_7262).ofSeqAuth(seqZero: 0x1849)?.value == 0x64_5849)
        #expect(SequenceNumber(truncating: 5).ofSeqAuth(seqZero: 5)?.value == 5)
        #expect(SequenceNumber(truncating: 5).ofSeqAuth(seqZero: 6) == nil)
        #expect(SequenceNumber(truncating: 0x2005).ofSeqAuth(seqZero: 6)?.value == 6)
    }

    @Test func accessOpcodesHaveThreeForms() {
        #expect(AccessMessage(payload: [0x00, 1])?.name == "Config AppKey Add")
        #expect(AccessMessage(payload: [0x82, 0x04, 1])?.name == "Generic OnOff Status")
        #expect(AccessMessage(payload: [0x82, 0x04, 1])?.parameters == [1])
        #expect(AccessMessage(payload: [0xD5, 0x0A, 0x00])?.opcode == .vendor(0x15, company: 0x000A))
        for broken in [[], [0x7F], [0x82], [0xD5, 1]] as [[UInt8]] { #expect(AccessMessage(payload: broken) == nil) }
        #expect(AccessMessage(payload: [0xBF, 0xFF])?.name == "opcode 0xBFFF")
    }

    @Test func everyPrefixOfAControlMessageIsAnErrorInside() {
        let messages: [(UInt8, String)] = [
            (1, "00"), (2, "001234567800"), (3, "4b50057e400000010000"), (4, "320308ba072f"), (5, "12010001"),
            (9, "01"),
            (10, "050003"),
        ]
        for (opcode, hex) in messages {
            let parameters = octets(hex)
            for count in 0...parameters.count {
                do throws(ParseError) {
                    _ = try ControlMessage(opcode: opcode, parameters: Array(parameters.prefix(count)))
                    #expect(count == parameters.count)
                } catch {
                    #expect((0...count).contains(error.offset) && count < parameters.count)
                }
            }
        }
    }
}

@Suite struct ProxyTests {
    @Test func resolvesTheServiceDataOfTheSampleData() throws {
        let rows = try SampleData.rows("proxy_service_data")
        #expect(rows.count == 4)
        for row in rows {
            let keys = NetworkKeys(NetKey(value: block(row.text("net_key"))))
            let bytes = octets(row.text("service_data"))
            var reader = ByteReader(bytes.span)
            let data = try ProxyServiceData(parsing: &reader)
            let address = (row["address"] as? String).flatMap { UnicastAddress(UInt16(truncatingIfNeeded: block($0))) }
            #expect(data.resolve(with: keys) == address.map(ProxyServiceData.Identity.node) ?? .network)
            #expect(data.resolve(with: NetworkKeys(NetKey(value: 1))) == nil)
            for count in 0..<bytes.count {
                let prefix = Array(bytes.prefix(count))
                var reader = ByteReader(prefix.span)
                #expect(throws: ParseError.self) { _ = try ProxyServiceData(parsing: &reader) }
            }
        }
    }

    @Test func opensTheProxyConfigurationOfTheSampleData() throws {
        let rows = try SampleData.rows("proxy_configuration")
        #expect(rows.count == 3)
        for row in rows {
            let keys = NetworkKeys(NetKey(value: block(row.text("net_key"))))
            let value = octets(row.text("proxy_pdu"))
            var reader = ByteReader(value.span)
            let proxy = try ProxyPDU(parsing: &reader)
            #expect(proxy.type == .proxyConfiguration && proxy.sar == .complete)
            let heard = ObfuscatedNetworkPDU(octets: proxy.data)
            let index = IVIndex(UInt32(truncatingIfNeeded: block(row.text("iv_index"))))
            var workspace = NetworkCredentials.Workspace()
            let credentials = NetworkCredentials(keys.flooding)
            credentials.open([.init(heard, ivIndex: index, nonce: .proxy)], in: &workspace)
            let pdu = try #require(workspace.results[0])
            #expect(pdu.transportPDU == octets(row.text("transport_pdu")))
            #expect(pdu.sequence.value == UInt32(truncatingIfNeeded: block(row.text("seq"))))
            #expect(
                NetworkPDU.open(heard, with: keys.flooding, ivIndex: index, nonce: .proxy) == pdu)
            credentials.open([.init(heard, ivIndex: index)], in: &workspace)
            #expect(workspace.results[0] == nil, "the network nonce is another")
        }
    }

    @Test func segmentsAreJoinedAgain() throws {
        let data = Array(UInt8(0)..<60)
        for longest in 2...70 {
            var reassembly = ProxyReassembly()
            var whole: [[UInt8]] = []
            for value in ProxyPDU.segment(data, type: .proxyConfiguration, longest: longest) {
                #expect(value.count <= longest)
                var reader = ByteReader(value.span)
                if let message = reassembly.take(try ProxyPDU(parsing: &reader)) {
                    #expect(message.type == .proxyConfiguration)
                    whole.append(message.data)
                }
            }
            #expect(whole == [data])
        }
    }

    @Test func whatDoesNotFitStartsOver() throws {
        var reassembly = ProxyReassembly()
        func take(_ value: [UInt8]) throws -> [UInt8]? {
            var reader = ByteReader(value.span)
            return reassembly.take(try ProxyPDU(parsing: &reader))?.data
        }
        #expect(try take([0xC0, 1]) == nil, "a last without a first")
        #expect(try take([0x40, 1]) == nil)
        #expect(try take([0x81, 2]) == nil, "another type")
        #expect(try take([0xC0, 3]) == nil)
        for _ in 0..<10 { #expect(try take([0x40] + Array(repeating: 1, count: 200)) == nil) }
        #expect(try take([0xC0, 9])?.count == 201)
        #expect(throws: ParseError.self) { try take([0x04]) }
        #expect(throws: ParseError.self) { try take([]) }
    }
}
