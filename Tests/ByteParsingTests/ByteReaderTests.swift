import ByteParsing
import Testing

@Suite struct ByteReaderTests {
    @Test func readsNumbersOfBothOrders() throws {
        let bytes: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8, 9]
        var reader = ByteReader(bytes.span)
        #expect(try reader.readUInt16BigEndian() == 0x0102)
        #expect(try reader.readUInt16LittleEndian() == 0x0403)
        #expect(try reader.readUInt32LittleEndian() == 0x0807_0605)
        #expect(reader.offset == 8)
        #expect(reader.remaining == 1)
        var second = ByteReader(bytes.span)
        #expect(try second.readBigEndian(8) == 0x0102_0304_0506_0708)
        var third = ByteReader(bytes.span)
        #expect(try third.readLittleEndian(3) == 0x030201)
        var fourth = ByteReader(bytes.span)
        #expect(try fourth.readUInt48LittleEndian() == 0x0605_0403_0201)
    }

    @Test func leftAlignsShortFields() throws {
        let bytes: [UInt8] = Array(1...16)
        for count in 0...16 {
            var reader = ByteReader(bytes.span)
            let value = try reader.readLeftAligned(count)
            #expect(value == UInt128(leftAligned: bytes.prefix(count)))
            #expect(reader.offset == count)
        }
    }

    @Test func leftAlignsTwoBlocks() throws {
        let bytes: [UInt8] = Array(1...40)
        for count in 0...32 {
            var reader = ByteReader(bytes.span)
            try reader.skip(3)
            let (first, second) = try reader.readTwoLeftAligned(count)
            let octets = bytes[3..<(3 + count)]
            #expect(first == UInt128(leftAligned: octets.prefix(16)), "\(count) octets")
            #expect(second == UInt128(leftAligned: octets.dropFirst(16)), "\(count) octets")
            #expect(reader.offset == 3 + count)
        }
        var short = ByteReader(bytes.span.extracting(0..<20))
        #expect(throws: ParseError(.truncated(needed: 21, available: 20), at: 0)) {
            _ = try short.readTwoLeftAligned(21)
        }
        #expect(short.offset == 0)
    }

    @Test func loadsNumbersAtAnyPlace() {
        let bytes: [UInt8] = Array(1...20)
        for place in 0...12 {
            let octets = bytes[place..<(place + 8)]
            let big = octets.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            #expect(bytes.span.loadBigEndian(UInt64.self, at: place) == big)
            #expect(bytes.span.loadLittleEndian(UInt64.self, at: place) == big.byteSwapped)
            #expect(
                bytes.span.loadLittleEndian(UInt16.self, at: place) == UInt16(bytes[place]) | UInt16(bytes[place + 1])
                    << 8)
        }
    }

    @Test func errorsPointIntoTheFrameAndLeaveTheCursor() throws {
        let bytes: [UInt8] = [3, 1, 2, 9]
        var reader = ByteReader(bytes.span)
        try reader.skip(1)
        var piece = try reader.readPiece(2)
        #expect(throws: ParseError(.truncated(needed: 4, available: 2), at: 1)) { _ = try piece.readUInt32BigEndian() }
        #expect(piece.offset == 1)
        #expect(throws: ParseError(.lengthBeyondEnd(length: 7, available: 1), at: 3)) { _ = try reader.readPiece(7) }
        #expect(throws: ParseError(.trailingOctets(1), at: 3)) { try reader.requireEnd() }
        #expect(throws: ParseError.self) { try reader.skip(-1) }
    }

    @Test func everyReadThrowsAtTheEnd() {
        let bytes: [UInt8] = []
        var reader = ByteReader(bytes.span)
        #expect(throws: ParseError.self) { _ = try reader.readUInt8() }
        #expect(throws: ParseError.self) { _ = try reader.readUInt16LittleEndian() }
        #expect(throws: ParseError.self) { _ = try reader.readUInt32LittleEndian() }
        #expect(throws: ParseError.self) { _ = try reader.readUInt48LittleEndian() }
        #expect(throws: ParseError.self) { _ = try reader.readLeftAligned(16) }
        #expect(throws: ParseError.self) { _ = try reader.readOctets(1) }
        #expect(throws: ParseError.self) { _ = try reader.peek() }
    }
}

@Suite struct HexadecimalTests {
    @Test func writesAndReadsBack() {
        let octets: [UInt8] = [0x00, 0x0F, 0xA5, 0xFF]
        #expect(Hexadecimal.text(octets) == "000fa5ff")
        #expect(Hexadecimal.octets("000FA5ff") == octets)
        #expect(Hexadecimal.text(0x1F, digits: 4) == "001f")
        #expect(Hexadecimal.prefixed(0x1F, digits: 4) == "0x001F")
    }

    @Test func refusesOddDigitsAndOtherCharacters() {
        #expect(Hexadecimal.octets("0") == nil)
        #expect(Hexadecimal.octets("0g") == nil)
        #expect(Hexadecimal.octets("") == [])
    }
}
