import ByteParsing

/// The way of nearly every event that brings advertising of a mesh: one report, and in it a single AD structure.
extension FramePeeler {
    /// The structure of an event that is such a one.
    ///
    ///     3E · length 1 · 02 · 01 · event type 1 · address type 1 · address 6 · length 1 · AD structure · RSSI 1
    ///     3E · length 1 · 0D · 01 · event type 2 · address type 1 · address 6 · … 14 · length 1 · AD structure
    @inline(__always)
    mutating func usualReport(_ bytes: Span<UInt8>) -> UsualStructure? {
        guard bytes.count >= 16 else { return nil }
        let head = bytes.loadLittleEndian(UInt32.self, at: 0)
        guard head & 0xFF00_00FF == 0x0100_003E, Int(head >> 8 & 0xFF) == bytes.count &- 2 else { return nil }
        let isExtended = head >> 16 & 0xFF == 0x0D
        // Data that is complete, while no fragments of other data wait for their end.
        let isUsual = isExtended ? bytes[4] & 0x60 == 0 && receivedFragments.count == 0 : head >> 16 & 0xFF == 0x02
        let (address, start, behind) = isExtended ? (7, 28, 0) : (6, 13, 1)
        guard isUsual, start &+ 2 &+ behind <= bytes.count else { return nil }
        let count = Int(bytes[start &- 1])
        guard count >= 2, start &+ count &+ behind == bytes.count, Int(bytes[start]) == count &- 1 else { return nil }
        return UsualStructure(range: start..<(start &+ count), address: Self.address(bytes, at: address))
    }
}
