public import CaptureFiles
import MeshEvidence
public import MeshProtocol
import MeshStacks
public import MeshTimelines

extension Analysis {
    /// Draws the conclusions from a state, at whatever time: the same state, keys and options give the same analysis.
    ///
    /// - Parameters:
    ///   - state: what was observed.
    ///   - keys: the user's, with those that the captures handed out; of the same networks as the state. A network that has
    ///     none here is shown without them.
    ///   - options: what the user says beside keys and captures.
    ///   - unusable: captures that could not be used at all.
    public init(
        _ state: consuming MeshState, keys: KeyRing, options: AnalysisOptions = AnalysisOptions(),
        unusable: [CaptureError] = []
    ) {
        self.init(state, keys: keys, options: options, unusable: unusable, auditing: nil)
    }

    /// `auditing`: the keys that the user gave, and what became of the messages that they should open.
    init(
        _ state: consuming MeshState, keys: KeyRing, options: AnalysisOptions, unusable: [CaptureError],
        auditing: (keys: KeyRing, messages: [MessageTally.Counts])?
    ) {
        // Facts are judged of the state as it goes on; what follows takes it as it stands at the end.
        var log = FactLog()
        log.add(state.settleAndJudge())
        let builder = AnalysisBuilder(state: state, keys: keys, options: options)
        self = builder.analysis(log, unusable)
        if let auditing { audit(auditing.keys, builder.state, auditing.messages) }
    }
}

/// Makes the finished value out of a state that is settled.
private struct AnalysisBuilder {
    let options: AnalysisOptions
    let state: MeshState
    let keys: KeyRing

    init(state: consuming MeshState, keys: KeyRing, options: AnalysisOptions) {
        // A network of the state without keys has none.
        let missing = state.networks.dropFirst(keys.networks.count).map { KeyRing.Network(name: $0.name, subnets: []) }
        self.state = state
        self.keys = KeyRing(networks: keys.networks + missing)
        self.options = options
    }

    private var networks: [NetworkState] { state.networks }

    func analysis(_ found: FactLog, _ unusable: [CaptureError]) -> Analysis {
        var log = found
        let rules = networks.map { network in
            RecoveryRules(
                network: network,
                clocks: CaptureClocks(
                    state, log.facts(of: network.index), silence: options.listening?.silence ?? .zero), options: options
            )
        }
        let choices = options.master == nil ? networks.map { MasterChoice($0, keys[$0.index]) } : []
        var masters = masters(choices)
        var networks = rules.map { network(by: $0, masters: masters) }
        if masters.isEmpty {
            for (index, choice) in choices.enumerated() { networks[index].masterCandidates = choice.doubtful }
        }
        for index in masters.indices {
            let place = masters[index].network.value
            complete(&masters[index], networks[place], rules[place], into: &log)
        }
        let surroundings = state.surroundings
        return Analysis(
            captures: state.captures, unusable: unusable, networks: networks, masters: masters,
            isMasterMissing: options.master != nil && networks.isEmpty,
            closedSolicitations: surroundings.closedSolicitations,
            unopened: surroundings.foreignPDUs.map { .init(nid: $0.nid, heard: $0.heard) },
            foreignBeacons: surroundings.foreignNetworks, foreignProxyServers: surroundings.foreignProxyServers,
            foreignPrivateBeacons: surroundings.foreignPrivateBeacons,
            proxyServers: state.networks.flatMap { network in
                network.proxyServers.sorted { ($0.address?.value ?? 0) < ($1.address?.value ?? 0) }
            },
            unprovisionedDevices: surroundings.unprovisionedDevices,
            provisioningLinks: surroundings.provisioningLinks, lastTime: state.clocks.end, listening: options.listening,
            findings: log.sorted)
    }

    // MARK: The master

    /// The address that the user names, in the networks where it is: those whose key file names it, or else those that
    /// heard it, or else all. Without such an address, the ones that key files name, or that the traffic tells.
    private func masters(_ choices: [MasterChoice]) -> [Analysis.Master] {
        guard let address = options.master else { return zip(networks, choices).compactMap(knownMaster) }
        let named = networks.filter { keys[$0.index].master == address }
        let heard = networks.filter { $0.source(address) != nil }
        let candidates = [named, heard, networks].first { !$0.isEmpty } ?? []
        return candidates.map { .init(network: $0.index, address: address, choice: .option) }
    }

    private func knownMaster(of network: NetworkState, _ choice: MasterChoice) -> Analysis.Master? {
        if let address = keys[network.index].master {
            return .init(network: network.index, address: address, choice: .keyFile)
        }
        guard let choice = choice.choice else { return nil }
        return .init(
            network: network.index, address: choice.master.address, choice: .inference, reasons: choice.master.reasons,
            runnerUp: choice.runnerUp)
    }

    /// The addresses of a master's elements: as many as the user says, or a key file knows of.
    private func elements(of master: Analysis.Master) -> [UnicastAddress] {
        let known = keys[master.network].nodes.first { $0.address == master.address }?.elements
        let count = max(1, min(options.elements ?? known ?? 1, 0x8000 - Int(master.address.value)))
        return (0..<count).compactMap { UnicastAddress(master.address.value + UInt16($0)) }
    }

    /// A node's verdict is the highest of its elements'; what the user says of the time is held against it.
    private func complete(
        _ master: inout Analysis.Master, _ network: Analysis.Network, _ rules: RecoveryRules, into log: inout FactLog
    ) {
        let elements = elements(of: master)
        master.elements = elements
        master.card = CardRules(
            network: rules.network, keys: keys[master.network], elements: elements, rules: rules
        ).judge()
        let sources = network.sources.filter { elements.contains($0.address) }
        master.verdict = RecoveryVerdict.highest(of: sources.map(\.verdict))
        guard let recovery = master.verdict.recovery else {
            master.newAddress = AddressChoice.free(besides: elements, in: rules.network, keys[master.network])
            return
        }
        judgeTimes(of: recovery, master, into: &log)
        if options.failedAt == nil { master.ifItLivedOn = longer(elements, rules) }
    }

    /// The answer of a node for some times behind the captures.
    private func longer(_ elements: [UnicastAddress], _ rules: RecoveryRules) -> [Analysis.Longer] {
        guard let end = rules.clocks.end else { return [] }
        let heard = elements.compactMap(rules.network.source).map { timeline in
            (timeline, timeline.epochs(), unheard(elements, beside: timeline.address, in: rules.network))
        }
        return Analysis.Longer.times.map { time in
            var rules = rules
            rules.options.failedAt = .at(end.advanced(by: time))
            let verdicts = heard.map { rules.judge($0, $1, unheardElements: $2) }
            return .init(
                time: time, recommended: RecoveryVerdict.highest(of: verdicts).recovery?.recommended)
        }
    }

    /// How many of a node's elements were not heard, if one of them is the source's and each may have a SEQ of its own.
    private func unheard(
        _ elements: [UnicastAddress], beside address: UnicastAddress, in network: NetworkState
    ) -> Int {
        guard elements.contains(address), options.stack?.reservation.countsByElement ?? true else { return 0 }
        return elements.count { network.source($0) == nil }
    }

    /// When it failed and when the replacement takes over, as far as the user says it, against what the answer rests on.
    private func judgeTimes(of recovery: Recovery, _ master: Analysis.Master, into log: inout FactLog) {
        func record(_ fact: Fact, at frame: FrameReference? = nil) {
            log.record(fact, at: frame, network: master.network, source: master.address)
        }
        let validUntil = recovery.validUntil
        if let failedAt = options.failedAt?.moment(state.clocks.end) {
            // Relays may deliver the last PDU some seconds after it was sent.
            if recovery.lastHeard.time.since(failedAt) > SequenceWatch.patience {
                record(.heardAfterFailure(failedAt: failedAt), at: recovery.lastHeard)
            }
            // What the captures cover they tell, also where nothing tells how long it holds behind them.
            if let known = validUntil ?? state.clocks.end, failedAt > known {
                record(.answerOutlived(failedAt: failedAt, validUntil: validUntil))
            }
        }
        if let takeoverAt = options.takeoverAt, validUntil.map({ takeoverAt > $0 }) ?? true {
            record(.takeoverTooLate(takeoverAt: takeoverAt, validUntil: validUntil))
        }
    }

    // MARK: A network

    private func network(by rules: RecoveryRules, masters: [Analysis.Master]) -> Analysis.Network {
        let network = rules.network
        let bridges = network.sources.flatMap(\.bridges)
        let elements = masters.filter { $0.network == network.index }.flatMap { self.elements(of: $0) }
        let notOpened = state.notOpened(network.index)
        var timelines = network.sources
        for address in elements where network.source(address) == nil { timelines.append(SourceTimeline(address)) }
        return Analysis.Network(
            name: network.name, keys: keys[network.index],
            subnets: network.subnets.enumerated().map { subnet($1, SubnetIndex($0), of: network) },
            iv: network.iv.current, givenIVIndex: options.givenIVIndex ?? keys[network.index].givenIVIndex,
            ivTimeline: network.iv.records, replacement: replacement(network, masters),
            heard: network.opened + notOpened, opened: network.opened, distinct: network.distinct,
            notOpened: notOpened, solicitors: network.solicitations.count,
            sources: timelines.sorted { $0.address < $1.address }.map { timeline in
                let epochs = timeline.epochs()
                let unheard = unheard(elements, beside: timeline.address, in: network)
                return .init(
                    address: timeline.address, name: keys[network.index].name(of: timeline.address), epochs: epochs,
                    bridge: timeline.subnets.count == 1 ? bridges.first { $0.to == timeline.subnets[0] } : nil,
                    verdict: rules.judge(timeline, epochs, unheardElements: unheard), marks: timeline.marks,
                    replays: timeline.replays)
            })
    }

    private func subnet(_ subnet: SubnetState, _ index: SubnetIndex, of network: NetworkState) -> Analysis.Subnet {
        .init(
            identity: subnet.identity, authenticBeacons: subnet.authentic,
            notAuthenticBeacons: state.surroundings.notAuthentic(network.index, index),
            keyRefresh: subnet.keyRefreshSteps, beaconInterval: subnet.cadence.interval, beaconMarks: subnet.marks)
    }

    private func replacement(_ network: NetworkState, _ masters: [Analysis.Master]) -> Analysis.Replacement? {
        guard let start = options.replacementIVIndex ?? keys[network.index].replacementIVIndex else { return nil }
        let master = masters.first { $0.network == network.index }?.address
        let epochs = master.flatMap(network.source)?.epochs() ?? []
        let steps = ReplacementRules.steps(from: start, through: network.iv.records, master: epochs)
        return .init(start: start, steps: steps)
    }
}
