import ArgumentParser
import CaptureFiles
import Dispatch
import FoundationEssentials
import Glibc
import KeyFiles
import MeshEvidence
import MeshProtocol
import MeshReports
import MeshStandby
import MeshTimelines
import MeshVerdict

/// The loop of `meshscope watch`: takes what is heard, says what changes, and keeps it.
struct Watch {
    var silentAfter: Duration?
    var saveInterval = Standby.interval
    var metrics: String?
    var onChange: ChangeCommand?
    var isJSON = false

    private let store: StateStore
    private let keys: KeyOptions
    private let options: AnalysisOptions
    private let sources: [LiveSource]
    private let isOnce: Bool
    private var standby: Standby
    private var report = WatchReport()
    private let notices = ServiceNotices()
    private let clock = ContinuousClock()
    /// The time of the frames when something new was heard last, and when that was.
    private var lastNews: (frames: CaptureTime, moment: ContinuousClock.Instant)?
    private var isSaveDoubted = false
    /// Whether the metrics could be written the last time.
    private(set) var hasMeasured = true
    /// As it stood when something new was heard last.
    private var known: Analysis?

    private static let lookInterval = Duration.seconds(1)
    private static let metricsInterval = Duration.seconds(15)

    init(
        _ store: StateStore, keys: KeyOptions, options: AnalysisOptions, _ sources: [LiveSource], isOnce: Bool
    ) throws(StateError) {
        (self.store, self.keys, self.options, self.sources) = (store, keys, options, sources)
        self.isOnce = isOnce
        standby = try Standby(store, keys: try Self.ring(keys, store), options: options, at: Self.now)
    }

    private static func ring(_ keys: KeyOptions, _ store: StateStore) throws(StateError) -> KeyRing {
        do {
            return try keys.requiredKeyRing()
        } catch {
            // It was said already.
            throw StateError(store.folder, "is not written without keys")
        }
    }

    /// By the machine's clock: for when somebody listened, and for nothing of the answer.
    private static var now: CaptureTime {
        CaptureTime(seconds: 0, nanoseconds: Int64(Date().timeIntervalSince1970 * 1e9))
    }

    // MARK: The loop

    mutating func run() throws(StateError) {
        let names = sources.map(\.name)
        let live = LiveSources(
            sources.map { source in
                (source, standby.index(of: source.name, among: names), standby.inputs[source.name] ?? LivePosition())
            }, isOnlyWhatIsThere: isOnce)
        let signals = Signals(live)
        notices.say("READY=1\nSTATUS=listening")
        let began = clock.now
        var (saved, savedWhole, looked, measured, told) = (began, began, began, began, began)
        listening: while !signals.wantsStop {
            switch live.next(within: 500) {
            case .batch(let batch): take(batch, names[batch.source])
            case .nothing: break
            case .end: break listening
            }
            let moment = clock.now
            if signals.takeReload() { reload() }
            if moment - looked >= Self.lookInterval {
                looked = moment
                look()
            }
            if moment - saved >= saveInterval {
                saved = moment
                let isWhole = moment - savedWhole >= Standby.wholeInterval
                if isWhole { savedWhole = moment }
                save(isWhole: isWhole)
            }
            if moment - measured >= Self.metricsInterval {
                measured = moment
                measure(savedAge: moment - saved)
            }
            if let watchdog = notices.watchdog, moment - told >= watchdog / 3 {
                told = moment
                notices.say("WATCHDOG=1")
            }
        }
        notices.say("STOPPING=1")
        live.stop()
        drain(live, names)
        standby.settle()
        look(isLast: true)
        try standby.save(at: Self.now, isEnd: true)
        measure(savedAge: .zero)
        onChange?.end()
    }

    /// The sources that had nothing to read.
    var silent: [String] {
        sources.map(\.name).filter { (standby.inputs[$0]?.summary?.frames ?? 0) == 0 }
    }

    /// What was read when the end was asked for is taken, as far as it comes in a moment.
    private mutating func drain(_ live: LiveSources, _ names: [String]) {
        let deadline = clock.now + .seconds(2)
        while clock.now < deadline {
            switch live.next(within: 100) {
            case .batch(let batch): take(batch, names[batch.source])
            case .nothing: continue
            case .end: return
            }
        }
    }

    private mutating func take(_ batch: LiveBatch, _ name: String) {
        standby.take(batch, of: name, at: Self.now)
        if let notice = batch.notice { tell(WatchChange(source: name, notice)) }
    }

    /// A disk that is full now may have room later: nothing is lost until then.
    private mutating func save(isWhole: Bool) {
        do throws(StateError) {
            try standby.save(at: Self.now, isWhole: isWhole)
            if isSaveDoubted { Terminal.say("meshscope: \(store.folder): the state is written again\n") }
            isSaveDoubted = false
        } catch {
            if !isSaveDoubted { Terminal.complain(error) }
            isSaveDoubted = true
        }
    }

    /// Takes the keys anew, with all that was heard.
    private mutating func reload() {
        do throws(StateError) {
            try standby.save(at: Self.now, isWhole: true)
            standby = try Standby(store, keys: try Self.ring(keys, store), options: options, at: Self.now)
            known = nil
            Terminal.say("meshscope: the keys were read again\n")
        } catch {
            Terminal.complain(error)
        }
    }

    // MARK: What is said

    private var analysis: Analysis { Analysis(standby.state, keys: standby.keyRing, options: options) }

    /// Now, by the clock of the frames, which need not be the machine's.
    private var frameTime: CaptureTime? {
        lastNews.map { isOnce ? $0.frames : $0.frames.advanced(by: clock.now - $0.moment) }
    }

    private mutating func look(isLast: Bool = false) {
        let hasNews = standby.takeNews()
        if hasNews, let end = standby.state.clocks.end { lastNews = (end, clock.now) }
        // Nothing new is no reason to judge all that is known once more, every second.
        let analysis = hasNews || isLast ? self.analysis : known ?? self.analysis
        known = analysis
        let masters = Dictionary(
            analysis.masters.map { ($0.network, $0.address) }, uniquingKeysWith: { first, _ in first })
        let silences = frameTime.map { now in
            standby.state.networks.flatMap {
                Silence.all(in: $0, at: now, master: masters[$0.index], silentAfter: silentAfter)
            }
        }
        guard hasNews || isLast || !(silences ?? []).isEmpty else { return }
        for change in report.changes(to: analysis, silences ?? [], hasNews || isLast ? forecasts : [:]) { tell(change) }
    }

    private var forecasts: [NetworkIndex: [Forecast]] {
        Dictionary(
            standby.state.networks.map { network in
                (network.index, network.sources.compactMap(Forecast.init).sorted { $0.address < $1.address })
            }, uniquingKeysWith: { first, _ in first })
    }

    private func tell(_ change: WatchChange) {
        try? Terminal.output((isJSON ? change.json : change.line) + "\n")
        onChange?.run(change)
    }

    private mutating func measure(savedAge: Duration) {
        guard let metrics else { return }
        let beacons = standby.state.networks.compactMap { network in
            network.subnets.compactMap { $0.lastBeacon?.time }.max().map { (network.index, $0) }
        }
        let text = WatchMetrics.render(
            analysis, forecasts, beaconTimes: Dictionary(beacons, uniquingKeysWith: { first, _ in first }),
            now: frameTime, savedAge: savedAge)
        // What could not be written is said, and tried again.
        hasMeasured = (try? OutputFile.write(text, to: metrics)) != nil
    }
}

/// What signals ask for: SIGTERM and SIGINT to stop in order, SIGHUP to read the keys again.
private final class Signals {
    private let sources: [any DispatchSourceSignal]
    private let asked: Asked

    private final class Asked: @unchecked Sendable {
        private let turn = DispatchSemaphore(value: 1)
        private var (stop, reload) = (false, false)

        func ask(stop: Bool) {
            turn.wait()
            defer { turn.signal() }
            if stop { self.stop = true } else { reload = true }
        }

        var wantsStop: Bool {
            turn.wait()
            defer { turn.signal() }
            return stop
        }

        func takeReload() -> Bool {
            turn.wait()
            defer {
                reload = false
                turn.signal()
            }
            return reload
        }
    }

    init(_ live: LiveSources) {
        let asked = Asked()
        self.asked = asked
        let queue = DispatchQueue(label: "signals")
        sources = [SIGTERM, SIGINT, SIGHUP].map { number in
            _ = signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                asked.ask(stop: number != SIGHUP)
                if number != SIGHUP { live.wake() }
            }
            source.resume()
            return source
        }
    }

    var wantsStop: Bool { asked.wantsStop }

    func takeReload() -> Bool { asked.takeReload() }
}
