import BluetoothFrames
import ByteParsing
import CaptureFiles
import Foundation
import KeyFiles
import MeshCrypto
import MeshEvidence
import MeshProtocol
import MeshReports
import MeshSimulation
import MeshTestSupport
import MeshTimelines
import MeshVerdict

/// What is fuzzed: each takes any octets, and traps where something is wrong.
public enum FuzzTarget: String, CaseIterable, Sendable {
    /// A capture in whatever container, read to its end.
    case container
    /// A datagram of HCI injection.
    case injection
    /// A frame, wrapped in each way.
    case peeler
    /// A key file.
    case keyFile = "key-file"
    /// A program of sealed PDUs: state, judgement, decoded messages.
    case sealed
    /// The same to the end: reports without a key in them, and the answer without what nobody authenticated.
    case whole
    /// A capture of whatever octets, through analysis, with a key.
    case capture

    /// Takes one input.
    public func run(_ input: [UInt8]) {
        switch self {
        case .container: Self.readContainer(input)
        case .injection: Self.parseInjection(input)
        case .peeler: Self.peel(input)
        case .keyFile: Self.readKeys(input)
        case .sealed: Self.runSealed(input)
        case .whole: Self.runWhole(input)
        case .capture: Self.analyse(input)
        }
    }

    // MARK: Files

    /// The octets as a file, for as long as `use` takes.
    private static func withFile(_ octets: [UInt8], _ use: (String) -> Void) {
        // In memory, and one for each process: there is one input at a time.
        let path = "/dev/shm/meshscope-fuzz-\(getpid())"
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        precondition(file >= 0, "no memory for a file")
        precondition(octets.isEmpty || write(file, octets, octets.count) == octets.count, "no memory for a file")
        close(file)
        use(path)
        unlink(path)
    }

    private static func readContainer(_ input: [UInt8]) {
        withFile(input) { path in
            do throws(CaptureError) {
                var file = try CaptureFile(path: path)
                while let frame = try file.nextFrame() { precondition(frame.number > 0) }
            } catch { precondition(!error.explanation.isEmpty) }
        }
    }

    private static func parseInjection(_ input: [UInt8]) {
        var reader = ByteReader(input.span)
        do throws(ParseError) {
            let datagram = try InjectionDatagram(parsing: &reader)
            precondition(reader.isAtEnd && datagram.time.isKnown && (1...4).contains(datagram.indicator))
            precondition(input.suffix(datagram.packet.count) == datagram.packet[...])
        } catch { precondition((0...input.count).contains(error.offset)) }
    }

    private static func readKeys(_ input: [UInt8]) {
        withFile(input) { path in
            do throws(KeyFileError) {
                let contents = try KeyFile.contents(paths: [path])
                precondition(contents.networks.allSatisfy { $0.nodes.allSatisfy { (1...255).contains($0.elements) } })
            } catch { precondition(!"\(error)".isEmpty) }
        }
    }

    private static func analyse(_ input: [UInt8]) {
        withFile(input) { path in
            do throws(CaptureError) {
                let analysis = try Analyzer(keys: FuzzProgram.ring, options: unsearched).analyze([path])
                precondition(!analysis.captures.isEmpty)
            } catch { precondition(!error.explanation.isEmpty) }
        }
    }

    private static var unsearched: AnalysisOptions {
        var options = AnalysisOptions()
        options.ivSearch = .off
        return options
    }

    // MARK: Frames

    /// Octets of flags and of the frame's length, and the frame; as often as there are any, by one peeler, as fragments come.
    private static func peel(_ input: [UInt8]) {
        for (_, encapsulation) in Encapsulation.ofLinkTypes {
            var (peeler, heard, rest, number) = (FramePeeler(), HeardBatch(), input[...], 1)
            while let flags = rest.popFirst(), let length = rest.popFirst() {
                let frame = Array(rest.prefix(Int(length)))
                rest = rest.dropFirst(frame.count)
                let stamp = FrameStamp(capture: 0, number: number, nanoseconds: Int64(number))
                _ = try? peeler.peel(
                    frame.span, of: stamp, as: encapsulation, flags: UInt32(flags), isCut: flags & 0x80 != 0,
                    into: &heard)
                for one in heard.all { precondition(batch(heard, holds: one)) }
                heard.removeAll()
                number += 1
            }
        }
    }

    /// Whether what was heard can be had from its batch, whatever it is.
    private static func batch(_ batch: HeardBatch, holds heard: Heard) -> Bool {
        switch heard.kind {
        case .structure: batch.octets(of: heard).count == Int(heard.length)
        case .longStructure: batch.octets(of: heard).count > Heard.longest
        case .attributeValue: batch.attributeValue(of: heard) != nil
        case .malformed: batch.error(of: heard) != nil
        }
    }

    // MARK: Programs

    private static func runSealed(_ input: [UInt8]) {
        let run = FuzzRun(FuzzProgram(input).frames)
        precondition(run.analysis.networks.count == 1)
    }

    private static func runWhole(_ input: [UInt8]) {
        let frames = FuzzProgram(input).frames
        var decode = DecodeReport(FuzzProgram.ring, format: .jsonLines)
        var lines: [UInt8] = []
        let master = UnicastAddress(1)
        let middle = frames.isEmpty ? nil : frames[frames.count / 2].time
        var question = master.flatMap { master in
            middle.map { TakeoverQuestion(master, since: $0, in: FuzzProgram.ring) }
        }
        let run = FuzzRun(frames) { observation, novelty in
            lines += (try? decode.apply(observation, novelty)) ?? []
            question?.apply(observation, novelty)
        }
        lines += decode.finish()
        var text = String(decoding: lines, as: UTF8.self) + TextRenderer.render(AnalysisDocument.make(run.analysis))
        text += (try? JSONReport.render(run.analysis)) ?? ""
        if let takeover = question?.judge() { text += TextRenderer.render(TakeoverDocument.make(takeover)) }
        for key in [FuzzProgram.keys.netKey.value, FuzzProgram.deviceKey.value, FuzzProgram.applicationKey.value] {
            precondition(!text.lowercased().contains(Hexadecimal.text(key, digits: 32).lowercased()), "a key is shown")
        }
        let honest = FuzzRun(frames.enumerated().filter { run.authentic.contains($0.offset) }.map(\.element))
        let (all, without) = (Answer(run.analysis), Answer(honest.analysis))
        precondition(all == without, "strangers change the answer: \(all.differences(from: without))")
    }
}
