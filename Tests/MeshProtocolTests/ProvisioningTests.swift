import ByteParsing
import MeshProtocol
import TestSupport
import Testing

@Suite struct ProvisioningTests {
    private func parse(_ octets: [UInt8]) throws -> PBADVPDU {
        var reader = ByteReader(octets.span)
        return try PBADVPDU(parsing: &reader)
    }

    private func parsePDU(_ octets: [UInt8]) throws -> ProvisioningPDU {
        var reader = ByteReader(octets.span)
        return try ProvisioningPDU(parsing: &reader)
    }

    /// Frames of a real provisioning: a public key in segments, its FCS, and what came around it.
    @Test func bearerPDUs() throws {
        let open = try parse(octets("b9522d37" + "00" + "03" + "ddddc8c9a3c6848e0000000000000000"))
        #expect(open.linkID == 0xb952_2d37 && open.isFromProvisioner)
        #expect(open.content == .linkOpen(deviceUUID: block("ddddc8c9a3c6848e0000000000000000")))
        #expect(try parse(octets("b9522d37" + "00" + "07")).content == .linkAck)
        #expect(try parse(octets("b9522d37" + "00" + "0b00")).content == .linkClose(.init(rawValue: 0)))
        #expect(try parse(octets("b9522d37" + "81" + "01")).content == .transactionAcknowledgment)
        #expect(try !parse(octets("b9522d37" + "81" + "01")).isFromProvisioner)
    }

    /// CRC-8/ROHC has the same polynomial and start and gives 0xD0 for "123456789"; the FCS is the complement.
    @Test func frameCheckSequence() {
        #expect(TransactionReassembly.frameCheckSequence(Array("123456789".utf8)) == 0xFF - 0xD0)
        // An Invite with attention 0, as real provisioners send it.
        #expect(TransactionReassembly.frameCheckSequence([0x00, 0x00]) == 0x14)
    }

    @Test func segmentsJoinInAnyOrderAndOnlyOnce() throws {
        let whole = [0x03] + (0..<64).map { UInt8($0) }
        let fcs = TransactionReassembly.frameCheckSequence(whole)
        let start = GenericProvisioningPDU.transactionStart(
            lastSegment: 2, totalLength: 65, fcs: fcs, Array(whole[..<20]))
        let middle = GenericProvisioningPDU.transactionContinuation(segment: 1, Array(whole[20..<43]))
        let last = GenericProvisioningPDU.transactionContinuation(segment: 2, Array(whole[43...]))
        for order in [[start, middle, last], [last, start, start, middle], [middle, last, last, start]] {
            var reassembly = TransactionReassembly()
            let outcomes = order.map { reassembly.take($0) }
            #expect(outcomes.last == .complete(whole))
            #expect(outcomes.dropLast().allSatisfy { $0 == .incomplete })
            #expect(reassembly.take(start) == .repeated)
        }
        var reassembly = TransactionReassembly()
        let wrong = GenericProvisioningPDU.transactionStart(
            lastSegment: 2, totalLength: 65, fcs: fcs ^ 1, Array(whole[..<20]))
        #expect([wrong, middle, last].map { reassembly.take($0) }.last == .damaged)
        #expect(
            [start, middle, last].map { reassembly.take($0) }.last == .complete(whole), "what is sent again counts")
    }

    @Test func thePDUsOfTheSampleData() throws {
        let sample = try SampleData.provisioning()
        let rows: [(ProvisioningPDU.Kind, String)] = [
            (.invite, "00" + sample.text("invite")), (.capabilities, "01" + sample.text("capabilities")),
            (.start, "02" + sample.text("start")), (.publicKey, "03" + sample.text("prov_public_key")),
            (.confirmation, "05" + sample.text("prov_confirmation")), (.random, "06" + sample.text("prov_random")),
            (.data, "07" + sample.text("encrypted_data") + sample.text("mic")), (.complete, "08"), (.failed, "0904"),
        ]
        for (kind, text) in rows {
            let whole = octets(text)
            let pdu = try parsePDU(whole)
            #expect(pdu.kind == kind)
            #expect(pdu.failure == (kind == .failed ? "Confirmation Failed" : nil))
            for count in 0..<whole.count {
                #expect(throws: ParseError.self) { try parsePDU(Array(whole[..<count])) }
            }
        }
        #expect(try parsePDU(octets("02" + "0100000000")).algorithm == .hmacSHA256)
        #expect(try parsePDU(octets("05" + String(repeating: "00", count: 32))).kind == .confirmation)
    }
}
