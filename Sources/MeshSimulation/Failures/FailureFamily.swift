/// Kinds of failures, by what makes the last SEQ hard to tell: traffic, receivers, restarts of stacks, clocks.
public enum FailureFamily: String, CaseIterable, Sendable {
    // MARK: Traffic

    /// It dies within the capture.
    case steady
    /// It goes on as before, for up to a day behind the capture.
    case outlives
    /// A firmware update begins behind the capture.
    case firmwareUpdate = "firmware_update"
    /// A firmware update begins shortly before the capture ends.
    case firmwareUpdateAtTheEnd = "firmware_update_at_the_end"
    /// Heard at night, failed by day.
    case nightAndDay = "night_and_day"
    /// Nodes went dark, and it polls each four to six times.
    case storm
    /// A job every night that was not heard.
    case nightlyJob = "nightly_job"
    /// Bursts of tens of PDUs.
    case scenes
    /// One scene was heard, and then nothing for days.
    case sceneOnly = "scene_only"
    /// Days without a capture.
    case weekend

    // MARK: Receivers

    /// Next to nothing of the end of the capture is heard.
    case sparseTail = "sparse_tail"
    /// Most is lost.
    case farSniffer = "far_sniffer"
    /// The sniffer hops between channels, and is deaf for seconds.
    case hopping

    // MARK: Stacks

    /// Two to four restarts were heard, and one more was not; nobody names the stack.
    case restartsHeard = "restarts_heard"
    /// One restart that nobody heard, of a stack that is named.
    case restartOfNamedStack = "restart_of_named_stack"
    /// One restart that nobody heard, and nobody names the stack.
    case restartUntold = "restart_untold"
    /// bluetooth-meshd is named; scenes, and one restart that nobody heard.
    case blueZScenes = "bluez_scenes"
    /// Restarts in a rhythm, in the capture and behind it.
    case crashLoopHeard = "crash_loop_heard"
    /// Restarts behind the capture, as many as the user says.
    case crashLoopTold = "crash_loop_told"
    /// Far in the SEQ space, weeks unheard, and a stack that asks for no IV Update.
    case noTrigger = "no_trigger"
    /// Near the end of the SEQ space.
    case nearlyExhausted = "nearly_exhausted"
    /// Its second element counts for itself, and was not heard.
    case unheardElement = "unheard_element"

    // MARK: Clocks

    /// One frame is stamped some seconds back.
    case frameStampedBack = "frame_stamped_back"
    /// The clock is set back while the capture runs.
    case clockSetBack = "clock_set_back"
    /// Two captures, one of them in local time.
    case localTime = "local_time"
    /// The user cannot say when it failed, and it lived on.
    case outlivesUntold = "outlives_untold"

    /// Whether the number can be right: the failure is in the capture or is told, and so is what a restart skips.
    public var isTold: Bool {
        switch self {
        case .restartUntold, .outlivesUntold, .localTime, .clockSetBack: false
        default: true
        }
    }
}

/// What a stack reserves of its SEQ.
enum SimulatedReservation {
    case none
    /// It goes on at a multiple of the block, less one.
    case block(UInt32)
    /// bluetooth-meshd: ahead by the traffic of five minutes at the latest rate.
    case blueZ
}

/// What a family comes to under one seed. Times are seconds from the start of the first capture.
struct FailurePlan {
    /// How many events a second from `from` on, and how many SEQ each draws.
    struct Regime {
        var from: Double
        var rate: Double
        var burst = 1
    }

    struct Window {
        var from: Double
        var to: Double
        var loss: Double
    }

    var regimes: [Regime] = []
    var windows: [Window] = []
    var restarts: [Double] = []
    var reservation = SimulatedReservation.none
    var failsAt = 0.0
    var first: UInt32 = 0
    /// The sniffer is deaf for so many seconds, and then hears for as many.
    var hop: Double?
    /// The clock of the capture from a second on, or of one frame.
    var clock = Clock.right
    /// SEQ that the second element used by itself; it is never heard.
    var secondElement: UInt32?
    /// What the user says.
    var told = FailureStory.Told()

    enum Clock {
        case right
        case oneFrameBack(at: Double, by: Double)
        case setBack(at: Double, by: Double)
        /// Of the second window, which is a capture of its own.
        case secondWindow(by: Double)
    }
}

extension FailurePlan {
    init(_ family: FailureFamily, _ random: inout SeededGenerator) {
        func between(_ low: Double, _ high: Double) -> Double { random.between(low, high) }
        let minute = 60.0, hour = 3600.0
        let rate = between(0.05, 4)
        let length = min(between(2 * minute, 60 * minute), 500 / rate)
        first = UInt32(random.below(1_500_000))
        regimes = [.init(from: 0, rate: rate)]
        windows = [.init(from: 0, to: length, loss: Double(random.below(50)) / 100)]
        failsAt = length * (0.6 + Double(random.below(40)) / 100)
        let stacks: [(String, SimulatedReservation)] = [
            ("zephyr", .block(128)), ("bluez", .blueZ), ("silabs", .block(65536)), ("esp-idf", .none),
            ("nrf5-sdk", .block(8192)), ("nrf-mesh", .none),
        ]
        func outlive(_ low: Double, _ high: Double, isTold: Bool = true) {
            failsAt = length + between(low, high)
            told.failure = isTold
        }
        switch family {
        case .steady: break
        case .outlives: outlive(minute, 24 * hour)
        case .outlivesUntold: outlive(minute, 24 * hour, isTold: false)
        case .firmwareUpdate:
            outlive(10 * minute, 8 * hour)
            regimes.append(.init(from: length + between(1, minute), rate: between(4, 12)))
        case .firmwareUpdateAtTheEnd:
            outlive(5 * minute, 6 * hour)
            regimes.append(.init(from: length - between(5, 110), rate: between(4, 12)))
        case .nightAndDay:
            outlive(2 * hour, 14 * hour)
            regimes = [.init(from: 0, rate: between(0.02, 0.2)), .init(from: length + hour, rate: between(0.5, 4))]
        case .storm:
            outlive(10 * minute, 3 * hour)
            regimes.append(.init(from: length, rate: min(10, rate * between(4, 6))))
        case .nightlyJob:
            outlive(3 * hour, 20 * hour)
            let job = length + between(60, hour)
            regimes += [
                .init(from: job, rate: between(3, 10)), .init(from: job + between(20 * minute, 2 * hour), rate: rate),
            ]
        case .scenes:
            outlive(minute, 24 * hour)
            regimes = [.init(from: 0, rate: between(0.005, 0.05), burst: 8 + random.below(24))]
        case .sceneOnly:
            windows = [.init(from: 0, to: between(3, 20), loss: 0)]
            regimes = [
                .init(from: 0, rate: 1, burst: 20 + random.below(12)),
                .init(from: windows[0].to, rate: between(0.003, 0.3)),
            ]
            failsAt = windows[0].to + between(24 * hour, 100 * hour)
            told.failure = true
        case .weekend: outlive(24 * hour, 80 * hour)
        case .sparseTail:
            windows.append(.init(from: length, to: length + between(10 * minute, 5 * hour), loss: 0.99))
            failsAt = windows[1].to
            regimes.append(.init(from: length, rate: min(10, rate * between(0.5, 5))))
        case .farSniffer: windows[0].loss = 0.6 + Double(random.below(36)) / 100
        case .hopping: hop = between(1, 30)
        case .restartsHeard:
            let block = [UInt32(128), 256, 1000, 4096, 8192, 10_000, 16_384, 65_536, 100_000, 131_072][random.below(10)]
            reservation = .block(block)
            restarts = (0..<2 + random.below(3)).map { _ in length * (0.1 + Double(random.below(50)) / 100) }
            restarts.append(length + 1)
            outlive(2 * minute, 4 * hour)
        case .restartOfNamedStack:
            (told.stack, reservation) = stacks[random.below(stacks.count)]
            restarts = [length + 30]
            outlive(minute, 6 * hour)
        case .restartUntold:
            reservation = stacks[random.below(stacks.count)].1
            restarts = [length + 30]
            outlive(minute, 6 * hour)
        case .blueZScenes:
            (told.stack, reservation) = ("bluez", .blueZ)
            regimes = [.init(from: 0, rate: between(0.02, 0.2), burst: 8 + random.below(24))]
            restarts = [length + between(1, minute)]
            outlive(2 * minute, 6 * hour)
        case .crashLoopHeard:
            reservation = .block([UInt32(128), 1000, 8192, 16_384][random.below(4)])
            let rhythm = length / Double(3 + random.below(4))
            outlive(2 * minute, min(12 * hour, 40 * rhythm))
            restarts = Array(stride(from: rhythm / 2, to: failsAt, by: rhythm))
        case .crashLoopTold:
            let stack = stacks[[0, 2, 4][random.below(3)]]
            (told.stack, reservation) = stack
            outlive(10 * minute, 12 * hour)
            let count = 2 + random.below(30)
            restarts = (0..<count).map { length + (failsAt - length) * Double($0 + 1) / Double(count + 1) }
            told.restarts = count
        case .noTrigger:
            told.stack = "nrf-mesh"
            first = 0x7A_0000 + UInt32(random.below(0x10_0000))
            outlive(24 * hour, 20 * 24 * hour)
        case .nearlyExhausted:
            first = 0xFF_FFFF - UInt32(between(2000, 1_500_000))
            if random.chance(0.5) { outlive(minute, 6 * hour) }
        case .unheardElement:
            first = UInt32(random.below(200_000))
            secondElement = UInt32(Double(first) * between(0.1, 3))
            told.elements = 2
        case .frameStampedBack:
            clock = .oneFrameBack(at: length * 0.9, by: between(11, 400))
            outlive(minute, 12 * hour)
        case .clockSetBack: clock = .setBack(at: failsAt * 0.5, by: between(11, 6 * hour))
        case .localTime:
            let second = length + between(minute, hour)
            windows.append(.init(from: second, to: second + min(length, 300 / rate), loss: 0.1))
            failsAt = windows[1].to - 1
            clock = .secondWindow(by: [-10, -7, -2, -1, 1, 2, 5.5, 9][random.below(8)] * hour)
        }
    }
}
