import ByteParsing

extension Hexadecimal {
    /// The lowest `octets` octets of a number, the least significant first, as most stacks store them.
    static func littleEndian(_ value: UInt32, octets: Int) -> String {
        text((0..<octets).map { UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) })
    }
}
