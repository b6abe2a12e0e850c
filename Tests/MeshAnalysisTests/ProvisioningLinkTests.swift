import BluetoothFrames
import ByteParsing
import CaptureFiles
import MeshProtocol
import TestSupport
import Testing

@testable import MeshAnalysis

@Suite struct ProvisioningLinkTests {
    private let frame = FrameReference(capture: 0, number: 1, time: CaptureTime(nanoseconds: 0))

    private func take(
        _ links: inout ProvisioningLinks, _ text: String, _ direction: AttributeValue.Direction, uuid: UInt16? = nil,
        handle: UInt16 = 0x20
    ) -> ProvisioningPDU.Kind? {
        let characteristic = AttributeValue.Characteristic(connection: 1, generation: 0, handle: handle, uuid: uuid)
        return links.take(octets(text), of: characteristic, direction, isCertain: uuid != nil, at: frame)?.0.kind
    }

    @Test func pbGATTIsRecognisedByContent() {
        var links = ProvisioningLinks()
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
        var links = ProvisioningLinks()
        #expect(take(&links, "08", .toClient, uuid: GATTCharacteristic.provisioningDataOut) == .complete)
        #expect(links.certain.count == 1 && links.certain[0].isComplete)
    }

    @Test func linksAndUnfinishedTransactionsAreBounded() throws {
        var links = ProvisioningLinks()
        for number in UInt32(0)..<20_000 {
            let text = Hexadecimal.text(number, digits: 8) + "00" + "080041aa" + String(repeating: "00", count: 20)
            var reader = ByteReader(octets(text).span)
            #expect(links.take(try PBADVPDU(parsing: &reader), at: frame) == nil)
        }
        #expect(links.certain.count == 1024)
    }
}
