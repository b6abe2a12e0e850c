import BluetoothFrames
import ByteParsing
import CaptureFiles
import MeshProtocol
import TestSupport
import Testing

@testable import MeshEvidence
@testable import MeshTimelines

@Suite struct ProvisioningReassemblyTests {
    private let frame = FrameReference(capture: 0, number: 1, time: CaptureTime(nanoseconds: 0))

    /// What is said of links, and what is kept of it.
    private struct Links {
        var reassembly = ProvisioningReassembly()
        var kept = ProvisioningLinks()

        var certain: [ProvisioningLink] { kept.certain }
    }

    /// The Provisioning PDU that a value of PB-GATT is taken for.
    private func take(
        _ links: inout Links, _ text: String, _ direction: AttributeValue.Direction, uuid: UInt16? = nil,
        handle: UInt16 = 0x20
    ) -> ProvisioningPDU.Kind? {
        let characteristic = AttributeValue.Characteristic(connection: 1, generation: 0, handle: handle, uuid: uuid)
        let statement = links.reassembly.statement(
            of: octets(text), crossing: characteristic, direction, isCertain: uuid != nil)
        guard let statement, case .pdu(let pdu, _) = statement.event else { return nil }
        links.kept.apply(statement, at: frame)
        return pdu.kind
    }

    @Test func pbGATTIsRecognisedByContent() {
        var links = Links()
        #expect(take(&links, "08", .toClient) == nil, "a Complete begins nothing")
        #expect(take(&links, "0005", .toServer) == .invite)
        #expect(links.certain.isEmpty, "an Invite alone is two octets that many protocols have")
        #expect(take(&links, "01" + "0100010000000000000000", .toClient) == .capabilities)
        #expect(take(&links, "0200000000" + "00", .toServer) == .start)
        #expect(take(&links, "0904", .toServer) == nil, "only the device says that it failed")
        #expect(take(&links, "0904", .toClient) == .failed)
        let link = links.certain.first
        #expect(links.certain.count == 1 && link?.bearer == .gatt && link?.failure == "Confirmation Failed")
        #expect(link?.algorithm == .cmacAES128 && link?.elements == 1)
    }

    @Test func knownCharacteristicsBeginAnywhere() {
        var links = Links()
        #expect(take(&links, "08", .toClient, uuid: GATTCharacteristic.provisioningDataOut) == .complete)
        #expect(links.certain.count == 1 && links.certain[0].isComplete)
    }

    private func pbADV(_ link: UInt32, _ text: String) throws -> PBADVPDU {
        var reader = ByteReader(octets(Hexadecimal.text(link, digits: 8) + text).span)
        return try PBADVPDU(parsing: &reader)
    }

    @Test func linksAndUnfinishedTransactionsAreBounded() throws {
        var links = Links()
        let start = "00" + "080041aa" + String(repeating: "00", count: 20)
        for number in UInt32(0)..<20_000 {
            let statement = try #require(links.reassembly.statement(of: try pbADV(number, start)))
            #expect(statement.event == .heard && statement.link.number == Int(number))
            links.kept.apply(statement, at: frame)
        }
        #expect(links.certain.count == 1024)
        // The latest links are known by their numbers, and the oldest are new ones.
        for (link, number) in [(UInt32(19_999), 19_999), (20_000 - 1024, 20_000 - 1024), (0, 20_000)] {
            #expect(links.reassembly.statement(of: try pbADV(link, start))?.link.number == number)
        }
    }

    /// A Complete in one segment: TotalLength 1, FCS 0x3E.
    @Test func aTransactionIsCompleteOnce() throws {
        var reassembly = ProvisioningReassembly()
        let complete = try pbADV(7, "81" + "00" + "0001" + "3e" + "08")
        guard case .pdu(let pdu, isFromProvisioner: false)? = reassembly.statement(of: complete)?.event else {
            Issue.record("not whole")
            return
        }
        #expect(pdu.kind == .complete)
        #expect(reassembly.statement(of: complete)?.event == .heard, "a copy")
    }
}
