import CaptureFiles
import MeshEvidence
import MeshProtocol
import MeshTimelines
import Testing

/// Mesh Protocol 1.1, "IV Update procedure", with beacons written by hand.
@Suite struct BeaconRulesValueTests {
    private func facts(_ said: [(IVState, Double)]) throws -> [Fact] {
        var scene = Scene()
        for (state, seconds) in said { scene.beacon(state, at: seconds) }
        return try scene.facts()
    }

    @Test func aStateThatLasts96HoursIsLongEnough() throws {
        let begin: [(IVState, Double)] = [(.normal(5), 0), (.updating(6), 10)]
        #expect(try facts(begin + [(.normal(6), 96 * .hour)]).isEmpty)
        #expect(
            try facts(begin + [(.normal(6), 96 * .hour - 1)])
                == [.ivUpdateTooSoon(.normal(6), atMost: .seconds(96 * 3600 - 1))])
    }

    @Test func withoutTheStateBeforeNothingProvesThatAnUpdateWasShort() throws {
        #expect(try facts([(.updating(6), 0), (.normal(6), 10)]).isEmpty)
    }

    @Test func anUpdateIsOverdueAfter144Hours() throws {
        #expect(try facts([(.updating(6), 0), (.updating(6), 144 * .hour)]).isEmpty)
        #expect(
            try facts([(.updating(6), 0), (.updating(6), 144 * .hour + 1)])
                == [.ivUpdateOverdue(.updating(6), since: Scene.start)])
        #expect(try facts([(.normal(6), 0), (.normal(6), 1000 * .hour)]).isEmpty, "Normal Operation may last")
    }

    @Test func beyond42AheadIsOutOfRangeHoweverLongItTook() throws {
        let year = 8700 * Double.hour
        #expect(try facts([(.normal(5), 0), (.normal(47), year)]).allSatisfy { $0.kind == .ivIndexJump })
        let fact = Fact.ivIndexOutOfRange(from: .normal(5), to: .normal(48))
        #expect(try facts([(.normal(5), 0), (.normal(48), year)]) == [fact])
        #expect(try facts([(.normal(5), 0), (.normal(48), 10)]) == [fact], "and is no jump besides")
        #expect(fact.severity == .critical)
    }

    /// n to n+1 in Normal Operation is two steps: 96 hours in between, and 192 hours more for each further IV Index.
    @Test(arguments: [(6, 96), (7, 288), (47, 7968)] as [(UInt32, Double)])
    func aRiseThatTheProcedureHasNoTimeForIsAJump(index: UInt32, hours: Double) throws {
        #expect(try facts([(.normal(5), 0), (.normal(index), hours * .hour)]).isEmpty)
        #expect(
            try facts([(.normal(5), 0), (.normal(index), hours * .hour - 1)])
                == [.ivIndexJump(from: .normal(5), to: .normal(index))])
    }

    /// A PDU under 5 may have been sent in (6, in progress) already.
    @Test func whatOnlyAPDUTellsMayBeAStepFurther() throws {
        func facts(_ index: UInt32, _ hours: Double) throws -> [Fact] {
            var scene = Scene()
            scene.heard(pdu: 1, iv: 5, seq: 1, at: 0)
            scene.heard(pdu: 2, iv: index, seq: 1, at: hours * .hour)
            return try scene.facts(.ivIndexJump)
        }
        #expect(try facts(6, 0).isEmpty)
        #expect(try facts(7, 192).isEmpty)
        #expect(try facts(7, 191) == [.ivIndexJump(from: .normal(5), to: .normal(7))])
    }

    @Test func recoveriesAre192HoursApart() throws {
        let begin: [(IVState, Double)] = [(.normal(5), 0), (.normal(9), .hour)]
        let late = try facts(begin + [(.normal(14), 193 * .hour)])
        #expect(!late.contains { $0.kind == .ivRecoveryTooSoon })
        let soon = try facts(begin + [(.normal(14), 193 * .hour - 1)])
        let since = Scene.time(.hour)
        #expect(soon.contains(.ivRecoveryTooSoon(from: .normal(9), to: .normal(14), since: since)))
    }

    @Test func oneStepBackIsALagForTenMinutes() throws {
        #expect(try facts([(.normal(9), 0), (.updating(9), 600)]).isEmpty)
        #expect(
            try facts([(.normal(9), 0), (.updating(9), 601)])
                == [.beaconReplayed(.updating(9), network: .normal(9), advertiser: nil)])
    }

    @Test func twoStepsBackIsAReplayAtOnce() throws {
        #expect(
            try facts([(.normal(9), 0), (.normal(8), 1)])
                == [.beaconReplayed(.normal(8), network: .normal(9), advertiser: nil)])
    }

    @Test func theReplayersAddressIsNamed() throws {
        var scene = Scene()
        scene.beacon(.normal(9), from: 0x11, at: 0)
        scene.beacon(.normal(8), from: 0x22, at: 1)
        let finding = try #require(try scene.judge().first)
        #expect(
            finding.fact == .beaconReplayed(.normal(8), network: .normal(9), advertiser: DeviceAddress(0x22)))
        #expect(finding.frames.map(\.number) == [2] && finding.network == NetworkIndex(0))
    }

    @Test func anOldBeaconNeverMovesTheStateBack() throws {
        var scene = Scene()
        scene.beacon(.normal(9), at: 0)
        scene.beacon(.normal(8), at: 700)
        let network = try scene.state().networks[0]
        #expect(network.iv.current?.state == .normal(9))
        #expect(network.iv.records.map(\.state) == [.normal(8), .normal(9)])
    }

    /// A replay from before the capture: (6, in progress) held for 100 hours all the same.
    @Test func anOldStateHeardForTheFirstTimeAfterTheNewOneWasNeverCurrent() throws {
        var scene = Scene()
        scene.beacon(.updating(6), at: 0)
        scene.beacon(.normal(5), at: 50 * .hour)
        scene.beacon(.normal(6), at: 100 * .hour)
        #expect(try scene.kinds() == [.beaconReplayed])
        let old = try #require(try scene.state().networks[0].iv.records.first)
        #expect(old.lastTime == Scene.time(50 * .hour) && old.lastTimeAsCurrent == Scene.start)
    }

    /// A beacon that was recognised once its key was learned was no old beacon when it was heard.
    @Test func whatWasHeardBeforeTheNewerStateIsNoOldBeacon() throws {
        for (seconds, isOld) in [(9.0, false), (2000, true)] {
            var scene = Scene()
            scene.beacon(.normal(7), at: 10)
            scene.beacon(.normal(5), at: seconds)
            #expect(try scene.kinds().contains(.beaconReplayed) == isOld)
        }
    }

    // MARK: A node ahead

    /// Device 7 leads from second 1000 on; the others lag from then on as said: device, and the seconds of its old beacons.
    private func leaders(_ lagging: [(UInt64, [Double])], leader: [UInt64] = [7]) throws -> [Fact] {
        var scene = Scene()
        scene.beacon(.normal(5), from: 1, at: 0)
        var said = leader.map { (1000.0, $0, IVState.updating(6)) }
        for (device, seconds) in lagging { said += seconds.map { ($0, device, .normal(5)) } }
        for (seconds, device, state) in said.sorted(by: { ($0.0, $0.1) < ($1.0, $1.1) }) {
            scene.beacon(state, from: device, at: seconds)
        }
        return try scene.facts(.nodeAhead)
    }

    @Test func oneDeviceAheadOfSeveralForLongIsNamed() throws {
        let fact = Fact.nodeAhead(.updating(6), advertiser: DeviceAddress(7), others: 2)
        #expect(try leaders([(1, [1601, 1700]), (2, [1650])]) == [fact])
    }

    @Test func aLeaderIsNotNamedWhereTheOthersAreInTime() throws {
        #expect(try leaders([(1, [1500, 1600]), (2, [1550])]).isEmpty)
    }

    @Test func oneLaggardAloneMakesNoLeader() throws {
        #expect(try leaders([(1, [1601, 1700])]).isEmpty)
        #expect(try leaders([(1, [1601, 1650]), (2, [1700])]).isEmpty, "one that changed its address")
    }

    @Test func twoDevicesDoNotLeadAlone() throws {
        #expect(try leaders([(1, [1601, 1700]), (2, [1650])], leader: [7, 8]).isEmpty)
    }
}
