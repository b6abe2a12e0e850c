import CaptureFiles
import Dispatch
import Foundation
import KeyFiles
import MeshProtocol
import MeshReports
import MeshVerdict
import TestSupport
import Testing

@testable import MeshEvidence

/// The outcome is the same for any number of threads, and wherever one batch ends and the next begins.
@Suite struct ThreadTests {
    private func keys(of fixture: String) throws -> KeyRing {
        KeyRing(networks: try Checkout.keyFile(of: fixture).map { try KeyFile.read(path: $0) } ?? [])
    }

    private func observed(_ paths: [String], _ keys: KeyRing, threads: Int, most: Int?) throws -> [Observation] {
        var stream = EvidenceStream(keys, threads: threads)
        var reading = try CaptureReading(paths, keys: keys)
        reading.threads = threads
        reading.most = most
        var observed: [Observation] = []
        try reading.run(into: &stream, { observed += $0 })
        return observed
    }

    @Test(arguments: Checkout.fixtures())
    func anyNumberOfThreadsGivesTheSameReports(fixture: String) throws {
        let path = Checkout.captures.appending(path: fixture).path
        let keys = try keys(of: fixture)
        func reports(_ threads: Int) throws -> [String] {
            var options = AnalysisOptions()
            options.threads = threads
            let analysis = try Analyzer(keys: keys, options: options).analyze([path])
            return [TextRenderer.render(AnalysisDocument.make(analysis)), try JSONReport.render(analysis)]
        }
        let alone = try reports(1)
        // A fixture fits into one batch: of small ones there are enough for all threads.
        let observedAlone = try observed([path], keys, threads: 1, most: nil)
        for threads in [2, 3, 8] {
            #expect(try reports(threads) == alone, "\(threads) threads")
            let isSame = try observed([path], keys, threads: threads, most: 16) == observedAlone
            #expect(isSame, "\(threads) threads")
        }
    }

    @Test(arguments: 0..<200)
    func batchesMayEndAnywhere(seed: Int) throws {
        var random = SeededNumbers(seed: UInt64(seed))
        let fixtures = Checkout.fixtures()
        let fixture = fixtures[random.below(fixtures.count)]
        // Now and then two captures of one network, which are merged.
        let names = seed % 8 == 0 ? ["steady.pcap", "swap.pcap"] : [fixture]
        let paths = names.map { Checkout.captures.appending(path: $0).path }
        let keys = try keys(of: names[0])
        let alone = try observed(paths, keys, threads: 1, most: nil)
        let most = 1 + random.below(seed % 2 == 0 ? 8 : 600)
        let threads = [1, 2, 3, 8][random.below(4)]
        let isSame = try observed(paths, keys, threads: threads, most: most) == alone
        #expect(isSame, "\(names), \(threads) threads, batches of \(most)")
    }

    /// Whoever does what: each batch goes through all stages, in the order of reading, and no stage has two at a time.
    @Test(arguments: 1...3)
    func stagesKeepTheOrder(threads: Int) {
        let stages = ReadingStages(batches: 3, most: 1)
        stages.share(among: threads)
        let count = 5000
        let done = Guarded<[[Int]]>([[], [], []])
        @Sendable func work(_ thread: Int) {
            while let step = stages.next(for: thread) {
                let isLast = done.withLock { done in
                    switch step {
                    case .read(let batch):
                        guard done[0].count < count else { return true }
                        batch.heard.append(
                            .truncated, at: FrameReference(capture: 0, number: done[0].count, time: .unknown))
                        done[0].append(done[0].count)
                    case .open(let batch): done[1] += batch.heard.remarks.map(\.frame.number)
                    case .handOn(let batch):
                        done[2] += batch.heard.remarks.map(\.frame.number)
                        batch.heard.removeAll()
                    }
                    return false
                }
                stages.finish(step, isLast: isLast)
            }
        }
        let ended = DispatchGroup()
        for thread in (0..<threads).dropFirst() {
            DispatchQueue(label: "helping").async(group: ended) { work(thread) }
        }
        work(0)
        ended.wait()
        #expect(done.withLock { $0 } == Array(repeating: Array(0..<count), count: 3))
    }
}
