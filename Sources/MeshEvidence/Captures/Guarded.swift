import Dispatch

extension DispatchSemaphore {
    /// With so much room, and fit to go away at any time: one that is made with a value must not go while it has less.
    static func room(_ count: Int) -> DispatchSemaphore {
        let semaphore = DispatchSemaphore(value: 0)
        for _ in 0..<count { semaphore.signal() }
        return semaphore
    }
}

/// A value that one thread at a time may look at.
///
/// As `Mutex`, whose lock the thread sanitizer does not see: it would take whatever that guards for a race.
final class Guarded<Value>: @unchecked Sendable {
    // Only who has the turn touches the value.
    private var value: Value
    private let turn = DispatchSemaphore.room(1)

    init(_ value: sending Value) {
        self.value = value
    }

    /// In whose place another one will be lent.
    init(inPlaceOf value: Value) { self.value = value }

    /// Puts another value in its place, and it in the other's: so a value is lent, and taken back once nobody else touches it, without
    /// a copy.
    func exchange(with other: inout Value) { swap(&value, &other) }

    /// Does something with the value while nobody else does; not from within.
    func withLock<Result>(_ body: (inout sending Value) throws -> sending Result) rethrows -> sending Result {
        turn.wait()
        defer { turn.signal() }
        return try body(&value)
    }
}
