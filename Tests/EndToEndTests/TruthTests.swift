import ByteParsing
import CaptureFiles
import Foundation
import MeshEvidence
import MeshProtocol
import MeshSimulation
import MeshTestSupport
import MeshTimelines
import MeshVerdict
import Testing

/// What differs between an analysis and the truth; empty if nothing does.
func differences(_ analysis: Analysis, _ truth: SimulationTruth) -> [String] {
    var wrong: [String] = []
    for (index, expected) in truth.networks.enumerated() {
        let network = analysis.networks[index]
        let state = truth.state(ofNetwork: index)
        if network.iv?.state != state {
            wrong.append("state \(String(describing: network.iv?.state)) for \(String(describing: state))")
        }
        if network.subnets.map(\.authenticBeacons) != expected.beacons { wrong.append("beacons") }
        let sources = network.sources.filter { !$0.epochs.isEmpty }
        if sources.map(\.address.value) != expected.sources.filter({ !$1.epochs.isEmpty }).keys.sorted() {
            wrong.append("sources \(sources.map(\.address))")
            continue
        }
        for source in sources {
            guard let truth = expected.sources[source.address.value] else { continue }
            wrong += differences(source, truth, state)
        }
    }
    return wrong
}

private func differences(_ source: Analysis.Source, _ truth: SimulationTruth.Source, _ state: IVState?) -> [String] {
    var wrong: [String] = []
    if source.epochs.map(\.ivIndex.value) != truth.epochs.keys.sorted() { return ["epochs of \(source.address)"] }
    for epoch in source.epochs {
        guard let expected = truth.epochs[epoch.ivIndex.value] else { continue }
        let found = [
            Int(epoch.firstSequence.value), Int(epoch.lastSequence.value), epoch.distinct, epoch.heard, epoch.missed,
        ]
        let wanted = [
            Int(expected.first), Int(expected.last), expected.sequences.count, expected.heard,
            Int(expected.last - expected.first) + 1 - expected.sequences.count,
        ]
        if found != wanted { wrong.append("\(source.address): \(found) for \(wanted)") }
    }
    guard let state, let newest = truth.epochs.keys.max(), let last = truth.epochs[newest]?.last else { return wrong }
    switch source.verdict {
    case .resume(let recovery):
        if newest < state.transmitIndex.value { wrong.append("\(source.address): resume for restart") }
        if recovery.minimum.value != last + 1 { wrong.append("\(source.address): minimum \(recovery.minimum.value)") }
        if recovery.state != state { wrong.append("\(source.address): state") }
    case .restart(let recovery):
        if newest >= state.transmitIndex.value { wrong.append("\(source.address): restart for resume") }
        if recovery.minimum.value != 0 { wrong.append("\(source.address): minimum \(recovery.minimum.value)") }
    default: wrong.append("\(source.address): \(source.verdict.name)")
    }
    return wrong
}

@Suite struct TruthTests {
    @Test(arguments: Scenario.allCases.filter(\.isHarmless))
    func theAnalysisEqualsTheTruthForFiftySeeds(scenario: Scenario) throws {
        for seed in UInt64(1)...50 {
            let capture = SimulatedCapture(scenario, seed: seed)
            let isHost = scenario == .hostLog
            let analysis = try analyse(
                capture, isHost ? .btsnoop : .pcap(.little, .microseconds),
                isHost ? .btsnoopMonitor : .bluetoothLELinkLayerWithHeader)
            #expect(differences(analysis, capture.truth).isEmpty, "\(scenario.rawValue), seed \(seed)")
            #expect(analysis.findings.allSatisfy { $0.severity == .info }, "\(scenario.rawValue), seed \(seed)")
            #expect(analysis.networks[0].notOpened == capture.truth.foreignPDUs, "\(scenario.rawValue), seed \(seed)")
            #expect(analysis.masters.first?.address.value == 1)
        }
    }

    /// Access payloads under keys of which some are handed out in the capture itself, in segments, to virtual addresses,
    /// under directed credentials.
    @Test(arguments: [Scenario.configuration, .keyRefresh])
    func everyMessageThatWasHeardWholeIsOpened(scenario: Scenario) throws {
        for seed in UInt64(1)...50 {
            let capture = SimulatedCapture(scenario, seed: seed)
            var decoder = MessageDecoder(capture.keys.networks[0])
            var kinds: Set<CredentialKind> = []
            var opened: [String] = []
            let analysis = try analyse(write(capture.frames), capture.keys) { observation, novelty in
                guard case .authentic(_, .networkPDU(let pdu)) = observation.statement, novelty == .new else { return }
                guard case .access(let message, _, _) = decoder.decode(pdu.pdu, nonce: pdu.nonce) else { return }
                opened.append(Hexadecimal.text(message.payload))
                kinds.insert(pdu.credentials)
            }
            #expect(opened.sorted() == capture.truth.networks[0].messages.sorted(), "seed \(seed)")
            guard scenario == .keyRefresh else {
                #expect(kinds == [.flooding, .directed], "seed \(seed)")
                continue
            }
            let phases = analysis.networks[0].subnets[0].keyRefresh.map(\.phase)
            // In a few seconds of a phase there may be no beacon.
            let order: [KeyRefreshPhase] = [.oldKey, .phase2, .newKey]
            #expect(phases == order.filter(phases.contains) && phases.count >= 2, "seed \(seed)")
            #expect(analysis.networks[0].subnets[0].identity.oldNetworkID != nil)
        }
    }

    @Test func everyProvisioningComesAsFarAsItWasHeard() throws {
        for seed in UInt64(1)...50 {
            let capture = SimulatedCapture(.provisioning, seed: seed)
            let links = try analyse(capture).provisioningLinks
            #expect(links.map(\.bearer) == capture.truth.provisioning.map { .advertising(linkID: $0.linkID) })
            for (link, truth) in zip(links, capture.truth.provisioning) {
                #expect(link.steps.map(\.kind.rawValue) == truth.heard, "seed \(seed)")
                #expect(link.transactions == truth.heard.count && link.damagedTransactions == 0)
                #expect(link.deviceUUID == (truth.isOpenHeard ? truth.deviceUUID : nil))
                #expect((link.closed != nil) == truth.isCloseHeard)
                #expect(link.failure == (truth.heard.last == 9 ? "Confirmation Failed" : nil))
            }
        }
    }

    /// A verdict that names a SEQ names one that the master never used, wherever the capture holds its last PDU.
    @Test(arguments: [
        (Scenario.deadBeforeUpdate, "restart"), (.deadDuringUpdate, "restart"), (.deadAfterUpdate, "resume"),
        (.deadInProgress, "resume"), (.steady, "resume"),
    ])
    func theMastersVerdictFitsItsStory(scenario: Scenario, verdict: String) throws {
        var judged = 0
        for seed in UInt64(1)...50 {
            let capture = SimulatedCapture(scenario, seed: seed)
            let analysis = try analyse(capture)
            let source = try #require(analysis.masters.first.flatMap(analysis.source(of:)))
            let used = try #require(capture.truth.networks[0].sources[1]?.lastUsed)
            guard let newest = source.epochs.last else { continue }
            // The story needs that the master was heard in its last epoch, and the network's state in the last window.
            guard newest.ivIndex == used.ivIndex, analysis.networks[0].iv?.state == expectedState(scenario, used) else {
                continue
            }
            #expect(source.verdict.name == verdict, "seed \(seed)")
            let recovery = try #require(source.verdict.recovery)
            let first = SequencePosition(recovery.state.transmitIndex, recovery.recommended)
            #expect(first > used, "seed \(seed)")
            judged += 1
        }
        #expect(judged >= 25, "of 50 seeds")
    }

    private func expectedState(_ scenario: Scenario, _ used: SequencePosition) -> IVState? {
        switch scenario {
        case .deadBeforeUpdate, .deadDuringUpdate: used.ivIndex.advanced(by: 1).map(IVState.normalOperation)
        case .deadInProgress: used.ivIndex.advanced(by: 1).map(IVState.updateInProgress)
        default: .normalOperation(used.ivIndex)
        }
    }

    static let linkTypes: [(CaptureContainer, LinkType, UInt8)] = [
        (.pcap(.little, .microseconds), .bluetoothLELinkLayer, 3),
        (.pcap(.big, .nanoseconds), .perPacketInformation, 3),
        (.pcapng(.little, .microseconds), .nordicBLE, 1), (.pcapng(.big, .nanoseconds), .nordicBLE, 2),
        (.pcapng(.little, .nanoseconds), .nordicBLE, 3), (.pcap(.little, .microseconds), .nordicBLE, 0),
    ]

    /// What is left of a sniffer's frames, and how each is told.
    @Test(arguments: LinkFraming.WhiteningHabit.allCases, [true, false])
    func whitenedFramesAndJoinedConnectionsGiveTheSame(whitening: LinkFraming.WhiteningHabit, isJoined: Bool) throws {
        for seed in UInt64(1)...10 {
            for scenario in [Scenario.lossy, .proxyMaster] {
                let capture = SimulatedCapture(scenario, seed: seed)
                let framing = LinkFraming(
                    .bluetoothLELinkLayerWithHeader, whitening: whitening, hearsConnectIndication: !isJoined)
                let octets = capture.write(
                    .pcap(.little, .microseconds), framing, linkType: .bluetoothLELinkLayerWithHeader)
                let analysis = try analyse(octets, capture.keys)
                #expect(differences(analysis, capture.truth).isEmpty, "\(scenario.rawValue), seed \(seed)")
                let isTold = analysis.findings.contains { $0.kind == .framesDewhitened }
                #expect(isTold == (whitening == .leftUntold))
            }
        }
    }

    /// A sniffer that checks no CRC, and joins in the middle: the same SEQ as with CONNECT_IND, and it is said.
    @Test(arguments: [LinkType.bluetoothLELinkLayer, .perPacketInformation])
    func aConnectionWithoutItsBeginningGivesTheSame(linkType: LinkType) throws {
        for seed in UInt64(1)...10 {
            let capture = SimulatedCapture(.proxyMaster, seed: seed)
            for hears in [true, false] {
                let framing = LinkFraming(linkType, hearsConnectIndication: hears)
                let analysis = try analyse(
                    capture.write(.pcap(.little, .microseconds), framing, linkType: linkType), capture.keys)
                #expect(differences(analysis, capture.truth).isEmpty, "seed \(seed), \(hears)")
                #expect(analysis.findings.contains { $0.kind == .connectionJoined } == !hears)
                #expect(!analysis.findings.contains { $0.kind == .connectionUnchecked })
            }
        }
    }

    @Test(arguments: [LinkType.bluetoothLELinkLayerWithHeader, .bluetoothHCIH4WithDirection])
    func ellisysTracesGiveTheSame(linkType: LinkType) throws {
        let isHost = linkType == .bluetoothHCIH4WithDirection
        for seed in UInt64(1)...10 {
            for scenario in [isHost ? Scenario.hostLog : .lossy, .proxyMaster] {
                let capture = SimulatedCapture(scenario, seed: seed)
                let framing = LinkFraming(linkType, hearsConnectIndication: seed % 2 == 0)
                let analysis = try analyse(capture.writeEllisysTrace(framing), capture.keys)
                #expect(differences(analysis, capture.truth).isEmpty, "\(scenario.rawValue), seed \(seed)")
                #expect(!analysis.findings.contains { $0.kind == .captureDamaged || $0.kind == .recordsUnknown })
                guard !isHost else { continue }
                let text = capture.write(.ellisysText, framing, linkType: linkType)
                let other = try analyse(text, capture.keys)
                #expect(other.findings.contains { $0.kind == .clockNotSet })
                #expect(differences(other, capture.truth).isEmpty, "\(scenario.rawValue), seed \(seed)")
            }
        }
    }

    @Test(arguments: linkTypes)
    func everySnifferFormatGivesTheSame(container: CaptureContainer, linkType: LinkType, version: UInt8) throws {
        for seed in UInt64(1)...10 {
            for scenario in [Scenario.lossy, .proxyMaster] {
                let capture = SimulatedCapture(scenario, seed: seed)
                let analysis = try analyse(capture, container, linkType, nordicVersion: version)
                #expect(differences(analysis, capture.truth).isEmpty, "\(scenario.rawValue), seed \(seed)")
            }
        }
    }

    @Test(arguments: [
        (CaptureContainer.pcap(.little, .microseconds), LinkType.bluetoothHCIH4),
        (.pcap(.little, .microseconds), .bluetoothHCIH4WithDirection),
        (.pcap(.big, .microseconds), .bluetoothLinuxMonitor),
        (.btsnoop, .btsnoopH1), (.btsnoop, .btsnoopH4), (.btsnoop, .btsnoopMonitor),
        (.pcap(.little, .microseconds), .usbmon), (.pcap(.big, .microseconds), .usbmon),
        (.pcapng(.big, .nanoseconds), .usbmon), (.pcap(.big, .nanoseconds), .usbmonMapped),
        (.pcapng(.little, .microseconds), .usbmonMapped), (.pcapng(.big, .microseconds), .usbmonMapped),
        (.pcap(.little, .microseconds), .usbPcap), (.pcapng(.big, .nanoseconds), .usbPcap),
        (.btsnoop, .btsnoopBCSP), (.btsnoop, .btsnoopH5),
        (.packetLogger(.big), .bluetoothHCIH4WithDirection), (.packetLogger(.little), .bluetoothHCIH4WithDirection),
        (.hcidump, .bluetoothHCIH4WithDirection),
    ])
    func everyHostFormatGivesTheSame(container: CaptureContainer, linkType: LinkType) throws {
        for seed in UInt64(1)...10 {
            for scenario in [Scenario.hostLog, .proxyMaster] {
                let capture = SimulatedCapture(scenario, seed: seed)
                let analysis = try analyse(capture, container, linkType)
                #expect(differences(analysis, capture.truth).isEmpty, "\(scenario.rawValue), seed \(seed)")
            }
        }
    }

    @Test func interfacesThatDifferGiveTheSame() throws {
        let capture = SimulatedCapture(.subnets, seed: 3)
        let octets = capture.writeMixed(.little, [.bluetoothLELinkLayerWithHeader, .nordicBLE, .perPacketInformation])
        #expect(differences(try analyse(octets, capture.keys), capture.truth).isEmpty)
    }

    @Test func severalCapturesAreOneAnalysisInTheOrderOfTime() throws {
        let capture = SimulatedCapture(.ivUpdate, seed: 5)
        let folder = try TestFolder()
        // Every other frame in another file, and another container.
        var writers = [
            CaptureWriter(.pcap(.little, .microseconds), linkTypes: [.bluetoothLELinkLayer]),
            CaptureWriter(.pcapng(.big, .microseconds), linkTypes: [.bluetoothLELinkLayer]),
        ]
        var file = try CaptureFile(path: try folder.write(write(capture.frames), "whole"))
        while let frame = try file.nextFrame() {
            writers[frame.number % 2].write((0..<frame.bytes.count).map { frame.bytes[$0] }, at: frame.time)
        }
        let paths = try writers.indices.map { index in
            try folder.write(writers[index].removeOctets(), "\(index)")
        }
        for order in [paths, paths.reversed()] {
            let analysis = try Analyzer(keys: capture.keys).analyze(order)
            #expect(differences(analysis, capture.truth).isEmpty)
        }
    }
}
