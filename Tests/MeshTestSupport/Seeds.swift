import Foundation

/// Which seeds a long test takes: one of fifty for each of its cases, so that a run meets many, the one that
/// `MESHSCOPE_SEED` says, or as many as `MESHSCOPE_SEEDS` says.
public enum Seeds {
    /// The seeds of the case at `place` of a list.
    public static func forCase(_ place: Int) -> ClosedRange<UInt64> {
        if let seed = ProcessInfo.processInfo.environment["MESHSCOPE_SEED"].flatMap(UInt64.init) { return seed...seed }
        if let count = ProcessInfo.processInfo.environment["MESHSCOPE_SEEDS"].flatMap(UInt64.init), count > 0 {
            return 1...count
        }
        let seed = UInt64(1 + 7 * place % 50)
        return seed...seed
    }

    /// The seeds of one of a type's cases.
    public static func forCase<Case: CaseIterable & Equatable>(_ one: Case) -> ClosedRange<UInt64> {
        forCase(Case.allCases.enumerated().first { $0.element == one }?.offset ?? 0)
    }
}
