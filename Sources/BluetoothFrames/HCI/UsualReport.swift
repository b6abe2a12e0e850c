import ByteParsing

/// The way of nearly every event that brings advertising of a mesh: one report, and in it a single AD structure.
extension FramePeeler {
    /// Peels an event where it is such a one; false, with nothing done, where it is not.
    ///
    ///     3E · length 1 · 02 · 01 · event type 1 · address type 1 · address 6 · length 1 · AD structure · RSSI 1
    ///     3E · length 1 · 0D · 01 · event type 2 · address type 1 · address 6 · … 14 · length 1 · AD structure
    ///
    /// `isEchoed`: on the Linux monitor channel, which has it twice.
    @inline(__always)
    mutating func peelUsualReport(
        _ bytes: Span<UInt8>, isEchoed: Bool, of frame: FrameStamp, _ heard: inout HeardBatch
    ) -> Bool {
        guard bytes.count >= 16, bytes[0] == 0x3E, Int(bytes[1]) == bytes.count &- 2, bytes[3] == 1 else {
            return false
        }
        let isExtended = bytes[2] == 0x0D
        // Data that is complete, while no fragments of other data wait for their end.
        let isUsual = isExtended ? bytes[4] & 0x60 == 0 && receivedFragments.count == 0 : bytes[2] == 0x02
        let (address, start, behind) = isExtended ? (7, 28, 0) : (6, 13, 1)
        guard isUsual, start &+ 2 &+ behind <= bytes.count else { return false }
        let count = Int(bytes[start &- 1])
        guard count >= 2, start &+ count &+ behind == bytes.count, Int(bytes[start]) == count &- 1 else { return false }
        var reader = ByteReader(bytes)
        do throws(ParseError) {
            try reader.skip(address)
            let advertisement = Advertisement(direction: .heard, address: try reader.readUInt48LittleEndian())
            try reader.skip(start &- address &- 6)
            var data = try reader.readPiece(count)
            if isEchoed, echo.isRepeated(data, .heard, by: .controller, at: frame.nanoseconds) { return true }
            try data.skip(2)
            try heard.append(bytes[start &+ 1], data, of: advertisement, in: frame)
        } catch {
            return false
        }
        return true
    }
}
