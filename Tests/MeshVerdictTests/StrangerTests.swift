import CaptureFiles
import MeshProtocol
import MeshSimulation
import MeshTestSupport
import MeshTimelines
import MeshVerdict
import Testing

/// Nobody without the key has a say: with whatever a stranger sends, the answer is the one without it.
@Suite struct StrangerTests {
    private static let seeds = UInt64(1)...50

    private func answer(_ frames: [SimulatedFrame], _ capture: SimulatedCapture) throws -> Answer {
        Answer(try analyse(write(frames), capture.keys))
    }

    @Test(arguments: Scenario.allCases) func whatNobodyAuthenticatesChangesNothing(_ scenario: Scenario) throws {
        for seed in Self.seeds {
            let capture = SimulatedCapture(scenario, seed: seed)
            var stranger = Stranger(capture, seed: seed)
            let honest = try answer(capture.frames, capture)
            let mixed = try answer(stranger.mixed(Stranger.Act.allCases, count: capture.frames.count / 2), capture)
            #expect(mixed == honest, "seed \(seed): \(mixed.differences(from: honest).joined(separator: "\n"))")
        }
    }

    /// What was heard may be sent again by anyone, anywhere and as often as he likes: no number becomes smaller, and none larger
    /// than by the time that went by.
    @Test(arguments: Scenario.allCases) func replaysProveNoMoreThanTheirOriginals(_ scenario: Scenario) throws {
        for seed in Self.seeds {
            let capture = SimulatedCapture(scenario, seed: seed)
            var stranger = Stranger(capture, seed: seed)
            let honest = try analyse(write(capture.frames), capture.keys)
            // The most that time proves: that it lived until the last frame of all.
            var options = AnalysisOptions()
            options.failedAt = capture.frames.map(\.time).max().map { .at($0) }
            let latest = try analyse(write(capture.frames), capture.keys, options: options)
            let replayed = try analyse(write(stranger.replaying(count: capture.frames.count / 2)), capture.keys)
            for (place, found) in replayed.networks.enumerated() {
                let (honest, latest) = (honest.networks[place], latest.networks[place])
                #expect(found.iv?.state == honest.iv?.state && found.heardAddresses == honest.heardAddresses)
                for (place, source) in honest.sources.enumerated() {
                    let verdict = found.sources[place].verdict
                    #expect(verdict.name == source.verdict.name, "seed \(seed) of \(source.address)")
                    guard let least = source.verdict.recovery, let most = latest.sources[place].verdict.recovery,
                        let found = verdict.recovery
                    else { continue }
                    #expect(found.last == least.last && found.minimum == least.minimum, "seed \(seed)")
                    let isWithin = found.recommended >= least.recommended && found.recommended <= most.recommended
                    #expect(isWithin, "seed \(seed) of \(source.address): \(least.margin) \(found.margin)")
                }
            }
        }
    }
}
