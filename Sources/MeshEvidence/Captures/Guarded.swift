import Dispatch

/// A value that one thread at a time may look at.
///
/// As `Mutex`, whose lock the thread sanitizer does not see: it would take whatever that guards for a race.
final class Guarded<Value>: @unchecked Sendable {
    // Only who has the turn touches the value.
    private var value: Value
    private let turn = DispatchSemaphore(value: 1)

    init(_ value: sending Value) {
        self.value = value
    }

    /// Does something with the value while nobody else does; not from within.
    func withLock<Result>(_ body: (inout sending Value) throws -> sending Result) rethrows -> sending Result {
        turn.wait()
        defer { turn.signal() }
        return try body(&value)
    }
}
