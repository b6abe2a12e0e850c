import ByteParsing
public import CaptureFiles
import FoundationEssentials
import MeshEvidence
public import MeshProtocol
import MeshTimelines
public import MeshVerdict

/// Something that changed while somebody listened: a line for people, and JSON for programs.
public struct WatchChange: Hashable, Sendable {
    /// The names are those of the JSON.
    public enum Kind: String, CaseIterable, Sendable {
        case ivState = "iv_state"
        case finding
        case source
        case silent
        case heardAgain = "heard_again"
        case forecast
    }

    /// What kind of change it is.
    public let kind: Kind
    /// When, by the frames.
    public let time: CaptureTime?
    /// The network's name or number; `nil` where it is of no network.
    public let network: String?
    /// The source that it is of, if any.
    public let address: UnicastAddress?
    /// What changed, in a sentence.
    public let message: String

    /// A source of frames has something to say.
    public init(source name: String, _ message: String) {
        self.init(.source, nil, nil, nil, "\(name): \(message)")
    }

    init(_ kind: Kind, _ time: CaptureTime?, _ network: String?, _ address: UnicastAddress?, _ message: String) {
        (self.kind, self.time, self.network, self.address) = (kind, time, network, address)
        self.message = message
    }

    /// One line, without its end.
    public var line: String {
        let parts = [time.map { $0.text(digits: 0) }, network.map { "network \($0):" }, message]
        return KeyMask.hide(PrintableText.escape(parts.compactMap(\.self).joined(separator: " ")))
    }

    private struct JSON: Encodable {
        let kind: String
        let time: String?
        let network: String?
        let address: String?
        let message: String
    }

    /// One line of JSON, without its end.
    public var json: String {
        let value = JSON(
            kind: kind.rawValue, time: time.map { $0.text(digits: 9) }, network: network,
            address: address.map { "\($0)" }, message: KeyMask.hide(PrintableText.escape(message)))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
}

/// Finds what changed from one look at an analysis to the next.
public struct WatchReport {
    private struct FindingKey: Hashable {
        let kind: Fact.Kind
        let network: NetworkIndex?
        let source: UnicastAddress?
    }

    private var states: [NetworkIndex: IVState] = [:]
    private var findings: Set<FindingKey> = []
    private var silences: Set<Silence> = []
    private var warned: [NetworkIndex: Set<UnicastAddress>] = [:]

    /// A source is worth a word when its SEQ last for less than this.
    private static let shortestFuture = Duration.seconds(30 * 86_400)
    /// Or when fewer are left than what stacks ask for an IV Update at.
    private static let fewLeft: UInt32 = 0xFF_FFFF - 0xC0_0000

    /// Nothing was seen yet.
    public init() {}

    /// What changed since the last look. `silences`: of all networks, as they are now; `forecasts`: of all sources, by network.
    public mutating func changes(
        to analysis: Analysis, _ silences: [Silence] = [], _ forecasts: [NetworkIndex: [Forecast]] = [:]
    ) -> [WatchChange] {
        var changes: [WatchChange] = []
        for index in analysis.networkIndexes {
            guard let record = analysis[index].iv, states[index] != record.state else { continue }
            let before = states.updateValue(record.state, forKey: index)
            let words = Self.words(record.state)
            changes.append(
                WatchChange(
                    .ivState, record.lastTime, name(index, analysis), nil,
                    before.map { "\(words); before, \(Self.words($0))" } ?? words))
        }
        for finding in analysis.findings {
            let key = FindingKey(kind: finding.kind, network: finding.network, source: finding.source)
            guard findings.insert(key).inserted else { continue }
            changes.append(
                WatchChange(
                    .finding, finding.frames.first?.time, finding.network.map { name($0, analysis) }, finding.source,
                    "\(finding.severity.rawValue): \(finding.fact.sentence(CaptureTimes(analysis)))"))
        }
        changes += self.changes(of: silences, analysis)
        for (index, forecasts) in forecasts.sorted(by: { $0.key < $1.key }) {
            changes += forecasts.compactMap { change(of: $0, index, analysis) }
        }
        return changes
    }

    private static func words(_ state: IVState) -> String {
        "IV Index \(Hexadecimal.prefixed(state.index.value, digits: 8)), \(Wording.state(state))"
    }

    private mutating func changes(of now: [Silence], _ analysis: Analysis) -> [WatchChange] {
        let new = Set(now)
        let begun = now.filter { !silences.contains($0) }.map { change(.silent, $0, analysis) }
        let ended = silences.subtracting(new).sorted { $0.order < $1.order }.map { change(.heardAgain, $0, analysis) }
        silences = new
        return begun + ended
    }

    private func change(_ kind: WatchChange.Kind, _ silence: Silence, _ analysis: Analysis) -> WatchChange {
        let isOver = kind == .heardAgain
        switch silence {
        case .source(let network, let address, let since):
            return WatchChange(
                kind, since, name(network, analysis), address,
                isOver ? "\(address) is heard again" : "\(address) is not heard any more; it was heard last then")
        case .beacons(let network, let since):
            return WatchChange(
                kind, since, name(network, analysis), nil,
                isOver ? "beacons are heard again" : "no beacon is heard any more; the last one was heard then")
        case .update(let network, let since):
            return WatchChange(
                kind, since, name(network, analysis), nil,
                isOver ? "the IV Update has ended" : "an IV Update is in progress since then, for longer than 144 h")
        }
    }

    private mutating func change(of forecast: Forecast, _ index: NetworkIndex, _ analysis: Analysis) -> WatchChange? {
        let isSoon = forecast.updateDue.map { $0.since(forecast.lastTime) < Self.shortestFuture } ?? false
        guard isSoon || forecast.left < Self.fewLeft else {
            // After an IV Update it may come to that again.
            warned[index]?.remove(forecast.address)
            return nil
        }
        guard warned[index, default: []].insert(forecast.address).inserted else { return nil }
        var words = "\(forecast.address) has \(forecast.left) SEQ left"
        if let due = forecast.updateDue, let end = forecast.exhausted {
            words +=
                "; at its usual rate an IV Update has to begin by \(due.text(digits: 0)), and none is left at \(end.text(digits: 0))"
        } else {
            words += "; an IV Update is due"
        }
        return WatchChange(.forecast, forecast.lastTime, name(index, analysis), forecast.address, words)
    }

    private func name(_ index: NetworkIndex, _ analysis: Analysis) -> String {
        analysis[index].name ?? "\(index.value + 1)"
    }
}

extension Silence {
    /// An order for output.
    fileprivate var order: String { "\(self)" }
}
