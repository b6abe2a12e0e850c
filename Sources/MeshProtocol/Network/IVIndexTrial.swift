public import MeshCrypto

/// Tries IV Indexes on one Network PDU, in batches: de-obfuscation first, which half of the candidates survive since SRC
/// must be a unicast address; then what stands first behind it; then the NetMIC.
///
/// One PDU and one set of credentials; not to be shared between threads.
public struct IVIndexTrial {
    private let credentials: NetworkCredentials
    private let pdu: ObfuscatedNetworkPDU
    private let encrypted: (UInt128, UInt128)
    private var blocks: [UInt128]
    private var counters: [UInt128] = []
    private var survivors: [(index: UInt32, header: UInt64)] = []
    private static let batch = 2048

    /// Made ready to try this PDU; the NID is not looked at.
    public init(_ pdu: ObfuscatedNetworkPDU, with material: SecurityMaterial) {
        credentials = NetworkCredentials(material)
        self.pdu = pdu
        encrypted = pdu.encrypted
        blocks = []
        blocks.reserveCapacity(4 * Self.batch)
        survivors.reserveCapacity(Self.batch)
        counters.reserveCapacity(Self.batch)
    }

    /// The IV Indexes of a stretch that have the PDU's IVI and under which its NetMIC matches.
    public mutating func search(_ stretch: Range<UInt64>) -> [IVIndex] {
        var hits: [IVIndex] = []
        var next = stretch.lowerBound + (stretch.lowerBound & 1 == UInt64(pdu.ivi) ? 0 : 1)
        while next < stretch.upperBound {
            let count = min(Self.batch, Int((stretch.upperBound - next + 1) / 2))
            deobfuscate(from: UInt32(truncatingIfNeeded: next), count: count)
            authenticate(into: &hits)
            next += 2 * UInt64(count)
        }
        return hits
    }

    private mutating func deobfuscate(from first: UInt32, count: Int) {
        if blocks.count != count { blocks = [UInt128](repeating: 0, count: count) }
        let random = pdu.privacyRandom
        var span = blocks.mutableSpan
        for index in 0..<count {
            span[index] = UInt128(first &+ 2 &* UInt32(truncatingIfNeeded: index)) &<< 56 | random
        }
        credentials.privacy.encrypt(&blocks)
        survivors.removeAll(keepingCapacity: true)
        let obfuscated = pdu.obfuscatedHeader
        for index in 0..<count {
            let header = obfuscated ^ UInt64(truncatingIfNeeded: blocks[index] &>> 80)
            // SRC is a unicast address, 0001…7FFF: nobody sends with another one.
            guard header & 0x8000 == 0, header & 0x7FFF != 0, Self.isPossible(length(header)) else { continue }
            survivors.append((first &+ 2 &* UInt32(truncatingIfNeeded: index), header))
        }
    }

    /// Of the first counter block's octets: a destination, and an opcode or a key that the specification knows.
    private mutating func keepPlausible() {
        let count = survivors.count
        counters.removeAll(keepingCapacity: true)
        for (index, header) in survivors { counters.append(Self.counter(header, index) | 1) }
        credentials.encryption.encrypt(&counters)
        var kept = 0
        for place in 0..<count {
            let start = UInt32(truncatingIfNeeded: (encrypted.0 ^ counters[place]) &>> 96)
            let isControl = survivors[place].header &>> 47 & 1 == 1
            guard Self.isPlausible(start, isControl: isControl) else { continue }
            let survivor = survivors[place]
            let stream = counters[place]
            survivors[kept] = survivor
            counters[kept] = stream
            kept += 1
        }
        survivors.removeLast(count - kept)
        counters.removeLast(count - kept)
    }

    /// `start`: DST and the first two octets of the TransportPDU.
    private static func isPlausible(_ start: UInt32, isControl: Bool) -> Bool {
        guard start &>> 16 != 0 else { return false }
        let octet = start &>> 8 & 0xFF
        // Opcodes end at 10 for now; AID is 0 under a device key, where AKF is 0.
        return isControl ? octet & 0x7F <= 0x1F : octet & 0x40 != 0 || octet & 0x3F == 0
    }

    private static func counter(_ header: UInt64, _ index: UInt32) -> UInt128 {
        UInt128(0x01) &<< 120 | UInt128(header) &<< 64 | UInt128(index) &<< 16
    }

    /// Octets of DST and TransportPDU: what is left without a NetMIC of 8 or 4.
    private func length(_ header: UInt64) -> Int { pdu.encryptedLength - (header >> 47 & 1 == 1 ? 8 : 4) }

    private static func isPossible(_ length: Int) -> Bool { (3...18).contains(length) }

    /// The other counter blocks and CBC-MAC of all survivors, step by step.
    private mutating func authenticate(into hits: inout [IVIndex]) {
        keepPlausible()
        // The same number of blocks for each: the third counter block is only there where some payload needs it.
        let isLong = pdu.encryptedLength - 4 > 16
        let stride = isLong ? 3 : 2
        blocks.removeAll(keepingCapacity: true)
        for (index, header) in survivors {
            let counter = Self.counter(header, index)
            let flags: UInt128 = header >> 47 & 1 == 1 ? 0x19 : 0x09
            blocks.append(counter)
            if isLong { blocks.append(counter | 2) }
            blocks.append((counter ^ UInt128(0x01) << 120) | flags << 120 | UInt128(length(header)))
        }
        credentials.encryption.encrypt(&blocks)
        let streams = blocks
        blocks.removeAll(keepingCapacity: true)
        for (place, survivor) in survivors.enumerated() {
            let first = (encrypted.0 ^ counters[place]) & Self.mask(min(length(survivor.header), 16))
            blocks.append(first ^ streams[place * stride + stride - 1])
        }
        credentials.encryption.encrypt(&blocks)
        if isLong { chainTail(streams, stride) }
        for (place, survivor) in survivors.enumerated() {
            let isControl = survivor.header >> 47 & 1 == 1
            let tag = blocks[place] ^ streams[place * stride]
            let heard = Self.octets(encrypted, from: length(survivor.header))
            if (tag ^ heard) >> (isControl ? 64 : 96) == 0 { hits.append(IVIndex(survivor.index)) }
        }
    }

    /// The second step of CBC-MAC for payloads of more than 16 octets; the others keep their first.
    private mutating func chainTail(_ streams: [UInt128], _ stride: Int) {
        let chains = blocks
        var tails: [UInt128] = []
        for (place, survivor) in survivors.enumerated() where length(survivor.header) > 16 {
            let tail = (encrypted.1 ^ streams[place * stride + 1]) & Self.mask(length(survivor.header) - 16)
            tails.append(chains[place] ^ tail)
        }
        credentials.encryption.encrypt(&tails)
        var next = 0
        for (place, survivor) in survivors.enumerated() where length(survivor.header) > 16 {
            blocks[place] = tails[next]
            next += 1
        }
    }

    private static func mask(_ octets: Int) -> UInt128 { UInt128.max << UInt128(128 - 8 * octets) }

    private static func octets(_ blocks: (UInt128, UInt128), from start: Int) -> UInt128 {
        let bits = UInt128(8 * start)
        return start < 16 ? blocks.0 << bits | blocks.1 >> (128 - bits) : blocks.1 << (bits - 128)
    }
}
