import ByteParsing
import Testing

@testable import BluetoothFrames

@Suite struct HeardTests {
    private let advertisement = Advertisement(direction: .sent, address: 0x0102_0304_0506, isCertain: false)
    private let frame = FrameStamp(capture: 70_000, number: 1 << 40, nanoseconds: -5)

    @Test func aValueFillsALineOfTheCache() { #expect(MemoryLayout<Heard>.stride == 64) }

    /// Every length that an AD structure can have.
    @Test func keepsWhatItWasGiven() throws {
        let octets = [UInt8](repeating: 0, count: 2) + (0..<254).map { UInt8($0) }
        var batch = HeardBatch()
        for count in 0...254 {
            var reader = ByteReader(octets.span)
            try reader.skip(2)
            let value = try reader.readPiece(count)
            try batch.append(0x2A, value, of: advertisement, in: frame)
        }
        #expect(batch.count == 255)
        for (count, heard) in batch.all.enumerated() {
            #expect(batch.octets(of: heard) == Array(octets[2..<(2 + count)]), "\(count) octets")
            #expect(heard.kind == (count <= 32 ? .structure : .longStructure))
            #expect(heard.type == 0x2A && heard.offset == 2 && heard.frame == frame)
            #expect(heard.address == advertisement.address && heard.direction == .sent && !heard.isCertain)
            #expect(batch.error(of: heard) == nil && batch.attributeValue(of: heard) == nil)
        }
    }

    @Test func keepsValuesAndErrorsApart() throws {
        var batch = HeardBatch()
        let characteristic = AttributeValue.Characteristic(connection: 1, generation: 2, handle: 3, uuid: 4)
        let value = AttributeValue(direction: .toClient, characteristic: characteristic, octets: [1, 2, 3])
        let error = ParseError(.invalidLength(7), at: 9)
        for _ in 0..<3 {
            batch.append(error, in: frame)
            batch.append(value, in: frame)
        }
        let errors = batch.all.map { batch.error(of: $0) }
        #expect(errors == [error, nil, error, nil, error, nil])
        let values = batch.all.map { batch.attributeValue(of: $0) }
        #expect(values == [nil, value, nil, value, nil, value])
        #expect(batch.all.allSatisfy { batch.octets(of: $0).isEmpty })
        batch.removeAll()
        #expect(batch.count == 0)
    }

    @Test func keepsOnlyTheTypesThatAreWanted() throws {
        var batch = HeardBatch(types: ADType.ofMesh)
        let octets: [UInt8] = [1, 2, 3]
        for type in UInt8.min...(.max) {
            try batch.append(type, ByteReader(octets.span), of: advertisement, in: frame)
        }
        #expect(batch.all.map(\.type) == ADType.ofMesh.sorted())
    }
}
