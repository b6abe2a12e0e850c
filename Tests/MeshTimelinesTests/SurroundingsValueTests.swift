import ByteParsing
import CaptureFiles
import MeshEvidence
import MeshProtocol
import Testing

@testable import MeshTimelines

/// What nobody authenticated is counted and shown, and moves nothing.
@Suite struct SurroundingsValueTests {
    private func closed(_ nid: UInt8, _ change: Int, networks: [Int] = [0], sample: UInt32? = 1)
        -> Observation.Statement
    {
        .unauthenticated(
            .closedPDUs(
                ClosedPDUs(nid: nid, networks: networks.map { NetworkIndex($0) }, change: change, sample: sample)))
    }

    // MARK: PDUs

    @Test func closedPDUsAreCountedAndTakenBack() throws {
        var scene = Scene()
        scene.says(closed(0x68, 1), at: 0)
        scene.says(closed(0x68, 3, sample: 2), at: 1)
        scene.says(closed(0x68, 2, sample: nil), at: 2)
        scene.says(closed(0x68, 0, sample: 2), at: 2.5)
        let finding = try #require(try scene.judge().first)
        #expect(finding.fact == .pduNotOpened(nid: 0x68) && finding.count == 6 && finding.network == NetworkIndex(0))
        #expect(finding.frames.map(\.number) == [1, 2], "copies are no samples")
        #expect(try scene.state().notOpened(NetworkIndex(0)) == 6)

        // It opened after all: the frame in which it was heard comes with it.
        let back = Observation(closed(0x68, -1), from: scene.observations[0].origin)
        var state = try scene.state()
        state.apply(back)
        let left = try #require(state.judge().first)
        #expect(left.count == 5 && left.frames.map(\.number) == [2])
        state.apply(Observation(closed(0x68, -5, sample: 2), from: scene.observations[1].origin))
        #expect(state.judge().isEmpty && state.notOpened(NetworkIndex(0)) == 0)
    }

    @Test func foreignPDUsAreOfNoNetwork() throws {
        var scene = Scene()
        scene.says(closed(0x11, 4, networks: []), at: 0)
        let state = try scene.state()
        #expect(state.surroundings.foreignPDUs.map(\.nid) == [0x11] && state.notOpened(NetworkIndex(0)) == 0)
        #expect(state.judge().map(\.fact) == [.foreignNetwork(nid: 0x11)] && state.judge()[0].network == nil)
        scene.says(closed(0x11, -4, networks: []), at: 1)
        #expect(try scene.judge().isEmpty)
    }

    @Test func aNIDOfTwoNetworksIsOfNeitherAlone() throws {
        let keys = Scene.netKeys.prefix(2).map { KeyRing.Network(subnets: [.init(keyIndex: .primary, netKey: $0)]) }
        var scene = Scene(KeyRing(networks: keys))
        scene.says(closed(0x68, 2, networks: [0, 1]), at: 0)
        #expect(try scene.judge().first?.network == nil)
        let state = try scene.state()
        #expect([0, 1].map { state.notOpened(NetworkIndex($0)) } == [2, 2])
    }

    @Test func whatGaveWayIsSaid() throws {
        var scene = Scene()
        scene.says(.unauthenticated(.pdusGivenUp(7)), at: 0)
        scene.says(.unauthenticated(.pdusGivenUp(5)), at: 1)
        #expect(try scene.judge() == [Finding(.pdusGivenUp, count: 12)])
    }

    // MARK: Beacons

    @Test func foreignBeaconsAreCountedAndTakenBack() throws {
        var scene = Scene()
        for (networkID, change) in [(UInt64(7), 1), (8, 2), (7, 1), (8, -2)] {
            scene.says(.unauthenticated(.foreignBeacons(networkID: networkID, change: change)), at: 0)
        }
        scene.says(.unauthenticated(.foreignPrivateBeacons(change: 3)), at: 1)
        scene.says(.unauthenticated(.foreignPrivateBeacons(change: -1)), at: 2)
        let surroundings = try scene.state().surroundings
        #expect(surroundings.foreignNetworks.map(\.networkID) == [7])
        #expect(surroundings.foreignNetworks.first?.count == 2 && surroundings.foreignPrivateBeacons == 2)
        #expect(surroundings.foreignNetworks.first?.first.number == 1)
    }

    @Test func foreignNetworksAreBounded() {
        var state = MeshState(Scene().keys)
        for networkID in UInt64(0)..<3000 {
            let statement = UnauthenticatedStatement.foreignBeacons(networkID: networkID, change: 1)
            state.apply(Observation(.unauthenticated(statement), from: Origin(Scene().nextFrame(0))))
        }
        #expect(state.surroundings.foreignNetworks.map(\.networkID) == Array(0..<1024))
    }

    @Test func falseBeaconsAreOfTheirSubnet() throws {
        var scene = Scene(subnets: 2)
        for _ in 0..<10 {
            scene.says(.unauthenticated(.falseBeacon(NetworkIndex(0), SubnetIndex(1))), at: 0)
        }
        let finding = try #require(try scene.judge().first)
        #expect(finding.fact == .beaconNotAuthentic(KeyIndex(truncating: 1)) && finding.count == 10)
        #expect(finding.frames.map(\.number) == Array(1...8))
        #expect(try scene.state().surroundings.notAuthentic(NetworkIndex(0), SubnetIndex(1)) == 10)
        #expect(try scene.state().networks[0].iv.current == nil)
    }

    @Test func aFalseBeaconOfAnUnknownNetworkIsIgnored() throws {
        var scene = Scene()
        scene.says(.unauthenticated(.falseBeacon(NetworkIndex(3), SubnetIndex(0))), at: 0)
        scene.says(.unauthenticated(.falseBeacon(NetworkIndex(0), SubnetIndex(3))), at: 0)
        #expect(try scene.judge().isEmpty)
    }

    // MARK: Devices

    /// The first PDUs may open later; those that stay closed are named all the same.
    @Test func whatStaysClosedIsNamedThoughWhatCameBeforeItOpened() throws {
        func closed(_ change: Int, _ sample: UInt32) -> Observation.Statement {
            let closed = ClosedPDUs(nid: 0x68, networks: [NetworkIndex(0)], change: change, sample: sample)
            return .unauthenticated(.closedPDUs(closed))
        }
        var scene = Scene()
        for place in UInt32(0)..<100 { scene.says(closed(1, place), at: 0) }
        let heard = scene.observations
        for (place, observation) in heard.prefix(90).enumerated() {
            scene.says(closed(-1, UInt32(place)), as: observation)
        }
        scene.says(closed(0, 95), as: heard[95])
        scene.says(closed(0, 95), as: heard[95])
        let finding = try #require(try scene.judge().first { $0.kind == .pduNotOpened })
        #expect(finding.count == 10 && finding.frames.map(\.number) == [96])
    }

    private func device(_ uuid: UInt8, hash: UInt32? = nil) throws -> Observation.Statement {
        var octets = [UInt8](repeating: uuid, count: 16) + [0, 0x20]
        if let hash { octets += (0..<4).map { UInt8(truncatingIfNeeded: hash >> (24 - 8 * $0)) } }
        var reader = ByteReader(octets.span)
        return .unauthenticated(.unprovisionedDevice(try UnprovisionedDeviceBeacon(parsing: &reader)))
    }

    @Test(arguments: [false, true]) func aDeviceHasTheURIOfItsHash(isURIFirst: Bool) throws {
        let data = [0x17] + Array("//example.org".utf8)
        let beacon = try device(1, hash: UnprovisionedDeviceBeacon.uriHash(ofURIData: data))
        let uri = Observation.Statement.unauthenticated(.uri(HeardURI(data)))
        var scene = Scene()
        for statement in isURIFirst ? [uri, beacon, beacon] : [beacon, uri, beacon] { scene.says(statement, at: 0) }
        scene.says(try device(2, hash: 7), at: 1)
        scene.says(try device(3), at: 1)
        let devices = try scene.state().surroundings.unprovisionedDevices
        #expect(devices.map(\.uri) == ["https://example.org", nil, nil] && devices.map(\.count) == [2, 1, 1])
        #expect(devices.map(\.oobInformation.names) == Array(repeating: ["number"], count: 3))
    }

    @Test func theOldestDevicesGiveWay() throws {
        var devices = UnprovisionedDevices()
        for uuid in UInt32(0)..<2000 {
            var octets = [UInt8](repeating: 0, count: 18)
            (octets[0], octets[1]) = (UInt8(uuid >> 8), UInt8(uuid & 255))
            var reader = ByteReader(octets.span)
            devices.apply(try UnprovisionedDeviceBeacon(parsing: &reader), at: Scene().nextFrame(0))
        }
        #expect(devices.resolved.count == 1024 && devices.resolved.first?.uuid == UInt128(976) << 112)
    }

    // MARK: Provisioning

    private func pdu(_ octets: [UInt8], isFromProvisioner: Bool) throws -> ProvisioningStatement.Event {
        var reader = ByteReader(octets.span)
        return .pdu(try ProvisioningPDU(parsing: &reader), isFromProvisioner: isFromProvisioner)
    }

    @Test func aLinkIsFoldedFromItsStatements() throws {
        let link = ProvisioningStatement.Link(number: 0, bearer: .advertising(linkID: 0xAABB))
        let events: [ProvisioningStatement.Event] = [
            .opened(deviceUUID: 42), .heard, try pdu([0, 5], isFromProvisioner: true),
            try pdu([1, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0], isFromProvisioner: false), .damagedTransaction, .malformed,
            try pdu([2, 1, 0, 0, 0, 0], isFromProvisioner: true), try pdu([9, 4], isFromProvisioner: false),
            .closed(.init(rawValue: 2)), .closed(.init(rawValue: 0)),
        ]
        var scene = Scene()
        for (second, event) in events.enumerated() {
            let statement = ProvisioningStatement(link, isCertain: second > 0, event)
            scene.says(.unauthenticated(.provisioning(statement)), at: Double(second))
        }
        let links = try scene.state().surroundings.provisioningLinks
        let folded = try #require(links.first)
        #expect(links.count == 1 && folded.deviceUUID == 42 && folded.elements == 2 && folded.heard == events.count)
        #expect(folded.algorithm == .hmacSHA256 && folded.failure == "Confirmation Failed" && !folded.isComplete)
        #expect(folded.steps.map(\.kind) == [.invite, .capabilities, .start, .failed])
        #expect(folded.transactions == 5 && folded.damagedTransactions == 1 && folded.malformed == 1)
        #expect(folded.closed?.rawValue == 2, "the first reason")
        #expect(folded.first.number == 1 && folded.last.number == events.count)
    }

    @Test func whatOnlyLooksLikeProvisioningIsNotShown() throws {
        let link = ProvisioningStatement.Link(number: 0, bearer: .gatt)
        var scene = Scene()
        let invite = ProvisioningStatement(link, isCertain: false, try pdu([0, 5], isFromProvisioner: true))
        scene.says(.unauthenticated(.provisioning(invite)), at: 0)
        #expect(try scene.state().surroundings.provisioningLinks.isEmpty)
        let complete = ProvisioningStatement(link, isCertain: true, try pdu([8], isFromProvisioner: false))
        scene.says(.unauthenticated(.provisioning(complete)), at: 1)
        let shown = try scene.state().surroundings.provisioningLinks
        #expect(shown.count == 1 && shown.first?.isComplete == true && shown.first?.transactions == 0)
    }

    @Test func linksAreBounded() throws {
        var links = ProvisioningLinks()
        for number in 0..<2000 {
            let link = ProvisioningStatement.Link(number: number, bearer: .gatt)
            links.apply(ProvisioningStatement(link, isCertain: true, .heard), at: Scene().nextFrame(Double(number)))
        }
        #expect(links.certain.count == 1024 && links.certain.first?.first.time == Scene.time(976))
    }

    // MARK: How often

    /// Times as far apart as numbers can be are no reason to stop; what has no time says nothing of when.
    @Test func anyTimesAreTallied() {
        var tally = HearingTally()
        tally.apply(3, at: .unknown)
        #expect(tally.count == 3 && tally.first == nil && tally.heard(from: Scene.start) == nil)
        tally.apply(1, at: CaptureTime(nanoseconds: .min + 1))
        for _ in 0..<5 { tally.apply(2, at: CaptureTime(nanoseconds: -1)) }
        #expect(tally.heard(from: CaptureTime(nanoseconds: -1000)) == nil, "no whole stretch")
        #expect(tally.heard(from: CaptureTime(nanoseconds: .min / 2))?.count == 10)
        #expect(tally.heard(from: CaptureTime(nanoseconds: .min + 1))?.count == 11)
        tally.apply(1, at: CaptureTime(nanoseconds: .max))
        #expect(tally.count == 15 && tally.heard(from: CaptureTime(nanoseconds: .max)) == nil)
    }

    // MARK: Captures

    @Test func whatACaptureCouldNotGiveIsSaid() throws {
        var scene = Scene()
        let statements: [CaptureStatement] = [
            .crcFailed, .truncated, .unsupportedLinkType(LinkType(.pcap, 1)), .malformed("AD"), .malformed(nil),
            .brokeOff(CaptureError(.brokenOff, path: "a", "ends within a record")),
        ]
        for statement in statements { scene.says(.capture(statement), at: 0) }
        let expected: [Fact] = [
            .damagedRecord(capture: 0, path: "a", reason: "ends within a record"),
            .unsupportedLinkType(LinkType(.pcap, 1)),
            .crcFailed(capture: 0), .truncatedFrame, .malformedStructure(first: "AD"),
        ]
        #expect(try scene.facts() == expected)
        #expect(try scene.judge().last?.count == 2)
    }
}
