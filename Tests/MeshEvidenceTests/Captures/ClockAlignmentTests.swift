import CaptureFiles
import MeshEvidence
import MeshProtocol
import MeshTestSupport
import MeshTimelines
import MeshVerdict
import Testing

@testable import MeshSimulation

/// Two sniffers of the same period, with clocks that differ.
@Suite struct ClockAlignmentTests {
    /// The frames of a scenario as two sniffers hear them: each misses some, and the second one's clock is off.
    private func sniffers(_ capture: SimulatedCapture, clock: Duration, seed: UInt64) -> ([UInt8], [UInt8]) {
        var random = SeededGenerator(seed: seed)
        let type = LinkType.bluetoothLELinkLayerWithHeader
        var writers = (0..<2).map { _ in CaptureWriter(.pcap(.little, .microseconds), linkTypes: [type]) }
        var framings = (0..<2).map { _ in LinkFraming(type) }
        for frame in capture.frames {
            for sniffer in 0..<2 where !random.chance(0.4) {
                let time = sniffer == 0 ? frame.time : frame.time.advanced(by: clock)
                for wrapped in framings[sniffer].wrap(frame) { writers[sniffer].write(wrapped.octets, at: time) }
            }
        }
        return (writers[0].removeOctets(), writers[1].removeOctets())
    }

    @Test(arguments: [73.4, -41.0, 0.02, 3600.0])
    func clocksAreAlignedByWhatBothHeard(seconds: Double) throws {
        var gains = 0
        for seed in UInt64(1)...20 {
            let capture = SimulatedCapture(.steady, seed: seed)
            let clock = Duration.milliseconds(Int64(seconds * 1000))
            let (first, second) = sniffers(capture, clock: clock, seed: seed)
            let folder = try TestFolder()
            let paths = [try folder.write(first, "a"), try folder.write(second, "b")]
            let both = try Analyzer(keys: capture.keys).analyze(paths)
            let alignment = try #require(both.captures[1].alignment)
            #expect(alignment.reference == 0 && alignment.common >= 8)
            let expected = abs(seconds) < 0.25 ? Duration.zero : clock
            let error = alignment.offset - expected
            #expect(error < .milliseconds(200) && error > .milliseconds(-200), "seed \(seed): \(alignment.offset)")
            let warnings = both.findings.filter { $0.severity != .info }
            #expect(
                warnings.map(\.kind) == (seconds > 300 ? [.captureAligned] : []),
                "seed \(seed): \(warnings.map(\.kind))")
            // What one missed the other may have: never less than each alone.
            for path in paths {
                let alone = try Analyzer(keys: capture.keys).analyze([path])
                #expect(alone.networks[0].distinct <= both.networks[0].distinct)
            }
            let gain = both.captures.compactMap(\.alignment).reduce(0) { $0 + $1.onlyHere }
            gains += gain
            let last = try #require(capture.truth.networks[0].sources[1]?.lastUsed)
            let recovery = try #require(both.masters.first?.verdict.recovery)
            #expect(SequencePosition(recovery.state.transmitIndex, recovery.recommended) > last)
            let silence = recovery.margin.filter { $0.term != .busierThanHeard }.reduce(0) { $0 + $1.value }
            let isDoubted = recovery.margin.contains { $0.term == .clocksDisagree }
            #expect(isDoubted == (seconds > 300), "a clock that is wrong by minutes is doubted")
            #expect(isDoubted || silence < 8192, "no false silence")
        }
        #expect(gains > 4, "each heard PDUs that the other missed")
    }

    @Test func capturesWithNothingInCommonStayAsTheyAre() throws {
        let folder = try TestFolder()
        let captures = [SimulatedCapture(.steady, seed: 1), SimulatedCapture(.steady, seed: 2)]
        let paths = try captures.enumerated().map { index, capture in
            try folder.write(write(capture.frames), "\(index)")
        }
        let analysis = try Analyzer(keys: captures[0].keys).analyze(paths)
        #expect(analysis.captures.allSatisfy { $0.alignment?.reference == nil && $0.alignment?.offset == .zero })
        #expect(try Analyzer(keys: captures[0].keys).analyze([paths[0]]).captures[0].alignment == nil)
    }

    // MARK: What nobody with the key sent, and what somebody sends again

    /// Two captures four days apart of a network that goes on, each with its end told by a beacon.
    private func captures(_ add: (Int, inout [SimulatedFrame]) -> Void) throws -> (
        paths: [String], keys: KeyRing, folder: TestFolder
    ) {
        let folder = try TestFolder()
        var (paths, keys) = ([String](), KeyRing(networks: []))
        let first = SimulatedCapture(.steady, seed: 5)
        keys = first.keys
        for day in 0..<2 {
            var frames = first.frames.map { frame in
                SimulatedFrame(
                    time: frame.time, channel: frame.channel, address: frame.address, data: frame.data,
                    direction: frame.direction, isDamaged: false, type: frame.type)
            }
            // The second capture holds other PDUs: here, none of the first, but the beacons.
            if day == 1 { frames = frames.filter { $0.data.dropFirst().first == 0x2B } }
            if day == 1 { frames = frames.map { moved($0, by: .seconds(4 * 86_400)) } }
            add(day, &frames)
            frames.sort { $0.time < $1.time }
            paths.append(try folder.write(write(frames), "\(day)"))
        }
        return (paths, keys, folder)
    }

    private func moved(_ frame: SimulatedFrame, by duration: Duration) -> SimulatedFrame {
        SimulatedFrame(
            time: frame.time.advanced(by: duration), channel: frame.channel, address: frame.address, data: frame.data,
            direction: frame.direction, isDamaged: false, type: frame.type)
    }

    private func answer(_ add: (Int, inout [SimulatedFrame]) -> Void) throws -> (recommended: UInt32, isAligned: Bool) {
        let (paths, keys, folder) = try captures(add)
        return try withExtendedLifetime(folder) {
            let analysis = try Analyzer(keys: keys).analyze(paths)
            let recovery = try #require(analysis.masters.first?.verdict.recovery)
            return (recovery.recommended.value, analysis.captures.contains { $0.alignment?.offset != .zero })
        }
    }

    /// The same garbage in both captures, and PDUs of our own that somebody sends again: neither moves a clock, nor a number down.
    @Test func nobodyWithoutTheKeyMovesAClock() throws {
        let calm = try answer { _, _ in }
        #expect(!calm.isAligned)
        let garbage = try answer { day, frames in
            guard let last = frames.last else { return }
            for number in 0..<40 {
                let data: [UInt8] = [0x1E, 0x2A, 0x11] + (0..<28).map { UInt8(truncatingIfNeeded: $0 * 7 + number) }
                frames.append(
                    SimulatedFrame(
                        time: last.time.advanced(by: .milliseconds(Int64(-100 * number))), channel: 37, address: 1,
                        data: data,
                        direction: .heard, isDamaged: false, type: 2))
            }
        }
        #expect(garbage.recommended == calm.recommended && !garbage.isAligned)
        let first = SimulatedCapture(.steady, seed: 5).frames.filter { $0.data.dropFirst().first == 0x2A }
        for count in [3, 6, 200] {
            let replayed = try answer { day, frames in
                if day == 1 { frames += first.prefix(count).map { moved($0, by: .seconds(4 * 86_400 + 3)) } }
            }
            #expect(replayed.recommended >= calm.recommended, "\(count)")
        }
    }
}
