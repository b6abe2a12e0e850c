import CaptureFiles
import Foundation
import MeshEvidence
import MeshProtocol
import MeshSimulation
import MeshTestSupport
import MeshTimelines
import MeshVerdict
import TestSupport
import Testing

/// Captures whose clock was never set, or was wrong.
@Suite struct ClockTests {
    private let folder: TestFolder
    private let capture = SimulatedCapture(.steady, seed: 5)

    init() throws { folder = try TestFolder() }

    /// The capture as a device writes it whose clock began at 1970.
    private func unset(_ name: String = "unset.pcap") throws -> String {
        let first = capture.frames.first?.time ?? CaptureTime(nanoseconds: 0)
        var framing = LinkFraming(.bluetoothLELinkLayerWithHeader)
        var writer = CaptureWriter(.pcap(.little, .microseconds), linkTypes: [.bluetoothLELinkLayerWithHeader])
        for frame in capture.frames {
            let time = Self.begin(first).advanced(by: frame.time.since(first))
            for wrapped in framing.wrap(frame) { writer.write(wrapped.octets, at: time) }
        }
        return try folder.write(writer.removeOctets(), name)
    }

    /// Whole seconds before the right time.
    private static func begin(_ first: CaptureTime) -> CaptureTime {
        CaptureTime(seconds: 40, nanoseconds: first.nanoseconds % 1_000_000_000)
    }

    private func keys() throws -> String { try folder.write(Array(capture.keyFile.utf8), "keys.json") }

    private func analyze(_ arguments: [String]) throws -> Program.Outcome {
        try Program.run(Program.meshscope, ["analyze", "--keys", try keys()] + arguments)
    }

    @Test func durationsAreToldInsteadOfDates() throws {
        let result = try analyze([try unset()])
        #expect(
            result.status == 0 && result.output.contains("if it failed by the end of the captures"), "\(result.output)")
        #expect(result.output.contains("after the end of the captures; after that"))
        #expect(result.output.contains("the clock of capture 1 was never set"))
        let answer = result.output.components(separatedBy: "\nCaptures\n")[0]
        #expect(!answer.contains("until 1970-") && !answer.contains("by 1970-"))
        let json = try analyze([try unset(), "--format", "json"]).output
        #expect(json.contains("\"clock_not_set\"") && json.contains("\"valid_until\" : null"))
    }

    /// With when it began, or by how much its clock is off, all is as if the clock had been right.
    @Test func theUserSetsItRight() throws {
        let path = try unset()
        let first = try #require(capture.frames.first?.time)
        let right = try analyze([
            try folder.write(
                capture.write(
                    .pcap(.little, .microseconds),
                    LinkFraming(.bluetoothLELinkLayerWithHeader), linkType: .bluetoothLELinkLayerWithHeader),
                "right.pcap")
        ])
        let offset = first.since(Self.begin(first)).components.seconds
        let started = try analyze([path, "--started-at", first.text(digits: 6)])
        let shifted = try analyze([path, "--clock-offset", "\(path)=+\(offset)s"])
        for result in [started, shifted] {
            let text = result.output.replacingOccurrences(of: path, with: "PATH")
            #expect(result.status == 0 && !text.contains("never set"))
            #expect(
                text
                    == right.output.replacingOccurrences(
                        of: folder.url.appending(path: "right.pcap").path, with: "PATH"))
        }
    }

    @Test func anyOffsetCanBeSaid() throws {
        let most = String(repeating: "100000000000d", count: 1200)
        for sign in ["+", "-"] {
            let path = try unset()
            #expect(try analyze([path, "--clock-offset", "\(path)=\(sign)\(most)"]).status < 3)
        }
    }

    @Test(arguments: [
        ["--clock-offset", "other.pcap=+2h"], ["--clock-offset", "X=2"], ["--clock-offset", "X=h"],
        ["--clock-offset", "X"],
        ["--started-at", "yesterday"], ["--clock-offset", "X=+1h-2m"],
    ])
    func wrongSettingsAreWrongUsage(_ arguments: [String]) throws {
        #expect(try analyze([try unset("X")] + arguments).status == 64)
    }
}
