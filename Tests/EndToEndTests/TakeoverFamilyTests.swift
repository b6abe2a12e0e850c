import CaptureFiles
import MeshCrypto
import MeshEvidence
import MeshProtocol
import MeshSimulation
import MeshTestSupport
import MeshTimelines
import MeshVerdict
import Testing

/// What `verify` says of simulated swaps, against the truth; and who is taken for the master.
@Suite struct TakeoverFamilyTests {
    /// Of a hundred swaps, how many are judged, and how many wrongly.
    private func verdicts(_ family: TakeoverFamily, seeds: Range<UInt64>) throws -> [String: Int] {
        var counts: [String: Int] = [:]
        for seed in seeds {
            let story = TakeoverStory(family, seed: seed)
            let ring = KeyRing(networks: [.init(subnets: [.init(keyIndex: .primary, netKey: story.keys.netKey)])])
            var question = TakeoverQuestion(try #require(UnicastAddress(story.master)), since: story.since, in: ring)
            _ = try analyse(story.write(), ring) { question.apply($0, $1) }
            counts[try #require(question.judge()).verdict.rawValue, default: 0] += 1
        }
        return counts
    }

    @Test(arguments: TakeoverFamily.allCases) func verifyIsRightOrUnclear(family: TakeoverFamily) throws {
        let counts = try verdicts(family, seeds: 1..<101)
        let wrong = counts.filter { !family.trueVerdicts.contains($0.key) }
        // A chance of one in a hundred is taken for an answer.
        #expect(wrong.values.reduce(0, +) <= 3, "\(family.rawValue): \(counts)")
        let least = [.configures: 95, .polls: 90, .deafNodes: 0, .someAnswer: 60, .lateCopies: 80][family] ?? 0
        #expect(100 - (counts["unclear"] ?? 0) >= least, "\(family.rawValue): \(counts)")
    }

    // MARK: Who is the master

    /// A phone configures the nodes under their device keys and leaves; the gateway polls them, and dies later. Or it is the gateway
    /// that configured them.
    private func network(seed: UInt64, phoneConfigures: Bool) throws -> (Analysis, gateway: UInt16) {
        var script = Script()
        script.beacon(0, normal(5))
        let (phone, gateway, nodes) = (UInt16(0x0700), UInt16(1 + seed % 3), (UInt16(9)..<15))
        var sequence: UInt32 = 100
        func say(_ time: Double, _ source: UInt16, _ destination: UInt16, isConfiguring: Bool) {
            sequence += 1
            script.pdu(
                time, 5, sequence, source: source, destination: destination,
                transport: [isConfiguring ? 0x00 : 0x41, 1, 2, 3, 4, 5, 6])
        }
        for (place, node) in nodes.enumerated() {
            let time = 5 + Double(place) * 4 + Double(seed % 7) / 3
            say(time, phoneConfigures ? phone : gateway, node, isConfiguring: true)
            say(time + 0.4, node, phoneConfigures ? phone : gateway, isConfiguring: true)
        }
        for second in stride(from: 40.0, to: 400, by: 5) {
            say(second, gateway, 9 + UInt16(second) % 6, isConfiguring: false)
        }
        for second in stride(from: 0.5, to: 800, by: 3) {
            say(second, 9 + UInt16(second) % 6, 0xC001, isConfiguring: false)
        }
        script.frames.sort { $0.seconds < $1.seconds }
        return (try script.analyse(), gateway)
    }

    @Test func aPhoneThatLeftIsNeverTakenForTheMaster() throws {
        for seed in UInt64(1)...50 {
            let (analysis, gateway) = try network(seed: seed, phoneConfigures: true)
            #expect(analysis.masters.isEmpty, "seed \(seed): \(analysis.masters.map(\.address))")
            #expect(analysis.networks[0].masterCandidates.contains { $0.address.value == gateway }, "seed \(seed)")
            let (other, master) = try network(seed: seed, phoneConfigures: false)
            #expect(other.masters.map(\.address.value) == [master], "seed \(seed)")
        }
    }
}
