import CaptureFiles
import Foundation
import MeshEvidence
import MeshProtocol
import Testing

@testable import MeshTimelines

/// What versions before this one wrote of a source is read on: each member that was an object then, and is packed now.
@Suite struct OlderTimelineTests {
    private static let older = #"""
        {"address":1,"bridges":[],"groupPDUs":1,"hasNewPage":false,"highestTTL":7,"isCutShort":false,"lastHeard":{"file":0,\#
        "number":151,"time":1780272017850000000},"records":[{"epoch":{"distinct":4,"firstFrame":{"file":0,"number":19,\#
        "time":1780272002675000000},"firstSequence":83347,"firstTime":1780272002675000000,"heard":38,"ivIndex":3496,\#
        "lastFrame":{"file":0,"number":151,"time":1780272017850000000},"lastSequence":83350,"longestMissedRun":0,"missed":0,\#
        "skipped":0},"sequences":{"digests":"k0UBAEvgAACURQEAyRwAAJVFAQDljQAAlkUBABa5AAA=","forgottenBelow":0,"pages":[325],\#
        "words":"AAAAAAAAAAAAAAAAAAAAAAAAeAAAAAAAAAAAAAAAAAA="},"watch":{"frame":{"file":0,"number":151,\#
        "time":1780272017850000000},"highest":83350,"isReplayedLate":false,"jumpCount":0,"jumped":0,"jumps":[],\#
        "largestSkip":0,"lastOfRun":{"file":0,"number":19,"time":1780272002675000000},"nextStep":1780272020850000000,"rate":{\#
        "last":{"nanoseconds":1780272017850000000,"sequence":83350},"nextLook":1780272022674999040,"scatter":{"base":83350,\#
        "begin":1780272017.6750002,"bins":4,"squares":3,"sum":3},"start":{"seconds":1780272002.6750002,"sequence":83347},\#
        "stretches":0},"replayCount":0,"replays":[],"restarts":[],"skipCount":0,"start":{"sequence":83347,\#
        "time":1780272002675000000},"steps":[{"frame":{"file":0,"number":19,"time":1780272002675000000},"sequence":83347},{\#
        "frame":{"file":0,"number":69,"time":1780272007440000000},"sequence":83348},{"frame":{"file":0,"number":104,\#
        "time":1780272010690000000},"sequence":83349},{"frame":{"file":0,"number":151,"time":1780272017850000000},\#
        "sequence":83350}]}}],"remembered":[{"content":"0005006afe3f2f980a63","cut":0,"place":0,"position":58653230484,\#
        "ttl":5},{"content":"c000007a9039903a3e723e7f62","cut":0,"place":0,"position":58653230485,"ttl":7},{\#
        "content":"000100c46a4295a787bcc5d95840f5","cut":0,"place":0,"position":58653230486,"ttl":3},{\#
        "content":"000500309b6b1fe095819131c82e9d","cut":0,"place":0,"position":58653230483,"ttl":3}],"series":{"marks":[{\#
        "distinct":1,"frame":{"file":0,"number":19,"time":1780272002675000000},"position":58653230483},{"distinct":2,"frame":{\#
        "file":0,"number":69,"time":1780272007440000000},"position":58653230484},{"distinct":3,"frame":{"file":0,"number":104,\#
        "time":1780272010690000000},"position":58653230485},{"distinct":4,"frame":{"file":0,"number":151,\#
        "time":1780272017850000000},"position":58653230486}],"step":0},"stale":[],"subnets":[0]}
        """#

    @Test func anOlderTimelineIsGoneOnWith() throws {
        let older = try JSONDecoder().decode(SourceTimeline.self, from: Data(Self.older.utf8))
        let newer = try JSONDecoder().decode(SourceTimeline.self, from: try JSONEncoder().encode(older))
        #expect(newer == older)
        #expect(older.lastPosition == SequencePosition(IVIndex(3496), SequenceNumber(truncating: 83350)))
        let text = String(decoding: try JSONEncoder().encode(older), as: UTF8.self)
        #expect(text.contains(#""remembered":""#) && text.contains(#""steps":""#))
        for cut in [older, newer] {
            var timeline = cut
            // The first of the remembered PDUs: as it was, and with another content.
            #expect(take(octets: "0005006afe3f2f980a63", &timeline) == .copy)
            #expect(take(octets: "0005006afe3f2f980a64", &timeline) == .conflict)
        }
    }

    private func take(octets: String, _ timeline: inout SourceTimeline) -> Novelty {
        let content = try? JSONDecoder().decode(NetworkPDU.Content.self, from: Data("\"\(octets)\"".utf8))
        let object = #"{"ctl": false, "ttl": 5, "ivIndex": 3496, "seq": 83348, "src": 1, "content": "\#(octets)"}"#
        guard content != nil, let pdu = try? JSONDecoder().decode(NetworkPDU.self, from: Data(object.utf8)) else {
            return .new
        }
        let frame = FrameReference(capture: 0, number: 200, time: CaptureTime(seconds: 1_780_272_018))
        return timeline.apply(pdu, of: SubnetIndex(0), at: frame, times: 1, isDelayed: false, mostMarks: 0)
    }

    /// A table was written as its entries only; where SEQ are missing here and there it still is.
    @Test(arguments: [(1, 40_000), (1, 6000), (3, 40_000)])
    func anOlderTableOfDigestsIsRead(step: UInt32, count: UInt32) throws {
        var set = SequenceSet()
        for place in 0..<count {
            _ = set.insert(1_000_000 + step * place, digest: UInt16(truncatingIfNeeded: place))
        }
        let octets = try JSONEncoder().encode(set)
        #expect(try JSONDecoder().decode(SequenceSet.self, from: octets) == set)
        var object = try #require(try JSONSerialization.jsonObject(with: octets) as? [String: Any])
        guard let table = object["digests"] as? [String: Any] else {
            #expect(step == 3)
            return
        }
        let digests = try #require(Data(base64Encoded: table["digests"] as? String ?? ""))
        let rounds = try #require(table["rounds"] as? [Int])
        let numbers = stride(from: 0, to: rounds.count, by: 2).flatMap {
            Array(repeating: rounds[$0], count: rounds[$0 + 1])
        }
        var entries = Data()
        var next = 0
        for (place, number) in numbers.enumerated() {
            let upper = number < 0 ? 0xFFFF : (number * numbers.count + place) >> 8
            let digest = number < 0 ? [0xFF, 0xFF] : [digests[next], digests[next + 1]]
            if number >= 0 { next += 2 }
            entries += digest + [UInt8(upper & 0xFF), UInt8(upper >> 8)]
        }
        object["digests"] = entries.base64EncodedString()
        let older = try JSONSerialization.data(withJSONObject: object)
        #expect(try JSONDecoder().decode(SequenceSet.self, from: older) == set)
        #expect(step == 1 && octets.count < older.count * 3 / 4)
    }

    /// Whatever stands in a state, reading it ends with a value or an error.
    @Test func whatIsNoRowIsAnError() throws {
        let whole = try #require(
            try JSONSerialization.jsonObject(with: Data(Self.older.utf8)) as? [String: Any])
        // Nothing; an octet; no place; a place of a million; a value that breaks off; one at no place; one of no source.
        let rows: [[Int64]] = [
            [], [-1], [1_000_000], [2, 0, 1], [2, 2, 0, 0, 0, 0, 0, 0], [2, 0, -1, -1, -1, -1, -1, -1],
        ]
        for row in rows {
            var object = whole
            object["remembered"] = row.reduce(into: Data()) { data, number in
                for place in 0..<8 { data.append(UInt8(truncatingIfNeeded: number >> (8 * place))) }
            }.base64EncodedString()
            let octets = try JSONSerialization.data(withJSONObject: object)
            #expect(throws: DecodingError.self, "\(row)") {
                try JSONDecoder().decode(SourceTimeline.self, from: octets)
            }
        }
        for rounds in [[1], [1, -5], [-1, 255], [70_000, 257]] {
            let object: [String: Any] = [
                "pages": [], "words": "", "forgottenBelow": 0,
                "digests": ["digests": Data(repeating: 1, count: 512).base64EncodedString(), "rounds": rounds],
            ]
            let octets = try JSONSerialization.data(withJSONObject: object)
            #expect(throws: DecodingError.self) { try JSONDecoder().decode(SequenceSet.self, from: octets) }
        }
    }
}
