import ByteParsing
import Foundation
import MeshCrypto
import TestSupport
import Testing

@testable import MeshProtocol

/// A value, the JSON that it is written as, and JSON that must be refused in its place.
private struct Row: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let check: @Sendable () throws -> Void

    init<Value: Codable & Equatable & Sendable>(_ value: Value, _ json: String, refuses broken: [String] = []) {
        testDescription = "\(Value.self) \(json)"
        check = {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let written = String(decoding: try encoder.encode([value]), as: UTF8.self)
            #expect(written == "[\(json)]")
            #expect(try JSONDecoder().decode([Value].self, from: Data("[\(json)]".utf8)) == [value])
            for text in broken + ["null", "{}", "[]", "1.5", "\"hello\""] where text != json {
                #expect(throws: DecodingError.self, "\(text)") {
                    try JSONDecoder().decode([Value].self, from: Data("[\(text)]".utf8))
                }
            }
        }
    }
}

private func parse<Value>(_ hex: String, _ make: (inout ByteReader) throws(ParseError) -> Value) throws -> Value {
    let bytes = octets(hex)
    var reader = ByteReader(bytes.span)
    return try make(&reader)
}

private func quoted(_ text: String) -> String { "\"\(text)\"" }

@Suite struct CodableTests {
    private func check(_ rows: [Row]) throws {
        for row in rows { try row.check() }
    }

    @Test func numbersAreWrittenAsNumbersAndChecked() throws {
        let beyond32 = ["-1", "4294967296"]
        try check([
            Row(IVIndex(0), "0", refuses: beyond32), Row(IVIndex(.max), "4294967295", refuses: beyond32),
            Row(SequenceNumber.last, "16777215", refuses: ["16777216", "-1"]),
            Row(SequencePosition(IVIndex(.max), .last), "72057594037927935", refuses: ["72057594037927936", "-1"]),
            Row(SequencePosition(IVIndex(1), .init(truncating: 2)), "16777218"),
            Row(MeshAddress(0xFFFF), "65535", refuses: ["65536", "-1"]),
            Row(try #require(UnicastAddress(0x7FFF)), "32767", refuses: ["0", "32768", "-1"]),
            Row(OOBInformation(rawValue: 0xA040), "41024", refuses: ["65536"]),
            Row(GenericProvisioningPDU.LinkCloseReason(rawValue: 2), "2", refuses: ["256"]),
            Row(ProvisioningPDU.Kind.recordsList, "13", refuses: ["14"]),
            Row(ProvisioningPDU.Algorithm.hmacSHA256, "1", refuses: ["2"]),
            Row(NonceKind.proxy, "3", refuses: ["5"]), Row(NonceKind.solicitation, "4"),
        ])
    }

    @Test func statementsAreWrittenFieldByField() throws {
        let state = IVState.updateInProgress(IVIndex(6))
        let text = #"{"isUpdateInProgress":true,"ivIndex":6}"#
        try check([
            Row(state, text, refuses: [#"{"ivIndex":6}"#, #"{"isUpdateInProgress":true,"ivIndex":-6}"#]),
            Row(
                NetworkBeaconStatement(state: state, isKeyRefresh: true), #"{"isKeyRefresh":true,"state":\#(text)}"#,
                refuses: [#"{"isKeyRefresh":true}"#]),
            Row(try ControlMessage(opcode: 1, parameters: [1]), #"{"friendPoll":{"fsn":1}}"#),
        ])
    }

    /// Beacons of the specification's sample data; each is refused with an octet too many or too few.
    @Test func whatWasParsedIsWrittenAsItsOctets() throws {
        func row<Value: Codable & Equatable & Sendable>(
            _ hex: String, _ make: (inout ByteReader) throws(ParseError) -> Value
        ) throws -> Row {
            let broken = [hex + "00", String(hex.dropLast(2)), String(hex.dropLast(1)), hex.dropLast(1) + "x"]
            return Row(try parse(hex, make), quoted(hex), refuses: broken.map(quoted))
        }
        let unprovisioned = "70cf7c9732a345b691494810d2e9cbf44020d36b25b8"
        let secure = "003ecaff672f673370123456788ea261582f364f6f"
        let meshPrivate = "435f18f85cf78a3121f58478a561e488e7cbf3174f022a514741"
        try check([
            row(unprovisioned) { reader throws(ParseError) in try UnprovisionedDeviceBeacon(parsing: &reader) },
            row(String(unprovisioned.dropLast(8))) { reader throws(ParseError) in
                try UnprovisionedDeviceBeacon(parsing: &reader)
            },
            row(secure) { reader throws(ParseError) in try SecureNetworkBeacon(parsing: &reader) },
            row(meshPrivate) { reader throws(ParseError) in try MeshPrivateBeacon(parsing: &reader) },
            row("00" + unprovisioned) { reader throws(ParseError) in try MeshBeacon(parsing: &reader) },
            row("01" + secure) { reader throws(ParseError) in try MeshBeacon(parsing: &reader) },
            row("02" + meshPrivate) { reader throws(ParseError) in try MeshBeacon(parsing: &reader) },
            row("003ecaff672f673370") { reader throws(ParseError) in try ProxyServiceData(parsing: &reader) },
            row("0300861765aefcc57b34ae608fbbc1f2c6") { reader throws(ParseError) in
                try ProxyServiceData(parsing: &reader)
            },
            row("020000000000") { reader throws(ParseError) in try ProvisioningPDU(parsing: &reader) },
            Row(try #require(AccessMessage(payload: [0x82, 0x04, 1])), quoted("820401"), refuses: ["\"\"", "\"7f\""]),
            Row(try #require(AccessMessage(payload: [0xD5, 0x0A, 0x00])), quoted("d50a00"), refuses: ["\"d50a\""]),
        ])
    }

    @Test func aNetworkPDUAsHeardHas11To29Octets() throws {
        for count in 0...40 {
            let hex = Hexadecimal.text((0..<count).map { UInt8($0) })
            let decoded = try? JSONDecoder().decode([ObfuscatedNetworkPDU].self, from: Data("[\"\(hex)\"]".utf8))
            #expect((decoded != nil) == (11...29).contains(count))
            if let pdu = decoded?.first { try Row(pdu, quoted(hex)).check() }
        }
    }

    /// The first message of the specification's sample data, opened.
    @Test func anOpenedPDUIsWrittenFieldByField() throws {
        let keys = NetworkKeys(NetKey(value: block("7dd7364cd842ad18c17c2b820c84c3d6")))
        let heard = ObfuscatedNetworkPDU(octets: octets("68eca487516765b5e5bfdacbaf6cb7fb6bff871f035444ce83a670df"))
        let pdu = try #require(NetworkPDU.open(heard, with: keys.flooding, ivIndex: IVIndex(0x1234_5678)))
        func json(ttl: Int = 0, source: Int = 0x1201, content: String = "fffd034b50057e400000010000") -> String {
            #"{"content":"\#(content)","ctl":true,"ivIndex":305419896,"seq":1,"src":\#(source),"ttl":\#(ttl)}"#
        }
        let broken = [
            json(ttl: 128), json(source: 0), json(source: 0x8000), json(content: "f"), json(content: "xx"),
            json(content: String(repeating: "00", count: 15)), json(content: String(repeating: "00", count: 200)),
            #"{"ivIndex":305419896}"#,
        ]
        try Row(pdu, json(), refuses: broken).check()
        for count in 0...14 {
            let text = json(content: String(repeating: "ab", count: count))
            let cut = try JSONDecoder().decode([NetworkPDU].self, from: Data("[\(text)]".utf8))
            #expect(cut.first?.content.octets.count == count)
            try Row(try #require(cut.first), text).check()
        }
    }
}
