import BluetoothFrames
import CaptureFiles
import MeshCrypto
import MeshProtocol
import MeshSimulation
import MeshTestSupport
import MeshTimelines
import MeshVerdict
import Testing

@testable import MeshEvidence

@Suite struct FriendshipSearchTests {
    /// The search derives by the million what k2 derives one by one.
    @Test func theSearchDerivesWhatTheSecurityToolboxDerives() {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<20 {
            let netKey = NetKey(value: UInt128(random.next()) << 64 | UInt128(random.next()))
            var keys = FriendshipKeys(netKey)
            let (lpn, friend) = (UInt16(random.below(0x7FFF)) + 1, UInt16(random.below(0x7FFF)) + 1)
            let first = UInt32(truncatingIfNeeded: random.next())
            let step: UInt32 = random.chance(0.5) ? 1 : 1 << 16
            var candidates: [FriendshipKeys.Candidate] = []
            keys.derive(
                lpnAddress: lpn, friendAddress: friend, first: first, step: step, count: 300,
                isWanted: Array(repeating: true, count: 128), into: &candidates)
            #expect(candidates.count == 300)
            for (place, candidate) in candidates.enumerated() {
                let counters = first &+ step &* UInt32(place)
                let material = NetworkKeys(netKey).friendship(
                    lpnAddress: lpn, friendAddress: friend, lpnCounter: UInt16(counters >> 16),
                    friendCounter: UInt16(counters & 0xFFFF))
                #expect(candidate.counters == counters && SecurityMaterial(candidate) == material)
            }
        }
    }

    /// Frames of the scenario without those in which one of these control messages stands; and the PDUs that open.
    private func opened(
        _ capture: SimulatedCapture, without opcodes: Set<UInt8>, _ extent: FriendshipSearchExtent = .offers
    ) throws -> (pdus: Set<String>, established: Int) {
        var hidden: Set<Int> = []
        var names: [ObfuscatedNetworkPDU: Bool] = [:]
        for (place, frame) in capture.frames.enumerated() where frame.data.count > 2 && frame.data[1] == 0x2A {
            guard let pdu = heard(Array(frame.data.dropFirst(2))) else { continue }
            let isHidden =
                names[pdu]
                ?? (0...1).contains { behind in
                    guard let state = capture.truth.state(ofNetwork: 0),
                        let index = state.transmitIndex.advanced(by: -Int64(behind)),
                        let opened = NetworkPDU.open(
                            pdu, with: capture.keys.networks[0].subnets[0].keys.flooding, ivIndex: index)
                    else { return false }
                    return opened.isControl && opcodes.contains(opened.transportHeader)
                }
            names[pdu] = isHidden
            if isHidden { hidden.insert(place) }
        }
        let frames = capture.frames.enumerated().filter { !hidden.contains($0.offset) }.map(\.element)
        var options = AnalysisOptions()
        options.friendshipSearch = extent
        var pdus: Set<String> = []
        var established = 0
        _ = try analyse(write(frames), capture.keys, options: options) { observation, _ in
            switch observation.statement {
            case .authentic(_, .networkPDU(let opened)):
                pdus.insert("\(opened.pdu.position) \(opened.pdu.source) \(opened.credentials)")
            case .authentic(_, .friendshipEstablished): established += 1
            default: return
            }
        }
        return (pdus, established)
    }

    /// Request and offer, the offer alone, and neither of them: the same PDUs open.
    @Test func whatOpensIsTheSameWithoutTheRequestAndWithoutBoth() throws {
        for seed in UInt64(1)...5 {
            let capture = SimulatedCapture(.friendship, seed: seed)
            let whole = try opened(capture, without: [])
            let offer = try opened(capture, without: [3])
            let requests = whole.pdus.count - offer.pdus.count
            #expect(offer.established >= 1 && (0...1).contains(requests), "seed \(seed): \(requests)")
            #expect(offer.pdus.filter { $0.contains("friendship") } == whole.pdus.filter { $0.contains("friendship") })
            let nothing = try opened(capture, without: [3, 4])
            #expect(nothing.established == 0 && nothing.pdus.allSatisfy { !$0.contains("friendship") })
            let searched = try opened(capture, without: [3, 4], .full)
            #expect(searched.established == 1)
            #expect(
                searched.pdus.filter { $0.contains("friendship") } == whole.pdus.filter { $0.contains("friendship") })
        }
    }

    /// PDUs of other networks look like random octets: none of ten thousand with the same NID becomes a friendship.
    @Test func noFriendshipIsFoundInForeignNetworks() throws {
        var random = SeededGenerator(seed: 11)
        let (lpn, friend) = (try #require(UnicastAddress(0x23)), try #require(UnicastAddress(1)))
        for _ in 0..<10_000 {
            let pdus = (0..<2).compactMap { _ in heard([0x37] + random.octets(18)) }
            let closed = pdus.map { (pdu: $0, ivIndexes: [IVIndex(9)]) }
            let search = FriendshipSearch(scriptKeys.netKey, closed, each: 16, isParallel: false)
            #expect(search.find(lpn, friend, friendCounter: UInt16(random.below(0x1_0000))) == nil)
        }
    }

    /// A single access PDU has 32 bits, which are not enough; a second one confirms it.
    @Test func oneAccessPDUAloneProvesNothing() throws {
        let (lpn, friend) = (try #require(UnicastAddress(0x23)), try #require(UnicastAddress(0x10)))
        let material = scriptKeys.friendship(lpnAddress: 0x23, friendAddress: 0x10, lpnCounter: 7, friendCounter: 9)
        func pdu(_ sequence: UInt32, isControl: Bool) -> (pdu: ObfuscatedNetworkPDU, ivIndexes: [IVIndex]) {
            let sealed = NetworkPDU.seal(
                position: .init(IVIndex(9), .init(truncating: sequence)), isControl: isControl, ttl: 0, source: lpn,
                destination: MeshAddress(0x10), transportPDU: isControl ? [1, 0] : [0x41, 1, 2, 3, 4, 5], with: material
            )
            return (sealed, [IVIndex(9)])
        }
        func find(_ pdus: [(pdu: ObfuscatedNetworkPDU, ivIndexes: [IVIndex])]) -> UInt32? {
            FriendshipSearch(scriptKeys.netKey, pdus, each: 4, isParallel: false).find(lpn, friend, friendCounter: 9)
        }
        #expect(find([pdu(1, isControl: false)]) == nil)
        #expect(find([pdu(1, isControl: false), pdu(2, isControl: false)]) == UInt32(0x0007_0009))
        #expect(find([pdu(1, isControl: true)]) == UInt32(0x0007_0009))
    }
}
