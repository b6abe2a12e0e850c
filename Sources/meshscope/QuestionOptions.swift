public import ArgumentParser
import CaptureFiles
import KeyFiles
public import MeshEvidence
public import MeshProtocol
public import MeshStacks
import MeshStandby
import MeshTimelines
public import MeshVerdict

/// The captures of a command.
struct CaptureArguments: ParsableArguments {
    @Argument(help: "Captures; - is standard input.", completion: .file())
    var captures: [String] = []

    @Option(
        help: ArgumentHelp(
            "When the first frame of the capture was, where its clock was never set: 2026-06-01T12:00:00Z.",
            valueName: "time"),
        transform: CaptureTime.argument)
    var startedAt: CaptureTime?

    @Option(
        help: ArgumentHelp(
            "What is added to the times of a capture whose clock was wrong, such as b.pcap=+2h or b.pcap=-90s; repeatable.",
            valueName: "file=duration"))
    var clockOffset: [ClockOffset] = []

    @Option(
        help: ArgumentHelp(
            "How many threads may work; as many as the machine has, without it. The outcome is the same.",
            valueName: "n"))
    var threads: Int?

    /// What is said of the captures' clocks.
    private var clocks: ClockSettings {
        var clocks = ClockSettings()
        clocks.startedAt = startedAt
        for offset in clockOffset { clocks.offsets[offset.path] = offset.duration }
        return clocks
    }

    /// Options of an analysis of these captures.
    func options(givenIVIndex: IVIndex? = nil, master: UnicastAddress? = nil) -> AnalysisOptions {
        var options = AnalysisOptions(givenIVIndex: givenIVIndex, master: master)
        options.clocks = clocks
        if let threads { options.threads = threads }
        return options
    }

    /// That there is something to read. `state`: a state that is something to read as well.
    func requireSome(or state: String? = nil) throws {
        guard captures.isEmpty, state == nil else { return }
        throw ValidationError("Missing expected argument '<captures> ...'")
    }

    func validate() throws {
        guard startedAt == nil || captures.count == 1 else {
            throw ValidationError("--started-at is of one capture; for several there is --clock-offset.")
        }
        if let other = clockOffset.first(where: { !captures.contains($0.path) }) {
            throw ValidationError("--clock-offset names \(other.path), which is none of the captures.")
        }
        guard (1...1024).contains(threads ?? 1) else { throw ValidationError("--threads is 1 to 1024.") }
        guard captures.filter({ $0 == "-" }).count <= 1 else {
            throw ValidationError("Standard input can be read only once.")
        }
    }
}

/// A state that `meshscope watch` keeps, asked alone or together with captures.
struct StateOptions: ParsableArguments {
    @Option(
        name: .customLong("state"),
        help: ArgumentHelp(
            "The folder that meshscope watch keeps: asked alone, or together with captures.", valueName: "folder"),
        completion: .directory)
    var folder: String?

    /// What was kept, of the keys, and when somebody listened.
    func read(_ keys: KeyRing, looksBack: Bool = false) throws -> (kept: KeptState, listening: Listening)? {
        guard let folder else { return nil }
        guard !keys.networks.isEmpty else {
            throw Terminal.fail("\(folder): a state is of networks: give their keys with --keys")
        }
        do throws(StateError) {
            let store = try StateStore(reading: folder)
            guard let kept = try store.read(keys, looksBack: looksBack) else {
                throw StateError(folder, "nothing was kept yet")
            }
            if kept.isRekeyed {
                Terminal.warn(
                    "\(folder): was kept with other keys of the same networks; what was heard of each key is not told")
            }
            return (kept.state, try store.listening())
        } catch {
            throw Terminal.fail(error)
        }
    }
}

/// What the user says of the failed device, beside keys and captures.
struct QuestionOptions: ParsableArguments {
    @Option(
        name: .customLong("iv-index"),
        help: ArgumentHelp(
            "A likely IV Index, decimal or with 0x, to open PDUs where no beacon was heard; no evidence.",
            valueName: "n"))
    var ivIndex: IVIndex?

    @Option(
        help: ArgumentHelp(
            "Where no beacon tells the IV Index, search it with the PDUs: off, bounded, or full.",
            discussion: "bounded tries 0 to 0x000FFFFF in a moment; full goes on through 32 bits, which takes a while.")
    )
    var ivSearch: IVSearchExtent = .bounded

    @Option(
        help: ArgumentHelp(
            "Where a friendship was made before the capture began, search its counters with the PDUs: offers, or full.",
            discussion: """
                offers needs the Friend Offer, and takes milliseconds; full tries 32 bits for each of up to 16 pairs of nodes, which takes \
                some ten seconds a pair on two processors.
                """)
    )
    var friendshipSearch: FriendshipSearchExtent = .offers

    @Option(
        help: ArgumentHelp(
            "The unicast address of the failed device in hexadecimal, 0x0001 to 0x7FFF.", valueName: "address"),
        transform: UnicastAddress.argument)
    var master: UnicastAddress?

    @Option(
        name: .customLong("replacement-iv-index"),
        help: ArgumentHelp(
            "Tell what a replacement would do by itself that starts with this IV Index.", valueName: "n"))
    var replacementIVIndex: IVIndex?

    @Option(
        help: ArgumentHelp(
            "When it failed, such as 2026-06-01T12:00:00Z or \"3h ago\" (before the end of the captures); without it, their end.",
            valueName: "time"), transform: FailureTime.argument)
    var failedAt: FailureTime?

    @Option(
        help: ArgumentHelp("When the replacement is to take over.", valueName: "time"), transform: CaptureTime.argument)
    var takeoverAt: CaptureTime?

    @Option(
        help:
            "What it ran, for what a restart of it may have skipped: \(Stack.allValueStrings.joined(separator: ", "))."
    )
    var stack: Stack?

    @Option(
        help: ArgumentHelp(
            "How many SEQ it skips at a restart, where its product sets that, such as CONFIG_BT_MESH_SEQ_STORE_RATE.",
            valueName: "n"))
    var block: UInt32?

    @Option(
        help: ArgumentHelp(
            "How many restarts of it nobody heard, such as 40 for a night in a crash loop; without it, as many as are plausible.",
            valueName: "n"))
    var restarts: Int?

    @Option(
        help: ArgumentHelp(
            "How far above the minimum the start SEQ is: safe, with room for traffic that is busier than any that was heard; or tight."
        ))
    var margin: MarginPolicy = .safe

    @Option(help: ArgumentHelp("How many elements it had; each has a row.", valueName: "n"))
    var elements: Int?

    func validate() throws {
        guard elements.map((1...255).contains) ?? true else {
            throw ValidationError("A node has 1 to 255 elements.")
        }
        guard master != nil || elements == nil else {
            throw ValidationError("--elements is for the node of --master; name it as well.")
        }
        guard block ?? 0 <= SequenceNumber.last.value else { throw ValidationError("--block is at most 16777215.") }
        guard (0...100_000).contains(restarts ?? 0) else { throw ValidationError("--restarts is 0 to 100000.") }
        if case .at(let failedAt) = failedAt, let takeoverAt, takeoverAt < failedAt {
            throw ValidationError("--takeover-at is before --failed-at.")
        }
    }

    func options(_ input: CaptureArguments) -> AnalysisOptions {
        var options = input.options(givenIVIndex: ivIndex, master: master)
        options.ivSearch = ivSearch
        options.friendshipSearch = friendshipSearch
        options.replacementIVIndex = replacementIVIndex
        options.failedAt = failedAt
        options.takeoverAt = takeoverAt
        options.stack = stack
        options.elements = elements
        options.block = block
        options.restarts = restarts
        options.margin = margin
        return options
    }
}

/// By how much the clock of a capture is set right: `FILE=+2h`.
struct ClockOffset: ExpressibleByArgument {
    let path: String
    let duration: Duration

    init?(argument: String) {
        guard let equals = argument.lastIndex(of: "="), let duration = Self.duration(argument[equals...].dropFirst())
        else {
            return nil
        }
        path = String(argument[..<equals])
        self.duration = duration
    }

    /// A sign, and numbers with their units: `-1d2h30m`.
    private static func duration(_ text: Substring) -> Duration? {
        var rest = text.first == "-" || text.first == "+" ? text.dropFirst() : text
        var seconds: Int64 = 0
        guard !rest.isEmpty else { return nil }
        while let place = rest.firstIndex(where: { !$0.isNumber }) {
            guard let number = Int64(rest[..<place]), (0...100_000_000_000).contains(number),
                let unit = FailureTime.units[rest[place]]
            else { return nil }
            // No clock is off by more than the times that a capture can tell.
            seconds = min(seconds + number * unit, Int64.max / 1_000_000_000)
            rest = rest[place...].dropFirst()
        }
        return rest.isEmpty ? .seconds(text.first == "-" ? -seconds : seconds) : nil
    }
}

extension Stack: ExpressibleByArgument {
    public init?(argument: String) {
        self.init(identifier: argument)
    }

    /// The identifiers, for help and completion.
    public static var allValueStrings: [String] { all.map(\.identifier) }
    /// The identifiers.
    public static var defaultCompletionKind: CompletionKind { .list(allValueStrings) }
}

extension IVSearchExtent: ExpressibleByArgument {}
extension FriendshipSearchExtent: ExpressibleByArgument {}
extension MarginPolicy: ExpressibleByArgument {}

extension FailureTime {
    fileprivate static let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]

    /// A time with a zone, or such as `3h ago`.
    static func argument(_ text: String) throws -> FailureTime {
        guard text.hasSuffix("ago") else {
            do {
                return .at(try CaptureTime.argument(text))
            } catch let error as ValidationError {
                throw ValidationError(error.message + ", or \"3h ago\"")
            }
        }
        let words = text.dropLast(3).filter { $0 != " " }
        guard let unit = words.last.flatMap({ units[$0] }), let number = Int64(words.dropLast()),
            (0...100_000).contains(number)
        else {
            throw ValidationError("is no time such as \"90m ago\": a whole number, then s, m, h or d")
        }
        return .beforeEnd(.seconds(number * unit))
    }
}

extension IVIndex: ExpressibleByArgument {
    /// Decimal, or hexadecimal behind `0x`.
    public init?(argument: String) {
        let isHexadecimal = argument.hasPrefix("0x") || argument.hasPrefix("0X")
        guard let value = isHexadecimal ? UInt32(argument.dropFirst(2), radix: 16) : UInt32(argument) else {
            return nil
        }
        self.init(value)
    }
}

extension UnicastAddress {
    /// The address of a node as the command line says it; what is another kind of address is told so.
    static func argument(_ text: String) throws -> UnicastAddress {
        if let address = UnicastAddress(text: text) { return address }
        guard let address = MeshAddress(argument: text.count == 4 ? "0x\(text)" : text) else {
            let near =
                UInt16(text, radix: 16).flatMap { UnicastAddress($0) }.map { "; for the address \($0) write that" }
                ?? ""
            throw ValidationError(
                "is no address: 0x and four hexadecimal digits, 0x0001 to 0x7FFF, or the four digits alone\(near)")
        }
        let kind =
            address.value == 0 ? "the unassigned address" : address.isVirtual ? "a virtual address" : "a group address"
        throw ValidationError("\(address) is \(kind); a device has a unicast address, 0x0001 to 0x7FFF")
    }
}
