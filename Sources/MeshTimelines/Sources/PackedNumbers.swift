import FoundationEssentials

/// Numbers of a fixed size, encoded as their octets, the least significant first: a set of SEQ has thousands of them, and a state is
/// written often.
struct PackedNumbers: Codable {
    private var octets: [UInt8] = []

    init(_ numbers: [UInt16]) {
        octets.reserveCapacity(numbers.count * 2)
        for number in numbers {
            octets.append(UInt8(truncatingIfNeeded: number))
            octets.append(UInt8(truncatingIfNeeded: number >> 8))
        }
    }

    init(_ numbers: [UInt32]) {
        octets.reserveCapacity(numbers.count * 4)
        for number in numbers { append(number) }
    }

    init(_ numbers: [UInt64]) {
        octets.reserveCapacity(numbers.count * 8)
        for number in numbers {
            append(UInt32(truncatingIfNeeded: number))
            append(UInt32(truncatingIfNeeded: number >> 32))
        }
    }

    private mutating func append(_ number: UInt32) {
        octets.append(UInt8(truncatingIfNeeded: number))
        octets.append(UInt8(truncatingIfNeeded: number >> 8))
        octets.append(UInt8(truncatingIfNeeded: number >> 16))
        octets.append(UInt8(truncatingIfNeeded: number >> 24))
    }

    private func number(at place: Int) -> UInt32 {
        UInt32(octets[place]) | UInt32(octets[place + 1]) << 8 | UInt32(octets[place + 2]) << 16
            | UInt32(octets[place + 3]) << 24
    }

    /// Of 16 bits; a rest that is none is left out.
    var numbers16: [UInt16] {
        (0..<octets.count / 2).map { UInt16(octets[2 * $0]) | UInt16(octets[2 * $0 + 1]) << 8 }
    }

    /// Of 32 bits; a rest that is none is left out.
    var numbers32: [UInt32] { (0..<octets.count / 4).map { number(at: 4 * $0) } }

    /// Of 64 bits; a rest that is none is left out.
    var numbers64: [UInt64] {
        (0..<octets.count / 8).map { UInt64(number(at: 8 * $0)) | UInt64(number(at: 8 * $0 + 4)) << 32 }
    }

    init(from decoder: any Decoder) throws {
        octets = [UInt8](try decoder.singleValueContainer().decode(Data.self))
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(Data(octets))
    }
}
