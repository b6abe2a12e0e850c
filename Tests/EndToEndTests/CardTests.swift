import BluetoothFrames
import CaptureFiles
import Foundation
import MeshCrypto
import MeshProtocol
import MeshSimulation
import MeshStacks
import MeshTestSupport
import MeshTimelines
import MeshVerdict
import TestSupport
import Testing

/// What else dies with a master: held against what the simulation did, and against what a real stack did.
@Suite struct CardTests {
    @Test func theCardEqualsTheTruthForFiftySeeds() throws {
        for seed in UInt64(1)...50 {
            let capture = SimulatedCapture(.managingMaster, seed: seed)
            let analysis = try analyse(capture, .pcap(.little, .microseconds), .bluetoothLELinkLayerWithHeader)
            let card = try #require(analysis.masters.first?.card)
            let wrong = differences(card, capture.truth.management)
            #expect(wrong.isEmpty, "seed \(seed): \(wrong)")
        }
    }

    private func differences(_ card: TakeoverCard, _ truth: ManagementTruth) -> [String] {
        var wrong: [String] = []
        func expect(_ name: String, _ isRight: Bool) { if !isRight { wrong.append(name) } }
        expect("SSEQ", card.solicitations.first?.last.value == truth.solicited[1]?.max())
        expect("SSEQ count", card.solicitations.first?.distinct ?? 0 == truth.solicited[1]?.count ?? 0)
        expect("minimum", card.solicitations.first?.answer?.minimum.value == truth.solicited[1]?.max().map { $0 + 1 })
        expect("forwarding number", card.paths.first?.forwardingNumber == truth.forwardingNumber)
        // Commands that open nothing of the transfer go to the same group.
        for (group, count) in truth.groups {
            expect("group \(group)", card.groups.first { $0.address.value == group }?.count == count)
        }
        expect("groups", Set(card.groups.map(\.address.value)).subtracting([0xC001]) == Set(truth.groups.keys))
        for (source, count) in truth.heartbeats {
            let heard = card.reporters.first { $0.source.value == source && $0.kind == .heartbeat }
            expect(
                "heartbeats",
                heard?.count == count && heard?.period.map { abs($0.components.seconds - 15) <= 1 } ?? (count < 7))
        }
        for (source, count) in truth.publications {
            let heard = card.reporters.first { $0.source.value == source && $0.kind == .publication }
            expect(
                "publications",
                heard?.count == count && heard?.period.map { abs($0.components.seconds - 10) <= 1 } ?? false)
        }
        expect("transfer", card.transfers.isEmpty == !truth.isTransferHeard)
        expect("in flight", card.transfers.allSatisfy { $0.end == nil })
        expect("block", card.transfers.first?.lastBlock == truth.lastBlock)
        let distribution = card.distributions.first
        expect("distributor", distribution?.distributor.value == truth.distributor)
        expect(
            "distribution",
            distribution?.phase == truth.distributionPhase.flatMap(FirmwareDistribution.Phase.init(number:)))
        expect("servers", Set(card.transfers.first?.servers.map(\.value) ?? []) == truth.servers)
        expect("unacknowledged", card.unacknowledged.first?.count ?? 0 == (truth.unacknowledged[0x23] == 2 ? 2 : 0))
        expect("friend", card.friendships.map(\.lowPowerNode.value) == (truth.isFriend ? [0x23] : []))
        expect("remote", Set(card.nodes.filter { $0.kind == .remoteProvisioning }.map(\.node.value)) == truth.remote)
        return wrong
    }

    /// The phase is that of the last beacons, and each handing out and each phase that was heard stands with its node.
    @Test func aKeyRefreshIsToldForFiftySeeds() throws {
        for seed in UInt64(1)...50 {
            let capture = SimulatedCapture(.keyRefresh, seed: seed)
            let analysis = try analyse(capture, .pcap(.little, .microseconds), .bluetoothLELinkLayerWithHeader)
            let refresh = try #require(analysis.masters.first?.card?.keyRefresh.first, "seed \(seed)")
            let steps = analysis.networks[0].subnets[0].keyRefresh
            let last = steps.max { $0.record.last < $1.record.last }?.phase
            let wanted: UInt8? = last == .newKey ? 0 : last == .phase2 ? 2 : refresh.phase
            #expect(refresh.phase == wanted && refresh.oldNetworkID != nil, "seed \(seed)")
            let updated = refresh.messages.filter { $0.kind == .keyUpdate }.map(\.node.value)
            #expect(Set(updated).isSubset(of: [0x05, 0x10, 0x23]) && !updated.isEmpty, "seed \(seed)")
            #expect(refresh.messages.filter { $0.kind == .phaseStatus }.allSatisfy { $0.node.value == 0x05 })
        }
    }

    /// The scenarios in which a master does nothing of the kind have no such line.
    @Test(arguments: [Scenario.steady, .ivUpdate, .reboots, .lossy])
    func nothingIsGuessed(scenario: Scenario) throws {
        for seed in UInt64(1)...10 {
            let analysis = try analyse(
                SimulatedCapture(scenario, seed: seed), .pcap(.little, .microseconds), .bluetoothLELinkLayerWithHeader)
            let card = try #require(analysis.masters.first?.card)
            #expect(
                card.solicitations.isEmpty && card.transfers.isEmpty && card.paths.isEmpty && card.keyRefresh.isEmpty)
            #expect(card.nodes.isEmpty && card.friendships.isEmpty && card.unacknowledged.isEmpty)
        }
    }

    @Test func aRestartOfTheSSEQIsNamedAndLowersNothing() throws {
        for seed in UInt64(1)...50 {
            let capture = SimulatedCapture(.solicitationRestart, seed: seed)
            let analysis = try analyse(capture, .pcap(.little, .microseconds), .bluetoothLELinkLayerWithHeader)
            let solicitation = try #require(analysis.masters.first?.card?.solicitations.first)
            let heard = try #require(capture.truth.management.solicited[1])
            #expect(solicitation.last.value == heard.max() && solicitation.distinct == heard.count)
            let hasFallen = heard.contains { $0 < 40 } && heard.contains { $0 >= 40 }
            #expect((solicitation.fall != nil) == hasFallen, "seed \(seed)")
            #expect(analysis.findings.contains { $0.kind == .solicitationFell } == hasFallen, "seed \(seed)")
        }
    }

    /// Solicitation PDUs that no key opens, recordings of others, and other service data are counted and change nothing else.
    @Test func strangersSolicitationsChangeNothing() throws {
        let capture = SimulatedCapture(.managingMaster, seed: 4)
        var random = SeededGenerator(seed: 9)
        var frames = capture.frames
        let nid = capture.keys.networks[0].subnets[0].keys.flooding.nid
        for place in 0..<400 {
            let time = frames[place].time
            let data =
                AD.structure(0x03, [0x59, 0x18])
                + AD.structure(
                    0x16, [0x59, 0x18, 0x00, place % 2 == 0 ? nid : UInt8(random.below(128))] + random.octets(16))
            frames.insert(
                SimulatedFrame(
                    time: time, channel: 37, address: 1, data: data, direction: .heard, isDamaged: false, type: 2),
                at: place)
        }
        let plain = try analyse(write(capture.frames), capture.keys)
        let mixed = try analyse(write(frames), capture.keys)
        #expect(mixed.closedSolicitations == 400 && plain.closedSolicitations == 0)
        let numbers = [plain, mixed].map { analysis in
            analysis.masters.first?.card?.solicitations.map { [$0.last.value, $0.answer?.recommended.value ?? 0] }
        }
        #expect(numbers[0] == numbers[1])
        #expect(
            plain.masters.first?.verdict.recovery?.recommended == mixed.masters.first?.verdict.recovery?.recommended)
    }

    /// All that was heard, recorded and sent again ten minutes later: what it said once it does not say anew.
    @Test func recordingsChangeNothing() throws {
        for seed in UInt64(1)...5 {
            let capture = SimulatedCapture(.managingMaster, seed: seed)
            let recorded = capture.frames.filter { !$0.isDamaged }.map { frame in
                SimulatedFrame(
                    time: frame.time.advanced(by: .seconds(600)), channel: 37, address: 0x66, data: frame.data,
                    direction: .heard, isDamaged: false, type: frame.type)
            }
            let cards = try [capture.frames, capture.frames + recorded].map { frames in
                try #require(try analyse(write(frames), capture.keys).masters.first?.card)
            }
            #expect(cards[0].transfers == cards[1].transfers && cards[0].paths == cards[1].paths, "seed \(seed)")
            #expect(cards[0].nodes == cards[1].nodes && cards[0].groups == cards[1].groups, "seed \(seed)")
            #expect(cards[0].reporters == cards[1].reporters, "seed \(seed)")
            #expect(cards[0].friendships == cards[1].friendships, "seed \(seed)")
            #expect(cards[0].solicitations.map(\.last) == cards[1].solicitations.map(\.last), "seed \(seed)")
            #expect(cards[0].solicitations.map(\.lastHeard) == cards[1].solicitations.map(\.lastHeard), "seed \(seed)")
        }
    }

    // MARK: The command

    private func fixture(_ body: (_ capture: String, _ keys: String, _ folder: TestFolder) throws -> Void) throws {
        let simulated = SimulatedCapture(.managingMaster, seed: 2)
        let folder = try TestFolder()
        let capture = try folder.write(write(simulated.frames), "m.pcap")
        let keys = try folder.write(Array(simulated.keyFile.utf8), "m.keys.json")
        try body(capture, keys, folder)
    }

    @Test func decodeShowsSolicitationPDUs() throws {
        try fixture { capture, keys, _ in
            let arguments = ["decode", capture, "--keys", keys, "--kind", "solicitation", "--source", "0x0001"]
            let outcome = try Program.run(Program.meshscope, arguments)
            let lines = outcome.output.split(separator: "\n")
            #expect(outcome.status == 0 && lines.count == 3 && lines.allSatisfy { $0.contains("Solicitation PDU") })
            let json = try Program.run(Program.meshscope, arguments + ["--format", "jsonl"])
            let first = try #require(json.output.split(separator: "\n").first)
            let object = try #require(try JSONSerialization.jsonObject(with: Data(first.utf8)) as? [String: Any])
            #expect(object["kind"] as? String == "solicitation" && object["source"] as? String == "0x0001")
            #expect(object["iv_index"] == nil && object["seq"] as? Int != nil)
        }
    }

    /// They are sealed without an IV Index, and are mesh traffic nevertheless.
    @Test func aCaptureOfSolicitationPDUsAloneIsSaidToBeOne() throws {
        let simulated = SimulatedCapture(.managingMaster, seed: 2)
        let solicitations = simulated.frames.filter { frame in
            frame.data.indices.contains { frame.data[$0...].starts(with: [0x16, 0x59, 0x18]) }
        }
        let folder = try TestFolder()
        let capture = try folder.write(write(solicitations), "s.pcap")
        let keys = try folder.write(Array(simulated.keyFile.utf8), "s.keys.json")
        let own = try Program.run(Program.meshscope, ["analyze", capture, "--keys", keys])
        let words = own.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(words.contains("Solicitation PDUs of the network were heard") && words.contains("minimum 0x"))
        #expect(words.contains("Other addresses solicit too") && !words.contains("holds mesh traffic"))
        let key = "7dd7364cd842ad18c17c2b820c84c3d6"
        let other = try Program.run(Program.meshscope, ["analyze", capture, "--netkey", key])
        #expect(other.output.contains("Solicitation PDUs that no key opens: is it the right key?"), "\(other.output)")
    }

    @Test func devicesThatWereProvisionedStandOnTheCard() throws {
        let captures = Checkout.captures.path
        let outcome = try Program.run(
            Program.meshscope,
            ["analyze", captures + "/provisioning.pcap", "--keys", captures + "/provisioning.keys.json"])
        let words = outcome.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(words.contains("provisioned in the capture"), "\(outcome.output)")
    }

    @Test func verifyTellsWhichReportsGoOn() throws {
        try fixture { capture, keys, _ in
            let before = ["verify", capture, "--keys", keys, "--since"]
            let middle = try Program.run(Program.meshscope, before + ["2026-06-01T00:02:30Z"])
            let text = middle.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            #expect(text.contains("Reports to it go on: 0x0005 (Heartbeats, about every 15 s)"))
            #expect(text.contains("0x0010 (publications, about every 10 s)"))
            let late = try Program.run(Program.meshscope, before + ["2026-06-01T00:03:40Z", "--format", "json"])
            let object = try #require(try JSONSerialization.jsonObject(with: Data(late.output.utf8)) as? [String: Any])
            let reporters = object["reporters"] as? [[String: Any]] ?? []
            let silent = reporters.filter { $0["heard_since"] as? Bool == false }.compactMap { $0["source"] as? String }
            #expect(silent.contains("0x0005") && reporters.count >= 2, "\(reporters)")
        }
    }

    @Test func restoreWritesTheSSEQWhereAStackStoresIt() throws {
        try fixture { capture, keys, folder in
            let output = folder.path("zephyr")
            let outcome = try Program.run(
                Program.meshscope, ["restore", capture, "--keys", keys, "--for", "zephyr", "-o", output])
            #expect(outcome.status == 0, "\(outcome.error)")
            let settings = try String(contentsOfFile: output + "/settings.txt", encoding: .utf8)
            let readme = try String(contentsOfFile: output + "/README.md", encoding: .utf8)
            let line = try #require(settings.split(separator: "\n").first { $0.contains("bt/mesh/SSeq ") })
            let octets = octets(String(line.split(separator: " ").last ?? ""))
            let value = octets.enumerated().reduce(UInt32(0)) { $0 | UInt32($1.element) << UInt32(8 * $1.offset) }
            #expect(octets.count == 4 && readme.contains("(\(value))"))
            #expect(readme.contains("What else dies with the master") && readme.contains("in flight"))
        }
    }

    // MARK: Real stacks

    /// Three real bluetooth-meshd: the master hands out keys, and was heard to be configured by nobody.
    @Test(.enabled(if: FileManager.default.fileExists(atPath: Checkout.shared.path), "../shared is not there"))
    func whatRealDaemonsDidStandsOnTheCard() throws {
        let folder = Checkout.shared.path + "/captures/bluez-meshd"
        let outcome = try Program.run(
            Program.meshscope,
            [
                "analyze", folder + "/hci1.btsnoop", "--keys", folder + "/keys.json", "--master", "0x0001", "--format",
                "json",
            ])
        let object = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
        let card = try #require((object["master"] as? [String: Any])?["card"] as? [String: Any])
        let nodes = (card["nodes"] as? [[String: Any]] ?? []).filter { $0["kind"] as? String == "keys_handed_out" }
        #expect(Set(nodes.compactMap { $0["address"] as? String }) == ["0x0010", "0x0020"])
        for name in ["solicitations", "blob_transfers", "paths", "friendships", "unacknowledged"] {
            #expect((card[name] as? [Any])?.isEmpty == true, "\(name)")
        }
    }
}
