import Foundation
import TestSupport
import Testing

@testable import CaptureFiles

/// What `btmon` prints, read back into frames.
@Suite struct BtmonTextReaderTests {
    private static let pdu = "3f2d568b8d785fa07321537237ceb534c8e3cd9e97520c87f126271a6f"
    private static let structure = octets("1e2a" + pdu)
    private static let dump = """
                1e 2a 3f 2d 56 8b 8d 78 5f a0 73 21 53 72 37 ce  .*?-V..x_.s!Sr7.
                b5 34 c8 e3 cd 9e 97 52 0c 87 f1 26 27 1a 6f     .4.....R...&'.o 

        """
    private static let mesh = """
                Mesh Data: \(pdu)
                  IVI: 0
                  NID: 0x3f
                2d 56 8b 8d 78 5f a0 73 21 53 72 37 ce b5 34 c8  -V..x_.s!Sr7..4.
                e3 cd 9e 97 52 0c 87 f1 26 27 1a 6f              ....R...&'.o    

        """
    private static let legacyHead = """
              LE Advertising Report (0x02)
                Num reports: 1
                Event type: Non connectable undirected - ADV_NONCONN_IND (0x03)
                Address type: Random (0x01)
                Address: F7:7D:E3:20:D8:89 (Static)

        """
    private static let address = octets("89d820e37df7")
    private static let heading = "> HCI Event: LE Meta Event (0x3e) plen 43               #649 [hci1] 40.181292\n"
    private static let legacy =
        heading + legacyHead + "        Data length: 31\n" + mesh + "        RSSI: -60 dBm (0xc4)\n"
    private static let legacyFrame = [0, 1, 0, 3, 0x3E, 43, 2, 1, 3, 1] + address + [31] + structure + [0xC4]

    private func frames(_ text: String) throws -> [[UInt8]] {
        let result = try readBack(Array(text.utf8))
        #expect(result.failure == nil && Set(result.linkTypes) == [.bluetoothLinuxMonitor])
        #expect(result.numbers == Array(1...result.numbers.count))
        return result.frames
    }

    private static let other: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF]

    @Test func aLegacyReportIsReadBackOctetByOctet() throws {
        #expect(try frames(Self.legacy) == [Self.legacyFrame])
        #expect(try readBack(Array(Self.legacy.utf8)).times == [40_181_292_000])
    }

    /// As people paste it: quoted, indented, with other line ends, coloured, with the escapes of colours lost, broken by a mail program.
    @Test func whateverIsAroundItChangesNothing() throws {
        let lines = Self.legacy.split(separator: "\n").map(String.init)
        func joined(_ change: (String) -> String) -> String { lines.map(change).joined(separator: "\n") + "\n" }
        let texts = [
            joined { "> " + $0 }, joined { "> > " + $0 }, joined { "    " + $0 }, joined { "\t" + $0 },
            joined { "| " + $0 },
            joined { $0 + "\r" }, joined { "\u{1B}[0;34m" + $0 + "\u{1B}[0m" }, joined { "[0;34m" + $0 + "[0m" },
            joined { $0.replacing("    ", with: "  ") }, joined { String($0.drop { $0 == " " }) },
            joined { $0.replacing("               #649", with: "\n#649") },
            joined { $0.replacing("ceb534c8", with: "ceb5\n34c8") },
            joined { $0.replacing("Data: 3f", with: "Data:\n3f") },
            joined { $0.replacing("Mesh Data:", with: "Mesh Data[29]:") }, "It fails as follows:\n\n" + Self.legacy,
            Self.legacy + "\nWhat can I do?\n",
            joined { $0.replacing("LE Meta Event", with: "LE M..") }, joined { $0.replacing(" ", with: "\u{A0}") },
        ]
        for text in texts { #expect(try frames(text) == [Self.legacyFrame], "\(text)") }
    }

    @Test func timesAreThoseOfTheHeading() throws {
        func times(_ ends: [String]) throws -> [String] {
            let text = ends.map { "= New Index: 00:AA:01:00:00:00 (Primary,USB,hci0)  [hci0] " + $0 }
            let octets = Array(("Bluetooth monitor ver 5.66\n" + text.joined(separator: "\n")).utf8)
            return try readBack(octets).times.map { CaptureTime(nanoseconds: $0).text(digits: 6) }
        }
        #expect(
            try times(["0.580308", "1234567.000001"]) == ["1970-01-01T00:00:00.580308Z", "1970-01-15T06:56:07.000001Z"])
        #expect(
            try times(["2026-11-21 01:01:18.367238", "2027-03-01 00:00:00.000000"])
                == ["2026-11-21T01:01:18.367238Z", "2027-03-01T00:00:00.000000Z"])
        // Over midnight, and one that is a little late.
        #expect(
            try times(["23:59:59.999999", "00:00:00.000001", "23:59:59.999998", "00:00:01.000000"]) == [
                "1970-01-01T23:59:59.999999Z", "1970-01-02T00:00:00.000001Z", "1970-01-01T23:59:59.999998Z",
                "1970-01-02T00:00:01.000000Z",
            ])
        let untimed = "> HCI Event: Vendor (0xff) plen 1\n        07      .\n"
        #expect(try readBack(Array(untimed.utf8)).times == [CaptureTime.unknown.nanoseconds])
    }

    @Test func severalReportsOfOneEvent() throws {
        let beacon = "0100b350b9df286c1458000000009d722aae117bd589"
        let second = """
                    Event type: Connectable undirected - ADV_IND (0x00)
                    Address type: Public (0x00)
                    Address: 00:11:22:33:44:55 (OUI 00-11-22)
                    Data length: 24
                    Mesh Beacon: \(beacon)
                      Secure Network Beacon (0x01)
                      Flags: 0x01
                    RSSI: invalid (0x7f)
            """
        let frame = try #require(try frames(Self.legacy + second).first)
        #expect(frame[5] == 43 + 34 && frame[7] == 2)
        #expect(frame.suffix(34) == [0, 0] + octets("554433221100" + "18" + "172b" + beacon + "7f"))
    }

    @Test func structuresWhoseOctetsDoNotStandThereAreLeftOut() throws {
        let text =
            Self.heading + Self.legacyHead + """
                        Data length: 31
                        Flags: 0x06
                          LE General Discoverable Mode
                        16-bit Service UUIDs (complete): 1 entry
                          Mesh Proxy (0x1828)
                        Service Data: Mesh Proxy (0x1828)
                          Data[9]: 00b350b9df286c1458
                        Name (complete): Mesh Data: 00ff
                        Company: Nordic Semiconductor ASA (89)
                          Data: 112233
                        Unknown EIR field 0x24: 172f2f78
                        RSSI: -60 dBm (0xc4)
                """
        let data = octets("020106" + "0c16281800b350b9df286c1458" + "06ff5900112233" + "0524172f2f78")
        #expect(
            try frames(text) == [
                [0, 1, 0, 3, 0x3E, UInt8(12 + data.count), 2, 1, 3, 1] + Self.address + [UInt8(data.count)] + data + [
                    0xC4
                ]
            ])
    }

    /// Of digits that are cut off no PDU is made: the structure is one that leads beyond its data.
    @Test func digitsThatAreCutOffMakeAMalformedStructure() throws {
        let digits = Self.pdu.count
        let start = try #require(Self.legacy.range(of: Self.pdu)).lowerBound
        for count in 1..<digits {
            let text = Self.legacy[..<Self.legacy.index(start, offsetBy: count)]
            let found = try frames(String(text))
            let value = octets(String(Self.pdu.prefix(count / 2 * 2)))
            let data = [UInt8(value.count + 2), 0x2A] + value
            #expect(found.first?.suffix(data.count + 1) == data + [0x7F], "\(count) digits")
        }
    }

    @Test func everyPrefixEndsWithTheRecordsBeforeIt() throws {
        let text = Array((Self.legacy + Self.legacy).utf8)
        for count in 0..<text.count {
            guard let result = try? readBack(Array(text.prefix(count))) else {
                #expect(count < Self.heading.utf8.count)
                continue
            }
            #expect(result.failure == nil && result.numbers.count <= 2)
            if count > text.count / 2 { #expect(result.frames.first == Self.legacyFrame) }
        }
    }

    @Test func anExtendedReportIsItsDump() throws {
        func report(_ type: String, _ length: String, _ data: String) -> String {
            """
            > HCI Event: LE Meta Event (0x3e) plen 57                   #13 [hci0] 2.098769
                  LE Extended Advertising Report (0x0d)
                    Num reports: 1
                    Entry 0
                      Event type: \(type)
                        Props: 0x0000
                        Data status: Complete
                      Address type: Random (0x01)
                      Address: F7:7D:E3:20:D8:89 (Static)
                      SID: 0x05
                      RSSI: -60 dBm (0xc4)
                      Direct address type: Public (0x00)
                      Direct address: 00:00:00:00:00:00 (OUI 00-00-00)
                      Data length: \(length)

            """ + data
        }
        func frame(_ type: [UInt8], _ data: [UInt8]) -> [UInt8] {
            let head = type + [1] + Self.address + [0, 0, 5, 0x7F, 0xC4] + Array(repeating: 0, count: 9)
            return [0, 0, 0, 3, 0x3E, UInt8(head.count + data.count + 3), 0x0D, 1] + head + [UInt8(data.count)] + data
        }
        #expect(try frames(report("0x0000", "0x1f", Self.dump + Self.mesh)) == [frame([0, 0], Self.structure)])
        // A fragment, which cannot be taken apart and is dumped twice.
        let part = "        1e 2a 3f 2d                                      .*?-            \n"
        #expect(
            try frames(report("0x0020", "0x04", part + part)) == [frame([0x20, 0], Array(Self.structure.prefix(4)))])
        // One whose dump was lost is of no use.
        #expect(try frames(report("0x0020", "0x20", Self.mesh)) == [Self.other])
        #expect(try frames(report("0x0000", "0x20", Self.mesh)) == [frame([0, 0], Self.structure)])
    }

    @Test func commandsThatSetAdvertisingData() throws {
        let set =
            "< HCI Command: LE Set Advertising... (0x08|0x0008) plen 32  #19 [hci0] 2.839511\n        Length: 31\n"
            + Self.mesh
        #expect(try frames(set) == [[0, 0, 0, 2, 0x08, 0x20, 32, 31] + Self.structure])
        func extended(_ operation: String, _ length: String, _ data: String) -> String {
            """
            < HCI Command: LE Set Extended Adv.. (0x08|0x0037) plen 35  #21 [hci0] 3.086425
                    Handle: 0x02
                    Operation: \(operation)
                    Fragment preference: Minimize fragmentation (0x01)
                    Data length: \(length)

            """ + data
        }
        #expect(
            try frames(extended("Complete extended advertising data (0x03)", "0x1f", Self.mesh))
                == [[0, 0, 0, 2, 0x37, 0x20, 35, 2, 3, 1, 31] + Self.structure])
        let part = "        ce b5 34 c8                                      ..4.            \n"
        #expect(
            try frames(extended("Last fragment (0x02)", "0x04", part))
                == [[0, 0, 0, 2, 0x37, 0x20, 8, 2, 2, 1, 4, 0xCE, 0xB5, 0x34, 0xC8]])
        #expect(try frames(extended("Last fragment (0x02)", "0x05", part)) == [Self.other])
    }

    @Test func managementRecords() throws {
        let send = """
            @ MGMT Command: Mesh Send (0x0059) plen 50             {0x0001} [hci0] 3.827167
                    Address: 00:00:00:00:00:00 (OUI 00-00-00)
                    Addr Type: 1
                    Instant: 0x0000000000000000
                    Delay: 7
                    Count: 3
                    Data Length: 31
                    Data: 1e2a\(Self.pdu)
            @ MGMT Event: Mesh Device Found (0x0031) plen 53       {0x0002} [hci0] 4.197538
                    Address: F7:7D:E3:20:D8:89 (OUI F7-7D-E3)
                    Addr Type: 2
                    RSSI: -60
                    Instant: 0x0000000000000102
                    Flags: 0x00000000
                    EIR Length: 31
                    EIR Data[31]: 1e2a\(Self.pdu)
            @ Control Event: 0xffff                                {0x0001} [hci0] 5.616801
                    32 00 07                                         2..
            @ MGMT Event: Mesh Packet Complete (0x0032) plen 1     {0x0001} [hci0] 5.616802
                    Handle: 1
            """
        let zeros = { (count: Int) in [UInt8](repeating: 0, count: count) }
        let sent = [0, 0, 0, 16, 1, 0, 0, 0, 0x59, 0] + zeros(6) + [1] + zeros(8) + [7, 0, 3, 31] + Self.structure
        let found: [UInt8] =
            [0, 0, 0, 17, 2, 0, 0, 0, 0x31, 0] + Self.address + [2, 0xC4, 2, 1] + zeros(6) + zeros(4) + [31, 0]
            + Self.structure
        #expect(
            try frames(send) == [sent, found, [0, 0, 0, 17, 1, 0, 0, 0, 0x32, 0, 7], Self.other])
    }

    @Test func attributeValuesInThePDUThatWasJoined() throws {
        let text = """
            < ACL Data TX: Handle 64 flags 0x00 dlen 9                  #30 [hci0] 5.0
            < ACL Data TX: Handle 64 flags 0x00 dlen 9                  #31 [hci0] 5.185194
                  ATT: Write Command (0x52) len 6
                    Handle: 0x0012 Type: Mesh Proxy Data In (0x2add)
                      Data: 003f2d56
            > ACL Data RX: Handle 64 flags 0x01 dlen 9                  #32 [hci0] 5.185195
                  ATT: Handle Value Notification (0x1b) len 4
                    Handle: 0x0014
                      Data[2]: 0102
            > ACL Data RX: Handle 64 flags 0x02 dlen 20                  #33 [hci0] 5.185196
                  ATT: Read By Type Response (0x09) len 15
                    Attribute data length: 7
                    Attribute data list: 2 entries
                    Handle: 0x0011
                    Value: 041200dd2a
                    Handle: 0x0013
                    Value: 101400de2a
            < ACL Data TX: Handle 64 flags 0x00 dlen 14                 #34 [hci0] 5.185197
                  ATT: Prepare Write Request (0x16) len 9
                    Handle: 0x0012
                    Offset: 0x0003
                      Data: 0102030405
            < ACL Data TX: Handle 64 flags 0x00 dlen 6                  #35 [hci0] 5.185198
                  ATT: Execute Write Request (0x18) len 1
                    Flags: Immediately write all pending values (0x01)
            > ACL Data RX: Handle 64 flags 0x02 dlen 8                  #36 [hci0] 5.185199
                  Channel: 64 len 4 [PSM 0 mode Basic (0x00)] {chan 65535}
                    01 02 03 04                                      ....
            < ACL Data TX: Handle 64 flags 0x00 dlen 9                  #37 [hci0] 5.185200
                  ATT: Write Command (0x52) len 6
                    Handle: 0x0012
                      Data: 003f2d
            """
        func data(_ isReceived: Bool, _ channel: UInt8, _ pdu: String) -> [UInt8] {
            let pdu = octets(pdu)
            let count = UInt8(pdu.count)
            return [0, 0, 0, isReceived ? 5 : 4, 0x40, isReceived ? 0x20 : 0, count + 4, 0, count, 0, channel, 0] + pdu
        }
        #expect(
            try frames(text) == [
                Self.other, data(false, 4, "521200003f2d56"), data(true, 4, "1b14000102"),
                data(true, 4, "09071100041200dd2a1300101400de2a"), data(false, 4, "16120003000102030405"),
                data(false, 4, "1801"), data(true, 64, "01020304"), Self.other,
            ])
    }

    @Test func whatEndsConnectionsAndScans() throws {
        let text = """
            < HCI Command: Reset (0x03|0x0003) plen 0                   #49 [hci2] 7.407420
            < HCI Command: LE Set Scan Enable (0x08|0x000c) plen 2      #50 [hci2] 7.530877
                    Scanning: Enabled (0x01)
                    Filter duplicates: Disabled (0x00)
            > HCI Event: Disconnect Complete (0x05) plen 4              #48 [hci2] 7.283963
                    Status: Success (0x00)
                    Handle: 64 Address: F7:7D:E3:20:D8:89 (Static)
                    Reason: Remote User Terminated Connection (0x13)
            > HCI Event: LE Meta Event (0x3e) plen 19                   #26 [hci2] 4.5
                  LE Connection Complete (0x01)
                    Status: Success (0x00)
                    Handle: 64
                    Role: Peripheral (0x01)
            > HCI Event: Command Complete (0x0e) plen 4                  #2 [hci2] 5.628905
                  Reset (0x03|0x0003) ncmd 1
                    Status: Success (0x00)
            > HCI Event: Vendor (0xff) plen 3                           #54 [hci2] 8.024705
                    01 02 03                                         ...
            """
        #expect(
            try frames(text) == [
                [0, 2, 0, 2, 3, 0x0C, 0], [0, 2, 0, 2, 0x0C, 0x20, 2, 1, 0], [0, 2, 0, 3, 5, 4, 0, 0x40, 0, 0x13],
                [0, 2, 0, 3, 0x3E, 4, 1, 0, 0x40, 0], Self.other, [0, 2, 0, 3, 0xFF, 3, 1, 2, 3],
            ])
    }

    @Test func otherTextIsNoCapture() throws {
        let texts = [
            "This is a text and no capture.\n", "> he said\n> HCI Event: it fails\n", "= total 1.500000\n",
            "{\"netkey\": \"00112233445566778899aabbccddeeff\"}", "> HCI Event: LE Meta Event (0x3e)\n",
            "btmon -w FILE writes a capture\n", "> ACL Data RX: Handle 64 dlen 7\n",
        ]
        for text in texts { #expect(throws: CaptureError.self, "\(text)") { try readBack(Array(text.utf8)) } }
        #expect(throws: CaptureError.self) { try readBack([0] + Array(Self.legacy.utf8)) }
    }

    /// No line and no record is too long, and what a record has beyond its own end is not taken.
    @Test func nothingIsTooLong() throws {
        let long = Self.heading + Self.legacyHead + "        Data length: 31\n" + Self.mesh
        let text =
            long + String(repeating: "x", count: 200_000) + "\n" + String(repeating: "> ", count: 30_000) + "\n"
            + String(repeating: "ab cd\n", count: 200_000)
            + Self.legacy
        let found = try frames(text)
        #expect(found.count == 2 && found[1] == Self.legacyFrame)
        #expect(found[0].suffix(32) == Self.structure + [0x7F])
    }
}
