import CaptureFiles
import Foundation
import MeshEvidence
import MeshProtocol
import MeshSimulation
import MeshStandby
import MeshTestSupport
import MeshTimelines
import MeshVerdict
import TestSupport
import Testing

/// What is kept is asked together with captures, and nobody without the key can fill it.
@Suite struct StandbyTests {
    private static let container = CaptureContainer.pcap(.little, .microseconds)

    private func write(_ frames: some Sequence<SimulatedFrame>) -> [UInt8] {
        MeshTestSupport.write(Array(frames), .bluetoothLELinkLayerWithHeader, Self.container)
    }

    /// A state of the first two thirds and a capture of the last two: what both heard counts once.
    @Test(arguments: Scenario.allCases) func aCaptureGoesOnWhereTheStateEnds(scenario: Scenario) throws {
        let capture = SimulatedCapture(scenario, seed: 4)
        let frames = capture.frames
        let folder = try TestFolder()
        let first = try folder.write(write(frames.prefix(2 * frames.count / 3)), "first")
        let second = try folder.write(write(frames.dropFirst(frames.count / 3)), "second")
        let whole = try folder.write(write(frames), "whole")
        let state = folder.path("state")
        var listener = try Listener(.path(first), capture.keys, state: state, isOnce: true)
        try listener.listen()
        try listener.end()
        let kept = try #require(try StateStore(reading: state).read(capture.keys))
        let both = try Analyzer(keys: capture.keys, continuing: kept.state).analyze([second])
        let all = try Analyzer(keys: capture.keys).analyze([whole])
        #expect(both.captures.count == 2)
        for (mine, other) in zip(both.networks, all.networks) {
            #expect(mine.iv?.state == other.iv?.state, "\(scenario)")
            #expect(mine.distinct == other.distinct, "\(scenario)")
            for source in other.sources {
                let own = mine.sources.first { $0.address == source.address }
                #expect(own?.epochs.last?.lastPosition == source.epochs.last?.lastPosition, "\(scenario)")
                #expect(
                    own?.verdict.recovery?.minimum == source.verdict.recovery?.minimum, "\(scenario) \(source.address)")
            }
        }
    }

    /// Strangers send a hundred thousand frames of all kinds: the folder stays small, and the answer is the same.
    @Test func strangersFillNothing() throws {
        let capture = SimulatedCapture(.steady, seed: 9)
        var generator = SeededGenerator(seed: 9)
        let start = try #require(capture.frames.first).time
        func structure(_ type: UInt8, _ count: Int, _ first: [UInt8]) -> [UInt8] {
            let body = first + (0..<(count - first.count)).map { _ in UInt8.random(in: 0...255, using: &generator) }
            return [UInt8(body.count + 1), type] + body
        }
        var writer = CaptureWriter(Self.container, linkTypes: [.bluetoothLELinkLayer])
        var framing = LinkFraming(.bluetoothLELinkLayer)
        for number in 0..<100_000 {
            let data: [UInt8] =
                switch number % 5 {
                case 0: structure(0x2A, 29, [])
                case 1: structure(0x2B, 22, [0x01, 0x00])
                case 2: structure(0x2B, 23, [0x00])
                case 3: structure(0x29, 20, [])
                default: structure(0x16, 11, [0x28, 0x18, 0x00])
                }
            let frame = SimulatedFrame(
                time: start.advanced(by: .milliseconds(number)), channel: 37, address: UInt64(number), data: data,
                direction: .heard, isDamaged: false, type: 2)
            for wrapped in framing.wrap(frame) { writer.write(wrapped.octets, at: frame.time, flags: wrapped.flags) }
        }
        let folder = try TestFolder()
        let path = try folder.write(writer.removeOctets(), "strangers")
        var listener = try Listener(.path(path), capture.keys, state: folder.path("state"), isOnce: true)
        try listener.listen()
        try listener.end()
        let size = try StateStore(reading: folder.path("state")).size
        #expect(size < 16 << 20, "\(size) octets on disk")
        #expect(listener.standby.state.networks[0].opened == 0)
    }

    private static let tooMany = 30_000

    /// What nobody takes in time is counted, and told.
    @Test func whatIsSentTooFastIsCounted() throws {
        let simulated = SimulatedCapture(.steady, seed: 2)
        let keys = simulated.keys
        let datagrams = try Injection.datagrams(of: simulated).datagrams
        let port = try Injection.freePort()
        let live = LiveSources(
            [(.ellisys(address: "127.0.0.1", port: port), 0, LivePosition())], isOnlyWhatIsThere: false)
        let sender = try Injection.Sender(port)
        // More PDUs than what waits has room for, and nobody comes.
        for number in 0..<Self.tooMany {
            sender.send(datagrams[number % datagrams.count])
            // Few enough at once for the socket's own buffer.
            if number % 64 == 0 { usleep(5000) }
        }
        let folder = try TestFolder()
        var standby = try Standby(try StateStore(writing: folder.path("state")), keys: keys, at: Listener.time)
        func take(_ milliseconds: Int) {
            while case .batch(let batch) = live.next(within: milliseconds) {
                standby.take(batch, of: "ellisys", at: Listener.time)
            }
        }
        take(200)
        // One more tells how many were lost.
        sender.send(datagrams[0])
        take(500)
        live.stop()
        let capture = try #require(standby.state.captures.first)
        let lost = capture.notices[.lost] ?? 0
        #expect(
            capture.frames == Self.tooMany + 1 && lost > 0 && lost < Self.tooMany,
            "\(capture.frames) frames, \(lost) lost")
        #expect(standby.state.judge().contains { $0.kind == .framesLost && $0.count == lost })
    }

    /// Somebody listened for an hour behind the last PDU and heard nothing: the margin counts that hour.
    @Test func silenceCounts() throws {
        let capture = SimulatedCapture(.steady, seed: 3)
        let folder = try TestFolder()
        let path = try folder.write(write(capture.frames), "whole")
        var listener = try Listener(.path(path), capture.keys, state: folder.path("state"), isOnce: true)
        try listener.listen()
        try listener.end()
        func recommended(_ listening: Listening?) throws -> UInt32 {
            var options = AnalysisOptions(master: capture.keys.networks[0].master)
            options.listening = listening
            let kept = try #require(try StateStore(reading: folder.path("state")).read(capture.keys))
            let analysis = try Analyzer(keys: capture.keys, options: options, continuing: kept.state).analyze([])
            return try #require(analysis.masters.first?.verdict.recovery?.recommended.value)
        }
        func session(_ seconds: Int64) -> Listening {
            let start = Listener.time
            return Listening(
                [.init(start: start, saved: start.advanced(by: .seconds(seconds)), heard: start, isEnded: false)],
                count: 1)
        }
        let without = try recommended(nil)
        #expect(try recommended(session(10)) == without)
        #expect(try recommended(session(3600)) >= without + 3600)
    }

    /// Gaps are told, and what is none is not.
    @Test func gapsAreTold() {
        func session(_ start: Int64, _ saved: Int64) -> Listening.Session {
            .init(start: CaptureTime(seconds: start), saved: CaptureTime(seconds: saved), heard: nil, isEnded: true)
        }
        let listening = Listening([session(0, 100), session(130, 200), session(900, 1000)], count: 3)
        #expect(listening.gaps.map(\.duration) == [.seconds(700)])
        #expect(listening.since == CaptureTime(seconds: 0) && listening.until == CaptureTime(seconds: 1000))
        #expect(!listening.isOpen && listening.silence == .zero)
    }

    /// What is to be expected of a source, and who fell silent.
    @Test func theFutureIsToldFromTheHistory() throws {
        let capture = SimulatedCapture(.steady, seed: 3)
        let folder = try TestFolder()
        let path = try folder.write(write(capture.frames), "whole")
        var listener = try Listener(.path(path), capture.keys, state: folder.path("state"), isOnce: true)
        try listener.listen()
        let network = listener.standby.state.networks[0]
        let source = try #require(network.sources.first)
        let forecast = try #require(Forecast(source))
        // A quarter of a minute says nothing of a day.
        #expect(forecast.perDay == nil && forecast.updateDue == nil)
        #expect(forecast.left == 0xFF_FFFF - forecast.last.sequence.value)
        let end = try #require(listener.standby.state.clocks.end)
        let master = capture.keys.networks[0].master
        #expect(Silence.all(in: network, at: end, master: master).isEmpty)
        let later = Silence.all(in: network, at: end.advanced(by: .seconds(7200)), master: master)
        #expect(later.count == 2, "the master and the beacons: \(later)")
        let patient = Silence.all(
            in: network, at: end.advanced(by: .seconds(7200)), master: master, silentAfter: .seconds(90_000))
        #expect(patient.count == 1)
    }
}
